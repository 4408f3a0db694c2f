"""Everything made anew in pieces: nothing is missing meanwhile, and what was wrong is put right."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.database import Database, connected
from app.errors import Problem
from app.instruments.definitions import shipped
from app.programs import anew, service
from app.statements import Statement
from tests.conftest import Clock, Tenant
from tests.programs.test_adding import NOW, add_up, added, summed, weekly
from tests.support.histories import History
from tests.support.interrupted import AtCall, hooked
from tests.support.programmes import LATE, rating, send, shown, work

HEAD = Statement("SELECT * FROM program_heads WHERE tenant_id = $1", ("tenant_id",), {})
ONE_WEEK = "(SELECT ctid FROM program_weeks WHERE tenant_id = $1 ORDER BY week, scale LIMIT 1)"
WRONG = {
    "a sum is wrong": f"UPDATE program_weeks SET total = total + 1 WHERE ctid = {ONE_WEEK}",  # noqa: S608 - ours
    "a sum is missing": f"DELETE FROM program_weeks WHERE ctid = {ONE_WEEK}",  # noqa: S608 - ours
    "all sums are missing": "DELETE FROM program_weeks WHERE tenant_id = $1",
    "a sum is of nothing": (
        "INSERT INTO program_weeks SELECT tenant_id, series_id, week, source, professional_ref,"
        " 'nothing', contributions, ratings, total, squares, bins, changes, change_total,"
        " change_squares, drops_opened, drops_repaired, drops_unrepaired, drops_ended_open,"
        " repair_weeks FROM program_weeks WHERE tenant_id = $1 LIMIT 1"
    ),
    "what an alliance adds is missing": (
        "DELETE FROM program_contributions WHERE tenant_id = $1 AND alliance_id ="
        " (SELECT min(alliance_id::text)::uuid FROM program_contributions WHERE tenant_id = $1)"
    ),
    "what an alliance adds is wrong": (
        "UPDATE program_contributions SET total = total + 1, ratings = 7 WHERE tenant_id = $1"
    ),
}


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anew, "ROWS", 3)
    monkeypatch.setattr(service, "FEWER_EACH_TIME", ())


@pytest.fixture
def by_owner(database_url: str) -> Callable[[str], Awaitable[None]]:
    """Runs a statement with every right."""

    async def run(statement: str) -> None:
        owner = await asyncpg.connect(database_url)
        try:
            await owner.execute(statement)
        finally:
            await owner.close()

    return run


async def history(client: AsyncClient, clock: Clock, database: Database, seed: int) -> History:
    """Some changes, all of them added up."""
    made = History(client, clock, seed)
    for _ in range(40):
        await made.go_on()
    await add_up(database)
    return made


async def begin(database: Database, tenant: Tenant) -> str:
    async with database.transaction(tenant.id) as transaction:
        return await service.begin_anew(transaction)


async def head(database: Database, tenant: Tenant) -> Any:
    async with database.transaction(tenant.id) as transaction:
        return await transaction.row(HEAD)


async def all_sums(database: Database, tenant: Tenant) -> tuple[Any, Any]:
    return await added(database, tenant), await weekly(database, tenant)


async def rebuild(database: Database, tenant: Tenant) -> bool:
    return await service.rebuild(database, tenant.id, shipped(), lambda: NOW)


async def test_nothing_is_missing_meanwhile(
    client: AsyncClient, tenant: Tenant, database: Database, clock: Clock
) -> None:
    await history(client, clock, database, 3)
    before, under = await all_sums(database, tenant), (await head(database, tenant))["basis"]
    assert await begin(database, tenant) == "begun"
    pieces = 0
    while anew.under_way(await head(database, tenant)):
        assert await begin(database, tenant) == "under_way"
        assert (await head(database, tenant))["sweeping"]
        async with database.transaction(tenant.id) as transaction:
            assert await service.add_up_next(transaction, shipped(), NOW) > 0
        pieces += 1
        assert await all_sums(database, tenant) == before
    assert pieces > 10
    after = await head(database, tenant)
    assert (after["basis"], after["sweeping"]) == (under, False)
    assert await add_up(database) == 0


@pytest.mark.parametrize("wrong", WRONG)
async def test_what_is_wrong_is_put_right(
    client: AsyncClient,
    tenant: Tenant,
    database: Database,
    by_owner: Callable[[str], Awaitable[None]],
    wrong: str,
) -> None:
    await history(client, Clock(), database, 4)
    before = await all_sums(database, tenant)
    await by_owner(WRONG[wrong].replace("$1", f"'{tenant.id}'"))
    assert await all_sums(database, tenant) != before
    assert await rebuild(database, tenant)
    assert await all_sums(database, tenant) == before


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_call_fails_it_goes_on_where_it_stopped(
    app: FastAPI, client: AsyncClient, tenant: Tenant, clock: Clock, seed: int
) -> None:
    """Changes come in meanwhile, and sometimes the commit is done and nobody hears of it."""
    draw = Random(seed)  # noqa: S311 - no secret
    database: Database = app.state.database
    made = await history(client, clock, database, seed + 5)
    assert await begin(database, tenant) == "begun"
    stops = 0
    done = False
    while not done:
        after_it = draw.random() < 0.5

        async def lose(_: str, call: Any, *, after_it: bool = after_it) -> Any:
            if after_it:
                await call()
            raise asyncpg.ConnectionDoesNotExistError("The worker is lost.")

        async with hooked(app, AtCall(draw.randint(1, 60), lose)):
            failing: Database = app.state.database
            try:
                await rebuild(failing, tenant)
                done = True
            except Problem:
                stops += 1
        if stops < 5:
            await made.go_on()
    assert stops > 3
    await add_up(database)
    live = await all_sums(database, tenant)
    assert live[1] == summed(live[0])
    await rebuild(database, tenant)
    assert await all_sums(database, tenant) == live


async def test_two_at_once_and_a_worker_do_it_together(
    client: AsyncClient, tenant: Tenant, database: Database, clock: Clock, database_url: str
) -> None:
    await history(client, clock, database, 9)
    before = await all_sums(database, tenant)
    async with connected(database_url, pool_size=2) as other:
        await asyncio.gather(
            rebuild(database, tenant),
            rebuild(other, tenant),
            service.add_up(other, shipped(), NOW),
        )
    assert not anew.under_way(await head(database, tenant))
    assert await all_sums(database, tenant) == before


async def test_a_worker_alone_ends_what_was_begun(
    client: AsyncClient, tenant: Tenant, database: Database, clock: Clock
) -> None:
    await history(client, clock, database, 10)
    await begin(database, tenant)
    assert await add_up(database) > 0
    assert not anew.under_way(await head(database, tenant))


async def test_what_was_shown_stays_as_it_is(
    client: AsyncClient, tenant: Tenant, database: Database, clock: Clock
) -> None:
    clock.fixed = LATE
    await send(client, [rating(number) for number in range(10)])
    await work(database)
    before = await shown(client, period="week")
    assert before["items"]
    await begin(database, tenant)
    assert await shown(client, period="week") == before
    await work(database)
    assert await shown(client, period="week") == before


async def test_of_nothing_there_is_nothing_to_make_anew(tenant: Tenant, database: Database) -> None:
    assert await begin(database, tenant) == "nothing"
    assert not await service.rebuild(database, uuid4(), shipped(), lambda: datetime.now(UTC))


async def test_it_waits_for_whoever_is_at_it(
    client: AsyncClient, tenant: Tenant, database: Database, clock: Clock
) -> None:
    await history(client, clock, database, 11)
    async with database.transaction(tenant.id) as transaction:
        await transaction.row(
            Statement(f"{HEAD.sql} FOR UPDATE", HEAD.parameters, {})  # as a worker has it
        )
        assert await begin(database, tenant) == "busy"
        waiting = asyncio.create_task(rebuild(database, tenant))
        await asyncio.sleep(3 * service.BUSY_SECONDS)
        assert not waiting.done()
    assert await waiting
