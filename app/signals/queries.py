"""Statements that read signals for somebody, and record what was done about them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from app.alliances.models import alliance_members, alliances, person_merges
from app.alliances.queries import counted_and_told
from app.database import Row, Transaction
from app.signals.models import signal_actions, signals
from app.statements import Statement, compiled, parameter

_TENANT: Final = signals.c.tenant_id == parameter(signals.c.tenant_id)
_READER: Final = sa.bindparam("reader", type_=sa.Text)
_OWN_ROLE: Final = sa.bindparam("own_role", type_=sa.Text)
_OWN_REF: Final = sa.bindparam("own_ref", type_=sa.Text)


@dataclass(frozen=True, slots=True)
class Reading:
    """For whom signals are looked up: what kind of reader, and who."""

    kind: str
    supervision: bool
    """Whether what is for supervision alone may be seen."""
    rater_role: str | None
    rater_ref: str | None
    """The person acting, who sees what rests on nothing but their own ratings."""


def visible() -> sa.ColumnElement[bool]:
    """What a reader may see of all signals; its parameters: reading_values."""
    of_kind = sa.and_(
        sa.func.array_position(signals.c.audience, _READER).is_not(None),
        sa.or_(
            sa.bindparam("supervision", type_=sa.Boolean),
            signals.c.audience != sa.cast(["supervisor"], ARRAY(sa.Text)),
        ),
    )
    return sa.or_(of_kind, own())


def own() -> sa.ColumnElement[bool]:
    """Whether it rests on nothing but what the person acting said, under whatever reference."""
    same_person = sa.exists().where(
        alliances.c.tenant_id == signals.c.tenant_id,
        alliances.c.id == signals.c.alliance_id,
        _present(signals.c.rater_ref) == _present(_OWN_REF),
    )
    return sa.and_(
        signals.c.rater_role == _OWN_ROLE,
        sa.or_(signals.c.rater_ref == _OWN_REF, same_person),
        signals.c.other_response_id.is_(None),
        sa.or_(signals.c.response_id.is_not(None), signals.c.mark_id.is_not(None)),
    )


def _present(ref: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """The reference that this one became by merges, in the source of the alliance."""
    merged = (
        sa.select(person_merges.c.current_ref)
        .where(
            person_merges.c.tenant_id == alliances.c.tenant_id,
            person_merges.c.source == alliances.c.source,
            person_merges.c.role == _OWN_ROLE,
            person_merges.c.from_ref == ref,
        )
        .correlate(alliances, signals)
        .scalar_subquery()
    )
    return sa.func.coalesce(merged, ref)


def reading_values(reading: Reading) -> dict[str, Any]:
    """The parameters of visible and own."""
    return {
        "reader": reading.kind,
        "supervision": reading.supervision,
        "own_role": reading.rater_role,
        "own_ref": reading.rater_ref,
    }


_SIGNAL: Final = sa.select(signals, sa.func.coalesce(own(), sa.false()).label("own"))
"""A signal, and whether it is the reader's own; see own."""
_BY_ID: Final = compiled(_SIGNAL.where(_TENANT, signals.c.id == parameter(signals.c.id), visible()))
_OF_ALLIANCE: Final = compiled(
    _SIGNAL.where(
        _TENANT, signals.c.alliance_id == parameter(signals.c.alliance_id), visible()
    ).order_by(signals.c.id)
)
_ACTIONS: Final = compiled(
    sa.select(signal_actions)
    .where(
        signal_actions.c.tenant_id == parameter(signal_actions.c.tenant_id),
        signal_actions.c.signal_id == sa.func.any(sa.bindparam("ids", type_=ARRAY(sa.Uuid))),
    )
    .order_by(signal_actions.c.recorded_at, signal_actions.c.id)
)
_ACTION: Final = compiled(
    sa.select(signal_actions).where(
        signal_actions.c.tenant_id == parameter(signal_actions.c.tenant_id),
        signal_actions.c.id == parameter(signal_actions.c.id),
    )
)
WAITING: Final = ("open", "acknowledged", "discussed", "step_tried")
_WAITING: Final = sa.text(f"signals.state IN {WAITING}")
"""Spelled out, so that the index of those that wait serves it."""
_WAITING_OF_ALLIANCES: Final = compiled(
    sa.select(
        *(
            signals.c[name]
            for name in (
                "id", "alliance_id", "code", "severity", "state", "rater_role", "rater_ref",
                "instrument", "form",
            )
        )
    )
    .where(
        _TENANT,
        signals.c.alliance_id == sa.func.any(sa.bindparam("ids", type_=ARRAY(sa.Uuid))),
        _WAITING,
        visible(),
    )
    .order_by(signals.c.id)
)  # fmt: skip
_EQUAL: Final = frozenset(
    {"state", "alliance_id", "code", "severity", "instrument", "form", "component", "rater_role"}
)


@cache
def _list_statement(filters: frozenset[str], continued: bool) -> Statement:  # noqa: FBT001 - cached
    statement = _SIGNAL.where(_TENANT, visible())
    for name in sorted(filters & _EQUAL):
        statement = statement.where(signals.c[name] == parameter(signals.c[name]))
    if "waiting" in filters:
        statement = statement.where(_WAITING)
    for role in ("client", "professional"):
        if f"{role}_ref" in filters:
            statement = statement.where(_has_member(role))
    if "program_ref" in filters:
        statement = statement.where(_of_programme())
    if continued:
        statement = statement.where(signals.c.id > sa.bindparam("after", type_=sa.Uuid))
    return compiled(statement.order_by(signals.c.id).limit(sa.bindparam("limit", type_=sa.Integer)))


def _has_member(role: str) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        alliance_members.c.tenant_id == signals.c.tenant_id,
        alliance_members.c.alliance_id == signals.c.alliance_id,
        alliance_members.c.role == role,
        alliance_members.c.ref == sa.bindparam(f"{role}_ref", type_=sa.Text),
    )


def _of_programme() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        alliances.c.tenant_id == signals.c.tenant_id,
        alliances.c.id == signals.c.alliance_id,
        alliances.c.program_ref == sa.bindparam("program_ref", type_=sa.Text),
    )


def _act_statement() -> Statement:
    """What was done, the signal's new state, and the event, in one statement."""
    moment = sa.bindparam("recorded_at", type_=signal_actions.c.recorded_at.type)
    acted = (
        insert(signal_actions)
        .values({c.name: parameter(c) for c in signal_actions.c})
        .returning(signal_actions.c.id)
        .cte("acted")
    )
    moved = (
        sa.update(signals)
        .where(_TENANT, signals.c.id == sa.bindparam("signal_id", type_=sa.Uuid))
        .values(
            state=sa.bindparam("state", type_=sa.Text),
            state_at=sa.case(
                (signals.c.state == sa.bindparam("state", type_=sa.Text), signals.c.state_at),
                else_=moment,
            ),
        )
        .returning(signals)
        .cte("moved")
    )
    told = counted_and_told(moved, "signal.changed")
    return compiled(sa.select(moved).add_cte(acted, told))


_ACT: Final = _act_statement()


async def signal(transaction: Transaction, signal_id: UUID, reading: Reading) -> Row | None:
    """One signal; None: there is none, or this reader may not see it."""
    return await transaction.row(_BY_ID, id=signal_id, **reading_values(reading))


async def signals_of_alliance(
    transaction: Transaction, alliance_id: UUID, reading: Reading
) -> list[Row]:
    """Every signal of an alliance that this reader may see, oldest first."""
    return await transaction.rows(_OF_ALLIANCE, alliance_id=alliance_id, **reading_values(reading))


async def waiting_of(
    transaction: Transaction, alliance_ids: Iterable[UUID], reading: Reading
) -> list[Row]:
    """The signals of these alliances that wait and that this reader may see, oldest first.

    Of each: id, alliance_id, code, severity, state, rater, instrument and form; no number.
    """
    return await transaction.rows(
        _WAITING_OF_ALLIANCES, ids=list(alliance_ids), **reading_values(reading)
    )


async def signals_after(
    transaction: Transaction,
    filters: Mapping[str, Any],
    reading: Reading,
    after: UUID | None,
    limit: int,
) -> list[Row]:
    """Up to limit signals that meet every filter and that this reader may see, oldest first.

    filters: any of state, waiting, alliance_id, code, severity, instrument, form,
    component, rater_role, client_ref, professional_ref, program_ref.
    """
    statement = _list_statement(frozenset(filters), after is not None)
    return await transaction.rows(
        statement, **filters, **reading_values(reading), after=after, limit=limit
    )


async def actions_of(transaction: Transaction, signal_ids: Iterable[UUID]) -> list[Row]:
    """What was done about these signals, in order."""
    return await transaction.rows(_ACTIONS, ids=list(signal_ids))


async def action(transaction: Transaction, action_id: UUID) -> Row | None:
    """What was done once; None: there is none with this id."""
    return await transaction.row(_ACTION, id=action_id)


async def record_action(transaction: Transaction, action: Mapping[str, Any], event_id: UUID) -> Row:
    """Record what was done, with the state that the signal has then; the signal as it is now.

    The caller holds the alliance's lock. recorded_at: not before anything recorded of it.
    """
    (moved,) = await transaction.rows(_ACT, **action, event_id=event_id)
    return moved
