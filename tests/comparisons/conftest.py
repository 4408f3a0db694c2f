"""A tenant whose ratings are written as they are added up."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.comparisons.caseloads import NOW, Written
from tests.conftest import Clock, Tenant


@pytest.fixture
async def written(database_url: str, tenant: Tenant, clock: Clock) -> AsyncIterator[Written]:
    """Writes for the test's own tenant; the application's time is NOW."""
    clock.fixed = NOW
    connection = await asyncpg.connect(database_url)
    yield Written(connection, tenant)
    await connection.close()
