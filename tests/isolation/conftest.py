"""Connections as the service has them, and a database to spoil."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from app.cli.migrate import migrate
from app.database import SERVER_SETTINGS, Database, connected
from app.settings import settings_from

FIGURES = {
    "matrix": "{} operations, {} places, {} foreign identifiers named, {} foreign bytes seen",
    "pool": "{1} requests, {2} broken off, {3} answered 503, {4} foreign rows seen, "
    "{5} connections at most",
}


@pytest.fixture(scope="module")
async def scratch(postgres_server: str, database_url: str) -> AsyncIterator[str]:
    """The URL of a database of the module's own, built by the migrations."""
    name = f"rapport_test_{secrets.token_hex(6)}"
    url = database_url.replace(make_url(database_url).database or "", name)
    server = await asyncpg.connect(postgres_server)
    await server.execute(f"CREATE DATABASE {name}")
    await asyncio.get_running_loop().run_in_executor(
        None, migrate, settings_from({"DATABASE_URL": url})
    )
    yield url
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


@pytest.fixture
async def owner(scratch: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees everything: it lays out what tests look for, and proves nothing."""
    connection = await asyncpg.connect(scratch)
    yield connection
    await connection.close()


@pytest.fixture
async def as_app(scratch: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the service opens it, that no transaction has used yet."""
    connection = await asyncpg.connect(scratch, server_settings=SERVER_SETTINGS)
    yield connection
    await connection.close()


@pytest.fixture
async def door(scratch: str) -> AsyncIterator[Database]:
    """The door of a service with a single connection."""
    async with connected(scratch, pool_size=1) as made:
        yield made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was tried: the figures that tests recorded as properties."""
    for name, what in FIGURES.items():
        found = [
            value
            for report in terminalreporter.getreports("passed")
            for key, value in report.user_properties
            if key == name and isinstance(value, list)
        ]
        if found:
            figures = (sum(column) for column in zip(*found, strict=True))
            terminalreporter.write_line(f"{name}: {what.format(len(found), *figures)}")
