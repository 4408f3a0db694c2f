"""Events left in the queue as a writer leaves them, and what stands in the tables."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.database import Database
from app.events import service


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees and may do what the roles of the service may not."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture(autouse=True)
async def nothing_waits(database: Database) -> None:
    """What tests before have left waiting is moved, so that a test counts its own alone."""
    while await service.move(database):
        pass
