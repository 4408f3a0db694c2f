"""Statements on the chunks of imports: rows as they came, and what became of them."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.database import Row, Transaction
from app.imports.models import import_chunks
from app.job_statements import removal_of_chunks
from app.statements import compiled, parameter

REMOVED_AT_ONCE: Final = 20
"""How many chunks one transaction removes: at most some 20 MB."""
_OF_IMPORT: Final = (
    import_chunks.c.tenant_id == parameter(import_chunks.c.tenant_id),
    import_chunks.c.import_id == parameter(import_chunks.c.import_id),
)
_BY_NUMBER: Final = (*_OF_IMPORT, import_chunks.c.number == parameter(import_chunks.c.number))
_VERDICTS: Final = ("lines", "raw", "succeeded", "failed")
_ADD: Final = compiled(
    insert(import_chunks)
    .values(
        {
            name: parameter(import_chunks.c[name])
            for name in ("tenant_id", "import_id", "number", "lines", "raw")
        }
    )
    .returning(import_chunks.c.number)
)
_GET: Final = compiled(sa.select(import_chunks).where(*_BY_NUMBER))
_SAVE: Final = compiled(
    sa.update(import_chunks)
    .where(*_BY_NUMBER)
    .values({name: parameter(import_chunks.c[name]) for name in _VERDICTS})
    .returning(import_chunks.c.number)
)
_REMOVE: Final = removal_of_chunks(import_chunks, import_chunks.c.import_id, REMOVED_AT_ONCE)


async def add(
    transaction: Transaction,
    import_id: UUID,
    number: int,
    lines: Sequence[int],
    raw: Sequence[bytes],
) -> None:
    """Store the next rows: the line that each begins at, and its bytes."""
    await transaction.row(_ADD, import_id=import_id, number=number, lines=lines, raw=raw)


async def get(transaction: Transaction, import_id: UUID, number: int) -> Row | None:
    """One chunk; None: it is gone, or never was."""
    return await transaction.row(_GET, import_id=import_id, number=number)


async def save_verdicts(
    transaction: Transaction,
    import_id: UUID,
    number: int,
    verdicts: tuple[Sequence[Any], Sequence[Any]],
    left: tuple[Sequence[int], Sequence[bytes]],
) -> None:
    """Put what became of the rows in their place; left: lines and bytes of those that failed."""
    (succeeded, failed), (lines, raw) = verdicts, left
    await transaction.row(
        _SAVE,
        import_id=import_id,
        number=number,
        succeeded=succeeded,
        failed=failed,
        lines=lines,
        raw=raw,
    )


async def remove(transaction: Transaction, import_id: UUID) -> bool:
    """Remove chunks, up to REMOVED_AT_ONCE; whether all of them are gone now."""
    (row,) = await transaction.rows(_REMOVE, import_id=import_id)
    found: int = row["removed"]
    return found < REMOVED_AT_ONCE
