"""The shape of plans: what grows with one alliance must not grow with the table."""

import json
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app.alliances import queries as alliances
from app.marks import queries as marks
from app.occasions import queries as occasions
from app.responses import batch_queries as batches
from app.responses import queries as responses
from app.statements import Statement
from app.trends import queries as trends

STATEMENTS = {
    "trend": trends._statement(one_instrument=False, in_the_past=False),  # noqa: SLF001 - its plan
    "replay": responses._VERSIONS,  # noqa: SLF001 - as above
    "one": responses._BY_ID,  # noqa: SLF001 - as above
    "series of many": batches._SERIES,  # noqa: SLF001 - as above
    "versions of many": batches._VERSIONS,  # noqa: SLF001 - as above
    "alliances of many": batches._ALLIANCES_OF,  # noqa: SLF001 - as above
    "locks of many": alliances._LOCK_MANY,  # noqa: SLF001 - as above
    "occasion": occasions._BY_KEY,  # noqa: SLF001 - as above
    "invitations": occasions._INVITATIONS,  # noqa: SLF001 - as above
    "answers": occasions._ANSWERS,  # noqa: SLF001 - as above
    "occasions": occasions._list_statement(frozenset({"alliance_id"}), continued=True),  # noqa: SLF001 - as above
    "mark": marks._BY_NAME,  # noqa: SLF001 - as above
    "marks": marks._AFTER,  # noqa: SLF001 - as above
    "lock": alliances._LOCK_BY_EXTERNAL_ID,  # noqa: SLF001 - as above
}
COLUMNS: dict[str, object] = {
    "source": "ehr",
    "external_id": "x",
    "about_ref": "p",
    "proxy_ref": None,
    "limit": 50,
}


def value(parameter: str) -> object:
    """Something to ask for."""
    ids = {"tenant_id", "alliance_id", "occasion_id", "id", "ids", "after"}
    return COLUMNS.get(parameter, uuid4() if parameter in ids else "x")


def scans(plan: dict[str, Any]) -> list[str]:
    """Every scan of a table in a plan, with its index."""
    found = [f"{plan['Node Type']} {plan.get('Index Name')}"] if "Relation Name" in plan else []
    return found + [scan for child in plan.get("Plans", []) for scan in scans(child)]


@pytest.mark.parametrize("name", STATEMENTS)
async def test_every_hot_read_goes_through_an_index_led_by_the_tenant(
    database_url: str, name: str
) -> None:
    statement: Statement = STATEMENTS[name]
    many = "of many" in name
    values: dict[str, object] = dict(statement.literals) | {
        one: [value(one)] if one == "ids" or (many and one != "tenant_id") else value(one)
        for one in statement.parameters
        if one not in statement.literals
    }
    connection = await asyncpg.connect(database_url)
    # A small table is read whole because that is cheaper; what counts is what a large one gets.
    await connection.execute("SET enable_seqscan = off")
    try:
        plan = await connection.fetchval(
            f"EXPLAIN (FORMAT JSON) {statement.sql}",
            *(values[one] for one in statement.parameters),
        )
    finally:
        await connection.close()
    found = scans(json.loads(plan)[0]["Plan"])
    assert found
    assert [scan for scan in found if scan.startswith("Seq Scan")] == []
