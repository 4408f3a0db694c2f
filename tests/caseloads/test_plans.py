"""What a caseload reads: by index, as much as the caseload is large, never a response."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import httpx
import pytest

from app.caseloads import queries
from app.database import APP_ROLE
from app.main import create_app
from app.settings import settings_from
from app.signals import queries as signals
from app.statements import Statement
from app.tenants.scopes import Scope
from tests.conftest import Tenant, make_tenant
from tests.support.caseloads import PATH, caseload
from tests.support.factories import pair
from tests.support.signals import course
from tests.support.wire import Wire, counted

ALLIANCES = 3000
OF_ONE = 40
"""Alliances of one professional."""
OF_EACH = 10
"""Signals and invitations of one alliance."""
TRIPS = 5
TABLES = ("alliances", "alliance_members", "alliance_state", "occasions", "invitations", "signals")
FILL = (
    """INSERT INTO alliances (tenant_id, id, source, external_id, version, created_at)
       SELECT $1, md5('a' || n)::uuid, 'ehr', 'a-' || n, 1, now() FROM generate_series(1, $2) n""",
    """INSERT INTO alliance_members (tenant_id, alliance_id, role, ref)
       SELECT $1, md5('a' || n)::uuid, role, role || n / $3
       FROM generate_series(1, $2) n, unnest(ARRAY['client', 'professional']) role""",
    """INSERT INTO alliance_state (tenant_id, alliance_id, version, streams)
       SELECT $1, md5('a' || n)::uuid, 1, '{}' FROM generate_series(1, $2) n""",
    """INSERT INTO occasions (tenant_id, alliance_id, id, occasion_key, created_at)
       SELECT $1, md5('a' || n)::uuid, md5('o' || n || m)::uuid, 'number:' || m, now()
       FROM generate_series(1, $2) n, generate_series(1, $3) m""",
    """INSERT INTO invitations (tenant_id, alliance_id, occasion_id, rater_role, rater_ref,
         instrument, form, state, updated_at)
       SELECT $1, md5('a' || n)::uuid, md5('o' || n || m)::uuid, 'client', 'c', 'srs-3', 'client',
         'lapsed', now()
       FROM generate_series(1, $2) n, generate_series(1, $3) m""",
    """INSERT INTO signals (tenant_id, id, alliance_id, code, severity, rule, rule_version,
         rater_role, rater_ref, parameters, parameter_source, audience, number_audience, text_key,
         state, opened_as, opened_at, state_at)
       SELECT $1, md5('s' || n || m)::uuid, md5('a' || n)::uuid, 'silence', 'watch', 'r', '1',
         'client', 'c', '{}', 'house', ARRAY['system'], ARRAY['system'], 't', 'open', 'open',
         now(), now()
       FROM generate_series(1, $2) n, generate_series(1, $3) m""",
)


@pytest.fixture
async def filled(database_url: str, tenant: Tenant) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees a tenant of many alliances, which nobody else ever does."""
    owner = await asyncpg.connect(database_url)
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute(f"SET LOCAL app.tenant = '{tenant.id}'")
    for statement in FILL:
        each = OF_ONE if "alliance_members" in statement else OF_EACH
        given = (tenant.id, ALLIANCES, each)
        await owner.execute(statement, *given[: 2 + ("$3" in statement)])
    for table in TABLES:
        await owner.execute(f"ANALYZE {table}")
    # A few thousand rows are read whole because that is cheaper; what counts is what a large
    # table gets.
    for way in ("seqscan", "hashjoin", "mergejoin"):
        await owner.execute(f"SET LOCAL enable_{way} = off")
    await owner.execute(f"SET LOCAL ROLE {APP_ROLE}")
    yield owner
    await transaction.rollback()
    # How large a table was found stays known beyond the rollback: other tests look at plans, too.
    for table in TABLES:
        await owner.execute(f"ANALYZE {table}")
    await owner.close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


async def scans(
    owner: asyncpg.Connection, statement: Statement, **values: object
) -> list[dict[str, Any]]:
    """Every scan of a table that the statement makes when it is run."""
    given = {**statement.literals, **values}
    found = await owner.fetchval(
        f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.sql}",
        *(given[name] for name in statement.parameters),
    )
    return [one for one in nodes(json.loads(found)[0]["Plan"]) if "Relation Name" in one]


def rows(found: list[dict[str, Any]]) -> int:
    """How many rows were looked at."""
    removed = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    return sum(
        round(
            (one["Actual Rows"] + sum(one.get(name, 0) for name in removed)) * one["Actual Loops"]
        )
        for one in found
    )


async def test_a_caseload_is_read_by_index_and_no_further(
    filled: asyncpg.Connection, tenant: Tenant
) -> None:
    asked = {"professional_ref": "professional1", "source": "ehr", "today": date(2026, 1, 1)}
    of_caseload = await scans(
        filled, queries._caseload_statement(frozenset(asked)), tenant_id=tenant.id, **asked  # noqa: SLF001 - its plan
    )  # fmt: skip
    mine = [
        row["alliance_id"]
        for row in await filled.fetch(
            "SELECT alliance_id FROM alliance_members WHERE ref = 'professional1'"
        )
    ]
    assert len(mine) == OF_ONE
    reading = {"reader": "system", "supervision": False, "own_role": None, "own_ref": None}
    of_signals = await scans(
        filled, signals._WAITING_OF_ALLIANCES, tenant_id=tenant.id, ids=mine, **reading  # noqa: SLF001 - its plan
    )  # fmt: skip
    now = datetime(2026, 1, 1, tzinfo=UTC)
    of_silence = await scans(
        filled, queries._SILENT, tenant_id=tenant.id, ids=mine, source="ehr", now=now  # noqa: SLF001 - its plan
    )  # fmt: skip
    everything = [*of_caseload, *of_signals, *of_silence]

    assert "responses" not in {one["Relation Name"] for one in everything}
    large = [one for one in everything if one["Relation Name"] != "person_merges"]
    assert [one for one in large if one["Node Type"] == "Seq Scan"] == []
    # Of a member, an alliance and its state each; of two members each; of what is of each alliance.
    assert rows(of_caseload) <= 6 * OF_ONE
    assert rows(of_signals) <= 2 * OF_ONE * OF_EACH
    assert rows(of_silence) <= 2 * OF_ONE * OF_EACH


@pytest.fixture
async def wire(database_url: str) -> AsyncIterator[Wire]:
    async with counted(database_url) as made:
        yield made


@pytest.fixture
async def caller(wire: Wire) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose key the process already knows."""
    app = create_app(settings_from({"DATABASE_URL": wire.url, "POOL_SIZE": "1"}))
    async with app.router.lifespan_context(app):
        tenant = await make_tenant(app, tuple(Scope))
        async with tenant.client() as client:
            await client.get("/v1/alliances")
            yield client


@pytest.mark.parametrize("count", [0, 1, 6])
async def test_a_page_costs_as_many_trips_whatever_the_caseload(
    caller: httpx.AsyncClient, wire: Wire, count: int
) -> None:
    for _ in range(count):
        await course(caller, pair(professional_ref="p"), (4, 3))
    for _ in range(2):  # the first prepares the statements
        wire.reset()
        assert len(await caseload(caller)) == count

    assert wire.trips == TRIPS
    wire.reset()
    params = {"professional_ref": "p", "source": "ehr", "limit": "1"}
    assert (await caller.get(PATH, params=params)).status_code == 200
    assert wire.trips == TRIPS
