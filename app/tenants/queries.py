"""Statements on tenants and API keys."""

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.database import Row, Transaction, compiled, parameter
from app.tenants.models import api_keys, tenants

_INSERT_TENANT: Final = compiled(
    insert(tenants)
    .values({c.name: parameter(c) for c in tenants.c})
    .on_conflict_do_nothing()
    .returning(tenants.c.tenant_id)
)
_INSERT_KEY: Final = compiled(
    insert(api_keys).values({c.name: parameter(c) for c in api_keys.c}).returning(api_keys.c.key_id)
)
_KEY: Final = compiled(
    sa.select(api_keys, tenants.c.default_notice)
    .join(tenants, tenants.c.tenant_id == api_keys.c.tenant_id)
    .where(
        api_keys.c.tenant_id == parameter(api_keys.c.tenant_id),
        api_keys.c.key_id == parameter(api_keys.c.key_id),
    )
)
_TENANT: Final = compiled(
    sa.select(tenants).where(tenants.c.tenant_id == parameter(tenants.c.tenant_id))
)
_KEYS: Final = compiled(
    sa.select(api_keys)
    .where(api_keys.c.tenant_id == parameter(api_keys.c.tenant_id))
    .order_by(api_keys.c.created_at, api_keys.c.key_id)
)
_REVOKE: Final = compiled(
    sa.update(api_keys)
    .where(
        api_keys.c.tenant_id == parameter(api_keys.c.tenant_id),
        api_keys.c.key_id == parameter(api_keys.c.key_id),
        api_keys.c.revoked_at.is_(None),
    )
    .values(revoked_at=parameter(api_keys.c.revoked_at))
    .returning(api_keys.c.key_id)
)


async def insert_tenant(transaction: Transaction, tenant: Mapping[str, Any]) -> bool:
    """Store a tenant. False: its id is taken and nothing was stored."""
    return await transaction.row(_INSERT_TENANT, **tenant) is not None


async def insert_key(transaction: Transaction, key: Mapping[str, Any]) -> None:
    """Store an API key of the transaction's tenant."""
    await transaction.row(_INSERT_KEY, **key)


async def key_with_tenant(transaction: Transaction, key_id: str) -> Row | None:
    """One key with its tenant's default_notice; None if there is no such key."""
    return await transaction.row(_KEY, key_id=key_id)


async def keys(transaction: Transaction) -> list[Row]:
    """Every key of the transaction's tenant, oldest first."""
    return await transaction.rows(_KEYS)


async def tenant(transaction: Transaction) -> Row | None:
    """The transaction's tenant; None if it does not exist."""
    return await transaction.row(_TENANT)


async def revoke_key(transaction: Transaction, key_id: str, revoked_at: object) -> bool:
    """Revoke a key. False: there is no such key, or it is revoked already."""
    return await transaction.row(_REVOKE, key_id=key_id, revoked_at=revoked_at) is not None
