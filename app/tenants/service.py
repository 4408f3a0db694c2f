"""Making tenants and keys, and telling whose key a caller holds."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from app.database import Row, Transaction
from app.errors import Unauthenticated
from app.tenants import queries


class Scope(StrEnum):
    """What a key may do, as `resource:action`; each route names the one it needs."""

    ALLIANCES_READ = "alliances:read"
    ALLIANCES_WRITE = "alliances:write"
    INSTRUMENTS_READ = "instruments:read"
    RESPONSES_READ = "responses:read"
    RESPONSES_WRITE = "responses:write"
    SCORES_COMPUTE = "scores:compute"
    TRENDS_READ = "trends:read"


KEY_FORM: Final = re.compile(r"rpt_([0-9a-f]{32})_([0-9a-f]{12})_([0-9a-f]{48})")
EVERYBODY_SEES_ALL: Final = {
    "ref": None,
    "audience": ["client", "professional", "supervisor"],
    "level": "items",
}
"""A new tenant's notice: what raters are told when a submission says nothing about it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A valid key and what it opens."""

    tenant_id: UUID
    key_id: str
    scopes: frozenset[str]
    default_notice: dict[str, Any]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyParts:
    """A key as its caller holds it. Its look-up names its tenant, so it needs no other."""

    tenant_id: UUID
    key_id: str
    secret: str


def key_parts(text: str) -> KeyParts:
    """The parts of `rpt_<tenant>_<key id>_<secret>`. Raises Unauthenticated for other texts."""
    match = KEY_FORM.fullmatch(text)
    if match is None:
        raise Unauthenticated("The key is not valid.")
    tenant, key_id, secret = match.groups()
    return KeyParts(UUID(tenant), key_id, secret)


async def create_tenant(transaction: Transaction, name: str, now: datetime) -> bool:
    """Make the transaction's tenant. False: it exists already and was left as it is."""
    return await queries.insert_tenant(
        transaction, {"name": name, "default_notice": EVERYBODY_SEES_ALL, "created_at": now}
    )


def new_tenant_id() -> UUID:
    """An id for a tenant that is to be made."""
    return uuid7()


async def create_key(
    transaction: Transaction,
    label: str,
    scopes: Iterable[Scope],
    now: datetime,
    expires_at: datetime | None = None,
) -> str | None:
    """Make a key of the transaction's tenant; the whole key, which is shown this once.

    Only a hash of it is stored. None: there is no such tenant.
    """
    if await queries.tenant(transaction) is None:
        return None
    key_id, secret = secrets.token_hex(6), secrets.token_hex(24)
    await queries.insert_key(
        transaction,
        {
            "key_id": key_id,
            "secret_sha256": _hash(secret),
            "label": label,
            "scopes": sorted(scopes),
            "created_at": now,
            "expires_at": expires_at,
            "revoked_at": None,
        },
    )
    return f"rpt_{transaction.tenant_id.hex}_{key_id}_{secret}"


async def revoke_key(transaction: Transaction, key_id: str, now: datetime) -> bool:
    """Revoke a key of the transaction's tenant; refused everywhere within KEY_TRUSTED_SECONDS.

    False: there is no such key, or it is revoked already.
    """
    return await queries.revoke_key(transaction, key_id, now)


async def keys(transaction: Transaction) -> list[Row]:
    """Every key of the transaction's tenant, oldest first; no secret can be told from them."""
    return await queries.keys(transaction)


async def valid_key(transaction: Transaction, parts: KeyParts, now: datetime) -> Key:
    """The key with these parts. Raises Unauthenticated when unknown, revoked or expired."""
    row = await queries.key_with_tenant(transaction, parts.key_id)
    stored = row["secret_sha256"] if row else b""
    if (
        not hmac.compare_digest(stored, _hash(parts.secret))
        or row is None
        or row["revoked_at"] is not None
        or (row["expires_at"] is not None and row["expires_at"] <= now)
    ):
        raise Unauthenticated("The key is not valid.")
    return Key(
        parts.tenant_id,
        parts.key_id,
        frozenset(row["scopes"]),
        row["default_notice"],
        row["expires_at"],
    )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
