"""A real Postgres built by the migrations, the application on it, and a tenant for each test."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app.cli.migrate import migrate
from app.database import Database
from app.embedded_postgres import forget, running
from app.main import create_app
from app.settings import Settings, settings_from
from app.tenants.service import Scope, create_key, create_tenant, new_tenant_id
from tests.support.contract import ContractTransport


class Clock:
    """The application's time: this machine's, unless a test sets it."""

    def __init__(self) -> None:
        self.fixed: datetime | None = None

    def __call__(self) -> datetime:
        return self.fixed or datetime.now(UTC)


class Tenant:
    """A tenant with a key, and how to call as it."""

    def __init__(self, app: FastAPI, tenant_id: UUID, key: str) -> None:
        self.id = tenant_id
        self.key = key
        self._app = app

    def client(self, **headers: str) -> httpx.AsyncClient:
        """A client with this tenant's key whose every answer is held against the contract."""
        return httpx.AsyncClient(
            transport=ContractTransport(httpx.ASGITransport(self._app, raise_app_exceptions=False)),
            base_url="http://service",
            headers={"Authorization": f"Bearer {self.key}", **headers},
        )


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a server to make databases on: TEST_DATABASE_URL, or one of our own."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    home: Path = tmp_path_factory.mktemp("postgres")
    with running(home, durable=False) as server:
        yield server
    forget(home)


@pytest.fixture(scope="session")
def database_url(postgres_server: str) -> Iterator[str]:
    """A database of our own, built by the migrations, dropped afterwards."""
    name = f"rapport_test_{secrets.token_hex(6)}"
    asyncio.run(_run(postgres_server, f"CREATE DATABASE {name}"))
    path = urlsplit(postgres_server).path
    url = postgres_server.replace(f"{path}?", f"/{name}?") if "?" in postgres_server else ""
    url = url or postgres_server.removesuffix(path) + f"/{name}"
    migrate(settings_from({"DATABASE_URL": url}))
    yield url
    asyncio.run(_run(postgres_server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


@pytest.fixture(scope="session")
def settings(database_url: str) -> Settings:
    return settings_from({"DATABASE_URL": database_url})


@pytest.fixture(scope="session")
def shared_clock() -> Clock:
    return Clock()


@pytest.fixture
def clock(shared_clock: Clock) -> Iterator[Clock]:
    """The application's clock; set `fixed` to stop it."""
    yield shared_clock
    shared_clock.fixed = None


@pytest.fixture(scope="session")
async def app(settings: Settings, shared_clock: Clock) -> AsyncIterator[FastAPI]:
    """The application, started."""
    application = create_app(settings, clock=shared_clock)
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture(scope="session")
def database(app: FastAPI) -> Database:
    """The application's own door to Postgres."""
    found: Database = app.state.database
    return found


@pytest.fixture
def new_tenant(app: FastAPI) -> Callable[..., object]:
    """Makes a tenant with a key that has the named scopes, by default all."""

    async def make(*scopes: Scope) -> Tenant:
        return await make_tenant(app, scopes or tuple(Scope))

    return make


async def make_tenant(app: FastAPI, scopes: tuple[Scope, ...]) -> Tenant:
    tenant_id, now = new_tenant_id(), datetime.now(UTC)
    async with app.state.database.transaction(tenant_id) as transaction:
        await create_tenant(transaction, "Clinic", now)
        key = await create_key(transaction, "test", scopes, now)
    assert key is not None
    return Tenant(app, tenant_id, key)


@pytest.fixture
async def tenant(app: FastAPI) -> Tenant:
    """A tenant of the test's own, so that tests never meet."""
    return await make_tenant(app, tuple(Scope))


@pytest.fixture
async def client(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the test's own tenant."""
    async with tenant.client() as made:
        yield made
