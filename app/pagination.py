"""Pages of a list: keyset cursors that carry a position and no authority."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Final, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.errors import InvalidCursor

DEFAULT_LIMIT: Final = 50
HIGHEST_LIMIT: Final = 500

_AGAIN: Final = "Start again without a cursor, or with the filters it came from."

Item = TypeVar("Item")
Row = TypeVar("Row")

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


class Listing:
    """A list as one caller asks for it: which one, with which filters, from where on."""

    def __init__(
        self,
        name: str,
        filters: Mapping[str, object],
        limit: int,
        cursor: str | None,
        tenant_id: UUID | None = None,
    ) -> None:
        self.name = name
        self.tenant_id = tenant_id
        """Whose list it is: a cursor of another tenant's is refused like any that is not ours."""
        self.filters = {field: value for field, value in filters.items() if value is not None}
        self.limit = limit
        self.one_more = limit + 1
        """How many to look for: one beyond the page says whether there is another page."""
        self.after = self._position_from(cursor)
        """The position that the page before ended with; None on the first page."""

    def after_id(self) -> UUID | None:
        """The position in a list in the order of ids. Raises InvalidCursor when it is none."""
        try:
            return None if self.after is None else UUID(self.after)
        except ValueError:
            raise InvalidCursor(_AGAIN) from None

    def page(
        self,
        found: Sequence[Row],
        position: Callable[[Row], object],
        shown: Callable[[Row], Item],
    ) -> Page[Item]:
        """The page of what was found, which holds one more than the page when there is a next."""
        items = found[: self.limit]
        more = len(found) > self.limit
        return Page(
            items=[shown(row) for row in items],
            next_cursor=self._cursor_after(str(position(items[-1]))) if more else None,
        )

    def _cursor_after(self, position: str) -> str:
        text = json.dumps([position, self._fingerprint(position)], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def _position_from(self, cursor: str | None) -> str | None:
        """Raises InvalidCursor when the cursor is damaged, or another list's or filter's."""
        if cursor is None:
            return None
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            position, _ = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        except (binascii.Error, ValueError, TypeError, RecursionError):
            raise InvalidCursor(_AGAIN) from None
        if not isinstance(position, str) or cursor != self._cursor_after(position):
            raise InvalidCursor(_AGAIN)
        return position

    def _fingerprint(self, position: str) -> str:
        text = json.dumps(
            [self.name, self.tenant_id, position, self.filters], sort_keys=True, default=str
        )
        return hashlib.sha256(text.encode()).hexdigest()[:16]
