"""Tables described and statements compiled once with SQLAlchemy Core; they run in app.database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from pydantic_core import to_json
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table of the service; a domain's tables stand in its models.py."""

_DIALECT: Final = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL ready for asyncpg and the names of its parameters in order; tenant_id is among them."""

    sql: str
    parameters: tuple[str, ...]
    literals: Mapping[str, object]
    """The parameters that the statement brings itself."""


def compiled(statement: sa.ClauseElement, *, of_one_tenant: bool = True) -> Statement:
    """The statement as asyncpg runs it.

    Raises ValueError when it does not name tenant_id: every statement carries the tenant, but for
    the few of the platform and the worker that say so.
    """
    result = statement.compile(dialect=_DIALECT)
    parameters = tuple(result.positiontup or ())  # type: ignore[attr-defined]
    if of_one_tenant and "tenant_id" not in parameters:
        raise ValueError("A statement on tenant data must name tenant_id.")
    literals = {name: b.value for name, b in result.binds.items() if not b.required}  # type: ignore[attr-defined]
    return Statement(str(result), parameters, literals)


def parameter(column: sa.Column[Any]) -> sa.BindParameter[Any]:
    """A parameter with the name and the type of a column."""
    return sa.bindparam(column.name, type_=column.type)


def unnested(name: str, columns: Iterable[sa.Column[Any]]) -> sa.FromClause:
    """Rows given as one array for each column; the arrays are parameters named like the columns.

    JSON comes as text: a list of lists would become one array of two dimensions.
    """
    kinds = {c.name: sa.Text() if _is_json(c) else c.type for c in columns}
    arrays = (sa.bindparam(each, type_=ARRAY(kind)) for each, kind in kinds.items())
    given = (
        sa.func.unnest(*arrays)
        .table_valued(*(sa.column(each, kind) for each, kind in kinds.items()))
        .render_derived(name=f"{name}_given")
    )
    read = (
        sa.cast(given.c[c.name], JSONB).label(c.name) if _is_json(c) else given.c[c.name]
        for c in columns
    )
    return sa.select(*read).select_from(given).cte(name)


class JsonText(str):
    """A value of a JSON column that has been written already."""

    __slots__ = ()


def arrays_of(
    rows: Iterable[Mapping[str, Any]], columns: Iterable[sa.Column[Any]]
) -> dict[str, list[Any]]:
    """The parameters for the rows of an unnested. A value that a row lacks is null."""
    found = list(rows)
    return {
        c.name: [json_text(row.get(c.name)) for row in found]
        if _is_json(c)
        else [row.get(c.name) for row in found]
        for c in columns
    }


def json_text(value: object) -> str | None:
    """The JSON of plain values and of pydantic models alike; None stays None."""
    if value is None or isinstance(value, JsonText):
        return value
    return to_json(value).decode()


def _is_json(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, JSONB)
