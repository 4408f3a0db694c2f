"""The shape of plans: what is shown is read from blocks alone, and all goes through an index."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app.programs import anew_queries, queries, sealing_queries, stored_queries
from app.statements import Statement

READING = {
    "all": sealing_queries._shown_statement(frozenset()),  # noqa: SLF001 - its plan
    "a programme": sealing_queries._shown_statement(  # noqa: SLF001 - as above
        frozenset({"program_ref", "setting", "instrument", "form", "language"})
    ),
}
KEEPING = {
    "responses": stored_queries._RESPONSES,  # noqa: SLF001 - as above
    "invitations": stored_queries._INVITATIONS,  # noqa: SLF001 - as above
    "meetings held": stored_queries._HELD,  # noqa: SLF001 - as above
    "contributions": queries._CONTRIBUTIONS,  # noqa: SLF001 - as above
    "weekly sums": queries._WEEKS,  # noqa: SLF001 - as above
    "events": queries._EVENTS,  # noqa: SLF001 - as above
    "next added": anew_queries._ADDED_AFTER,  # noqa: SLF001 - as above
    "added to one week": anew_queries._ADDED_AT,  # noqa: SLF001 - as above
    "next weekly sums": anew_queries._WEEKS_WITHIN,  # noqa: SLF001 - as above
    "due": sealing_queries._DUE,  # noqa: SLF001 - as above
    "in a block": sealing_queries._CONTRIBUTIONS,  # noqa: SLF001 - as above
    "blocks": sealing_queries._BLOCKS,  # noqa: SLF001 - as above
    "released": sealing_queries._RELEASED,  # noqa: SLF001 - as above
}
DAY = date(2026, 9, 28)
VALUES: dict[str, object] = {
    "tenant_id": uuid4(),
    "ids": [uuid4()],
    "records": [uuid4()],
    "periods": ["week", "month"],
    "start": DAY,
    "end": DAY,
    "now": datetime(2026, 10, 1, tzinfo=UTC),
    "position": 0,
    "limit": 10,
    "start_series": uuid4(),
    "start_week": DAY,
    "end_series": uuid4(),
    "end_week": DAY,
    "series_id": uuid4(),
    "week": DAY,
}
OF_WEEKS: dict[str, object] = {"series_id": [uuid4()], "week": [DAY]}


async def scans(database_url: str, statement: Statement) -> list[tuple[str, str]]:
    """Kind and table of every scan in the statement's plan."""
    lists = "unnest" in statement.sql
    values = VALUES | (dict(OF_WEEKS) if lists else {}) | dict(statement.literals)
    connection = await asyncpg.connect(database_url)
    # A small table is read whole because that is cheaper; what counts is what a large one gets.
    await connection.execute("SET enable_seqscan = off")
    try:
        plan = await connection.fetchval(
            f"EXPLAIN (FORMAT JSON) {statement.sql}",
            *(values.get(one, ["x"] if lists else "x") for one in statement.parameters),
        )
    finally:
        await connection.close()
    return list(_scans(json.loads(plan)[0]["Plan"]))


def _scans(plan: dict[str, Any]) -> list[tuple[str, str]]:
    found = [(plan["Node Type"], plan["Relation Name"])] if "Relation Name" in plan else []
    return found + [scan for child in plan.get("Plans", []) for scan in _scans(child)]


@pytest.mark.parametrize("name", READING)
async def test_what_is_shown_is_read_from_blocks_alone(database_url: str, name: str) -> None:
    found = await scans(database_url, READING[name])
    assert {table for _, table in found} == {"program_blocks", "program_series"}
    assert [one for one in found if one[0] == "Seq Scan"] == []


@pytest.mark.parametrize("name", KEEPING)
async def test_what_keeps_it_up_to_date_goes_through_an_index(database_url: str, name: str) -> None:
    found = await scans(database_url, KEEPING[name])
    assert found
    assert [one for one in found if one[0] == "Seq Scan"] == []
