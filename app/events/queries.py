"""Statements about events: who has some waiting, moving them into the log, reading it."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from app.database import Row, Transaction
from app.events.models import event_heads, event_queue, events
from app.statements import Statement, compiled, parameter

BATCH: Final = 1000
"""How many events one transaction moves at most."""
LOOKED_AT: Final = 10_000
"""How much of the queue is looked at for tenants: however long it grows, the look stays short."""

_TOLD: Final = ("id", "type", "alliance_id", "subject_id", "recorded_at")
"""What both tables have of an event besides its tenant."""
_ORDER: Final = ("recorded_at", "sequence", "id")
_QUEUE_OF_TENANT: Final = event_queue.c.tenant_id == parameter(event_queue.c.tenant_id)
_HEAD_OF_TENANT: Final = event_heads.c.tenant_id == parameter(event_heads.c.tenant_id)


def _waiting_statement() -> Statement:
    first = (
        sa.select(event_queue.c.tenant_id)
        .where(event_queue.c.tenant_id > sa.bindparam("after", type_=sa.Uuid))
        .order_by(event_queue.c.tenant_id)
        .limit(LOOKED_AT)
        .subquery("first")
    )
    statement = sa.select(first.c.tenant_id).distinct().order_by(first.c.tenant_id)
    return compiled(statement, of_one_tenant=False)


_WAITING: Final = _waiting_statement()
_LOOKED_AT = sa.select(event_queue.c.recorded_at).limit(LOOKED_AT).subquery("looked_at")
_OLDEST: Final = compiled(
    sa.select(sa.func.min(_LOOKED_AT.c.recorded_at).label("oldest")), of_one_tenant=False
)
_LOCK_HEAD: Final = compiled(
    sa.select(event_heads.c.position).where(_HEAD_OF_TENANT).with_for_update(skip_locked=True)
)
_MAKE_HEAD: Final = compiled(
    insert(event_heads)
    .values(tenant_id=parameter(event_heads.c.tenant_id), position=sa.literal(0))
    .on_conflict_do_nothing()
    .returning(event_heads.c.position)
)


def _move_statement() -> Statement:
    """Out of the queue, into the log, and the head after them: all of it or nothing.

    Of two events of one alliance the later is only ever seen with the earlier, which also sorts
    before it. So what is taken, the first of an order, never holds the later one alone.
    """
    next_ones = (
        sa.select(*(event_queue.c[name] for name in _ORDER))
        .where(_QUEUE_OF_TENANT)
        .order_by(*(event_queue.c[name] for name in _ORDER))
        .limit(BATCH)
    )
    taken = (
        sa.delete(event_queue)
        .where(_QUEUE_OF_TENANT, sa.tuple_(*(event_queue.c[n] for n in _ORDER)).in_(next_ones))
        .returning(*(event_queue.c[name] for name in (*_TOLD, "sequence")))
        .cte("taken")
    )
    head = sa.select(event_heads.c.position).where(_HEAD_OF_TENANT).scalar_subquery()
    place = sa.func.row_number().over(order_by=[taken.c[name] for name in _ORDER])
    placed = insert(events).from_select(
        ["tenant_id", "position", *_TOLD],
        sa.select(
            parameter(events.c.tenant_id), head + place, *(taken.c[name] for name in _TOLD)
        ).select_from(taken),
    )
    count = sa.select(sa.func.count()).select_from(taken).scalar_subquery()
    advanced = (
        sa.update(event_heads)
        .where(_HEAD_OF_TENANT)
        .values(position=event_heads.c.position + count)
    )
    return compiled(
        sa.select(count.label("moved"), *_figures(taken)).add_cte(
            placed.cte("placed"), advanced.cte("advanced")
        )
    )


def _figures(taken: sa.CTE) -> tuple[sa.Label[Any], sa.Label[Any]]:
    """Of what was taken: how long the oldest waited, in seconds, and how many of each type."""
    age = sa.func.clock_timestamp() - sa.func.min(taken.c.recorded_at)
    waited = sa.select(sa.cast(sa.extract("epoch", age), sa.Float)).select_from(taken)
    types = (
        sa.select(taken.c.type, sa.func.count().label("count")).group_by(taken.c.type).subquery()
    )
    by_type = sa.select(sa.func.jsonb_object_agg(types.c.type, types.c.count, type_=JSONB))
    return waited.scalar_subquery().label("waited"), by_type.scalar_subquery().label("by_type")


_MOVE: Final = _move_statement()
_AFTER: Final = compiled(
    sa.select(events.c.position, *(events.c[name] for name in _TOLD))
    .where(
        events.c.tenant_id == parameter(events.c.tenant_id),
        events.c.position > sa.bindparam("after", type_=sa.BigInteger),
    )
    .order_by(events.c.position)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)


async def tenants_with_events_waiting(transaction: Transaction, after: UUID) -> list[UUID]:
    """Tenants after this one, in the order of their ids, that have events waiting; not always all.

    Empty: there are none after it. Needs a worker's transaction.
    """
    return [row["tenant_id"] for row in await transaction.rows(_WAITING, after=after)]


async def hold_head(transaction: Transaction) -> bool:
    """Hold the tenant's head to the end of the transaction, so that nobody else moves its events.

    False: somebody else holds it, or there is none.
    """
    return await transaction.row(_LOCK_HEAD) is not None


async def make_head(transaction: Transaction) -> bool:
    """Make the tenant's head, before all positions. False: there is one."""
    return await transaction.row(_MAKE_HEAD) is not None


async def move_next(transaction: Transaction) -> Row | None:
    """What was moved into the log of the tenant's next events, up to BATCH.

    How many (moved), how many of each type (by_type), and for how many seconds the oldest had
    waited (waited; None: nothing was moved).

    The caller holds the head, since an earlier statement: this one then sees the true head and
    everything that was committed before it began.
    """
    return await transaction.row(_MOVE)


async def oldest_waiting(transaction: Transaction) -> datetime | None:
    """When the oldest of the first LOOKED_AT waiting events of all tenants was recorded.

    None: nothing waits. Needs a worker's transaction.
    """
    row = await transaction.row(_OLDEST)
    return row["oldest"] if row else None


async def events_after(transaction: Transaction, position: int, limit: int) -> list[Row]:
    """Up to limit of the tenant's events that follow the position, in their order."""
    return await transaction.rows(_AFTER, after=position, limit=limit)
