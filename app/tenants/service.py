"""Making and closing tenants, their keys, and the keys of those who host them."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from app.database import Row, Transaction
from app.errors import FieldError, InvalidCursor, InvalidRequest, NotFound, TenantConflict
from app.tenants import queries
from app.tenants.schemas import KeyCreate, TenantCreate
from app.tenants.scopes import Scope
from app.tenants.verification import KEY_ID, secret_hash

EVERYBODY_SEES_ALL: Final = {
    "ref": None,
    "audience": ["client", "professional", "supervisor"],
    "level": "items",
}
"""A new tenant's notice: what raters are told when a submission says nothing about it."""


def new_tenant_id() -> UUID:
    """An id for a tenant that is to be made."""
    return uuid7()


async def create_tenant(
    transaction: Transaction,
    name: str,
    now: datetime,
    default_notice: Mapping[str, Any] = EVERYBODY_SEES_ALL,
) -> bool:
    """Make the transaction's tenant. False: it exists already and was left as it is."""
    return await queries.insert_tenant(
        transaction, {"name": name, "default_notice": default_notice, "created_at": now}
    )


async def tenant_as_asked(
    transaction: Transaction, body: TenantCreate, now: datetime
) -> tuple[Row, bool]:
    """The transaction's tenant as stored, and True if it is new.

    Raises TenantConflict when it is known with another name, or with another default_notice than
    the one that is given.
    """
    notice = body.default_notice and body.default_notice.model_dump()
    new = await create_tenant(transaction, body.name, now, notice or EVERYBODY_SEES_ALL)
    stored = await tenant(transaction)
    if stored["name"] != body.name:
        raise TenantConflict("This id is known with another name.", existing_id=str(stored["id"]))
    if notice is not None and notice != stored["default_notice"]:
        detail = "This id is known with another default_notice."
        raise TenantConflict(detail, existing_id=str(stored["id"]))
    return stored, new


async def tenant(transaction: Transaction) -> Row:
    """The transaction's tenant. Raises NotFound."""
    found = await queries.tenant(transaction)
    if found is None:
        raise NotFound("No such tenant.")
    return found


async def tenants_after(
    transaction: Transaction, state: str | None, after: UUID | None, limit: int
) -> list[Row]:
    """Up to limit tenants in the order of their ids. state: open or closed; None: both."""
    return await queries.tenants_after(transaction, state, after, limit)


async def close_tenant(transaction: Transaction, now: datetime) -> Row:
    """The transaction's tenant, closed now or before. Raises NotFound.

    Its keys are refused everywhere within KEY_TRUSTED_SECONDS; its data stay.
    """
    await queries.close_tenant(transaction, now)
    return await tenant(transaction)


async def create_key(
    transaction: Transaction,
    label: str,
    scopes: Iterable[Scope],
    now: datetime,
    expires_at: datetime | None = None,
) -> str | None:
    """Make a key of the transaction's tenant; the whole key, which is shown this once.

    Only a hash of it is stored. None: there is no such tenant, or it is closed.
    """
    found = await queries.tenant(transaction)
    if found is None or found["closed_at"] is not None:
        return None
    key, _ = await _insert_key(transaction, label, scopes, now, expires_at)
    return key


async def key_as_asked(transaction: Transaction, body: KeyCreate, now: datetime) -> tuple[str, Row]:
    """The whole new key of the transaction's tenant, which is shown this once, and what is stored.

    Raises NotFound without such a tenant, TenantConflict when it is closed, InvalidRequest for a
    key that would have ended before it began.
    """
    if body.expires_at is not None and body.expires_at <= now:
        raise InvalidRequest.of(FieldError("/expires_at", "in_the_past", "Give a time to come."))
    found = await tenant(transaction)
    if found["closed_at"] is not None:
        raise TenantConflict("A closed tenant gets no keys.", existing_id=str(found["id"]))
    wanted = body.scopes or list(Scope)
    return await _insert_key(transaction, body.label, wanted, now, body.expires_at)


async def _insert_key(
    transaction: Transaction,
    label: str,
    scopes: Iterable[Scope],
    now: datetime,
    expires_at: datetime | None,
) -> tuple[str, Row]:
    parts, secret = _new_key(label, now, expires_at)
    stored = await queries.insert_key(transaction, parts | {"scopes": sorted(set(scopes))})
    return f"rpt_{transaction.tenant_id.hex}_{stored['key_id']}_{secret}", stored


def _new_key(label: str, now: datetime, expires_at: datetime | None) -> tuple[dict[str, Any], str]:
    """What every kind of key stores, and its secret."""
    secret = secrets.token_hex(24)
    stored = {
        "key_id": secrets.token_hex(6),
        "secret_sha256": secret_hash(secret),
        "label": label,
        "created_at": now,
        "expires_at": expires_at,
    }
    return stored, secret


async def keys(transaction: Transaction) -> list[Row]:
    """Every key of the transaction's tenant, oldest first; no secret can be told from them."""
    return await queries.keys(transaction)


async def keys_after(transaction: Transaction, after: str | None, limit: int) -> list[Row]:
    """Up to limit keys of the transaction's tenant in the order of their ids.

    Raises NotFound without such a tenant, InvalidCursor when after is no key id.
    """
    if after is not None and not KEY_ID.fullmatch(after):
        raise InvalidCursor("Start again without a cursor.")
    await tenant(transaction)
    return await queries.keys_after(transaction, after, limit)


async def revoke_key(transaction: Transaction, key_id: str, now: datetime) -> bool:
    """Revoke a key of the transaction's tenant; refused everywhere within KEY_TRUSTED_SECONDS.

    False: there is no such key, or it is revoked already.
    """
    return await queries.revoke_key(transaction, key_id, now)


async def revoked_key(transaction: Transaction, key_id: str, now: datetime) -> Row:
    """The key of the transaction's tenant, revoked now or before. Raises NotFound."""
    await revoke_key(transaction, key_id, now)
    found = await queries.key(transaction, key_id)
    if found is None:
        raise NotFound("No such key.")
    return found


async def create_platform_key(
    transaction: Transaction, label: str, now: datetime, expires_at: datetime | None = None
) -> str:
    """Make a platform key; the whole key, which is shown this once. Only a hash of it is stored."""
    stored, secret = _new_key(label, now, expires_at)
    await queries.insert_platform_key(transaction, stored)
    return f"rpt_platform_{stored['key_id']}_{secret}"


async def platform_keys(transaction: Transaction) -> list[Row]:
    """Every platform key, oldest first; no secret can be told from them."""
    return await queries.all_platform_keys(transaction)


async def revoke_platform_key(transaction: Transaction, key_id: str, now: datetime) -> bool:
    """Revoke a platform key; refused everywhere within KEY_TRUSTED_SECONDS.

    False: there is no such key, or it is revoked already.
    """
    return await queries.revoke_platform_key(transaction, key_id, now)
