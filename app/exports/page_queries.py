"""One page of an export: where it ends, what a reader may see of it, its rows as written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal
from uuid import UUID

import sqlalchemy as sa

from app.alliances.models import alliances, person_merges
from app.database import Row, Transaction
from app.edge.tables import FORMULA_FIRST
from app.exports.columns import Column, Kind
from app.exports.entity_queries import (
    alliance_cells,
    of_alliances,
    of_wanted_signals,
    signal_cells,
    visible_signals,
)
from app.exports.items import Item, columns_of
from app.exports.row_queries import AFTER, LAST, Cells, response_cells, score_cells
from app.responses.models import responses
from app.signals.models import signals
from app.signals.queries import Reading, reading_values
from app.statements import Statement, compiled, parameter

Written = Literal["csv", "ndjson", "typed"]
RISKY: Final = f"^[{FORMULA_FIRST}]"
"""A text that a spreadsheet may take for a formula: one more sign is set before it."""
HARMLESS_FROM: Final = "A"
HARMLESS_TO: Final = "\uff00"
"""Between these no text is risky; most begin there, and it is quicker to see than a pattern."""
_TABLES: Final[Mapping[Kind, sa.Table]] = {
    "responses": responses,
    "scores": responses,
    "signals": signals,
    "alliances": alliances,
}


@lru_cache
def _end_statement(kind: Kind) -> Statement:
    table = _TABLES[kind]
    page = (
        sa.select(table.c.id)
        .where(table.c.tenant_id == parameter(table.c.tenant_id), table.c.id > AFTER)
        .order_by(table.c.id)
        .limit(sa.bindparam("size", type_=sa.Integer))
        .subquery("page")
    )
    return compiled(sa.select(page.c.id).order_by(page.c.id.desc()).limit(1))


def _present(ref: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """The reference that this one of the acting person's role has become, in alliance's source."""
    merged = (
        sa.select(person_merges.c.current_ref)
        .where(
            person_merges.c.tenant_id == alliances.c.tenant_id,
            person_merges.c.source == alliances.c.source,
            person_merges.c.role == sa.bindparam("own_role", type_=sa.Text),
            person_merges.c.from_ref == ref,
        )
        .correlate(alliances, responses)
        .scalar_subquery()
    )
    return sa.func.coalesce(merged, ref)


def _of_page() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        responses.c.tenant_id == parameter(responses.c.tenant_id),
        responses.c.id > AFTER,
        responses.c.id <= LAST,
    )


def _own_statement() -> Statement:
    ref = sa.bindparam("own_ref", type_=sa.Text)
    same = sa.or_(responses.c.rater_ref == ref, _present(responses.c.rater_ref) == _present(ref))
    return compiled(
        sa.select(responses.c.id)
        .join(
            alliances,
            sa.and_(
                alliances.c.tenant_id == responses.c.tenant_id,
                alliances.c.id == responses.c.alliance_id,
            ),
        )
        .where(*_of_page(), responses.c.rater_role == sa.bindparam("own_role", type_=sa.Text), same)
    )


_OWN: Final = _own_statement()
_SUCCESSOR: Final = responses.alias("successor")
_REPLACED: Final = compiled(
    sa.select(responses.c.id, _SUCCESSOR.c.id.label("amended_by"))
    .join(
        _SUCCESSOR,
        sa.and_(
            _SUCCESSOR.c.tenant_id == responses.c.tenant_id,
            _SUCCESSOR.c.amends == responses.c.id,
            _SUCCESSOR.c.amends.is_not(None),
        ),
    )
    .where(*_of_page())
)


@lru_cache
def _of_programme_statement(kind: Kind) -> Statement:
    table = _TABLES[kind]
    return compiled(
        sa.select(table.c.id).where(
            table.c.tenant_id == parameter(table.c.tenant_id),
            table.c.id > AFTER,
            table.c.id <= LAST,
            table.c.program_ref == sa.bindparam("program_ref", type_=sa.Text),
        )
    )


@lru_cache
def _visible_statement(given: frozenset[str]) -> Statement:
    return compiled(visible_signals(given))


@dataclass(frozen=True, slots=True)
class Shape:
    """How the rows of a page are asked for."""

    kind: Kind
    written: Written
    items: tuple[Item, ...]
    given: frozenset[str]
    """Names of the filters; `all`: every version; `system`: no person acts."""


@lru_cache(maxsize=256)
def _rows_statement(shape: Shape) -> Statement:
    cells = _cells(shape)
    columns = columns_of(shape.kind, shape.items)
    write = {"csv": _csv_cell, "ndjson": _json_cell, "typed": _typed_cell}[shape.written]
    select: sa.Select[Any] = sa.select(*(write(c, cells[c.name]).label(c.name) for c in columns))
    if shape.kind == "signals":
        select = of_wanted_signals(select)
    elif shape.kind == "alliances":
        select = of_alliances(select, shape.given)
    else:
        select = select.order_by(sa.text("judged.id"))
    if shape.written == "ndjson":
        line = select.subquery("line")
        select = sa.select(sa.func.row_to_json(sa.literal_column("line"))).select_from(line)
    return compiled(select)


def _cells(shape: Shape) -> Cells:
    if shape.kind == "responses":
        return response_cells(shape.given, shape.items)
    if shape.kind == "scores":
        return score_cells(shape.given)
    return signal_cells() if shape.kind == "signals" else alliance_cells()


def _csv_cell(column: Column, cell: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    if column.type == "text":
        by_byte = cell.collate("C")
        harmless = sa.and_(by_byte >= HARMLESS_FROM, by_byte < HARMLESS_TO)
        return sa.case((harmless, cell), (cell.op("~")(RISKY), "'" + cell), else_=cell)
    if column.type == "instant":
        return sa.func.btrim(sa.cast(sa.func.to_json(cell), sa.Text), '"')
    return sa.cast(cell, sa.Text) if column.type in {"boolean", "json"} else cell


def _json_cell(_: Column, cell: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return cell


def _typed_cell(column: Column, cell: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    if column.type in {"json", "id"}:
        return sa.cast(cell, sa.Text)
    return sa.cast(cell, sa.Float) if column.type == "number" else cell


async def page_end(transaction: Transaction, kind: Kind, after: UUID, size: int) -> UUID | None:
    """The last of the next size records after this one, whether wanted or not; None: no more."""
    row = await transaction.row(_end_statement(kind), after=after, size=size)
    return row and row["id"]


async def own_ids(
    transaction: Transaction, reading: Reading, after: UUID, last: UUID
) -> list[UUID]:
    """The responses of a page that the person acting has given, under whatever reference."""
    rows = await transaction.rows(
        _OWN, after=after, last=last, own_role=reading.rater_role, own_ref=reading.rater_ref
    )
    return [row["id"] for row in rows]


async def replaced(transaction: Transaction, after: UUID, last: UUID) -> list[Row]:
    """Id and amended_by of the responses of a page that another version has replaced by now."""
    return await transaction.rows(_REPLACED, after=after, last=last)


async def ids_of_programme(
    transaction: Transaction, kind: Kind, program_ref: str, after: UUID, last: UUID
) -> list[UUID]:
    """The responses or alliances of a page that are of a programme."""
    rows = await transaction.rows(
        _of_programme_statement(kind), program_ref=program_ref, after=after, last=last
    )
    return [row["id"] for row in rows]


async def signals_seen(
    transaction: Transaction,
    reading: Reading,
    given: frozenset[str],
    values: Mapping[str, Any],
) -> list[Row]:
    """Id and numbers of the signals of a page that this reader may see, and wants."""
    statement = _visible_statement(given)
    return await transaction.rows(statement, **{**values, **reading_values(reading)})


async def copied(
    transaction: Transaction, shape: Shape, values: Mapping[str, Any]
) -> tuple[bytes, int]:
    """The rows of a page as CSV or as lines of JSON, and how many there are."""
    return await transaction.copied(
        _rows_statement(shape), as_lines=shape.written == "ndjson", **values
    )


async def typed(transaction: Transaction, shape: Shape, values: Mapping[str, Any]) -> Sequence[Row]:
    """The rows of a page as values."""
    return await transaction.rows(_rows_statement(shape), **values)
