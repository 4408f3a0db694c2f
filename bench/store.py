"""The database of a run: made for it, asked about its settings and its rows, dropped after it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg

from app.cli.access import in_transaction
from app.cli.migrate import migrate
from app.embedded_postgres import running
from app.settings import settings_from
from app.tenants.scopes import Scope
from app.tenants.service import create_key, create_tenant, new_tenant_id
from bench.accounting import parent_of

NAME: Final = "rapport_bench"
DURABLE: Final = ("fsync", "synchronous_commit", "full_page_writes")
"""Settings that must be on: without them a commit is no commit."""
TOLD: Final = (*DURABLE, "server_version", "wal_sync_method", "shared_buffers", "max_wal_size")


@dataclass(frozen=True, slots=True)
class Store:
    """The database of one run with its tenant."""

    url: str
    tenant_id: UUID
    key: str
    settings: dict[str, str]
    """As the server itself tells them."""
    postmaster: int | None

    def responses(self) -> int:
        """How many responses the tenant has."""
        count = "SELECT count(*) FROM responses WHERE tenant_id = $1"
        found: int = asked(self.url, count, self.tenant_id)
        return found

    def events(self) -> int:
        """How many of the tenant's events wait to be moved to the log."""
        count = "SELECT count(*) FROM event_queue WHERE tenant_id = $1"
        found: int = asked(self.url, count, self.tenant_id)
        return found

    def settle(self) -> None:
        """Write out what is dirty and look at the tables anew, so that slices start alike."""
        asked(self.url, "CHECKPOINT")
        asked(self.url, "ANALYZE")


@contextmanager
def store(home: Path) -> Iterator[Store]:
    """A durable Postgres of our own with an empty, migrated database, a tenant and a key."""
    with running(home / "postgres", durable=True) as server:
        url = server.replace("/postgres?", f"/{NAME}?")
        asked(server, f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        asked(server, f"CREATE DATABASE {NAME}")
        try:
            migrate(settings_from({"DATABASE_URL": url}))
            tenant_id, key = _tenant_with_key(url)
            settings = {name: asked(url, f"SHOW {name}") for name in TOLD}
            yield Store(url, tenant_id, key, settings, _postmaster(url))
        finally:
            asked(server, f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")


def _tenant_with_key(url: str) -> tuple[UUID, str]:
    settings, now = settings_from({"DATABASE_URL": url}), datetime.now(UTC)
    tenant_id = new_tenant_id()
    in_transaction(settings, tenant_id, lambda t: create_tenant(t, "Bench", now))
    key = in_transaction(settings, tenant_id, lambda t: create_key(t, "bench", list(Scope), now))
    return tenant_id, key or ""


def _postmaster(url: str) -> int | None:
    async def parent() -> int | None:
        connection = await asyncpg.connect(url)
        try:
            return parent_of(await connection.fetchval("SELECT pg_backend_pid()"))
        finally:
            await connection.close()

    return asyncio.run(parent())


def asked(url: str, statement: str, *arguments: object) -> Any:  # noqa: ANN401 - any value
    """The first value of the first row of one statement, on a connection of its own."""

    async def ask() -> Any:  # noqa: ANN401
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement, *arguments)
        finally:
            await connection.close()

    return asyncio.run(ask())
