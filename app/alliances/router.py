"""Alliances over HTTP."""

from collections.abc import Mapping
from functools import partial
from operator import itemgetter
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response

from app.alliances import service
from app.alliances.schemas import AllianceCreate, AllianceOut, AlliancePatch
from app.database import Transaction
from app.edge.idempotency_key import IdempotencyKey, read_idempotency_key
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.edge.scalars import Ref
from app.idempotency.service import claim_of, once
from app.pagination import DEFAULT_LIMIT, Cursor, Limit, Listing, Page
from app.tenants.authentication import Caller, caller_with
from app.tenants.scopes import Scope

router = APIRouter(prefix="/v1/alliances", tags=["Alliances"], route_class=StrictJsonRoute)
KNOWN: Final[dict[str, Any]] = {
    "model": AllianceOut,
    "description": "Known before, and unaltered.",
    "headers": {
        "Idempotent-Replayed": {
            "schema": {"type": "string"},
            "description": "`true`, where an Idempotency-Key told so.",
        }
    },
}


@router.post(
    "",
    status_code=201,
    operation_id="create_alliance",
    responses=problems(404, 409) | {200: KNOWN},
)
async def create_alliance(
    body: AllianceCreate,
    response: Response,
    caller: Annotated[Caller, caller_with(Scope.ALLIANCES_WRITE)],
    idempotency_key: IdempotencyKey = None,
) -> AllianceOut:
    """Make an alliance, or get the known one with the same `external_id` and members (200).

    Submissions make alliances by themselves; this call is for those who want them beforehand.
    """
    claim = None
    if body.external_id is None:
        key = read_idempotency_key(idempotency_key)
        claim = claim_of(key, caller.key.key_id, "create_alliance", body)

    async def work(transaction: Transaction) -> tuple[Mapping[str, Any], bool]:
        now = caller.clock()
        made = partial(service.create, transaction, body, now)
        return await once(transaction, claim, now, made, service.get)

    alliance, known = await caller.attempt(work)
    response.status_code = 200 if known else 201
    if known and claim is not None:
        response.headers["Idempotent-Replayed"] = "true"
    response.headers["Location"] = f"/v1/alliances/{alliance['id']}"
    response.headers["ETag"] = service.etag(alliance)
    return AllianceOut.model_validate(dict(alliance))


@router.get("", operation_id="list_alliances", responses=problems(400))
async def list_alliances(
    caller: Annotated[Caller, caller_with(Scope.ALLIANCES_READ)],
    source: Annotated[Ref | None, Query()] = None,
    external_id: Annotated[Ref | None, Query()] = None,
    case_ref: Annotated[Ref | None, Query()] = None,
    client_ref: Annotated[Ref | None, Query()] = None,
    professional_ref: Annotated[Ref | None, Query()] = None,
    program_ref: Annotated[Ref | None, Query()] = None,
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Page[AllianceOut]:
    """Find alliances by your own identifiers, oldest first.

    `client_ref` and `professional_ref` match any member with that role.
    """
    given = {
        "source": source,
        "external_id": external_id,
        "case_ref": case_ref,
        "client_ref": client_ref,
        "professional_ref": professional_ref,
        "program_ref": program_ref,
    }
    listing = Listing("alliances", given, limit, cursor, caller.tenant_id)
    async with caller.transaction() as transaction:
        found = await service.page(
            transaction, listing.filters, listing.after_id(), listing.one_more
        )
    return listing.page(found, itemgetter("id"), lambda row: AllianceOut.model_validate(dict(row)))


@router.get("/{alliance_id}", operation_id="get_alliance", responses=problems(404))
async def get_alliance(
    alliance_id: UUID,
    response: Response,
    caller: Annotated[Caller, caller_with(Scope.ALLIANCES_READ)],
) -> AllianceOut:
    """One alliance; its ETag is what a change asks for."""
    async with caller.transaction() as transaction:
        alliance = await service.get(transaction, alliance_id)
    response.headers["ETag"] = service.etag(alliance)
    return AllianceOut.model_validate(dict(alliance))


@router.patch(
    "/{alliance_id}",
    operation_id="update_alliance",
    responses=problems(404, 412, 428),
)
async def update_alliance(
    alliance_id: UUID,
    body: AlliancePatch,
    response: Response,
    caller: Annotated[Caller, caller_with(Scope.ALLIANCES_WRITE)],
    if_match: Annotated[
        str | None,
        Header(max_length=100, description="The ETag that you read.", examples=['"1"']),
    ] = None,
) -> AllianceOut:
    """Change what can change during an alliance. Acts forward only: stored responses keep theirs.

    Absent fields stay, null clears one. Send If-Match with the ETag that you read.
    """
    async with caller.transaction() as transaction:
        alliance = await service.change(transaction, alliance_id, body, if_match, caller.clock())
    response.headers["ETag"] = service.etag(alliance)
    return AllianceOut.model_validate(dict(alliance))
