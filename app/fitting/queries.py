"""Statements that read the streams of one form, page after page of alliances."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.alliances.models import alliances
from app.database import Row, Transaction
from app.occasions.models import occasions
from app.responses.models import response_voids, responses
from app.statements import Statement, compiled, parameter

PAGE: Final = 200
"""Alliances read at a time."""
_ALLIANCES: Final = compiled(
    sa.select(alliances.c.id, alliances.c.former_refs)
    .where(
        alliances.c.tenant_id == parameter(alliances.c.tenant_id),
        alliances.c.id > sa.bindparam("after", type_=sa.Uuid),
    )
    .order_by(alliances.c.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_FORM: Final = ("instrument", "form", "form_revision")


def _responses_statement() -> Statement:
    successor = responses.alias("successor")
    gone = (
        sa.exists().where(
            successor.c.tenant_id == responses.c.tenant_id, successor.c.amends == responses.c.id
        ),
        sa.exists().where(
            response_voids.c.tenant_id == responses.c.tenant_id,
            response_voids.c.response_id == responses.c.id,
        ),
    )
    return compiled(
        sa.select(*(c for c in responses.c if c.name != "outcome"), occasions.c.occasion_key)
        .join(
            occasions,
            sa.and_(
                occasions.c.tenant_id == responses.c.tenant_id,
                occasions.c.alliance_id == responses.c.alliance_id,
                occasions.c.id == responses.c.occasion_id,
            ),
        )
        .where(
            responses.c.tenant_id == parameter(responses.c.tenant_id),
            responses.c.alliance_id == sa.func.any(sa.bindparam("alliances", type_=ARRAY(sa.Uuid))),
            *(responses.c[name] == parameter(responses.c[name]) for name in _FORM),
            *(~one.correlate(responses) for one in gone),
        )
    )


_RESPONSES: Final = _responses_statement()


async def alliances_after(transaction: Transaction, after: UUID) -> list[Row]:
    """Up to PAGE alliances of the tenant with ids after this one, in that order."""
    return await transaction.rows(_ALLIANCES, after=after, limit=PAGE)


async def responses_on(
    transaction: Transaction,
    ids: Iterable[UUID],
    instrument: str,
    form: str,
    form_revision: str,
) -> list[Row]:
    """Every current response of these alliances on one edition of a form, in no order."""
    return await transaction.rows(
        _RESPONSES,
        alliances=list(ids),
        instrument=instrument,
        form=form,
        form_revision=form_revision,
    )
