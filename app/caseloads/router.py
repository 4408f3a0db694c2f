"""Caseloads over HTTP."""

from operator import attrgetter
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.alliances.schemas import Setting
from app.caseloads import service
from app.caseloads.schemas import CaseOut, Has
from app.edge.entity_tags import UNCHANGED, IfNoneMatch, unless_known
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.edge.scalars import Ref, Source
from app.instruments.dependency import CatalogueInUse
from app.instruments.own import with_own
from app.instruments.schemas import InstrumentId, RaterRole
from app.pagination import DEFAULT_LIMIT, Cursor, Limit, Listing, Page
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope

router = APIRouter(prefix="/v1/caseloads", tags=["Dashboards"], route_class=StrictJsonRoute)


@router.get(
    "",
    operation_id="list_caseload",
    response_model=Page[CaseOut],
    responses=problems(400) | UNCHANGED,
)
async def list_caseload(
    response: Response,
    caller: Annotated[Caller, caller_with(Scope.CASELOADS_READ)],
    catalogue: CatalogueInUse,
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
    if_none_match: IfNoneMatch = None,
) -> Page[CaseOut] | Response:
    """The current alliances of a professional as they stand, those first that need to be looked at.

    By need: open signals of severity high, then alert; open drops; invitations left unanswered;
    signals of severity watch; then by how long ago the last rating was. All of it as far as this
    caller may see it.
    """
    given = {
        "professional_ref": professional_ref, "source": source, "instrument": instrument,
        "setting": setting, "program_ref": program_ref, "side": side, "has": has,
    }  # fmt: skip
    listing = Listing("caseload", given, limit, cursor, caller.tenant_id)
    async with caller.transaction() as transaction:
        read = await service.read(transaction, caller, listing.filters)
        catalogue = await with_own(transaction, catalogue, service.instruments_of(read))
    view = service.view_of(caller, listing.filters)
    found = service.cases(read, catalogue, view, listing.filters)
    rest = service.after(found, listing.after, listing.one_more)
    page = listing.page(rest, attrgetter("position"), attrgetter("shown"))
    return unless_known(page, if_none_match, response)
