"""Statements on imports and on the names of their files."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.database import NO_TENANT, Row, Transaction
from app.imports.models import import_names, imports
from app.job_statements import job_statements
from app.statements import compiled, parameter

WORKED_OFF: Final = ("queued", "running")
STANDING: Final = ("incomplete", *WORKED_OFF)
"""States of imports that have not ended."""
_TENANT: Final = imports.c.tenant_id == parameter(imports.c.tenant_id)
_CHANGING: Final = (
    "state",
    "failure",
    "sha256",
    "bytes",
    "rows",
    "chunks",
    "done_chunks",
    "succeeded",
    "failed",
    "failed_steps",
    "uploaded_at",
    "finished_at",
    "expires_at",
    "due_at",
)
_JOBS: Final = job_statements(imports, _CHANGING, STANDING)
_OF_ACTOR: Final = (
    imports.c.actor_role.is_not_distinct_from(parameter(imports.c.actor_role)),
    imports.c.actor_ref.is_not_distinct_from(parameter(imports.c.actor_ref)),
)
_PAGE: Final = compiled(
    sa.select(imports)
    .where(_TENANT, *_OF_ACTOR, imports.c.id > sa.bindparam("after", type_=sa.Uuid))
    .order_by(imports.c.id)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_NAMED: Final = (
    import_names.c.tenant_id == parameter(import_names.c.tenant_id),
    import_names.c.source == parameter(import_names.c.source),
    import_names.c.external_id == parameter(import_names.c.external_id),
)
_NAME: Final = compiled(
    insert(import_names)
    .values({c.name: parameter(c) for c in import_names.c})
    .on_conflict_do_nothing()
    .returning(import_names.c.import_id)
)
_BY_NAME: Final = compiled(
    sa.select(imports)
    .join(
        import_names,
        sa.and_(
            import_names.c.tenant_id == imports.c.tenant_id,
            import_names.c.import_id == imports.c.id,
        ),
    )
    .where(*_NAMED)
)
_UNNAME: Final = compiled(
    sa.delete(import_names)
    .where(*_NAMED, import_names.c.import_id == parameter(import_names.c.import_id))
    .returning(import_names.c.import_id)
)


async def insert_import(transaction: Transaction, row: Mapping[str, Any]) -> Row:
    """The new import as stored."""
    (stored,) = await transaction.rows(_JOBS.insert, **row)
    return stored


async def get(transaction: Transaction, import_id: UUID) -> Row | None:
    """One import; None: there is none."""
    return await transaction.row(_JOBS.get, id=import_id)


async def locked(transaction: Transaction, import_id: UUID) -> Row | None:
    """As get, its row locked to the end of the transaction."""
    return await transaction.row(_JOBS.lock, id=import_id)


async def imports_after(
    transaction: Transaction, actor: Mapping[str, str | None], after: UUID | None, limit: int
) -> list[Row]:
    """Up to limit imports that this actor has sent, in the order of their ids."""
    return await transaction.rows(_PAGE, **actor, after=after or NO_TENANT, limit=limit)


async def how_many_stand(transaction: Transaction) -> int:
    """How many of the tenant's imports have not ended."""
    (row,) = await transaction.rows(_JOBS.standing)
    found: int = row["standing"]
    return found


async def save(transaction: Transaction, row: Mapping[str, Any]) -> Row:
    """The import with everything that changes as given. The caller holds its lock."""
    values = {name: row[name] for name in _CHANGING}
    (stored,) = await transaction.rows(_JOBS.save, id=row["id"], **values)
    return stored


async def tenants_due(transaction: Transaction, after: UUID, now: datetime) -> list[UUID]:
    """Tenants after this one with an import that the worker has to see to. Needs a worker's."""
    rows = await transaction.rows(_JOBS.tenants_due, after=after, now=now)
    return [row["tenant_id"] for row in rows]


async def due(transaction: Transaction, now: datetime) -> Row | None:
    """The import that has waited longest, locked; None: nothing waits, or others are at it."""
    return await transaction.row(_JOBS.due, now=now)


async def take_name(transaction: Transaction, row: Mapping[str, Any]) -> bool:
    """Give the import the name that it was sent under; False: another has it."""
    names = {"source": row["source"], "external_id": row["external_id"]}
    return await transaction.row(_NAME, **names, import_id=row["id"]) is not None


async def named(transaction: Transaction, source: str, external_id: str) -> Row | None:
    """The import that has this name; None: none has."""
    return await transaction.row(_BY_NAME, source=source, external_id=external_id)


async def free_name(transaction: Transaction, row: Mapping[str, Any]) -> None:
    """Take the import's name from it, so that its file can be sent again under it."""
    if row["external_id"] is not None:
        names = {"source": row["source"], "external_id": row["external_id"]}
        await transaction.row(_UNNAME, **names, import_id=row["id"])
