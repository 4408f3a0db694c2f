"""What the crash tests share: a server to kill, and a view past the application."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app.embedded_postgres import forget
from app.main import create_app
from app.settings import Settings
from bench.crash.gate import Gate, gate
from bench.crash.postgres import OwnPostgres, own_postgres
from tests.conftest import Tenant


@pytest.fixture(scope="session")
def crash_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnPostgres]:
    """A durable Postgres that may be killed; nobody else uses it."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("processes are found through /proc")
    home = tmp_path_factory.mktemp("killed")
    with own_postgres(home) as server:
        yield server
    forget(home)


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection past the application, which sees what is committed."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def way(settings: Settings) -> AsyncIterator[Gate]:
    """A way to the tests' database that can be cut."""
    async with gate(settings.database_url) as made:
        yield made


@pytest.fixture
def through_way(settings: Settings, way: Gate, tenant: Tenant) -> "Served":
    """Serves an application that reaches Postgres through the way, on one connection."""

    @asynccontextmanager
    async def served(change: Callable[[FastAPI], FastAPI]) -> AsyncIterator[httpx.AsyncClient]:
        app = change(create_app(replace(settings, database_url=way.url, pool_size=1)))
        async with app.router.lifespan_context(app), plain_client(app, tenant.key) as client:
            assert (await client.get("/v1/responses")).status_code == 200  # its key is known now
            yield client

    return served


Served = Callable[[Callable[[FastAPI], FastAPI]], AbstractAsyncContextManager[httpx.AsyncClient]]


def plain_client(app: Any, key: str) -> httpx.AsyncClient:
    """A client whose answers are not held against the contract: many of them are the same."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://service",
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
