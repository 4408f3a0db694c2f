"""Programmes: keeping the sums up to date, on events and on the clock."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import structlog

from app.database import NO_TENANT, Database, Row, Transaction
from app.errors import Problem, Unavailable
from app.instruments.definitions import Catalogue
from app.instruments.own import with_all_own
from app.measurement.small_groups import FLOOR, Floor
from app.programs import adding, anew, queries, sealing, sealing_queries
from app.signals.rules import RULE_VERSION

ALLIANCES: Final = 25
"""How many alliances one transaction makes anew at most."""
FEWER_EACH_TIME: Final = (ALLIANCES, 5)
"""How many are tried at once before they are made anew one by one."""
EVENTS: Final = 1000
"""How many events are looked through for them."""

BUSY_SECONDS: Final = 0.05
"""After which it is tried again to go on where another worker is at it."""

Stopping = Callable[[], bool]
Beginning = Literal["begun", "under_way", "busy", "nothing"]
"""under_way: it was begun before. busy: another worker is at it. nothing: none was ever added."""
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
            behind = await queries.tenants_behind(transaction, after)
        if not behind:
            break
        for tenant_id in behind:
            made += await _add_up_tenant(database, tenant_id, catalogue, now, stopping)
        after = behind[-1]
    return made


async def look_again(database: Database, catalogue: Catalogue, now: datetime) -> None:
    """Have all alliances made anew where definitions or settings have changed; add_up goes on.

    Fails as add_up does.
    """
    for tenant_id in await tenants(database):
        await _next_of(database, tenant_id, catalogue, now)


async def tenants(database: Database) -> list[UUID]:
    """All tenants of which something was added up, in the order of ids. Fails as add_up does."""
    found: list[UUID] = []
    while True:
        async with database.worker_transaction() as transaction:
            page = await queries.tenants_known(transaction, found[-1] if found else NO_TENANT)
        if not page:
            return found
        found += page


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
        return await _next_in_parts(database, tenant_id, catalogue, now)
    except Problem as problem:
        _log.warning("programs_not_added_up", tenant=str(tenant_id), code=problem.code)
    except Exception:  # noqa: BLE001 - whatever is wrong with one tenant, the others go on
        _log.error("programs_failed", tenant=str(tenant_id), exc_info=True)
    return 0


async def _next_in_parts(
    database: Database, tenant_id: UUID, catalogue: Catalogue, now: datetime
) -> int:
    """As add_up_next, in a transaction of its own: of fewer where more do not get through.

    Long courses take long, and a machine may be busy. Fails as Database.transaction does.
    """
    for most in FEWER_EACH_TIME:
        with suppress(Unavailable):
            async with database.transaction(tenant_id) as transaction:
                return await add_up_next(transaction, catalogue, now, most)
    async with database.transaction(tenant_id) as transaction:
        return await add_up_next(transaction, catalogue, now, 1)


async def add_up_next(
    transaction: Transaction, catalogue: Catalogue, now: datetime, most: int = ALLIANCES
) -> int:
    """Make the next touched alliances of the tenant anew, at most so many; how many.

    0: there is none, or another worker is at it.
    """
    head = await _held_or_made(transaction)
    if head is None:
        return 0
    catalogue = await with_all_own(transaction, catalogue)
    settings = await adding.settings_in_force(transaction)
    ids, position = await _touched(transaction, head["position"], most)
    weeks_done_to = anew.weeks_done_to(head)
    if weeks_done_to is not None:
        await adding.make_anew(transaction, ids, catalogue, settings, now)
        await anew.advance(transaction, position, await anew.next_weeks(transaction, weeks_done_to))
        return max(len(ids), 1)
    asked_for = anew.ALLIANCES if anew.under_way(head) else ""
    basis = asked_for + adding.basis_of(catalogue, settings, RULE_VERSION)
    swept_to = head["swept_to"] if head["sweeping"] else None
    if head["basis"] != basis:
        swept_to = NO_TENANT
    if swept_to is not None and len(ids) < most:
        more = await queries.alliances_after(transaction, swept_to, most - len(ids))
        swept_to = more[-1] if more else None
        ids = list(dict.fromkeys((*ids, *more)))
    if swept_to is None:
        basis = basis.removeprefix(anew.ALLIANCES)
    if (position, basis, swept_to) == _standing(head):
        return 0
    await adding.make_anew(transaction, ids, catalogue, settings, now)
    await queries.advance(transaction, position, basis, swept_to)
    # Even without an alliance there may be more to come.
    return max(len(ids), 1)


async def _held_or_made(transaction: Transaction) -> Row | None:
    """The tenant's head, held; None: another worker has it."""
    head = await queries.hold_head(transaction)
    if head is None and await queries.make_head(transaction):
        head = await queries.hold_head(transaction)
    return head


async def begin_anew(transaction: Transaction) -> Beginning:
    """Have everything of the tenant added up from what is stored; add_up goes on with it.

    In pieces, each put right where it stands: nothing is taken away first, and what was released
    stays as it is. What was begun before and has not come to its end goes on as it was.
    """
    head = await queries.hold_head(transaction)
    if head is None:
        return "busy" if await queries.head_of(transaction) else "nothing"
    if anew.under_way(head):
        return "under_way"
    await anew.advance(transaction, head["position"], anew.START)
    return "begun"


async def rebuild(
    database: Database, tenant_id: UUID, catalogue: Catalogue, clock: Callable[[], datetime]
) -> bool:
    """Begin anew, and go on beside the workers until it is done. False: nothing was ever added up.

    Goes on with what was begun before. Fails as Database.transaction does; what was done by then
    is kept, and workers go on with the rest.
    """
    while True:
        async with database.transaction(tenant_id) as transaction:
            begun = await begin_anew(transaction)
        if begun != "busy":
            break
        await asyncio.sleep(BUSY_SECONDS)
    done = begun == "nothing"
    while not done:
        made = await _next_in_parts(database, tenant_id, catalogue, clock())
        async with database.transaction(tenant_id) as transaction:
            head = await queries.head_of(transaction)
            done = head is None or not anew.under_way(head)
        if not made:
            await asyncio.sleep(BUSY_SECONDS)
    return begun != "nothing"


def _standing(head: Row) -> tuple[int, str, UUID | None]:
    return head["position"], head["basis"], head["swept_to"] if head["sweeping"] else None


async def _touched(transaction: Transaction, position: int, most: int) -> tuple[list[UUID], int]:
    """The alliances that the next events are about, and the position of the last of those."""
    ids: dict[UUID, None] = {}
    for event in await queries.events_after(transaction, position, EVENTS):
        alliance_id = event["alliance_id"]
        if alliance_id is not None and alliance_id not in ids:
            if len(ids) == most:
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
            due = await sealing_queries.tenants_due(transaction, after, now)
        if not due:
            break
        for tenant_id in due:
            looked += await _seal_tenant(database, tenant_id, now, stopping, floor)
        after = due[-1]
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
