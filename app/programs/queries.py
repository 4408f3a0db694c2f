"""Statements that add up: what alliances add, the weekly sums, and how far that is done."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from app.alliances.models import alliances
from app.database import NO_TENANT, Row, Transaction
from app.events.models import event_heads, events
from app.programs.models import (
    program_cells,
    program_contributions,
    program_heads,
    program_series,
    program_weeks,
)
from app.statements import Statement, arrays_of, compiled, parameter, unnested
from app.tenants.models import signal_settings

LOOKED_AT: Final = 500
"""How many tenants are looked up at a time."""
_IDS: Final = sa.func.any(sa.bindparam("ids", type_=ARRAY(sa.Uuid)))
_AFTER: Final = sa.bindparam("after", type_=sa.Uuid)
_LIMIT: Final = sa.bindparam("limit", type_=sa.Integer)
_POSITION: Final = sa.bindparam("position", type_=sa.BigInteger)
_WAITING: Final = compiled(
    sa.select(event_heads.c.tenant_id)
    .outerjoin(program_heads, program_heads.c.tenant_id == event_heads.c.tenant_id)
    .where(
        event_heads.c.tenant_id > _AFTER,
        sa.or_(
            program_heads.c.tenant_id.is_(None),
            program_heads.c.position < event_heads.c.position,
            program_heads.c.sweeping,
        ),
    )
    .order_by(event_heads.c.tenant_id)
    .limit(LOOKED_AT),
    of_one_tenant=False,
)
_KNOWN: Final = compiled(
    sa.select(program_heads.c.tenant_id)
    .where(program_heads.c.tenant_id > _AFTER)
    .order_by(program_heads.c.tenant_id)
    .limit(LOOKED_AT),
    of_one_tenant=False,
)
_OWN_HEAD: Final = program_heads.c.tenant_id == parameter(program_heads.c.tenant_id)
_HOLD: Final = compiled(sa.select(program_heads).where(_OWN_HEAD).with_for_update(skip_locked=True))
_READ: Final = compiled(sa.select(program_heads).where(_OWN_HEAD))
_MAKE: Final = compiled(
    insert(program_heads)
    .values(
        tenant_id=parameter(program_heads.c.tenant_id),
        position=sa.literal(0),
        basis=sa.literal(""),
        sweeping=sa.false(),
        swept_to=sa.literal(NO_TENANT, sa.Uuid),
    )
    .on_conflict_do_nothing()
    .returning(program_heads.c.tenant_id)
)
_ADVANCE: Final = compiled(
    sa.update(program_heads)
    .where(_OWN_HEAD)
    .values(
        {name: parameter(program_heads.c[name]) for name in ("position", "basis", "swept_to")}
        | {"sweeping": sa.bindparam("sweeping", type_=sa.Boolean)}
    )
    .returning(program_heads.c.tenant_id)
)
_EVENTS: Final = compiled(
    sa.select(events.c.position, events.c.alliance_id)
    .where(events.c.tenant_id == parameter(events.c.tenant_id), events.c.position > _POSITION)
    .order_by(events.c.position)
    .limit(_LIMIT)
)
_NEXT_ALLIANCES: Final = compiled(
    sa.select(alliances.c.id)
    .where(alliances.c.tenant_id == parameter(alliances.c.tenant_id), alliances.c.id > _AFTER)
    .order_by(alliances.c.id)
    .limit(_LIMIT)
)
_SETTINGS: Final = compiled(
    sa.select(signal_settings)
    .where(signal_settings.c.tenant_id == parameter(signal_settings.c.tenant_id))
    .order_by(signal_settings.c.version.desc())
    .limit(1)
)


_CONTRIBUTIONS: Final = compiled(
    sa.select(program_contributions).where(
        program_contributions.c.tenant_id == parameter(program_contributions.c.tenant_id),
        program_contributions.c.alliance_id == _IDS,
    )
)


def _rows_of(table: sa.Table) -> tuple[sa.Column[Any], ...]:
    return tuple(column for column in table.c if column.name != "tenant_id")


_KEY: Final = tuple(
    column for column in program_contributions.primary_key.columns if column.name != "tenant_id"
)
_WEEK_KEY: Final = tuple(
    column for column in program_weeks.primary_key.columns if column.name != "tenant_id"
)


def _same_row(table: sa.Table, given: sa.FromClause, key: Sequence[sa.Column[Any]]) -> list[Any]:
    return [
        table.c.tenant_id == parameter(table.c.tenant_id),
        *(table.c[column.name] == given.c[column.name] for column in key),
    ]


def _put(table: sa.Table) -> Statement:
    """Insert the rows given; what is there already is replaced where that is allowed."""
    columns = _rows_of(table)
    given = unnested("given", columns)
    row = insert(table).from_select(
        ["tenant_id", *(column.name for column in columns)],
        sa.select(parameter(table.c.tenant_id), *(given.c[column.name] for column in columns)),
    )
    keyed = table.primary_key.columns
    changing = [column.name for column in columns if column.name not in keyed]
    index = [column.name for column in keyed]
    if table in {program_weeks, program_cells}:
        put = row.on_conflict_do_update(
            index_elements=index, set_={name: row.excluded[name] for name in changing}
        )
    else:
        put = row.on_conflict_do_nothing(index_elements=index)
    return compiled(put.returning(table.c.tenant_id))


def _take(table: sa.Table, key: Sequence[sa.Column[Any]]) -> Statement:
    given = unnested("given", key)
    return compiled(
        sa.delete(table).where(*_same_row(table, given, key)).returning(table.c.tenant_id)
    )


_PUT_SERIES: Final = _put(program_series)
_PUT_CONTRIBUTIONS: Final = _put(program_contributions)
_TAKE_CONTRIBUTIONS: Final = _take(program_contributions, _KEY)
_PUT_WEEKS: Final = _put(program_weeks)
_TAKE_WEEKS: Final = _take(program_weeks, _WEEK_KEY)
_PUT_CELLS: Final = _put(program_cells)
_GIVEN_WEEKS: Final = unnested("given", _WEEK_KEY)
_WEEKS: Final = compiled(
    sa.select(program_weeks).where(*_same_row(program_weeks, _GIVEN_WEEKS, _WEEK_KEY))
)


async def tenants_behind(transaction: Transaction, after: UUID) -> list[UUID]:
    """Tenants after this one whose events are not all added up. Needs a worker's transaction."""
    return [row["tenant_id"] for row in await transaction.rows(_WAITING, after=after)]


async def tenants_known(transaction: Transaction, after: UUID) -> list[UUID]:
    """Tenants after this one of which something was added up. Needs a worker's transaction."""
    return [row["tenant_id"] for row in await transaction.rows(_KNOWN, after=after)]


async def hold_head(transaction: Transaction) -> Row | None:
    """The tenant's head, held to the end of the transaction; None: another has it, or none is."""
    return await transaction.row(_HOLD)


async def head_of(transaction: Transaction) -> Row | None:
    """The tenant's head as it stands, whoever holds it; None: nothing was ever added up."""
    return await transaction.row(_READ)


async def make_head(transaction: Transaction) -> bool:
    """Make the tenant's head, before all positions. False: there is one."""
    return await transaction.row(_MAKE) is not None


async def advance(
    transaction: Transaction, position: int, basis: str, swept_to: UUID | None
) -> None:
    """How far it is added up. swept_to None: all alliances stand under the basis."""
    await transaction.row(
        _ADVANCE,
        position=position,
        basis=basis,
        sweeping=swept_to is not None,
        swept_to=swept_to or NO_TENANT,
    )


async def events_after(transaction: Transaction, position: int, limit: int) -> list[Row]:
    """Up to limit of the tenant's next events, position and alliance_id, in their order."""
    return await transaction.rows(_EVENTS, position=position, limit=limit)


async def alliances_after(transaction: Transaction, after: UUID, limit: int) -> list[UUID]:
    """Up to limit of the tenant's alliances after this one, in the order of ids."""
    return [row["id"] for row in await transaction.rows(_NEXT_ALLIANCES, after=after, limit=limit)]


async def settings_row(transaction: Transaction) -> Row | None:
    """The signal settings in force; None: the service's own."""
    return await transaction.row(_SETTINGS)


async def contributions_of(transaction: Transaction, ids: Iterable[UUID]) -> list[Row]:
    """What these alliances add by now."""
    return await transaction.rows(_CONTRIBUTIONS, ids=list(ids))


async def replace_contributions(
    transaction: Transaction, gone: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> None:
    """Take away rows, by their keys, and add others."""
    if gone:
        await transaction.row(_TAKE_CONTRIBUTIONS, **arrays_of(gone, _KEY))
    if new:
        columns = _rows_of(program_contributions)
        await transaction.row(_PUT_CONTRIBUTIONS, **arrays_of(new, columns))


async def put_series(transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make series that are new."""
    if rows:
        await transaction.row(_PUT_SERIES, **arrays_of(rows, _rows_of(program_series)))


async def weeks_at(transaction: Transaction, keys: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The weekly sums with these keys, those that there are."""
    return await transaction.rows(_WEEKS, **arrays_of(keys, _WEEK_KEY))


async def replace_weeks(
    transaction: Transaction, gone: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Set weekly sums, and take away those that nothing adds to any more."""
    if gone:
        await transaction.row(_TAKE_WEEKS, **arrays_of(gone, _WEEK_KEY))
    if rows:
        await transaction.row(_PUT_WEEKS, **arrays_of(rows, _rows_of(program_weeks)))


async def put_cells(transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """When to look at weeks of series, from the first step on."""
    if rows:
        await transaction.row(_PUT_CELLS, **arrays_of(rows, _rows_of(program_cells)))
