"""Statements on exports that the worker makes, and on the pieces of their files."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.database import Row, Transaction
from app.exports.models import export_chunks, exports
from app.job_statements import job_statements, removal_of_chunks
from app.responses.models import responses
from app.statements import Statement, compiled, parameter

REMOVED_AT_ONCE: Final = 50
"""How many pieces of a file one transaction removes."""
OPEN: Final = ("queued", "running")
_CHANGING: Final = (
    "state",
    "failure",
    "position",
    "writer",
    "chunks",
    "rows",
    "bytes",
    "failed_steps",
    "finished_at",
    "expires_at",
    "due_at",
)
_OF_EXPORT: Final = (
    export_chunks.c.tenant_id == parameter(export_chunks.c.tenant_id),
    export_chunks.c.export_id == parameter(export_chunks.c.export_id),
)
_JOBS: Final = job_statements(exports, _CHANGING, OPEN)
_ADD: Final = compiled(
    insert(export_chunks)
    .values({c.name: parameter(c) for c in export_chunks.c})
    .returning(export_chunks.c.number)
)
_CHUNK: Final = compiled(
    sa.select(export_chunks.c.data, export_chunks.c.sha256).where(
        *_OF_EXPORT, export_chunks.c.number == parameter(export_chunks.c.number)
    )
)
_REMOVE: Final = removal_of_chunks(export_chunks, export_chunks.c.export_id, REMOVED_AT_ONCE)


def _narrowed_statement() -> Statement:
    """Whether a version that came since was given with a narrower notice than the one before."""
    before = responses.alias("before")
    audience, level = responses.c.notice["audience"], responses.c.notice["level"].astext
    was, level_was = before.c.notice["audience"], before.c.notice["level"].astext
    narrower = sa.or_(
        sa.not_(audience.contains(was)),
        sa.and_(level_was == "items", level != "items"),
        sa.and_(level_was == "scores", level == "signals"),
    )
    found = (
        sa.select(responses.c.id)
        .join(
            before,
            sa.and_(before.c.tenant_id == responses.c.tenant_id, before.c.id == responses.c.amends),
        )
        .where(
            responses.c.tenant_id == parameter(responses.c.tenant_id),
            responses.c.amends.is_not(None),
            responses.c.received_at > sa.bindparam("since", type_=responses.c.received_at.type),
            narrower,
        )
    )
    return compiled(sa.select(sa.exists(found).label("narrowed")))


_NARROWED: Final = _narrowed_statement()


async def insert_export(transaction: Transaction, export: Mapping[str, Any]) -> Row:
    """The new export as stored."""
    (row,) = await transaction.rows(_JOBS.insert, **export)
    return row


async def export(transaction: Transaction, export_id: UUID) -> Row | None:
    """One export; None: there is none."""
    return await transaction.row(_JOBS.get, id=export_id)


async def locked_export(transaction: Transaction, export_id: UUID) -> Row | None:
    """As export, its row locked to the end of the transaction."""
    return await transaction.row(_JOBS.lock, id=export_id)


async def open_exports(transaction: Transaction) -> int:
    """How many of the tenant's exports are not done yet."""
    (row,) = await transaction.rows(_JOBS.standing)
    found: int = row["standing"]
    return found


async def save(transaction: Transaction, export: Mapping[str, Any]) -> Row:
    """The export with everything that changes as given. The caller holds its lock."""
    values = {name: export[name] for name in _CHANGING}
    (row,) = await transaction.rows(_JOBS.save, id=export["id"], **values)
    return row


async def tenants_due(transaction: Transaction, after: UUID, now: datetime) -> list[UUID]:
    """Tenants after this one with an export that the worker has to see to. Needs a worker's."""
    rows = await transaction.rows(_JOBS.tenants_due, after=after, now=now)
    return [row["tenant_id"] for row in rows]


async def due_export(transaction: Transaction, now: datetime) -> Row | None:
    """The export that has waited longest, locked; None: nothing waits, or others are at it."""
    return await transaction.row(_JOBS.due, now=now)


async def add_chunk(
    transaction: Transaction, export_id: UUID, number: int, data: bytes, sha256: bytes
) -> None:
    """Store the next piece of a file."""
    await transaction.row(_ADD, export_id=export_id, number=number, data=data, sha256=sha256)


async def chunk(transaction: Transaction, export_id: UUID, number: int) -> Row | None:
    """Data and sha256 of a piece of a file; None: it is gone."""
    return await transaction.row(_CHUNK, export_id=export_id, number=number)


async def remove_chunks(transaction: Transaction, export_id: UUID) -> bool:
    """Remove pieces of a file, up to REMOVED_AT_ONCE; whether all of them are gone now."""
    (row,) = await transaction.rows(_REMOVE, export_id=export_id)
    found: int = row["removed"]
    return found < REMOVED_AT_ONCE


async def narrowed_since(transaction: Transaction, since: datetime) -> bool:
    """Whether a rater has since been told of fewer readers, or of less, than for a version before.

    Looks at amendments alone, along their own index.
    """
    (row,) = await transaction.rows(_NARROWED, since=since)
    return bool(row["narrowed"])
