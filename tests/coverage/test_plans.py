"""What coverage reads: one statement, in which alliances and ratings are gathered once."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any

import asyncpg
import pytest

from app.coverage import session_queries
from app.coverage.service import Window
from app.database import APP_ROLE
from tests.conftest import Tenant
from tests.support.coverage_fill import TABLES, fill

ALLIANCES, SESSIONS = 300, 10


@pytest.fixture
async def filled(database_url: str, tenant: Tenant) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees a tenant of many alliances, which nobody else ever does."""
    owner = await asyncpg.connect(database_url)
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute(f"SET LOCAL app.tenant = '{tenant.id}'")
    await fill(owner, tenant, ALLIANCES, SESSIONS)
    await owner.execute(f"SET LOCAL ROLE {APP_ROLE}")
    yield owner
    await transaction.rollback()
    for table in TABLES:
        await owner.execute(f"ANALYZE {table}")
    await owner.close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


async def test_what_is_gathered_is_gathered_once(
    filled: asyncpg.Connection, tenant: Tenant
) -> None:
    days = Window(date(2026, 1, 1), date(2026, 3, 31))
    statement = session_queries._statement(frozenset())  # noqa: SLF001 - its plan
    given = {
        **statement.literals, "tenant_id": tenant.id, "start": days.start, "end": days.end,
        "floor": days.floor, "today": date(2026, 4, 1), "deep": 4, "reader": "system",
    }  # fmt: skip
    values = [given[name] for name in statement.parameters]
    found = await filled.fetchval(f"EXPLAIN (FORMAT JSON) {statement.sql}", *values)
    plan = list(nodes(json.loads(found)[0]["Plan"]))
    made = [one.get("Subplan Name") for one in plan]
    assert [made.count(f"CTE {name}") for name in ("asked_about", "ratings")] == [1, 1]

    row = await filled.fetchrow(statement.sql, *values)
    (people,), (sessions,) = json.loads(row["people"]), json.loads(row["sessions"])
    assert people == {"clients": 300, "reached": 300, "deep": 300, "undated": 0}
    assert sessions == {
        "held": 3000, "by_client": 2000, "by_professional": 1000, "both_sides": 1000,
        "clients": 300, "undated": 0,
    }  # fmt: skip
    (invited,) = json.loads(row["invited"])
    assert (invited["completed"], invited["lapsed"], invited["clients"]) == (2000, 1000, 300)
