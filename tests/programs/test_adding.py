"""What is added up live is what is added up from nothing, whatever happened and in what order."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from app.database import Database, Transaction
from app.errors import Unavailable
from app.events import service as events
from app.instruments.definitions import shipped
from app.measurement.amounts import NOTHING
from app.programs import adding, queries, service
from app.programs.adding import amounts_of
from app.statements import Statement
from tests.conftest import Clock, Tenant
from tests.support.histories import History

NOW = datetime(2026, 12, 31, tzinfo=UTC)
Rows = list[dict[str, Any]]
CONTRIBUTIONS = Statement(
    "SELECT c.*, s.program_ref, s.setting, s.instrument, s.revision, s.form, s.language,"
    " s.rater_role, s.stage FROM program_contributions c JOIN program_series s"
    " ON s.tenant_id = c.tenant_id AND s.id = c.series_id WHERE c.tenant_id = $1"
    " ORDER BY alliance_id, series_id, client_ref, professional_ref, week, scale",
    ("tenant_id",),
    {},
)
WEEKS = Statement("SELECT * FROM program_weeks WHERE tenant_id = $1", ("tenant_id",), {})

FORGET_WEEKS = Statement("DELETE FROM program_weeks WHERE tenant_id = $1", ("tenant_id",), {})
FORGET_CONTRIBUTIONS = Statement(
    "DELETE FROM program_contributions WHERE tenant_id = $1", ("tenant_id",), {}
)


async def add_up(database: Database) -> int:
    await events.move(database)
    return await service.add_up(database, shipped(), NOW)


async def read(transaction: Transaction, statement: Statement) -> Rows:
    return [dict(row) for row in await transaction.rows(statement)]


async def added(database: Database, tenant: Tenant) -> Rows:
    async with database.transaction(tenant.id) as transaction:
        return await read(transaction, CONTRIBUTIONS)


async def of_stage(database: Database, tenant: Tenant, *stages: str) -> Rows:
    return [row for row in await added(database, tenant) if row["stage"] in stages]


async def weekly(database: Database, tenant: Tenant) -> dict[Any, Any]:
    async with database.transaction(tenant.id) as transaction:
        found = await read(transaction, WEEKS)
    return {_week(row): (row["contributions"], amounts_of(row)) for row in found}


def _week(row: Mapping[str, Any]) -> tuple[Any, ...]:
    names = ("series_id", "week", "source", "professional_ref", "scale")
    return tuple(row[name] for name in names)


def summed(rows: Rows) -> dict[Any, Any]:
    """The weekly sums of contributions."""
    sums: dict[Any, Any] = defaultdict(lambda: (0, NOTHING))
    for row in rows:
        count, amounts = sums[_week(row)]
        sums[_week(row)] = (count + 1, amounts + amounts_of(row))
    return dict(sums)


@pytest.mark.parametrize("seed", [1, 2])
async def test_live_sums_are_those_from_nothing(
    client: AsyncClient, tenant: Tenant, database: Database, clock: Clock, seed: int
) -> None:
    history = History(client, clock, seed)
    for number in range(150):
        await history.go_on()
        if number % 7 == seed:
            await add_up(database)
    await add_up(database)
    live = await added(database, tenant)
    assert {row["stage"] for row in live} >= {"first", "later", "incomplete", "reported_scores"}
    assert await weekly(database, tenant) == summed(live)

    async with database.transaction(tenant.id) as transaction:
        await transaction.rows(FORGET_WEEKS)
        await transaction.rows(FORGET_CONTRIBUTIONS)
        assert await service.begin_anew(transaction) == "begun"
    assert await added(database, tenant) == []
    assert await service.add_up(database, shipped(), NOW) > 0

    assert await added(database, tenant) == live
    assert await weekly(database, tenant) == summed(live)


async def test_what_takes_too_long_at_once_is_added_up_in_smaller_parts(
    client: AsyncClient,
    tenant: Tenant,
    database: Database,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a tenant with long courses, on a busy machine, would never be added up."""
    history = History(client, clock, 3)
    for _ in range(60):
        await history.go_on()
    pieces: list[int] = []
    make_anew = adding.make_anew

    async def slow(transaction: Transaction, ids: Iterable[UUID], *rest: Any) -> None:
        pieces.append(len(list(ids)))
        await make_anew(transaction, ids, *rest)
        if pieces[-1] > 1:
            raise Unavailable

    monkeypatch.setattr(adding, "make_anew", slow)
    await add_up(database)

    assert max(pieces) > 1
    async with database.transaction(tenant.id) as transaction:
        assert await queries.events_after(transaction, await _position(transaction), 1) == []
    assert await weekly(database, tenant) == summed(await added(database, tenant)) != {}


async def _position(transaction: Transaction) -> int:
    head = await queries.head_of(transaction)
    assert head is not None
    position: int = head["position"]
    return position
