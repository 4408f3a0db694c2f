"""Statements about blocks: which weeks to look at, what is in a block, and its release."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from app.database import Row, Transaction
from app.programs.models import (
    program_blocks,
    program_cells,
    program_contributions,
    program_released,
    program_series,
)
from app.programs.queries import LOOKED_AT
from app.programs.series import FIELDS, UNDATED
from app.statements import Statement, compiled, parameter

CELLS: Final = 10
"""How many weeks of series one transaction looks at."""
_NOW: Final = sa.bindparam("now", type_=program_cells.c.look_at.type)
_FROM: Final = sa.bindparam("start", type_=sa.Date)
_BEFORE: Final = sa.bindparam("end", type_=sa.Date)
_SERIES_IDS: Final = sa.func.any(sa.bindparam("ids", type_=ARRAY(sa.Uuid)))
_OWN_CELLS: Final = program_cells.c.tenant_id == parameter(program_cells.c.tenant_id)
_CELL: Final = (
    _OWN_CELLS,
    program_cells.c.series_id == parameter(program_cells.c.series_id),
    program_cells.c.week == parameter(program_cells.c.week),
)
_TENANTS: Final = compiled(
    sa.select(program_cells.c.tenant_id)
    .where(
        program_cells.c.look_at <= _NOW,
        program_cells.c.tenant_id > sa.bindparam("after", type_=sa.Uuid),
    )
    .distinct()
    .order_by(program_cells.c.tenant_id)
    .limit(LOOKED_AT),
    of_one_tenant=False,
)
_DUE: Final = compiled(
    sa.select(program_cells)
    .where(_OWN_CELLS, program_cells.c.look_at <= _NOW)
    .order_by(
        program_cells.c.step,
        program_cells.c.look_at,
        program_cells.c.week,
        program_cells.c.series_id,
    )
    .limit(CELLS)
)
_LATER: Final = compiled(
    sa.update(program_cells)
    .where(*_CELL)
    .values(step=parameter(program_cells.c.step), look_at=parameter(program_cells.c.look_at))
    .returning(program_cells.c.week)
)
_DONE: Final = compiled(sa.delete(program_cells).where(*_CELL).returning(program_cells.c.week))
_SERIES: Final = compiled(
    sa.select(program_series).where(
        program_series.c.tenant_id == parameter(program_series.c.tenant_id),
        program_series.c.id == parameter(program_series.c.id),
    )
)
_GROUPS: Final = tuple(name for name in FIELDS if name not in {"pooled", "program_ref", "setting"})
_OF_KIND: Final = compiled(
    sa.select(program_series.c.id).where(
        program_series.c.tenant_id == parameter(program_series.c.tenant_id),
        sa.not_(program_series.c.pooled),
        *(program_series.c[name] == parameter(program_series.c[name]) for name in _GROUPS),
    )
)
_BLOCKS: Final = compiled(
    sa.select(
        *(program_blocks.c[name] for name in ("series_id", "period", "starts_on", "releases"))
    ).where(
        program_blocks.c.tenant_id == parameter(program_blocks.c.tenant_id),
        program_blocks.c.series_id == _SERIES_IDS,
        program_blocks.c.starts_on >= _FROM,
        program_blocks.c.starts_on < _BEFORE,
    )
)
_CONTRIBUTIONS: Final = compiled(
    sa.select(program_contributions)
    .where(
        program_contributions.c.tenant_id == parameter(program_contributions.c.tenant_id),
        program_contributions.c.series_id == _SERIES_IDS,
        program_contributions.c.week >= _FROM,
        program_contributions.c.week < _BEFORE,
    )
    .order_by(*program_contributions.primary_key.columns)
)
_RECORDS: Final = sa.bindparam("records", type_=ARRAY(sa.Uuid))
_RELEASED: Final = compiled(
    sa.select(program_released.c.record_id).where(
        program_released.c.tenant_id == parameter(program_released.c.tenant_id),
        program_released.c.record_id == sa.func.any(_RECORDS),
    )
)


def _release_statement() -> Statement:
    """The block as it is shown from now on, and the records that are in it."""
    given = sa.select(sa.func.unnest(_RECORDS).label("record_id")).subquery("given")
    remembered = (
        insert(program_released)
        .from_select(
            ["tenant_id", "record_id"],
            sa.select(parameter(program_released.c.tenant_id), given.c.record_id),
        )
        .on_conflict_do_nothing()
        .returning(program_released.c.record_id)
        .cte("remembered")
    )
    row = insert(program_blocks).values({c.name: parameter(c) for c in program_blocks.c})
    changing = ("releases", "released_at", "clients", "professionals", "figures")
    block = row.on_conflict_do_update(
        index_elements=[c.name for c in program_blocks.primary_key.columns],
        set_={name: row.excluded[name] for name in changing},
    ).returning(program_blocks.c.releases)
    return compiled(block.add_cte(remembered))


_RELEASE: Final = _release_statement()
_POOL: Final = compiled(
    insert(program_series)
    .values({c.name: parameter(c) for c in program_series.c})
    .on_conflict_do_nothing()
    .returning(program_series.c.id)
)


_EXACTLY: Final = ("program_ref", "setting")
_OR_NONE: Final = ("instrument", "form", "language")
"""What of these coverage does not know, it has in the place of any."""


@cache
def _shown_statement(filters: frozenset[str]) -> Statement:
    """The blocks of some periods within a time, of series that have what the filters name."""
    series, blocks = program_series, program_blocks
    given = {name: parameter(series.c[name]) for name in sorted(filters)}
    return compiled(
        sa.select(
            *(blocks.c[name] for name in ("period", "starts_on", "released_at", "clients")),
            blocks.c.figures,
            *(series.c[name] for name in FIELDS),
        )
        .join(
            series,
            sa.and_(series.c.tenant_id == blocks.c.tenant_id, series.c.id == blocks.c.series_id),
        )
        .where(
            blocks.c.tenant_id == parameter(blocks.c.tenant_id),
            series.c.tenant_id == parameter(series.c.tenant_id),
            blocks.c.period == sa.func.any(sa.bindparam("periods", type_=ARRAY(sa.Text))),
            sa.or_(
                sa.and_(blocks.c.starts_on >= _FROM, blocks.c.starts_on < _BEFORE),
                series.c.stage == UNDATED,
            ),
            *(series.c[name] == given[name] for name in _EXACTLY if name in given),
            *(series.c[name].in_([given[name], ""]) for name in _OR_NONE if name in given),
        )
    )


async def tenants_due(transaction: Transaction, after: UUID, now: datetime) -> list[UUID]:
    """Tenants after this one with weeks that are to be looked at. Needs a worker's transaction."""
    return [row["tenant_id"] for row in await transaction.rows(_TENANTS, after=after, now=now)]


async def cells_due(transaction: Transaction, now: datetime) -> list[Row]:
    """The next weeks of series that are to be looked at, first those at their first step."""
    return await transaction.rows(_DUE, now=now)


async def look_later(
    transaction: Transaction, cell: Mapping[str, Any], step: int, look_at: datetime
) -> None:
    """Look at a week of a series once more, at another step."""
    await transaction.row(
        _LATER, series_id=cell["series_id"], week=cell["week"], step=step, look_at=look_at
    )


async def done_with(transaction: Transaction, cell: Mapping[str, Any]) -> None:
    """Look at a week of a series no more until it changes."""
    await transaction.row(_DONE, series_id=cell["series_id"], week=cell["week"])


async def series_row(transaction: Transaction, series_id: UUID) -> Row:
    """One series, which is there."""
    (row,) = await transaction.rows(_SERIES, id=series_id)
    return row


async def put_pooled(transaction: Transaction, row: Mapping[str, Any]) -> None:
    """Make a pooled series, if it is new."""
    await transaction.row(_POOL, **row)


async def leaf_groups_of(transaction: Transaction, kind: Mapping[str, Any]) -> list[UUID]:
    """The series of all leaf groups with one stream kind and stage."""
    rows = await transaction.rows(_OF_KIND, **{name: kind[name] for name in _GROUPS})
    return [row["id"] for row in rows]


async def blocks_within(
    transaction: Transaction, ids: Iterable[UUID], start: date, end: date
) -> list[Row]:
    """The blocks of these series that begin from start to before end."""
    return await transaction.rows(_BLOCKS, ids=list(ids), start=start, end=end)


async def contributions_within(
    transaction: Transaction, ids: Iterable[UUID], start: date, end: date
) -> list[Row]:
    """What alliances add to these series in the weeks from start to before end."""
    return await transaction.rows(_CONTRIBUTIONS, ids=list(ids), start=start, end=end)


async def shown_blocks(
    transaction: Transaction,
    filters: Mapping[str, str],
    periods: Iterable[str],
    start: date,
    end: date,
) -> list[Row]:
    """The blocks of these periods that begin from start to before end, and what they are of.

    filters: program_ref, setting, instrument, form or language -> which; absent: of all. Coverage
    and what was left out come with them, the latter also without a date.
    """
    statement = _shown_statement(frozenset(filters))
    return await transaction.rows(statement, **filters, periods=list(periods), start=start, end=end)


async def released_of(transaction: Transaction, records: Iterable[str]) -> frozenset[str]:
    """Those of the records that were in what was shown before."""
    rows = await transaction.rows(_RELEASED, records=[UUID(one) for one in records])
    return frozenset(str(row["record_id"]) for row in rows)


async def release(
    transaction: Transaction, block: Mapping[str, Any], records: Sequence[str]
) -> None:
    """Show a block as it is now, and remember what is in it."""
    await transaction.row(_RELEASE, **block, records=[UUID(one) for one in records])
