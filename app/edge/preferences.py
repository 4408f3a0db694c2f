"""Reading the Prefer header (RFC 7240)."""

from typing import Annotated, Final

from fastapi import Header

STRICT: Final = "handling=strict"

Prefer = Annotated[
    str | None,
    Header(
        max_length=500,
        description="`handling=strict`: all items or none. Other preferences are passed over.",
    ),
]


def prefers_strict(prefer: str | None) -> bool:
    """Whether the caller prefers strict handling."""
    preferences = (part.partition(";")[0] for part in (prefer or "").split(","))
    return any(one.replace(" ", "").replace('"', "").lower() == STRICT for one in preferences)
