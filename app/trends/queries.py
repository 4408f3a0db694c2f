"""Statements that read the responses of one alliance."""

from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from app.database import Row, Transaction
from app.responses.models import response_voids, responses
from app.responses.queries import AMENDED_BY
from app.statements import Statement, compiled, parameter

_SUCCESSOR: Final = responses.alias("successor")
_BACK: Final = responses.alias("back")
_AS_OF: Final = sa.bindparam("as_of", type_=responses.c.received_at.type)
_BEFORE: Final = responses.alias("before")


_MOVED: Final = compiled(
    sa.select(
        *(c for c in responses.c if c.name not in {"outcome", "answers", "reported_scores"}),
        _SUCCESSOR.c.received_at.label("voided_at"),
        _SUCCESSOR.c.actor_role.label("voided_by_role"),
        _SUCCESSOR.c.actor_ref.label("voided_by_ref"),
    )
    .join(
        _SUCCESSOR,
        sa.and_(
            _SUCCESSOR.c.tenant_id == responses.c.tenant_id,
            _SUCCESSOR.c.amends == responses.c.id,
            _SUCCESSOR.c.alliance_id != responses.c.alliance_id,
        ),
    )
    .where(
        responses.c.tenant_id == parameter(responses.c.tenant_id),
        responses.c.alliance_id == parameter(responses.c.alliance_id),
        _SUCCESSOR.c.received_at <= _AS_OF,
        # One that was voided was told of then; one that came back is told of no more.
        ~sa.exists().where(
            response_voids.c.tenant_id == responses.c.tenant_id,
            response_voids.c.response_id == responses.c.id,
        ),
        ~sa.exists().where(
            _BACK.c.tenant_id == responses.c.tenant_id,
            _BACK.c.source == responses.c.source,
            _BACK.c.external_id == responses.c.external_id,
            _BACK.c.external_version > responses.c.external_version,
            _BACK.c.alliance_id == responses.c.alliance_id,
            _BACK.c.received_at <= _AS_OF,
        ),
    )
)


async def moved_away(transaction: Transaction, alliance_id: UUID, as_of: datetime) -> list[Row]:
    """The responses of the alliance whose next version was about another one by as_of.

    Who moved them and when stands where a void would say it.
    """
    return await transaction.rows(_MOVED, alliance_id=alliance_id, as_of=as_of)


async def responses_of_alliance(
    transaction: Transaction, alliance_id: UUID, instrument: str | None, as_of: datetime | None
) -> list[Row]:
    """Every response of the alliance that was the newest version at as_of (None: now), unordered.

    Those that were voided by then have a voided_at.

    instrument: of this one only; None: of all.
    """
    statement = _statement(one_instrument=instrument is not None, in_the_past=as_of is not None)
    return await transaction.rows(
        statement, alliance_id=alliance_id, as_of=as_of, instrument=instrument
    )


def _newest(voided: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The responses of an alliance with the rater of the version before and the void, if any."""
    # What was answered then is not read: the course is scored anew, under the newest key.
    columns = (column for column in responses.c if column.name != "outcome")
    return (
        sa.select(
            *columns,
            AMENDED_BY,
            _BEFORE.c.rater_role.label("rater_role_before"),
            _BEFORE.c.rater_ref.label("rater_ref_before"),
            response_voids.c.voided_at,
            response_voids.c.actor_role.label("voided_by_role"),
            response_voids.c.actor_ref.label("voided_by_ref"),
        )
        .outerjoin(response_voids, voided)
        .outerjoin(
            _BEFORE,
            sa.and_(
                _BEFORE.c.tenant_id == responses.c.tenant_id, _BEFORE.c.id == responses.c.amends
            ),
        )
        .where(
            responses.c.tenant_id == parameter(responses.c.tenant_id),
            responses.c.alliance_id == parameter(responses.c.alliance_id),
        )
    )


@cache
def _statement(*, one_instrument: bool, in_the_past: bool) -> Statement:
    succeeded = sa.exists().where(
        _SUCCESSOR.c.tenant_id == responses.c.tenant_id, _SUCCESSOR.c.amends == responses.c.id
    )
    voided = sa.and_(
        response_voids.c.tenant_id == responses.c.tenant_id,
        response_voids.c.response_id == responses.c.id,
    )
    if in_the_past:
        voided = sa.and_(voided, response_voids.c.voided_at <= _AS_OF)
    statement = _newest(voided)
    if one_instrument:
        statement = statement.where(responses.c.instrument == parameter(responses.c.instrument))
    if in_the_past:
        statement = statement.where(responses.c.received_at <= _AS_OF)
        succeeded = succeeded.where(_SUCCESSOR.c.received_at <= _AS_OF)
    return compiled(statement.where(~succeeded.correlate(responses)))
