"""A row for every table of tenant data, made from the description of the table alone."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import asyncpg
import sqlalchemy as sa

import app.alliances.models
import app.comparisons.models
import app.events.models
import app.exports.models
import app.idempotency.models
import app.imports.models
import app.instruments.models
import app.marks.models
import app.occasions.models
import app.programs.models
import app.responses.models
import app.signals.models
import app.tenants.models
import app.wordings.models  # noqa: F401 - the imports fill the metadata
from app.database import APP_ROLE, PLATFORM_ROLE
from app.statements import metadata

TABLES: Final = [table for table in metadata.sorted_tables if "tenant_id" in table.c]
"""Every table of tenant data, what others point to first."""
MADE_BY_PLATFORM: Final = {"tenants", "api_keys", "merge_heads"}
SPECIAL: Final[dict[str, dict[str, object]]] = {
    "invitations": {"state": "completed"},
    "text_packs": {"ended_at": None, "ended_as": None},
    "responses": {"record_kind": "answered", "reported_scores": None},
    "program_comparisons": {"withheld": None},
    "imports": {"columns": ["x"]},
    "import_chunks": {"lines": [1], "raw": [b"x"]},
}
"""What the checks of a table ask for."""
_VALUES: Final[dict[type, object]] = {
    str: "x",
    bytes: b"x",
    bool: False,
    int: 1,
    float: 1.5,
    Decimal: Decimal("1.5"),
    date: date(2026, 10, 1),
    datetime: datetime(2026, 10, 1, tzinfo=UTC),
    dict: "{}",
    list: ["x"],
}


def row_of(table: sa.Table, tenant_id: UUID, mark: UUID) -> dict[str, Any]:
    """A row that the table takes; mark stands for every id, so that every reference holds."""
    row = {column.name: _value(column, mark) for column in table.c}
    return row | SPECIAL.get(table.name, {}) | {"tenant_id": tenant_id}


def _value(column: sa.Column[Any], mark: UUID) -> object:
    kind = dict if isinstance(column.type, sa.JSON) else column.type.python_type
    return mark if kind is UUID else _VALUES[kind]


def role_for(table: sa.Table) -> str:
    """The role that adds rows to the table."""
    return PLATFORM_ROLE if table.name in MADE_BY_PLATFORM else APP_ROLE


async def insert(
    connection: asyncpg.Connection, table: sa.Table, row: dict[str, Any], ending: str = ""
) -> list[asyncpg.Record]:
    """Add a row as whoever the connection is; what RETURNING gives."""
    places = ", ".join(f"${number}" for number, _ in enumerate(row, 1))
    found: list[asyncpg.Record] = await connection.fetch(
        f"INSERT INTO {table.name} ({', '.join(row)}) VALUES ({places}) {ending}",  # noqa: S608
        *row.values(),
    )
    return found


async def fill(connection: asyncpg.Connection, tenant_id: UUID, mark: UUID) -> None:
    """One row in every table, each added by the role that adds such rows, as this tenant."""
    async with connection.transaction():
        await become(connection, tenant_id)
        for table in TABLES:
            await connection.execute(f"SET LOCAL ROLE {role_for(table)}")
            await insert(connection, table, row_of(table, tenant_id, mark))


async def become(connection: asyncpg.Connection, tenant_id: UUID) -> None:
    """Say whose transaction it is, as the door does."""
    await connection.execute(f"SET LOCAL app.tenant = '{tenant_id}'")
