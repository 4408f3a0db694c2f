"""Statements that go through what alliances add, and the weekly sums of it, in their order."""

from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from app.database import Row, Transaction
from app.programs.models import program_contributions, program_weeks
from app.statements import compiled, parameter

Place = tuple[UUID, date]
"""A series and a week, in the order of Postgres."""


def _place(table: sa.Table) -> sa.Tuple:
    return sa.tuple_(table.c.series_id, table.c.week)


def _given(name: str) -> sa.Tuple:
    """The series and week that are given under the name."""
    return sa.tuple_(
        sa.bindparam(f"{name}_series", type_=sa.Uuid), sa.bindparam(f"{name}_week", type_=sa.Date)
    )


def _added() -> sa.Select[Any]:
    """What alliances add, without the records that it comes from."""
    return sa.select(*(c for c in program_contributions.c if c.name != "records")).where(
        program_contributions.c.tenant_id == parameter(program_contributions.c.tenant_id)
    )


_ADDED_AFTER: Final = compiled(
    _added()
    .where(_place(program_contributions) > _given("start"))
    .order_by(program_contributions.c.series_id, program_contributions.c.week)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_ADDED_AT: Final = compiled(
    _added().where(
        program_contributions.c.series_id == parameter(program_contributions.c.series_id),
        program_contributions.c.week == parameter(program_contributions.c.week),
    )
)
_WEEKS_WITHIN: Final = compiled(
    sa.select(program_weeks).where(
        program_weeks.c.tenant_id == parameter(program_weeks.c.tenant_id),
        _place(program_weeks) > _given("start"),
        _place(program_weeks) <= _given("end"),
    )
)


async def added_after(transaction: Transaction, start: Place, limit: int) -> list[Row]:
    """Up to limit rows of what alliances add after a series and week, in the order of those."""
    series_id, week = start
    return await transaction.rows(
        _ADDED_AFTER, start_series=series_id, start_week=week, limit=limit
    )


async def added_at(transaction: Transaction, place: Place) -> list[Row]:
    """All that alliances add to one week of a series."""
    series_id, week = place
    return await transaction.rows(_ADDED_AT, series_id=series_id, week=week)


async def weeks_within(transaction: Transaction, start: Place, end: Place) -> list[Row]:
    """The weekly sums after a series and week, up to another and that itself."""
    return await transaction.rows(
        _WEEKS_WITHIN,
        start_series=start[0],
        start_week=start[1],
        end_series=end[0],
        end_week=end[1],
    )
