"""Events: moving what writers have left in the queue into the log, and reading the log."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog

from app.database import NO_TENANT, Database, Row, Transaction
from app.errors import Problem
from app.events import queries
from app.events.schemas import EventOut, EventPage
from app.metrics import EVENT_WAIT_SECONDS, EVENTS

_log = structlog.get_logger("rapport.events")


async def move(database: Database, stopping: Callable[[], bool] = lambda: False) -> int:
    """How many events were moved into the log: all that waited when it began, of every tenant.

    A tenant at which another worker is at this moment is left to that one. stopping is asked
    before each transaction; when it says so, the rest waits for the next time.
    Raises Unavailable and the like when Postgres fails. Then nothing is lost or moved twice; a
    tenant with which something is wrong does not keep the others waiting.
    """
    moved = 0
    more = True
    while more and not stopping():
        of_sweep, more = await _sweep(database, stopping)
        moved += of_sweep
    return moved


async def after(transaction: Transaction, position: int, limit: int) -> EventPage:
    """The tenant's next events after the position, up to limit, in their order.

    Positions begin with 1 and have no gaps; nothing is ever added before what was read.
    """
    found = await queries.events_after(transaction, position, limit + 1)
    items = [EventOut.model_validate(dict(row)) for row in found[:limit]]
    return EventPage(
        items=items, next_cursor=str(items[-1].position) if len(found) > limit else None
    )


async def oldest_waiting(database: Database) -> datetime | None:
    """When the oldest event that waits for the worker was recorded; None: none waits.

    Raises Unavailable and the like when Postgres fails.
    """
    async with database.worker_transaction() as transaction:
        return await queries.oldest_waiting(transaction)


async def _sweep(database: Database, stopping: Callable[[], bool]) -> tuple[int, bool]:
    """One batch of every tenant: how many events that were, and whether some tenant has more.

    Tenants take turns, so that one with a long queue does not keep the others waiting.
    """
    moved, more = 0, False
    failed: Problem | None = None
    tenants = await _waiting(database, NO_TENANT)
    while tenants:
        for tenant_id in tenants:
            if stopping():
                return moved, False
            try:
                batch = await _move_of(database, tenant_id)
            except Problem as problem:
                _log.warning("events_not_moved", tenant=str(tenant_id), code=problem.code)
                failed = problem
            else:
                moved += batch
                more = more or batch == queries.BATCH
        tenants = await _waiting(database, tenants[-1])
    if failed is not None:
        raise failed
    return moved, more


async def _waiting(database: Database, after_tenant: UUID) -> list[UUID]:
    async with database.worker_transaction() as transaction:
        return await queries.tenants_with_events_waiting(transaction, after_tenant)


async def _move_of(database: Database, tenant_id: UUID) -> int:
    """How many of the tenant's events were moved, up to a batch; 0 if another worker is at it."""
    moved, made = None, False
    async with database.transaction(tenant_id) as transaction:
        if await queries.hold_head(transaction):
            moved = await queries.move_next(transaction)
        else:
            made = await queries.make_head(transaction)
    if made:
        # A head is committed before it is held: for one in the making another worker had to wait.
        return await _move_of(database, tenant_id)
    return _counted(moved) if moved else 0


def _counted(moved: Row) -> int:
    """How many were moved, which is committed by now."""
    for kind, of_type in (moved["by_type"] or {}).items():
        EVENTS.labels(kind).inc(of_type)
    if moved["waited"] is not None:
        EVENT_WAIT_SECONDS.observe(max(0.0, moved["waited"]))
    count: int = moved["moved"]
    return count
