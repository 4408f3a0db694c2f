"""Statements that read tenants' own instruments."""

from collections.abc import Collection
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.database import Row, Transaction
from app.instruments.models import own_instruments
from app.statements import compiled, parameter

_OWN: Final = own_instruments.c.tenant_id == parameter(own_instruments.c.tenant_id)
# By code points, as the shipped ones are sorted, whatever the collation of the database.
_BY_ID: Final = sa.collate(own_instruments.c.instrument, "C")
_SEEN: Final = (
    own_instruments.c.instrument,
    own_instruments.c.revision,
    own_instruments.c.sha256,
    own_instruments.c.document,
    own_instruments.c.published_at,
)


def _named(name: str) -> sa.ColumnElement[Any]:
    return sa.any_(sa.bindparam(name, type_=ARRAY(sa.Text)))


_PUBLISHED: Final = compiled(
    sa.select(*_SEEN).where(
        _OWN,
        own_instruments.c.instrument == _named("instruments"),
        own_instruments.c.published_at.is_not(None),
    )
)
_ALL_PUBLISHED: Final = compiled(
    sa.select(*_SEEN).where(_OWN, own_instruments.c.published_at.is_not(None))
)
_REVISIONS: Final = compiled(
    sa.select(*_SEEN).where(
        _OWN, own_instruments.c.instrument == parameter(own_instruments.c.instrument)
    )
)
_NEXT: Final = (
    sa.select(own_instruments.c.instrument)
    .where(_OWN, sa.collate(sa.bindparam("after", type_=sa.Text), "C") < _BY_ID)
    .group_by(own_instruments.c.instrument)
    .order_by(_BY_ID)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_PAGE: Final = compiled(
    sa.select(*_SEEN).where(_OWN, own_instruments.c.instrument.in_(_NEXT)).order_by(_BY_ID)
)


async def published(transaction: Transaction, instruments: Collection[str]) -> list[Row]:
    """Every published revision of these instruments of the tenant, in no order."""
    return await transaction.rows(_PUBLISHED, instruments=sorted(instruments))


async def all_published(transaction: Transaction) -> list[Row]:
    """Every published revision of the tenant's instruments, in no order."""
    return await transaction.rows(_ALL_PUBLISHED)


async def revisions(transaction: Transaction, instrument: str) -> list[Row]:
    """Every revision of one instrument of the tenant, drafts too, in no order."""
    return await transaction.rows(_REVISIONS, instrument=instrument)


async def instruments_after(transaction: Transaction, after: str, limit: int) -> list[Row]:
    """Every revision of the tenant's next `limit` instruments after this id, by id."""
    return await transaction.rows(_PAGE, after=after, limit=limit)
