"""Programmes: keeping the sums up to date, on events and on the clock."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from app.database import NO_TENANT, Database, Row, Transaction
from app.errors import Problem
from app.instruments.definitions import Catalogue
from app.instruments.own import with_all_own
from app.measurement.small_groups import FLOOR, Floor
from app.programs import adding, queries, sealing, sealing_queries
from app.signals.rules import RULE_VERSION

ALLIANCES: Final = 25
"""How many alliances one transaction makes anew at most."""
EVENTS: Final = 1000
"""How many events are looked through for them."""

Stopping = Callable[[], bool]
_log = structlog.get_logger("rapport.programs")


def never() -> bool:
    """Nothing stops it."""
    return False


async def add_up(
    database: Database, catalogue: Catalogue, now: datetime, stopping: Stopping = never
) -> int:
    """How many times alliances were made anew: all that have changed, of every tenant.

    A tenant with which something is wrong does not keep the others waiting; it is tried again the
    next time. Raises Unavailable and the like when Postgres cannot be asked.
    """
    made = 0
    after = NO_TENANT
    while not stopping():
        async with database.worker_transaction() as transaction:
            tenants = await queries.tenants_behind(transaction, after)
        if not tenants:
            break
        for tenant_id in tenants:
            made += await _add_up_tenant(database, tenant_id, catalogue, now, stopping)
        after = tenants[-1]
    return made


async def look_again(database: Database, catalogue: Catalogue, now: datetime) -> None:
    """Have all alliances made anew where definitions or settings have changed; add_up goes on.

    Fails as add_up does.
    """
    after = NO_TENANT
    while True:
        async with database.worker_transaction() as transaction:
            tenants = await queries.tenants_known(transaction, after)
        if not tenants:
            break
        for tenant_id in tenants:
            await _next_of(database, tenant_id, catalogue, now)
        after = tenants[-1]


async def _add_up_tenant(
    database: Database, tenant_id: UUID, catalogue: Catalogue, now: datetime, stopping: Stopping
) -> int:
    made = 0
    while not stopping():
        done = await _next_of(database, tenant_id, catalogue, now)
        if not done:
            break
        made += done
    return made


async def _next_of(database: Database, tenant_id: UUID, catalogue: Catalogue, now: datetime) -> int:
    """As add_up_next; 0 also when something is wrong, which is logged."""
    try:
        async with database.transaction(tenant_id) as transaction:
            return await add_up_next(transaction, catalogue, now)
    except Problem as problem:
        _log.warning("programs_not_added_up", tenant=str(tenant_id), code=problem.code)
        return 0
    except Exception:  # noqa: BLE001 - whatever is wrong with one tenant, the others go on
        _log.error("programs_failed", tenant=str(tenant_id), exc_info=True)
        return 0


async def add_up_next(transaction: Transaction, catalogue: Catalogue, now: datetime) -> int:
    """Make the next touched alliances of the tenant anew; how many.

    0: there is none, or another worker is at it.
    """
    head = await queries.hold_head(transaction)
    if head is None:
        if not await queries.make_head(transaction):
            return 0
        head = await queries.hold_head(transaction)
        if head is None:
            return 0
    catalogue = await with_all_own(transaction, catalogue)
    settings = await adding.settings_in_force(transaction)
    basis = adding.basis_of(catalogue, settings, RULE_VERSION)
    swept_to = head["swept_to"] if head["sweeping"] else None
    if head["basis"] != basis:
        swept_to = NO_TENANT
    ids, position = await _touched(transaction, head["position"])
    if swept_to is not None and len(ids) < ALLIANCES:
        more = await queries.alliances_after(transaction, swept_to, ALLIANCES - len(ids))
        swept_to = more[-1] if more else None
        ids = list(dict.fromkeys((*ids, *more)))
    if (position, basis, swept_to) == _standing(head):
        return 0
    await adding.make_anew(transaction, ids, catalogue, settings, now)
    await queries.advance(transaction, position, basis, swept_to)
    # Even without an alliance there may be more to come.
    return max(len(ids), 1)


async def begin_anew(transaction: Transaction) -> bool:
    """Have everything of the tenant added up from nothing; what was released stays as it is.

    False: another worker is at it, or nothing was added up before.
    """
    head = await queries.hold_head(transaction)
    if head is None:
        return False
    await queries.forget(transaction)
    await queries.advance(transaction, head["position"], "", NO_TENANT)
    return True


def _standing(head: Row) -> tuple[int, str, UUID | None]:
    return head["position"], head["basis"], head["swept_to"] if head["sweeping"] else None


async def _touched(transaction: Transaction, position: int) -> tuple[list[UUID], int]:
    """The alliances that the next events are about, and the position of the last of those."""
    ids: dict[UUID, None] = {}
    for event in await queries.events_after(transaction, position, EVENTS):
        alliance_id = event["alliance_id"]
        if alliance_id is not None and alliance_id not in ids:
            if len(ids) == ALLIANCES:
                break
            ids[alliance_id] = None
        position = event["position"]
    return list(ids), position


async def seal(
    database: Database, now: datetime, stopping: Stopping = never, floor: Floor = FLOOR
) -> int:
    """How many weeks of series were looked at: all that were due, of every tenant.

    Fails as add_up does.
    """
    looked = 0
    after = NO_TENANT
    while not stopping():
        async with database.worker_transaction() as transaction:
            tenants = await sealing_queries.tenants_due(transaction, after, now)
        if not tenants:
            break
        for tenant_id in tenants:
            looked += await _seal_tenant(database, tenant_id, now, stopping, floor)
        after = tenants[-1]
    return looked


async def _seal_tenant(
    database: Database, tenant_id: UUID, now: datetime, stopping: Stopping, floor: Floor
) -> int:
    looked = 0
    while not stopping():
        try:
            async with database.transaction(tenant_id) as transaction:
                if await queries.hold_head(transaction) is None:
                    break
                due = await sealing_queries.cells_due(transaction, now)
                if not due:
                    break
                for cell in due:
                    if cell["step"] == due[0]["step"]:
                        await sealing.look(transaction, cell, now, floor)
                        looked += 1
        except Problem as problem:
            _log.warning("programs_not_sealed", tenant=str(tenant_id), code=problem.code)
            break
    return looked
