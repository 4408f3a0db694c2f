"""The Idempotency-Key header, which this release refuses rather than ignores."""

from typing import Annotated

from fastapi import Header

from app.errors import FieldError, InvalidRequest

IdempotencyKey = Annotated[
    str | None,
    Header(
        max_length=255,
        description="Not taken yet: refused without an `external_id`, which does what it would.",
    ),
]


def refuse_idempotency_key(idempotency_key: str | None, external_id: str | None) -> None:
    """Raises InvalidRequest for a key that a caller would rely on and that protects nothing yet.

    With an external_id a retry is safe anyway, and the header does no harm.
    """
    if idempotency_key is not None and external_id is None:
        detail = "Not taken yet. Give external_id: a retry with it never makes a second record."
        raise InvalidRequest.of(
            FieldError("#/header/Idempotency-Key", "idempotency_key_unsupported", detail)
        )
