"""What a tenant's signals have come to lately."""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.database import Row, Transaction
from app.events.models import events
from app.signals.models import signals
from app.statements import Statement, compiled, parameter

NEWEST: Final = 20_000
"""How many events are looked at: however long the log, the look stays short."""


def _any_of(*texts: str) -> sa.ColumnElement[Any]:
    return sa.any_(sa.cast(list(texts), ARRAY(sa.Text)))


def _realised_statement() -> Statement:
    newest = (
        sa.select(events.c.type, events.c.subject_id)
        .where(events.c.tenant_id == parameter(events.c.tenant_id))
        .order_by(events.c.position.desc())
        .limit(NEWEST)
        .subquery("newest")
    )
    alerts = (
        sa.select(sa.func.count(sa.distinct(signals.c.response_id)))
        .join_from(newest, signals, signals.c.id == newest.c.subject_id)
        .where(
            signals.c.tenant_id == parameter(signals.c.tenant_id),
            newest.c.type == "signal.opened",
            signals.c.opened_as == "open",
            signals.c.severity == _any_of("alert", "high"),
            signals.c.code == _any_of("sudden_drop", "slow_decline", "component_drop"),
        )
        .scalar_subquery()
    )
    ratings = sa.func.count(newest.c.subject_id).filter(newest.c.type == "response.recorded")
    return compiled(sa.select(ratings.label("ratings"), alerts.label("alerts")))


_REALISED: Final = _realised_statement()


async def realised(transaction: Transaction) -> Row:
    """Ratings and alerts among the newest events: ratings recorded, and those that alerted."""
    (row,) = await transaction.rows(_REALISED)
    return row
