"""A real Postgres built by the migrations, the application on it, and a tenant for each test."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from app.database import Database
from app.embedded_postgres import forget, running
from app.main import create_app
from app.settings import Settings, settings_from
from app.tenants.scopes import Scope
from app.tenants.service import create_key, create_platform_key, create_tenant, new_tenant_id
from tests.support.contract import API_KEY, PLATFORM_KEY, ContractTransport
from tests.support.databases import new_database

# The tests' server is quick rather than durable; so are the processes that they start on it.
os.environ.setdefault("ALLOW_LOSSY_POSTGRES", "yes")


class Clock:
    """The application's time: this machine's, unless a test sets it."""

    def __init__(self) -> None:
        self.fixed: datetime | None = None

    def __call__(self) -> datetime:
        return self.fixed or datetime.now(UTC)


class KeyHolder:
    """Somebody with a key, and how to call with it."""

    def __init__(self, app: FastAPI, key: str) -> None:
        self.key = key
        self._app = app

    def client(self, **headers: str) -> httpx.AsyncClient:
        """A client with this key whose every answer is held against the contract."""
        return httpx.AsyncClient(
            transport=ContractTransport(httpx.ASGITransport(self._app, raise_app_exceptions=False)),
            base_url="http://service",
            headers={"Authorization": f"Bearer {self.key}", **headers},
        )


class Tenant(KeyHolder):
    """A tenant with a key."""

    def __init__(self, app: FastAPI, tenant_id: UUID, key: str) -> None:
        super().__init__(app, key)
        self.id = tenant_id


@pytest.fixture(scope="session")
def postgres_log(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """What our own server writes its log to; None: TEST_DATABASE_URL names another one."""
    given = os.environ.get("TEST_DATABASE_URL")
    return None if given else tmp_path_factory.mktemp("postgres") / "postgres.log"


@pytest.fixture(scope="session")
def postgres_server(postgres_log: Path | None) -> Iterator[str]:
    """URL of a server to make databases on: TEST_DATABASE_URL, or one of our own."""
    if postgres_log is None:
        yield os.environ["TEST_DATABASE_URL"]
        return
    with running(postgres_log.parent, durable=False) as server:
        yield server
    forget(postgres_log.parent)


@pytest.fixture(scope="session")
def database_url(postgres_server: str) -> Iterator[str]:
    """A database of our own, built by the migrations, dropped afterwards."""
    with new_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def settings(database_url: str) -> Settings:
    # Its server is told to be quick rather than durable, and is asked for all at once.
    return settings_from(
        {"DATABASE_URL": database_url, "ALLOW_LOSSY_POSTGRES": "yes", "KEY_RATE": "0"}
    )


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
    with pytest.MonkeyPatch.context() as patched:
        # It keeps its places, however slow a test before was: test_admission.py has its own.
        patched.setattr(application.state.admission, "_learn_from", lambda _: None)
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
    async with app.state.database.platform_transaction(tenant_id) as transaction:
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


@pytest.fixture
async def platform(app: FastAPI) -> KeyHolder:
    """A platform, with a key of its own."""
    async with app.state.database.platform_transaction() as transaction:
        key = await create_platform_key(transaction, "test", datetime.now(UTC))
    return KeyHolder(app, key)


@pytest.fixture
async def platform_client(platform: KeyHolder) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a platform."""
    async with platform.client() as made:
        yield made


@pytest.fixture
def callers(
    client: httpx.AsyncClient, platform_client: httpx.AsyncClient
) -> dict[str | None, httpx.AsyncClient]:
    """The client for an operation by the kind of key that it asks for; they hold no more."""
    return {API_KEY: client, PLATFORM_KEY: platform_client, None: client}
