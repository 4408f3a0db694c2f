"""Statements on invitations whose answer is late."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from app.alliances.models import alliance_state
from app.database import Row, Transaction
from app.events.models import EVENT, event_queue
from app.occasions.models import invitations, occasions, silence_checks
from app.signals.models import signals
from app.statements import Statement, arrays_of, compiled, parameter, unnested
from app.tenants.models import tenants

LOOKED_AT: Final = 500
"""How many tenants, or alliances of one, are looked up at a time."""
_NOW: Final = sa.bindparam("now", type_=silence_checks.c.due_at.type)
_OWN: Final = silence_checks.c.tenant_id == parameter(silence_checks.c.tenant_id)
_TENANTS: Final = compiled(
    sa.select(silence_checks.c.tenant_id)
    .where(
        silence_checks.c.due_at <= _NOW,
        silence_checks.c.tenant_id > sa.bindparam("after", type_=sa.Uuid),
    )
    .distinct()
    .order_by(silence_checks.c.tenant_id)
    .limit(LOOKED_AT),
    of_one_tenant=False,
)
_DUE: Final = compiled(
    sa.select(silence_checks.c.alliance_id)
    .where(
        _OWN,
        silence_checks.c.due_at <= _NOW,
        silence_checks.c.alliance_id > sa.bindparam("after", type_=sa.Uuid),
    )
    .order_by(silence_checks.c.alliance_id)
    .limit(LOOKED_AT)
)
_INVITATIONS: Final = compiled(
    sa.select(
        invitations,
        *(
            occasions.c[name]
            for name in ("occurred_at", "occurred_on", "session_number", "created_at")
        ),
    )
    .join(
        occasions,
        sa.and_(
            occasions.c.tenant_id == invitations.c.tenant_id,
            occasions.c.alliance_id == invitations.c.alliance_id,
            occasions.c.id == invitations.c.occasion_id,
        ),
    )
    .where(
        invitations.c.tenant_id == parameter(invitations.c.tenant_id),
        invitations.c.alliance_id == parameter(invitations.c.alliance_id),
    )
)
_RAISED: Final = compiled(
    sa.select(
        tenants.c.default_notice,
        sa.func.array(
            sa.select(signals.c.parameters["occasion_ids"][0].astext)
            .where(
                signals.c.tenant_id == tenants.c.tenant_id,
                signals.c.alliance_id == parameter(signals.c.alliance_id),
                signals.c.code == "silence",
            )
            .scalar_subquery(),
            type_=ARRAY(sa.Text),
        ).label("raised"),
    ).where(tenants.c.tenant_id == parameter(tenants.c.tenant_id))
)
_LAPSED: Final = tuple(
    sa.Column(f"lapsed_{name}", invitations.c[name].type)
    for name in ("occasion_id", "rater_role", "rater_ref", "instrument", "form")
)


def _lapse_statement() -> Statement:
    """Invitations that have lapsed, the alliance's state and the event."""
    given = unnested("given", _LAPSED)
    lapsed = (
        sa.update(invitations)
        .where(
            invitations.c.tenant_id == parameter(invitations.c.tenant_id),
            invitations.c.alliance_id == parameter(invitations.c.alliance_id),
            *(invitations.c[c.name.removeprefix("lapsed_")] == given.c[c.name] for c in _LAPSED),
        )
        .values(state="lapsed", at=None, at_offset=None, updated_at=_NOW)
        .returning(invitations.c.occasion_id)
        .cte("lapsed")
    )
    counted = (
        sa.update(alliance_state)
        .where(
            alliance_state.c.tenant_id == parameter(alliance_state.c.tenant_id),
            alliance_state.c.alliance_id == parameter(alliance_state.c.alliance_id),
        )
        .values(version=alliance_state.c.version + 1, last_received_at=_NOW)
        .returning(
            alliance_state.c.tenant_id, alliance_state.c.alliance_id, alliance_state.c.version
        )
        .cte("counted")
    )
    told = insert(event_queue).from_select(
        EVENT,
        sa.select(
            counted.c.tenant_id,
            sa.bindparam("event_id", type_=sa.Uuid),
            sa.literal("invitations.lapsed", sa.Text),
            counted.c.alliance_id,
            counted.c.alliance_id.label("subject_id"),
            _NOW,
            counted.c.version,
        ),
    )
    return compiled(sa.select(counted.c.version).add_cte(lapsed, told.cte("told")))


_LAPSE: Final = _lapse_statement()
_OF_ALLIANCE: Final = (
    _OWN,
    silence_checks.c.alliance_id == parameter(silence_checks.c.alliance_id),
)
_LOOK_AGAIN: Final = compiled(
    sa.update(silence_checks)
    .where(*_OF_ALLIANCE)
    .values(due_at=parameter(silence_checks.c.due_at))
    .returning(silence_checks.c.alliance_id)
)
_DONE: Final = compiled(
    sa.delete(silence_checks).where(*_OF_ALLIANCE).returning(silence_checks.c.alliance_id)
)


async def tenants_due(transaction: Transaction, after: UUID, now: datetime) -> list[UUID]:
    """Tenants after this one with alliances that are to be looked at. Needs a worker's."""
    rows = await transaction.rows(_TENANTS, after=after, now=now)
    return [row["tenant_id"] for row in rows]


async def alliances_due(transaction: Transaction, after: UUID, now: datetime) -> list[UUID]:
    """The tenant's alliances after this one that are to be looked at, in the order of ids."""
    rows = await transaction.rows(_DUE, after=after, now=now)
    return [row["alliance_id"] for row in rows]


async def invitations_of(transaction: Transaction, alliance_id: UUID) -> list[Row]:
    """Every invitation of an alliance with what is known of its occasion, in no order."""
    return await transaction.rows(_INVITATIONS, alliance_id=alliance_id)


async def raised_before(transaction: Transaction, alliance_id: UUID) -> Row:
    """default_notice of the tenant, and raised: the first occasion of each silence so far."""
    (row,) = await transaction.rows(_RAISED, alliance_id=alliance_id)
    return row


async def lapse(
    transaction: Transaction,
    alliance_id: UUID,
    lapsed: Iterable[Mapping[str, Any]],
    event_id: UUID,
    now: datetime,
) -> None:
    """Let invitations of an alliance lapse, and tell of it. The caller holds the lock."""
    rows = [{c.name: row[c.name.removeprefix("lapsed_")] for c in _LAPSED} for row in lapsed]
    await transaction.row(
        _LAPSE, alliance_id=alliance_id, event_id=event_id, now=now, **arrays_of(rows, _LAPSED)
    )


async def look_again(transaction: Transaction, alliance_id: UUID, due_at: datetime | None) -> None:
    """When to look at the alliance next; None: not before somebody is invited again."""
    if due_at is None:
        await transaction.row(_DONE, alliance_id=alliance_id)
    else:
        await transaction.row(_LOOK_AGAIN, alliance_id=alliance_id, due_at=due_at)
