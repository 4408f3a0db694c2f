"""The shape of plans: however long log and queue grow, a page and a look stay short."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app.database import APP_ROLE, NO_TENANT, WORKER_ROLE
from app.events import queries
from app.statements import Statement

TENANT = uuid4()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


async def plan_of(
    owner: asyncpg.Connection, role: str, statement: Statement, **values: object
) -> list[dict[str, Any]]:
    """The nodes of the plan that a role gets, with its policies."""
    given = {"tenant_id": TENANT, **statement.literals, **values}
    async with owner.transaction():
        # A small table is read whole because that is cheaper; what counts is what a large one gets.
        await owner.execute(
            f"SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;"
            f"SET LOCAL app.tenant = '{TENANT}'; SET LOCAL ROLE {role}"
        )
        plan = await owner.fetchval(
            f"EXPLAIN (FORMAT JSON) {statement.sql}",
            *(given[name] for name in statement.parameters),
        )
    return list(nodes(json.loads(plan)[0]["Plan"]))


async def test_a_page_is_read_from_its_place_on_without_sorting(owner: asyncpg.Connection) -> None:
    found = await plan_of(owner, APP_ROLE, queries._AFTER, after=9, limit=50)  # noqa: SLF001 - its plan

    assert [
        node["Node Type"] for node in found if node["Node Type"] not in {"Limit", "Result"}
    ] == ["Index Scan"]
    assert found[-1]["Index Name"] == "pk_events"
    for part in ("tenant_id =", '"position" >'):
        assert part in found[-1]["Index Cond"]


async def test_the_look_for_tenants_walks_the_index_and_ends(owner: asyncpg.Connection) -> None:
    found = await plan_of(owner, WORKER_ROLE, queries._WAITING, after=NO_TENANT)  # noqa: SLF001 - as above
    kinds = [node["Node Type"] for node in found]

    assert "Limit" in kinds
    assert "Seq Scan" not in kinds
    assert found[-1]["Index Name"] == "pk_event_queue"
    assert "tenant_id >" in found[-1]["Index Cond"]
    below_the_limit = kinds[kinds.index("Limit") + 1 :]
    assert "Sort" not in below_the_limit


@pytest.mark.parametrize("statement", [queries._LOCK_HEAD, queries._MOVE])  # noqa: SLF001 - as above
async def test_moving_touches_one_tenants_rows_only(
    owner: asyncpg.Connection, statement: Statement
) -> None:
    scans = [node for node in await plan_of(owner, APP_ROLE, statement) if "Index Name" in node]

    assert scans
    assert all("tenant_id =" in scan["Index Cond"] for scan in scans)
