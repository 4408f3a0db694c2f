"""The database of a run: made, migrated and given a tenant with a key."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from app.cli.access import in_transaction
from app.cli.migrate import migrate
from app.settings import settings_from
from app.tenants.scopes import Scope
from app.tenants.service import create_key, create_tenant, new_tenant_id
from bench.crash.postgres import OwnPostgres

DURABLE: Final = ("fsync", "synchronous_commit", "full_page_writes")
"""Settings that must be on: without them a commit is no commit."""
ANSWER_PATIENCE: Final = 20.0


@dataclass(frozen=True, slots=True)
class Tenancy:
    """One migrated database with one tenant."""

    name: str
    url: str
    """Where the superuser connects, past every proxy."""
    tenant_id: UUID
    key: str


@asynccontextmanager
async def tenancy(server: OwnPostgres, name: str) -> AsyncIterator[Tenancy]:
    """A new database of the server, dropped on leaving if the server still answers.

    Raises StartRefused when it cannot be migrated or given a tenant.
    """
    url = server.database_url(name)
    await asked(server.url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await asked(server.url, f"CREATE DATABASE {name}")
    try:
        yield await asyncio.to_thread(_filled, name, url)
    finally:
        with suppress(asyncpg.PostgresError, OSError):
            await asked(server.url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _filled(name: str, url: str) -> Tenancy:
    migrate(settings_from({"DATABASE_URL": url}))
    tenant_id, (key,) = new_tenant(url)
    return Tenancy(name, url, tenant_id, key)


def new_tenant(url: str, keys: int = 1) -> tuple[UUID, list[str]]:
    """One more tenant of a migrated database, and so many keys of it. Raises StartRefused."""
    settings, now = settings_from({"DATABASE_URL": url}), datetime.now(UTC)
    tenant_id = new_tenant_id()
    in_transaction(settings, tenant_id, lambda t: create_tenant(t, "Crash", now))
    made = [
        in_transaction(settings, tenant_id, lambda t: create_key(t, "crash", list(Scope), now))
        for _ in range(keys)
    ]
    return tenant_id, [key or "" for key in made]


async def asked(url: str, statement: str, *arguments: object) -> list[asyncpg.Record]:
    """The rows of one statement, on a connection of its own. Raises asyncpg's errors, OSError."""
    connection = await asyncpg.connect(url, timeout=ANSWER_PATIENCE)
    try:
        rows: list[asyncpg.Record] = await connection.fetch(statement, *arguments)
        return rows
    finally:
        await connection.close(timeout=ANSWER_PATIENCE)


async def switched_off(url: str) -> list[str]:
    """Which of the settings that make a commit durable are off for a new connection."""
    found: list[Any] = [(name, await asked(url, f"SHOW {name}")) for name in DURABLE]
    return [name for name, rows in found if rows[0][0] != "on"]
