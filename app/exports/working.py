"""Making the files of exports, and removing them again. Any number of workers may."""

import hashlib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import Any, Final
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from app.database import NO_TENANT, Database, Row, Transaction
from app.errors import Problem
from app.exports import queries
from app.exports.pages import BEGINNING, Page, page_after
from app.exports.service import PARQUET, export_wanted
from app.exports.streams import beginning
from app.exports.wanted import Wanted
from app.instruments.definitions import Catalogue
from app.instruments.own import with_own
from app.tenants.turns import one_round

KEPT: Final = timedelta(hours=24)
"""How long a file can be fetched."""
STEPS: Final = 20
"""How many steps are done at most before the worker looks at something else: some two seconds."""
LEASE: Final = timedelta(seconds=60)
"""After that long without a step, another worker begins a Parquet file anew."""
MOST_FAILED_STEPS: Final = 8
"""After so many in a row an export is given up; the pauses between them double."""

_log = structlog.get_logger("rapport.exports")


@dataclass(frozen=True, slots=True)
class Writing:
    """A Parquet file that this process is writing."""

    tenant_id: UUID
    token: UUID
    file: Any
    """An app.exports.parquet.File: that module is loaded only where it is needed."""


Files = dict[UUID, Writing]
"""The Parquet files that a process is writing, by the id of their export."""


async def work_off(
    database: Database,
    catalogue: Catalogue,
    files: Files,
    now: datetime,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """How many steps were done for exports that were due, of every tenant, up to STEPS.

    Tenants take turns, a step each: a page is added to a file, or pieces of one are removed. A step
    is one transaction, so a worker that dies loses nothing and doubles nothing. Raises Unavailable
    and the like when Postgres cannot be asked.
    """

    async def due(after: UUID) -> list[UUID]:
        async with database.worker_transaction() as transaction:
            return await queries.tenants_due(transaction, after, now)

    async def step(tenant_id: UUID) -> bool:
        return await _step(database, catalogue, files, tenant_id, None, now)

    done = before = 0
    while done < STEPS:
        for export_id, writing in list(files.items()):
            done += await _step(database, catalogue, files, writing.tenant_id, export_id, now)
        done += await one_round(due, step, STEPS - done, stopping)
        if done == before or stopping():
            return done
        before = done
    return done


async def _step(  # noqa: PLR0917 - all that a step needs
    database: Database,
    catalogue: Catalogue,
    files: Files,
    tenant_id: UUID,
    export_id: UUID | None,
    now: datetime,
) -> bool:
    """Whether something was done for an export of the tenant; export_id: for that one."""
    row: Row | None = None
    try:
        async with database.transaction(tenant_id) as transaction:
            if export_id is None:
                row = await queries.due_export(transaction, now)
            else:
                row = await queries.locked_export(transaction, export_id)
            if row is None or _is_anothers(files, row, export_id):
                files.pop(export_id or NO_TENANT, None)
                return False
            await _see_to(transaction, catalogue, files, row, now)
    except Problem as problem:
        _log.warning("export_not_advanced", tenant=str(tenant_id), code=problem.code)
        if row is not None:
            files.pop(row["id"], None)
            await _put_off(database, tenant_id, row["id"], now)
        return False
    return True


def _is_anothers(files: Files, row: Row, export_id: UUID | None) -> bool:
    """Whether somebody else has begun the file anew that this process was writing."""
    return export_id is not None and files[export_id].token != row["writer"]


async def _see_to(
    transaction: Transaction, catalogue: Catalogue, files: Files, row: Row, now: datetime
) -> None:
    export: dict[str, Any] = {**row, "failed_steps": 0}
    if row["state"] not in queries.OPEN:
        files.pop(row["id"], None)
        await _remove(transaction, export, now)
        return
    catalogue = await with_own(transaction, catalogue, [row["request"]["instrument"]])
    wanted = export_wanted(catalogue, row)
    if [column.name for column in wanted.columns] != row["columns"]:
        export |= _failed("definitions_changed", now)
    elif wanted.request.format == "parquet":
        export |= await _parquet_step(transaction, files, export, wanted, now)
    else:
        export |= await _text_step(transaction, export, wanted, now)
    await queries.save(transaction, export)


async def _text_step(
    transaction: Transaction, export: Mapping[str, Any], wanted: Wanted, now: datetime
) -> dict[str, Any]:
    """What changes of the export with its next page, which is stored."""
    page = await page_after(transaction, wanted, export["position"] or BEGINNING)
    data = b"" if export["chunks"] else beginning(wanted)
    if page is None:
        return await _added(transaction, export, data) | _ready(now)
    added = await _added(transaction, export, data + page.content)
    return added | _went_on(export, page, now)


async def _parquet_step(
    transaction: Transaction,
    files: Files,
    export: Mapping[str, Any],
    wanted: Wanted,
    now: datetime,
) -> dict[str, Any]:
    """As _text_step. The file's end is known to the process alone that wrote all of it."""
    if find_spec(PARQUET) is None:
        return _failed("parquet_unavailable", now)
    writing = files.get(export["id"])
    if writing is None or writing.token != export["writer"]:
        files.pop(export["id"], None)
        if not await queries.remove_chunks(transaction, export["id"]):
            return {"due_at": now}
        parquet = importlib.import_module("app.exports.parquet")
        writing = Writing(transaction.tenant_id, uuid7(), parquet.File(wanted))
        files[export["id"]] = writing
        export = {**export, "position": None, "chunks": 0, "rows": 0, "bytes": 0}
    page = await page_after(transaction, wanted, export["position"] or BEGINNING)
    if page is None:
        files.pop(export["id"])
        return await _added(transaction, export, writing.file.end()) | _ready(now)
    added = await _added(transaction, export, writing.file.added(page.values))
    return {
        **added,
        **_went_on(export, page, now),
        "writer": writing.token,
        "due_at": now + LEASE,
    }


async def _added(
    transaction: Transaction, export: Mapping[str, Any], data: bytes
) -> dict[str, Any]:
    """The counts of the export with this piece, which is stored; without one they stay."""
    if data:
        sha256 = hashlib.sha256(data).digest()
        await queries.add_chunk(transaction, export["id"], export["chunks"], data, sha256)
    return {
        "chunks": export["chunks"] + bool(data),
        "bytes": export["bytes"] + len(data),
        "rows": export["rows"],
    }


def _went_on(export: Mapping[str, Any], page: Page, now: datetime) -> dict[str, Any]:
    # Due from now on: the tenant's exports take turns.
    return {
        "state": "running",
        "position": page.last,
        "rows": export["rows"] + page.rows,
        "due_at": now,
    }


def _ready(now: datetime) -> dict[str, Any]:
    expires_at = now + KEPT
    return {
        "state": "ready",
        "writer": None,
        "finished_at": now,
        "expires_at": expires_at,
        "due_at": expires_at,
    }


def _failed(failure: str, now: datetime) -> dict[str, Any]:
    # Due at once: pieces that are there are removed.
    return {"state": "failed", "failure": failure, "finished_at": now, "due_at": now}


async def _remove(transaction: Transaction, export: Mapping[str, Any], now: datetime) -> None:
    """Remove what is there of the file of an export that has ended."""
    state = "expired" if export["state"] == "ready" else export["state"]
    gone = await queries.remove_chunks(transaction, export["id"])
    await queries.save(transaction, {**export, "state": state, "due_at": None if gone else now})


async def _put_off(database: Database, tenant_id: UUID, export_id: UUID, now: datetime) -> None:
    """Try a step that failed again later; give the export up after MOST_FAILED_STEPS."""
    async with database.transaction(tenant_id) as transaction:
        row = await queries.locked_export(transaction, export_id)
        if row is None or row["state"] not in queries.OPEN:
            return
        failed_steps = row["failed_steps"] + 1
        changes = {
            "failed_steps": failed_steps,
            "writer": None,
            "due_at": now + timedelta(seconds=2**failed_steps),
        }
        if failed_steps >= MOST_FAILED_STEPS:
            changes |= _failed("interrupted", now)
        await queries.save(transaction, {**row, **changes})
