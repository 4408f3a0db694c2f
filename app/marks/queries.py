"""Statements on marks."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.alliances.queries import counted_and_told
from app.database import Row, Transaction
from app.marks.models import marks
from app.occasions.models import occasions
from app.occasions.queries import named_occasion
from app.signals.writing_queries import (
    SIGNAL,
    SIGNAL_EVENT,
    SignalChanges,
    event_parameters,
    raised,
    signal_parameters,
    told,
)
from app.statements import Statement, arrays_of, compiled, parameter, unnested

_TENANT: Final = marks.c.tenant_id == parameter(marks.c.tenant_id)
_MARK: Final = sa.select(marks, occasions.c.occasion_key).join(
    occasions,
    sa.and_(
        occasions.c.tenant_id == marks.c.tenant_id,
        occasions.c.alliance_id == marks.c.alliance_id,
        occasions.c.id == marks.c.occasion_id,
    ),
)
_BY_ID: Final = compiled(_MARK.where(_TENANT, marks.c.id == parameter(marks.c.id)))
_BY_NAME: Final = compiled(
    _MARK.where(
        _TENANT,
        marks.c.source == parameter(marks.c.source),
        marks.c.external_id == parameter(marks.c.external_id),
    )
)
_OF_ALLIANCE: Final = (
    _MARK.where(_TENANT, marks.c.alliance_id == parameter(marks.c.alliance_id))
    .order_by(marks.c.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_FIRST: Final = compiled(_OF_ALLIANCE)
_AFTER: Final = compiled(_OF_ALLIANCE.where(marks.c.id > sa.bindparam("after", type_=sa.Uuid)))


def _record_statement() -> Statement:
    """The mark, its occasion if new, the alliance's state, the event: all, or none if known."""
    occasion = named_occasion()
    columns = [column for column in marks.c if column.name != "occasion_id"]
    recorded = (
        insert(marks)
        .from_select(
            [*(column.name for column in columns), "occasion_id"],
            sa.select(*(parameter(column) for column in columns), occasion.c.id),
        )
        .on_conflict_do_nothing()
        .returning(marks.c.tenant_id, marks.c.alliance_id, marks.c.id, marks.c.occasion_id)
        .cte("recorded")
    )
    stored = sa.exists().where(recorded.c.tenant_id == parameter(marks.c.tenant_id))
    return compiled(
        sa.select(recorded.c.occasion_id).add_cte(
            counted_and_told(recorded, "mark.recorded"),
            raised(unnested("signal_rows", SIGNAL), stored),
            told(unnested("signal_events", SIGNAL_EVENT), stored),
        )
    )


_RECORD: Final = _record_statement()
MARK: Final = tuple(
    sa.Column(f"mark_{c.name}", c.type)
    for c in marks.c
    if c.name not in {"tenant_id", "occasion_id"}
)
"""Parameters of marks that come with responses."""


def marked(given: sa.FromClause, recorded: sa.CTE) -> sa.CTE:
    """Marks put in, of rows with the columns MARK, on the occasions of recorded responses."""
    names = [column.name.removeprefix("mark_") for column in MARK]
    return (
        insert(marks)
        .from_select(
            ["tenant_id", *names, "occasion_id"],
            sa.select(
                recorded.c.tenant_id, *(given.c[c.name] for c in MARK), recorded.c.occasion_id
            ).join_from(given, recorded, recorded.c.id == given.c.mark_response_id),
        )
        .cte("marks_made")
    )


def mark_parameters(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The parameters for marks that come with responses."""
    return arrays_of(({f"mark_{name}": value for name, value in r.items()} for r in rows), MARK)


async def record_mark(
    transaction: Transaction,
    mark: Mapping[str, Any],
    occasion_key: str,
    ids: tuple[UUID, UUID],
    signals: SignalChanges,
) -> UUID | None:
    """Record a mark with its signal, its occasion if that is new, and tell of it; the occasion.

    ids: of the occasion, should it be new, and of the event. The caller holds the alliance's
    lock. None: the external_id is taken, and nothing at all was written but, perhaps, the
    occasion.
    """
    new_occasion_id, event_id = ids
    row = await transaction.row(
        _RECORD,
        **mark,
        occasion_key=occasion_key,
        new_occasion_id=new_occasion_id,
        received_at=mark["recorded_at"],
        event_id=event_id,
        **signal_parameters(signals.raised),
        **event_parameters(signals.events),
    )
    return row and row["occasion_id"]


async def mark(transaction: Transaction, mark_id: UUID) -> Row | None:
    """One mark with its occasion_key."""
    return await transaction.row(_BY_ID, id=mark_id)


async def mark_named(transaction: Transaction, source: str, external_id: str) -> Row | None:
    """The mark that the caller names so, with its occasion_key."""
    return await transaction.row(_BY_NAME, source=source, external_id=external_id)


async def marks_after(
    transaction: Transaction, alliance_id: UUID, after: UUID | None, limit: int
) -> list[Row]:
    """Up to limit marks of an alliance with their occasion_keys, in the order of their ids."""
    statement = _FIRST if after is None else _AFTER
    return await transaction.rows(statement, alliance_id=alliance_id, after=after, limit=limit)
