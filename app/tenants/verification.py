"""Telling whose key a caller holds."""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.database import Row, Transaction
from app.errors import Unauthenticated
from app.tenants import queries
from app.tenants.signal_settings import SignalSettings, signal_settings_from

KEY_ID: Final = re.compile(r"^[0-9a-f]{12}$")
KEY_FORM: Final = re.compile(r"rpt_([0-9a-f]{32})_([0-9a-f]{12})_([0-9a-f]{48})")
PLATFORM_KEY_FORM: Final = re.compile(r"rpt_platform_([0-9a-f]{12})_([0-9a-f]{48})")
VALID: Final = "valid"


@dataclass(frozen=True, slots=True)
class Key:
    """A valid key and what it opens."""

    tenant_id: UUID
    key_id: str
    scopes: frozenset[str]
    default_notice: dict[str, Any]
    expires_at: datetime | None
    signal_settings: SignalSettings = field(default_factory=SignalSettings)


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """A valid key of those who host tenants: it makes and closes them, and reads none's data."""

    key_id: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyParts:
    """A key as its caller holds it. Its look-up names its tenant, so it needs no other."""

    tenant_id: UUID
    key_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class PlatformKeyParts:
    """A platform key as its caller holds it."""

    key_id: str
    secret: str


def key_parts(text: str) -> KeyParts:
    """The parts of `rpt_<tenant>_<key id>_<secret>`. Raises Unauthenticated for other texts."""
    match = KEY_FORM.fullmatch(text)
    if match is None:
        raise Unauthenticated("The key is not valid.")
    tenant, key_id, secret = match.groups()
    return KeyParts(UUID(tenant), key_id, secret)


def platform_key_parts(text: str) -> PlatformKeyParts | None:
    """The parts of `rpt_platform_<key id>_<secret>`; None for other texts."""
    match = PLATFORM_KEY_FORM.fullmatch(text)
    return match and PlatformKeyParts(*match.groups())


async def valid_key(transaction: Transaction, parts: KeyParts, now: datetime) -> Key:
    """The key with these parts.

    Raises Unauthenticated when it is unknown, revoked or expired, or its tenant closed.
    """
    row = _opened(await queries.key_with_tenant(transaction, parts.key_id), parts.secret, now)
    if row["closed_at"] is not None:
        raise Unauthenticated("The key is not valid.")
    return _key_of(parts.tenant_id, parts.key_id, row)


def _key_of(tenant_id: UUID, key_id: str, row: Row) -> Key:
    return Key(
        tenant_id,
        key_id,
        frozenset(row["scopes"]),
        row["default_notice"],
        row["expires_at"],
        signal_settings_from(
            row["settings_version"], row["alerts_per_100_ratings"], row["parameter_sets"]
        ),
    )


async def key_again(transaction: Transaction, key_id: str) -> Key | None:
    """The key as it stands now, for work that was asked for while it was valid.

    None: it has been revoked, or its tenant closed. Whether it has expired since is not asked.
    """
    row = await queries.key_with_tenant(transaction, key_id)
    if row is None or row["revoked_at"] is not None or row["closed_at"] is not None:
        return None
    return _key_of(transaction.tenant_id, key_id, row)


async def valid_platform_key(
    transaction: Transaction, parts: PlatformKeyParts, now: datetime
) -> PlatformKey:
    """The platform key with these parts. Raises Unauthenticated if unknown, revoked or expired."""
    row = _opened(await queries.platform_key(transaction, parts.key_id), parts.secret, now)
    return PlatformKey(parts.key_id, row["expires_at"])


def _opened(row: Row | None, secret: str, now: datetime) -> Row:
    """The stored key that this is the secret of. Raises Unauthenticated unless it is valid."""
    stored = row["secret_sha256"] if row else b""
    right = hmac.compare_digest(stored, secret_hash(secret))
    if not right or row is None or key_state(row, now) != VALID:
        raise Unauthenticated("The key is not valid.")
    return row


def key_state(key: Row, now: datetime) -> str:
    """How a stored key stands: valid, expired or revoked."""
    if key["revoked_at"] is not None:
        return "revoked"
    return "expired" if key["expires_at"] is not None and key["expires_at"] <= now else VALID


def secret_hash(secret: str) -> bytes:
    """What is stored of a secret. It has 192 random bits, so no slow hash is needed."""
    return hashlib.sha256(secret.encode()).digest()
