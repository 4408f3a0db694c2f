"""Statements on exports that the worker makes, and on the pieces of their files."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.database import Row, Transaction
from app.exports.models import export_chunks, exports
from app.responses.models import responses
from app.statements import Statement, compiled, parameter

LOOKED_AT: Final = 500
"""How many tenants are looked up at a time."""
REMOVED_AT_ONCE: Final = 50
"""How many pieces of a file one transaction removes."""
OPEN: Final = ("queued", "running")
_TENANT: Final = exports.c.tenant_id == parameter(exports.c.tenant_id)
_BY_ID: Final = (_TENANT, exports.c.id == parameter(exports.c.id))
_NOW: Final = sa.bindparam("now", type_=exports.c.due_at.type)
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
_INSERT: Final = compiled(
    insert(exports).values({c.name: parameter(c) for c in exports.c}).returning(exports)
)
_GET: Final = compiled(sa.select(exports).where(*_BY_ID))
_LOCK: Final = compiled(sa.select(exports).where(*_BY_ID).with_for_update())
_OPEN: Final = compiled(
    sa.select(sa.func.count().label("open")).where(
        _TENANT, sa.or_(*(exports.c.state == state for state in OPEN))
    )
)
_SAVE: Final = compiled(
    sa.update(exports)
    .where(*_BY_ID)
    .values({name: parameter(exports.c[name]) for name in _CHANGING})
    .returning(exports)
)
_TENANTS: Final = compiled(
    sa.select(exports.c.tenant_id)
    .where(exports.c.due_at <= _NOW, exports.c.tenant_id > sa.bindparam("after", type_=sa.Uuid))
    .distinct()
    .order_by(exports.c.tenant_id)
    .limit(LOOKED_AT),
    of_one_tenant=False,
)
_DUE: Final = compiled(
    sa.select(exports)
    .where(_TENANT, exports.c.due_at <= _NOW)
    .order_by(exports.c.due_at, exports.c.id)
    .limit(1)
    # What another worker is at is left to that one.
    .with_for_update(skip_locked=True)
)
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


def _remove_statement() -> Statement:
    first = (
        sa.select(export_chunks.c.number)
        .where(*_OF_EXPORT)
        .order_by(export_chunks.c.number)
        .limit(REMOVED_AT_ONCE)
    )
    removed = (
        sa.delete(export_chunks)
        .where(*_OF_EXPORT, export_chunks.c.number.in_(first))
        .returning(export_chunks.c.number)
        .cte("removed")
    )
    return compiled(sa.select(sa.func.count().label("removed")).select_from(removed))


_REMOVE: Final = _remove_statement()


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
    (row,) = await transaction.rows(_INSERT, **export)
    return row


async def export(transaction: Transaction, export_id: UUID) -> Row | None:
    """One export; None: there is none."""
    return await transaction.row(_GET, id=export_id)


async def locked_export(transaction: Transaction, export_id: UUID) -> Row | None:
    """As export, its row locked to the end of the transaction."""
    return await transaction.row(_LOCK, id=export_id)


async def open_exports(transaction: Transaction) -> int:
    """How many of the tenant's exports are not done yet."""
    (row,) = await transaction.rows(_OPEN)
    found: int = row["open"]
    return found


async def save(transaction: Transaction, export: Mapping[str, Any]) -> Row:
    """The export with everything that changes as given. The caller holds its lock."""
    values = {name: export[name] for name in _CHANGING}
    (row,) = await transaction.rows(_SAVE, id=export["id"], **values)
    return row


async def tenants_due(transaction: Transaction, after: UUID, now: datetime) -> list[UUID]:
    """Tenants after this one with an export that the worker has to see to. Needs a worker's."""
    rows = await transaction.rows(_TENANTS, after=after, now=now)
    return [row["tenant_id"] for row in rows]


async def due_export(transaction: Transaction, now: datetime) -> Row | None:
    """The export that has waited longest, locked; None: nothing waits, or others are at it."""
    return await transaction.row(_DUE, now=now)


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
