"""How a caseload is asked for: the same everywhere, whatever it is answered as."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query

from app.alliances.schemas import Setting
from app.caseloads.schemas import Has
from app.edge.scalars import Ref, Source
from app.instruments.schemas import InstrumentId, RaterRole
from app.pagination import DEFAULT_LIMIT, Cursor, Limit, Listing


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page of which caseload."""

    filters: dict[str, Any]
    limit: int
    cursor: str | None

    def listing(self, tenant_id: UUID) -> Listing:
        """The page as a list. Raises InvalidCursor when the cursor is of another one."""
        return Listing("caseload", self.filters, self.limit, self.cursor, tenant_id)


async def _asked(
    *,
    professional_ref: Annotated[Ref, Query(description="Whose alliances.")],
    source: Annotated[Source, Query(description="That the reference comes from.")] = "default",
    instrument: Annotated[
        InstrumentId | None, Query(description="Only what was said or asked with this one.")
    ] = None,
    setting: Annotated[Setting | None, Query(description="Of the alliance, as it is now.")] = None,
    program_ref: Annotated[
        Ref | None, Query(description="The programme that the alliance is in now.")
    ] = None,
    side: Annotated[
        RaterRole | None, Query(description="Only what raters of this role said or were asked.")
    ] = None,
    has: Annotated[Has | None, Query(description="Only alliances with an open one.")] = None,
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Asked:
    filters = {
        "professional_ref": professional_ref, "source": source, "instrument": instrument,
        "setting": setting, "program_ref": program_ref, "side": side, "has": has,
    }  # fmt: skip
    return Asked(filters, limit, cursor)


CaseloadAsked = Annotated[Asked, Depends(_asked)]
