"""Reading the Idempotency-Key header."""

import re
from typing import Annotated, Final

from fastapi import Header

from app.errors import FieldError, InvalidRequest

FORM: Final = re.compile(r"[\x21-\x7e]{1,255}")

IdempotencyKey = Annotated[
    str | None,
    Header(
        # Said here and checked below: where the key is not looked at, it is not refused either.
        json_schema_extra={"pattern": rf'^("{FORM.pattern}"|{FORM.pattern})$'},
        description=(
            "1 to 255 visible ASCII characters, in quotes or not, remembered for 7 days: a call "
            "that came twice with it is done once. Looked at where no `external_id` does that."
        ),
    ),
]


def read_idempotency_key(header: str | None) -> str | None:
    """The key of the header, without the quotes of a structured field. Raises InvalidRequest."""
    if header is None:
        return None
    quoted = len(header) > 1 and header.startswith('"') and header.endswith('"')
    key = header[1:-1] if quoted else header
    if not FORM.fullmatch(key):
        detail = "Expected 1 to 255 visible ASCII characters, in quotes or not."
        raise InvalidRequest.of(FieldError("#/header/Idempotency-Key", "malformed", detail))
    return key
