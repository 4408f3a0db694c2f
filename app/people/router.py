"""People over HTTP."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Response

from app.database import Transaction
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.people import service
from app.people.schemas import MergeOut, MergeRequest
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope

router = APIRouter(prefix="/v1/people", tags=["People"], route_class=StrictJsonRoute)


@router.post(
    "/merge",
    status_code=201,
    operation_id="merge_people",
    responses=problems(409) | {200: {"model": MergeOut, "description": "Merged before."}},
)
async def merge_people(
    body: MergeRequest,
    response: Response,
    caller: Annotated[Caller, caller_with(Scope.PEOPLE_MERGE)],
) -> MergeOut:
    """Say that two references of one source are one person.

    Alliances carry the new reference from now on, streams go on as one, and what is still sent
    with the old one is understood. Stored responses keep what they say.
    """

    async def work(transaction: Transaction) -> tuple[Mapping[str, Any], bool]:
        return await service.merge(transaction, caller, body)

    merge, known = await caller.attempt(work)
    if known:
        response.status_code = 200
    return MergeOut(
        id=merge["id"],
        source=merge["source"],
        role=merge["role"],
        from_ref=merge["from_ref"],
        into_ref=merge["into_ref"],
        current=merge["current_ref"],
        alliances=merge["alliances"],
        merged_at=merge["merged_at"],
    )
