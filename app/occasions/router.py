"""Occasions over HTTP."""

from operator import attrgetter
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.database import Transaction
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.edge.scalars import Ref
from app.instruments.dependency import CatalogueInUse
from app.instruments.own import catalogue_for
from app.occasions import service
from app.occasions.schemas import OccasionRecord, OccasionReport, OccasionStatus
from app.pagination import DEFAULT_LIMIT, Cursor, Limit, Listing, Page
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope

router = APIRouter(prefix="/v1/occasions", tags=["Occasions"], route_class=StrictJsonRoute)
KNOWN: Final[dict[str, Any]] = {
    "model": OccasionRecord,
    "description": "Reported before; this is how it stands now.",
}


@router.post(
    "",
    status_code=201,
    operation_id="report_occasion",
    responses=problems(404, 409) | {200: KNOWN},
)
async def report_occasion(
    body: OccasionReport,
    response: Response,
    caller: Annotated[Caller, caller_with(Scope.OCCASIONS_WRITE)],
    catalogue: CatalogueInUse,
) -> OccasionRecord:
    """Say that a meeting was held, cancelled or missed, and who was invited to rate it.

    The occasion is known by its `session_ref`, else its `session_number`, else its local date, as
    in submissions, and may be reported before or after them. Sending it again is safe: 200.
    Sending it with another status, other invitations or other states of them changes these; its
    number and time cannot contradict what was reported (409).
    """
    catalogue = await catalogue_for(
        caller, catalogue, [one.instrument for one in body.invited or ()]
    )
    # Read first: a report that cannot be stored takes no connection.
    sent = service.checked(catalogue, body, caller.clock())

    async def work(transaction: Transaction) -> tuple[OccasionRecord, bool]:
        return await service.report(transaction, caller, body, sent)

    occasion, known = await caller.attempt(work)
    response.status_code = 200 if known else 201
    return occasion


@router.get("", operation_id="list_occasions", responses=problems(400))
async def list_occasions(
    caller: Annotated[Caller, caller_with(Scope.OCCASIONS_READ)],
    alliance_id: Annotated[UUID, Query(description="The service's id.")],
    status: Annotated[
        OccasionStatus | None, Query(description="Only those that were reported so.")
    ] = None,
    session_ref: Annotated[Ref | None, Query()] = None,
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Page[OccasionRecord]:
    """The occasions of an alliance with who was invited, in the order in which they were made.

    Those known only from forms or marks are among them, without a status.
    """
    given = {
        "alliance_id": alliance_id,
        "status": status,
        "occasion_key": None if session_ref is None else f"ref:{session_ref}",
    }
    listing = Listing("occasions", given, limit, cursor, caller.tenant_id)
    async with caller.transaction() as transaction:
        found = await service.page(
            transaction, caller.actor, listing.filters, listing.after_id(), listing.one_more
        )
    return listing.page(found, attrgetter("id"), lambda occasion: occasion)
