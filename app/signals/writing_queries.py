"""Parts of statements that store signals beside the writes of alliances."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from app.database import Transaction
from app.events.models import EVENT, event_queue
from app.signals.models import signals
from app.statements import arrays_of, compiled, parameter, unnested

_TENANT: Final = signals.c.tenant_id == parameter(signals.c.tenant_id)
SIGNAL: Final = tuple(
    sa.Column(f"signal_{c.name}", JSONB if c.name.endswith("audience") else c.type)
    for c in signals.c
    if c.name != "tenant_id"
)
"""The columns of new signals as parameters; lists travel as JSON, since an array of arrays would
be one array of two dimensions."""


@dataclass(frozen=True, slots=True)
class SignalChanges:
    """What is to be stored of signals beside a write of an alliance."""

    raised: Sequence[Mapping[str, Any]] = ()
    superseded: Sequence[Mapping[str, Any]] = ()
    """id, at, cause and audience of each."""
    events: Sequence[Mapping[str, Any]] = ()


def raised(given: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> sa.CTE:
    """Signals put in, of rows with the columns SIGNAL, where the conditions hold."""
    values = (
        _text_array(given.c[column.name])
        if isinstance(column.type, JSONB) and column.name.endswith("audience")
        else given.c[column.name]
        for column in SIGNAL
    )
    names = [column.name.removeprefix("signal_") for column in SIGNAL]
    return (
        insert(signals)
        .from_select(
            ["tenant_id", *names],
            sa.select(parameter(signals.c.tenant_id), *values).where(*conditions),
        )
        .returning(signals.c.tenant_id)
        .cte("signals_raised")
    )


def _text_array(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    texts = sa.func.jsonb_array_elements_text(column).table_valued("value")
    return sa.func.array(sa.select(texts.c.value).scalar_subquery(), type_=ARRAY(sa.Text))


SUPERSEDED: Final = (
    sa.Column("superseded_id", sa.Uuid),
    sa.Column("superseded_at", sa.DateTime(timezone=True)),
    sa.Column("superseded_cause", JSONB),
    sa.Column("superseded_audience", JSONB),
)
"""Parameters of signals that no longer hold. audience: whom it is still shown to at most."""


def superseded(given: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> sa.CTE:
    """Signals that no longer hold, of rows with the columns SUPERSEDED, if the conditions hold."""
    allowed = given.c.superseded_audience
    kept = _text_array(allowed)
    return (
        sa.update(signals)
        .where(_TENANT, signals.c.id == given.c.superseded_id, *conditions)
        .values(
            state="superseded",
            state_at=given.c.superseded_at,
            superseded_by=given.c.superseded_cause,
            audience=_both(signals.c.audience, kept, allowed),
            number_audience=_both(signals.c.number_audience, kept, allowed),
        )
        .returning(signals.c.id)
        .cte("signals_superseded")
    )


def _both(
    stored: sa.ColumnElement[Any], kept: sa.ColumnElement[Any], allowed: sa.ColumnElement[Any]
) -> sa.ColumnElement[Any]:
    """The stored readers that are still allowed; all of them where nothing is said."""
    one = sa.func.unnest(stored).column_valued("one")
    both = sa.func.array(
        sa.select(one).where(one == sa.any_(kept)).scalar_subquery(), type_=ARRAY(sa.Text)
    )
    return sa.case((allowed.is_(None), stored), else_=both)


def signal_parameters(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The parameters for rows of new signals."""
    return arrays_of(
        ({f"signal_{name}": value for name, value in row.items()} for row in rows), SIGNAL
    )


def superseded_parameters(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The parameters for signals that no longer hold: id, at, cause and audience of each."""
    return arrays_of(
        ({f"superseded_{name}": value for name, value in row.items()} for row in rows), SUPERSEDED
    )


def standing_signals(response_id: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    """The signals that rest on a response and still hold, as JSON; null: none."""
    return (
        sa.select(
            sa.func.jsonb_agg(
                sa.func.jsonb_build_array(
                    signals.c.id,
                    signals.c.code,
                    signals.c.scale,
                    signals.c.rule,
                    signals.c.response_id,
                    signals.c.other_response_id,
                    signals.c.severity,
                    signals.c.audience,
                ),
                type_=JSONB,
            )
        )
        .where(
            _TENANT,
            sa.or_(
                signals.c.response_id == response_id, signals.c.other_response_id == response_id
            ),
            signals.c.state != "superseded",
        )
        .scalar_subquery()
    )


SIGNAL_EVENT: Final = tuple(
    sa.Column(f"signal_event_{c.name}", c.type) for c in event_queue.c if c.name != "tenant_id"
)
"""Parameters of events about signals."""


def told(given: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> sa.CTE:
    """Events about signals, of rows with the columns SIGNAL_EVENT, if the conditions hold."""
    names = [name for name in EVENT if name != "tenant_id"]
    return (
        insert(event_queue)
        .from_select(
            ["tenant_id", *names],
            sa.select(
                parameter(event_queue.c.tenant_id), *(given.c[f"signal_event_{n}"] for n in names)
            ).where(*conditions),
        )
        .cte("signals_told")
    )


def event_parameters(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The parameters for events about signals."""
    return arrays_of(
        ({f"signal_event_{name}": value for name, value in row.items()} for row in rows),
        SIGNAL_EVENT,
    )


_RAISE: Final = compiled(
    sa.select(sa.literal(1)).add_cte(
        raised(unnested("signal_rows", SIGNAL)), told(unnested("signal_events", SIGNAL_EVENT))
    )
)


async def raise_signals(transaction: Transaction, changes: SignalChanges) -> None:
    """Store new signals with their events. The caller holds and has counted the alliance."""
    await transaction.row(
        _RAISE, **signal_parameters(changes.raised), **event_parameters(changes.events)
    )
