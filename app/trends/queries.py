"""Statements that read the responses of one alliance."""

from datetime import datetime
from functools import cache
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from app.database import Row, Statement, Transaction, compiled, parameter
from app.responses.models import responses

_SUCCESSOR: Final = responses.alias("successor")


async def responses_of_alliance(
    transaction: Transaction, alliance_id: UUID, instrument: str | None, as_of: datetime | None
) -> list[Row]:
    """Every response of the alliance that was current at as_of (None: now), in no order.

    instrument: of this one only; None: of all.
    """
    statement = _statement(one_instrument=instrument is not None, in_the_past=as_of is not None)
    return await transaction.rows(
        statement, alliance_id=alliance_id, as_of=as_of, instrument=instrument
    )


@cache
def _statement(*, one_instrument: bool, in_the_past: bool) -> Statement:
    succeeded = sa.exists().where(
        _SUCCESSOR.c.tenant_id == responses.c.tenant_id, _SUCCESSOR.c.amends == responses.c.id
    )
    # What was answered then is not read: the course is scored anew, under the newest key.
    columns = (column for column in responses.c if column.name != "outcome")
    statement = sa.select(*columns).where(
        responses.c.tenant_id == parameter(responses.c.tenant_id),
        responses.c.alliance_id == parameter(responses.c.alliance_id),
    )
    if one_instrument:
        statement = statement.where(responses.c.instrument == parameter(responses.c.instrument))
    if in_the_past:
        as_of = sa.bindparam("as_of", type_=responses.c.received_at.type)
        statement = statement.where(responses.c.received_at <= as_of)
        succeeded = succeeded.where(_SUCCESSOR.c.received_at <= as_of)
    return compiled(statement.where(~succeeded.correlate(responses)))
