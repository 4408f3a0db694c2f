"""Tenants and their keys over HTTP, for those who host them."""

from datetime import datetime
from operator import itemgetter
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.database import Row
from app.edge.json_body import StrictJsonRoute
from app.edge.problem_documents import problems
from app.pagination import DEFAULT_LIMIT, Cursor, Limit, Listing, Page
from app.tenants import service
from app.tenants.authentication import PlatformCaller, platform_caller
from app.tenants.schemas import KeyCreate, KeyMade, KeyOut, TenantCreate, TenantOut, TenantState
from app.tenants.verification import KEY_ID, key_state

router = APIRouter(prefix="/v1/tenants", tags=["Tenants"], route_class=StrictJsonRoute)

Platform = Annotated[PlatformCaller, platform_caller()]


@router.post(
    "",
    status_code=201,
    operation_id="create_tenant",
    responses=problems(409) | {200: {"model": TenantOut, "description": "Made before."}},
)
async def create_tenant(body: TenantCreate, response: Response, caller: Platform) -> TenantOut:
    """Make a tenant, or get the known one with the same `id` and name (200).

    Needs a platform key, which opens nothing of the new tenant's data: make a key for it.
    """
    tenant_id = body.id or service.new_tenant_id()
    async with caller.transaction(tenant_id) as transaction:
        tenant, new = await service.tenant_as_asked(transaction, body, caller.clock())
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"/v1/tenants/{tenant_id}"
    return _tenant_out(tenant)


@router.get("", operation_id="list_tenants", responses=problems(400))
async def list_tenants(
    caller: Platform,
    state: Annotated[TenantState | None, Query(description="Absent: both.")] = None,
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Page[TenantOut]:
    """Every tenant, in the order of their ids."""
    listing = Listing("tenants", {"state": state}, limit, cursor)
    async with caller.transaction() as transaction:
        found = await service.tenants_after(
            transaction, state, listing.after_id(), listing.one_more
        )
    return listing.page(found, itemgetter("id"), _tenant_out)


@router.get("/{tenant_id}", operation_id="get_tenant", responses=problems(404))
async def get_tenant(tenant_id: UUID, caller: Platform) -> TenantOut:
    """One tenant."""
    async with caller.transaction(tenant_id) as transaction:
        tenant = await service.tenant(transaction)
    return _tenant_out(tenant)


@router.post("/{tenant_id}/close", operation_id="close_tenant", responses=problems(404))
async def close_tenant(tenant_id: UUID, caller: Platform) -> TenantOut:
    """Close a tenant for good: its keys are refused everywhere within 30 seconds.

    Its data stay as they are. Doing it again changes nothing.
    """
    async with caller.transaction(tenant_id) as transaction:
        tenant = await service.close_tenant(transaction, caller.clock())
    return _tenant_out(tenant)


@router.post(
    "/{tenant_id}/keys",
    status_code=201,
    operation_id="create_tenant_key",
    responses=problems(404, 409),
)
async def create_tenant_key(tenant_id: UUID, body: KeyCreate, caller: Platform) -> KeyMade:
    """Make a key for a tenant and get it whole, this once: only a hash of its secret is stored.

    Sent twice, this makes two keys. If the answer was lost, find the key by its label and revoke
    it.
    """
    now = caller.clock()
    async with caller.transaction(tenant_id) as transaction:
        whole, key = await service.key_as_asked(transaction, body, now)
    return KeyMade(**_key_out(key, now).model_dump(), key=whole)


@router.get("/{tenant_id}/keys", operation_id="list_tenant_keys", responses=problems(400, 404))
async def list_tenant_keys(
    tenant_id: UUID,
    caller: Platform,
    limit: Annotated[Limit, Query()] = DEFAULT_LIMIT,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Page[KeyOut]:
    """Every key of a tenant, in the order of their ids. Of none is the secret known any more."""
    now = caller.clock()
    listing = Listing("tenant_keys", {"tenant_id": tenant_id}, limit, cursor)
    async with caller.transaction(tenant_id) as transaction:
        found = await service.keys_after(transaction, listing.after, listing.one_more)
    return listing.page(found, itemgetter("key_id"), lambda key: _key_out(key, now))


@router.post(
    "/{tenant_id}/keys/{key_id}/revoke", operation_id="revoke_tenant_key", responses=problems(404)
)
async def revoke_tenant_key(
    tenant_id: UUID, key_id: Annotated[str, Path(pattern=KEY_ID.pattern)], caller: Platform
) -> KeyOut:
    """Revoke a tenant's key: it is refused everywhere within 30 seconds.

    Records that came with it keep its id. Doing it again changes nothing.
    """
    now = caller.clock()
    async with caller.transaction(tenant_id) as transaction:
        key = await service.revoked_key(transaction, key_id, now)
    return _key_out(key, now)


def _tenant_out(tenant: Row) -> TenantOut:
    return TenantOut.model_validate(dict(tenant))


def _key_out(key: Row, now: datetime) -> KeyOut:
    return KeyOut.model_validate(dict(key) | {"state": key_state(key, now)})
