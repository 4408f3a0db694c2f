"""Pages of a list: keyset cursors that carry a position and no authority."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Final, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.errors import InvalidCursor

DEFAULT_LIMIT: Final = 50
HIGHEST_LIMIT: Final = 500

Item = TypeVar("Item")

Limit = Annotated[int, Field(ge=1, le=HIGHEST_LIMIT, description="How many to return at most.")]
Cursor = Annotated[
    str,
    Field(max_length=500, description="`next_cursor` of the page before; absent for the first."),
]


class Page(BaseModel, Generic[Item]):
    """One page of a list, in a stable order."""

    # pydantic gives a generic's docstring to none of its kinds.
    model_config = ConfigDict(json_schema_extra={"description": __doc__})

    items: list[Item]
    next_cursor: str | None = Field(
        description="Hand it back as `cursor` for the next page; null on the last page."
    )


def cursor_after(position: UUID | str, filters: Mapping[str, object]) -> str:
    """An opaque cursor for what comes after position in the list with these filters."""
    fingerprint = _fingerprint(str(position), filters)
    text = json.dumps([str(position), fingerprint], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position_from(cursor: str | None, filters: Mapping[str, object]) -> str | None:
    """The position that cursor_after put into the cursor; None without a cursor.

    Raises InvalidCursor when it is damaged or belongs to a list with other filters.
    """
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        position, _ = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise InvalidCursor("Start again without a cursor.") from None
    if not isinstance(position, str) or cursor != cursor_after(position, filters):
        raise InvalidCursor("Start again without a cursor, or with the filters it came from.")
    return position


def uuid_position_from(cursor: str | None, filters: Mapping[str, object]) -> UUID | None:
    """position_from for lists in the order of their ids. Raises InvalidCursor likewise."""
    position = position_from(cursor, filters)
    try:
        return None if position is None else UUID(position)
    except ValueError:
        raise InvalidCursor("Start again without a cursor.") from None


def _fingerprint(position: str, filters: Mapping[str, object]) -> str:
    named = {name: value for name, value in filters.items() if value is not None}
    text = json.dumps([position, named], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
