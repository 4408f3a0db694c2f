"""What Postgres and its driver do in silence, and what our schema and our door make of it."""

import asyncio
import importlib
import pkgutil
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from uuid import uuid4

import asyncpg
import pytest
from httpx import AsyncClient

import app
from app.database import Database
from app.errors import InternalError
from app.statements import Statement
from tests.conftest import Tenant
from tests.support.factories import pair, submission

QUEUED = Statement(
    "INSERT INTO event_queue (tenant_id, id, type, subject_id, recorded_at, sequence)"
    " VALUES ($1, gen_random_uuid(), 'x', $1, now(), 1)",
    ("tenant_id",),
    {},
)
FAILS = Statement("SELECT 1 / 0 WHERE $1::uuid IS NOT NULL", ("tenant_id",), {})
COUNT = "SELECT count(*) FROM event_queue WHERE tenant_id = $1"
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'rapport' AND wait_event_type = 'Lock'
"""
COPY_OF_A_RESPONSE = """
INSERT INTO responses
SELECT (json_populate_record(one, json_build_object(
  'id', $2::uuid, 'external_id', $2::text, 'session_number', 3))).*
FROM responses one WHERE id = $1
"""


async def test_the_driver_is_silent_about_a_commit_that_stored_nothing_and_the_door_is_not(
    as_app: asyncpg.Connection, door: Database, owner: asyncpg.Connection
) -> None:
    tenant_id = uuid4()
    transaction = as_app.transaction()
    await transaction.start()
    await as_app.execute(f"SET LOCAL app.tenant = '{tenant_id}'")
    await as_app.execute(QUEUED.sql, tenant_id)
    with suppress(asyncpg.DivisionByZeroError):
        await as_app.execute(FAILS.sql, tenant_id)
    await transaction.commit()
    assert await owner.fetchval(COUNT, tenant_id) == 0

    async def swallow() -> None:
        async with door.transaction(tenant_id) as opened:
            await opened.rows(QUEUED)
            with suppress(asyncpg.DivisionByZeroError):
                await opened.row(FAILS)

    with pytest.raises(InternalError):
        await swallow()
    assert await owner.fetchval(COUNT, tenant_id) == 0


@pytest.fixture
async def holding(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that can stand in the way of the application's."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def test_a_submission_that_waited_sees_what_came_before_it(
    client: AsyncClient, holding: asyncpg.Connection
) -> None:
    """What is read in the locking statement itself would be as old as the wait."""
    alliance = pair()
    first, *_ = [
        (await client.post("/v1/responses", json=sent(alliance, number))).json()
        for number in (1, 5)
    ]
    between = uuid4()
    async with holding.transaction():
        await holding.execute(
            "SELECT 1 FROM alliance_state WHERE alliance_id = $1 FOR UPDATE", first["alliance_id"]
        )
        late = asyncio.create_task(client.post("/v1/responses", json=sent(alliance, 4)))
        await until_waiting(holding)
        await holding.execute(COPY_OF_A_RESPONSE, first["id"], between)
    answer = (await late).json()
    previous = {
        change["reference_response_id"]
        for change in answer["change"]
        if change["reference"] == "previous"
    }
    assert previous == {str(between)}


async def until_waiting(holding: asyncpg.Connection) -> None:
    """Until somebody waits for a lock, or would have given up: then its answer is 503."""
    for _ in range(100):
        if await holding.fetchval(WAITING):
            return
        await asyncio.sleep(0.01)


def sent(alliance: dict[str, object], session_number: int) -> dict[str, object]:
    return submission(alliance=alliance, occasion={"session_number": session_number})


async def test_lists_of_json_lose_their_rows_as_jsonb_and_keep_them_as_text(
    as_app: asyncpg.Connection,
) -> None:
    rows = (["a", "b"], ["c", "d"])
    await as_app.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=lambda value: f'"{value}"', decoder=str
    )
    shifted = await as_app.fetchval("SELECT count(*) FROM unnest($1::jsonb[])", rows)
    texts = ['["a", "b"]', '["c", "d"]']
    kept = await as_app.fetchval("SELECT count(*) FROM unnest($1::text[])", texts)
    assert (shifted, kept) == (4, 2)


def test_no_statement_takes_an_array_of_jsonb() -> None:
    found = list(statements())
    assert len(found) > 10
    assert [sql for sql in found if "JSONB[]" in sql.upper()] == []


def statements() -> Iterator[str]:
    """Every statement that a module of the service holds ready."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name.endswith("queries"):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Statement):
                    yield value.sql


async def test_what_is_sql_as_a_value_stays_a_value(client: AsyncClient, tenant: Tenant) -> None:
    await client.post("/v1/alliances", json=pair())
    for hostile in (
        f"x'; SET LOCAL app.tenant = '{tenant.id}'; --",
        "' OR true OR '' = '",
        "$1",
        "%s {} \\",
    ):
        made = await client.post("/v1/alliances", json=pair(case_ref=hostile))
        assert made.json()["case_ref"] == hostile
        for name in ("case_ref", "external_id", "client_ref", "program_ref", "source"):
            found = (await client.get("/v1/alliances", params={name: hostile})).json()["items"]
            assert [one["id"] for one in found] == ([made.json()["id"]] * (name == "case_ref"))


async def test_the_service_cannot_make_the_log_of_postgres_tell_more(
    as_app: asyncpg.Connection,
) -> None:
    """The DETAIL line of an error repeats the whole row, answers and all."""
    assert await as_app.fetchval("SHOW log_error_verbosity") == "terse"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await as_app.execute("SET log_error_verbosity = 'default'")
