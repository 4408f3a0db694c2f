"""Marks over HTTP."""

from operator import itemgetter
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.database import Transaction
from app.edge.idempotency_key import IdempotencyKey, read_idempotency_key
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.idempotency.service import claim_of, once
from app.marks import service
from app.marks.rendering import mark_read, mark_recorded
from app.marks.rows import Row
from app.marks.schemas import MarkCreate, MarkOut
from app.pagination import DEFAULT_LIMIT, Cursor, Limit, Listing, Page
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope

router = APIRouter(
    prefix="/v1/alliances/{alliance_id}/marks", tags=["Marks"], route_class=StrictJsonRoute
)
REPLAY: Final[dict[str, Any]] = {
    "model": MarkOut,
    "description": "Stored before, and unaltered.",
    "headers": {
        "Idempotent-Replayed": {"schema": {"type": "string"}, "description": "Always `true`."}
    },
}


@router.post(
    "",
    status_code=201,
    operation_id="record_mark",
    responses=problems(404, 409) | {200: REPLAY},
)
async def record_mark(
    alliance_id: UUID,
    body: MarkCreate,
    response: Response,
    caller: Annotated[Caller, caller_with(Scope.MARKS_WRITE)],
    idempotency_key: IdempotencyKey = None,
) -> MarkOut:
    """Record a rupture or repair that a person noticed.

    Sending it again under the same `external_id` is safe: 200. `Idempotency-Key` makes a call
    safe that has no `external_id`. The occasion is made if nobody has named it before.
    """
    key = read_idempotency_key(idempotency_key) if body.external_id is None else None
    claim = claim_of(key, caller.key.key_id, f"record_mark {alliance_id}", body)

    async def work(transaction: Transaction) -> tuple[Row, bool]:
        return await once(
            transaction,
            claim,
            caller.clock(),
            lambda: service.record(transaction, caller, alliance_id, body),
            service.get,
        )

    mark, replayed = await caller.attempt(work)
    if replayed:
        response.status_code = 200
        response.headers["Idempotent-Replayed"] = "true"
    return mark_recorded(mark)


@router.get("", operation_id="list_marks", responses=problems(400, 404))
async def list_marks(
    alliance_id: UUID,
    caller: Annotated[Caller, caller_with(Scope.MARKS_READ)],
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Page[MarkOut]:
    """The marks of an alliance, as far as those who noticed were told that this reader would see.

    A mark that is not for this reader is left out; its note is shown only where the notice says
    `items`. Who noticed sees their own.
    """
    listing = Listing("marks", {"alliance_id": alliance_id}, limit, cursor, caller.tenant_id)
    async with caller.transaction() as transaction:
        found = await service.page(
            transaction, alliance_id, caller.actor, listing.after_id(), listing.one_more
        )
    return listing.page(found, itemgetter("id"), lambda row: mark_read(row, caller.actor))
