"""Events over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.events import service
from app.events.schemas import EventPage, Position
from app.pagination import DEFAULT_LIMIT, Limit
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope

router = APIRouter(prefix="/v1/events", tags=["Events"], route_class=StrictJsonRoute)


@router.get("", operation_id="get_events", responses=problems())
async def get_events(
    caller: Annotated[Caller, caller_with(Scope.EVENTS_READ)],
    after: Annotated[Position, Query()] = 0,
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
) -> EventPage:
    """What has changed since, one event for each change, in an order that never changes.

    Keep the last `position` that you have handled, and ask with it as `after`. Whoever does so sees
    every change once, and those of one alliance in the order in which they were made. An event
    appears shortly after the change, within a second or two.
    """
    async with caller.transaction() as transaction:
        return await service.after(transaction, after, limit)
