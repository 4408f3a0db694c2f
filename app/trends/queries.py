"""Statements that read the responses of one alliance."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from app.database import Row, Statement, Transaction, compiled, parameter
from app.responses.models import responses

_SUCCESSOR: Final = responses.alias("successor")
_FILTERS: Final = {
    "instrument": responses.c.instrument,
    "form": responses.c.form,
    "role": responses.c.rater_role,
}


async def responses_of_alliance(
    transaction: Transaction, alliance_id: UUID, filters: Mapping[str, str], as_of: datetime | None
) -> list[Row]:
    """Every response of the alliance that was current at as_of (None: now), in no order.

    filters: any of instrument, form, role.
    """
    statement = _statement(frozenset(filters), as_of is not None)
    return await transaction.rows(statement, alliance_id=alliance_id, as_of=as_of, **filters)


@cache
def _statement(filters: frozenset[str], in_the_past: bool) -> Statement:  # noqa: FBT001 - cached
    succeeded = sa.exists().where(
        _SUCCESSOR.c.tenant_id == responses.c.tenant_id, _SUCCESSOR.c.amends == responses.c.id
    )
    # What was answered then is not read: the course is scored anew, under the newest key.
    columns = (column for column in responses.c if column.name != "outcome")
    statement = sa.select(*columns).where(
        responses.c.tenant_id == parameter(responses.c.tenant_id),
        responses.c.alliance_id == parameter(responses.c.alliance_id),
        *(_FILTERS[name] == sa.bindparam(name, type_=sa.Text) for name in sorted(filters)),
    )
    if in_the_past:
        as_of = sa.bindparam("as_of", type_=responses.c.received_at.type)
        statement = statement.where(responses.c.received_at <= as_of)
        succeeded = succeeded.where(_SUCCESSOR.c.received_at <= as_of)
    return compiled(statement.where(~succeeded.correlate(responses)))
