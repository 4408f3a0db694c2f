"""What stands in the tables."""

import json
from collections.abc import AsyncIterator

import asyncpg
import pytest
from pydantic_core import from_json


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees and may do what the service's own may not; it reads JSON."""
    connection = await asyncpg.connect(database_url)
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=json.dumps, decoder=from_json
    )
    yield connection
    await connection.close()
