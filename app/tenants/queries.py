"""Statements on tenants, their API keys, and platform keys."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.database import NO_TENANT, Row, Transaction
from app.statements import Statement, compiled, parameter
from app.tenants.models import api_keys, platform_keys, signal_settings, tenants

_OWN_TENANT: Final = tenants.c.tenant_id == parameter(tenants.c.tenant_id)
_OWN_KEYS: Final = api_keys.c.tenant_id == parameter(api_keys.c.tenant_id)
_OWN_KEY: Final = (_OWN_KEYS, api_keys.c.key_id == parameter(api_keys.c.key_id))
_PLATFORM_KEY_ID: Final = platform_keys.c.key_id == parameter(platform_keys.c.key_id)
_SHOWN: Final = [c for c in api_keys.c if c.name != "secret_sha256"]
_PLATFORM_SHOWN: Final = [c for c in platform_keys.c if c.name != "secret_sha256"]
_LIMIT: Final = sa.bindparam("limit", type_=sa.Integer)
_TENANTS: Final = sa.select(
    tenants.c.tenant_id.label("id"),
    tenants.c.name,
    sa.case((tenants.c.closed_at.is_(None), "open"), else_="closed").label("state"),
    tenants.c.default_notice,
    tenants.c.created_at,
    tenants.c.closed_at,
)


def _page_of_tenants(*conditions: sa.ColumnElement[bool]) -> Statement:
    """One of the few statements that name no tenant: what it finds are the tenants themselves."""
    after = tenants.c.tenant_id > sa.bindparam("after", type_=sa.Uuid)
    page = _TENANTS.where(after, *conditions).order_by(tenants.c.tenant_id).limit(_LIMIT)
    return compiled(page, of_one_tenant=False)


_NEW_TENANT: Final = (
    insert(tenants)
    .values({c.name: parameter(c) for c in tenants.c if c.name != "closed_at"})
    .on_conflict_do_nothing()
    .returning(tenants.c.tenant_id)
    .cte("new_tenant")
)
_HEAD: Final = sa.table("merge_heads", sa.column("tenant_id", sa.Uuid))
"""Its lock stands between merges of people and new alliances; see alliances.models."""
_INSERT_TENANT: Final = compiled(
    sa.select(_NEW_TENANT.c.tenant_id).add_cte(
        sa.insert(_HEAD).from_select(["tenant_id"], sa.select(_NEW_TENANT.c.tenant_id)).cte("head")
    )
)
_TENANT: Final = compiled(_TENANTS.where(_OWN_TENANT))
_PAGES_OF_TENANTS: Final[Mapping[str | None, Statement]] = {
    None: _page_of_tenants(),
    "open": _page_of_tenants(tenants.c.closed_at.is_(None)),
    "closed": _page_of_tenants(tenants.c.closed_at.is_not(None)),
}
_CLOSE: Final = compiled(
    sa.update(tenants)
    .where(_OWN_TENANT, tenants.c.closed_at.is_(None))
    .values(closed_at=parameter(tenants.c.closed_at))
    .returning(tenants.c.tenant_id)
)
_INSERT_KEY: Final = compiled(
    insert(api_keys)
    .values({c.name: parameter(c) for c in api_keys.c if c.name != "revoked_at"})
    .returning(*_SHOWN)
)
_IN_FORCE: Final = (
    sa.select(signal_settings)
    .where(signal_settings.c.tenant_id == parameter(signal_settings.c.tenant_id))
    .order_by(signal_settings.c.version.desc())
    .limit(1)
)
_SETTINGS: Final = _IN_FORCE.subquery("settings")
_KEY_WITH_TENANT: Final = compiled(
    sa.select(
        api_keys,
        tenants.c.default_notice,
        tenants.c.closed_at,
        _SETTINGS.c.version.label("settings_version"),
        _SETTINGS.c.alerts_per_100_ratings,
        _SETTINGS.c.parameter_sets,
    )
    .join(tenants, tenants.c.tenant_id == api_keys.c.tenant_id)
    .join(_SETTINGS, sa.true(), isouter=True)
    .where(*_OWN_KEY)
)
_SETTINGS_IN_FORCE: Final = compiled(_IN_FORCE)
_INSERT_SETTINGS: Final = compiled(
    insert(signal_settings)
    .values({c.name: parameter(c) for c in signal_settings.c})
    .on_conflict_do_nothing()
    .returning(signal_settings)
)
_KEY: Final = compiled(sa.select(*_SHOWN).where(*_OWN_KEY))
_KEYS: Final = compiled(
    sa.select(*_SHOWN).where(_OWN_KEYS).order_by(api_keys.c.created_at, api_keys.c.key_id)
)
_PAGE_OF_KEYS: Final = compiled(
    sa.select(*_SHOWN)
    .where(_OWN_KEYS, api_keys.c.key_id > sa.bindparam("after", type_=sa.Text))
    .order_by(api_keys.c.key_id)
    .limit(_LIMIT)
)
_REVOKE: Final = compiled(
    sa.update(api_keys)
    .where(*_OWN_KEY, api_keys.c.revoked_at.is_(None))
    .values(revoked_at=parameter(api_keys.c.revoked_at))
    .returning(api_keys.c.key_id)
)
_INSERT_PLATFORM_KEY: Final = compiled(
    insert(platform_keys)
    .values({c.name: parameter(c) for c in platform_keys.c if c.name != "revoked_at"})
    .returning(platform_keys.c.key_id),
    of_one_tenant=False,
)
_PLATFORM_KEY: Final = compiled(
    sa.select(platform_keys).where(_PLATFORM_KEY_ID), of_one_tenant=False
)
_PLATFORM_KEYS: Final = compiled(
    sa.select(*_PLATFORM_SHOWN).order_by(platform_keys.c.created_at, platform_keys.c.key_id),
    of_one_tenant=False,
)
_REVOKE_PLATFORM_KEY: Final = compiled(
    sa.update(platform_keys)
    .where(_PLATFORM_KEY_ID, platform_keys.c.revoked_at.is_(None))
    .values(revoked_at=parameter(platform_keys.c.revoked_at))
    .returning(platform_keys.c.key_id),
    of_one_tenant=False,
)


async def insert_tenant(transaction: Transaction, tenant: Mapping[str, Any]) -> bool:
    """Store a tenant. False: its id is taken and nothing was stored."""
    return await transaction.row(_INSERT_TENANT, **tenant) is not None


async def tenant(transaction: Transaction) -> Row | None:
    """The transaction's tenant; None if it does not exist."""
    return await transaction.row(_TENANT)


async def tenants_after(
    transaction: Transaction, state: str | None, after: UUID | None, limit: int
) -> list[Row]:
    """Up to limit tenants in the order of their ids. state: open or closed; None: both."""
    return await transaction.rows(_PAGES_OF_TENANTS[state], after=after or NO_TENANT, limit=limit)


async def close_tenant(transaction: Transaction, closed_at: datetime) -> bool:
    """Close the transaction's tenant. False: there is no such tenant, or it is closed already."""
    return await transaction.row(_CLOSE, closed_at=closed_at) is not None


async def insert_key(transaction: Transaction, key: Mapping[str, Any]) -> Row:
    """The API key of the transaction's tenant as it was stored, without its hash."""
    (stored,) = await transaction.rows(_INSERT_KEY, **key)
    return stored


async def key_with_tenant(transaction: Transaction, key_id: str) -> Row | None:
    """One key with its tenant's default_notice, closed_at and signal settings, None: no such key.

    Of the settings settings_version, alerts_per_100_ratings and parameter_sets; null: none yet.
    """
    return await transaction.row(_KEY_WITH_TENANT, key_id=key_id)


async def key(transaction: Transaction, key_id: str) -> Row | None:
    """One key of the transaction's tenant, without its hash; None if there is no such key."""
    return await transaction.row(_KEY, key_id=key_id)


async def keys(transaction: Transaction) -> list[Row]:
    """Every key of the transaction's tenant, without its hash, oldest first."""
    return await transaction.rows(_KEYS)


async def keys_after(transaction: Transaction, after: str | None, limit: int) -> list[Row]:
    """Up to limit keys of the transaction's tenant, without hashes, in the order of their ids."""
    return await transaction.rows(_PAGE_OF_KEYS, after=after or "", limit=limit)


async def revoke_key(transaction: Transaction, key_id: str, revoked_at: datetime) -> bool:
    """Revoke a key. False: there is no such key, or it is revoked already."""
    return await transaction.row(_REVOKE, key_id=key_id, revoked_at=revoked_at) is not None


async def settings_in_force(transaction: Transaction) -> Row | None:
    """The newest version of the tenant's signal settings; None: it has set none."""
    return await transaction.row(_SETTINGS_IN_FORCE)


async def insert_settings(transaction: Transaction, settings: Mapping[str, Any]) -> Row | None:
    """A new version of the tenant's signal settings as stored. None: that version is taken."""
    return await transaction.row(_INSERT_SETTINGS, **settings)


async def insert_platform_key(transaction: Transaction, key: Mapping[str, Any]) -> None:
    """Store a platform key."""
    await transaction.row(_INSERT_PLATFORM_KEY, **key)


async def platform_key(transaction: Transaction, key_id: str) -> Row | None:
    """One platform key with its hash; None if there is no such key."""
    return await transaction.row(_PLATFORM_KEY, key_id=key_id)


async def all_platform_keys(transaction: Transaction) -> list[Row]:
    """Every platform key, without its hash, oldest first."""
    return await transaction.rows(_PLATFORM_KEYS)


async def revoke_platform_key(transaction: Transaction, key_id: str, revoked_at: datetime) -> bool:
    """Revoke a platform key. False: there is no such key, or it is revoked already."""
    row = await transaction.row(_REVOKE_PLATFORM_KEY, key_id=key_id, revoked_at=revoked_at)
    return row is not None
