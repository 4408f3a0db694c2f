"""Reading a query string strictly: a filter that is misspelt or doubled would find too much."""

import re
from typing import Final

from fastapi import Request

from app.errors import FieldError, InvalidRequest

NOT_TEXT: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffd]")
"""Control characters, which no identifier has and Postgres cannot store, and bytes not UTF-8."""


def check_query(request: Request, known: frozenset[str]) -> None:
    """Raises InvalidRequest for a parameter that is unknown, stands twice or is not plain text."""
    if not request.scope["query_string"]:
        return
    errors: list[FieldError] = []
    seen: set[str] = set()
    for name, value in request.query_params.multi_items():
        if name not in known:
            errors.append(FieldError("#/query", "unknown_parameter", _taken(known)))
        elif name in seen:
            errors.append(FieldError(f"#/query/{name}", "repeated", "Give it once."))
        elif NOT_TEXT.search(value):
            detail = "Expected UTF-8 without control characters."
            errors.append(FieldError(f"#/query/{name}", "not_text", detail))
        seen.add(name)
    if errors:
        raise InvalidRequest.of(*dict.fromkeys(errors))


def _taken(known: frozenset[str]) -> str:
    return f"This call takes: {', '.join(sorted(known))}." if known else "This call takes none."
