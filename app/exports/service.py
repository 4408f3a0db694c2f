"""Exports: asking for one, how it stands, fetching and cancelling it."""

import hashlib
from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from importlib.util import find_spec
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from app.database import TRANSACTION_SECONDS, Row, Transaction
from app.errors import FieldError, InternalError, InvalidRequest, NotFound
from app.exports import queries
from app.exports.refusals import ExportConflict
from app.exports.schemas import ExportOut, ExportRequest
from app.exports.streams import ending
from app.exports.wanted import Wanted, wanted
from app.instruments.definitions import Catalogue
from app.instruments.own import with_own
from app.signals.queries import Reading
from app.signals.service import reading_of
from app.tenants.authentication import CARE, Caller
from app.tenants.notices import SYSTEM

SETTLED: Final = timedelta(seconds=TRANSACTION_SECONDS + 1)
"""After that long, what was being stored when an export was asked for is stored or is not."""
MOST_OPEN: Final = 20
"""How many exports of one tenant may be under way."""
PARQUET: Final = "pyarrow"
"""The library that writes Parquet; the web process never loads it."""
_STANDING: Final = frozenset({"queued", "running", "ready"})


def streamed(caller: Caller, catalogue: Catalogue, request: ExportRequest) -> Wanted:
    """The export that is sent while it is made, as of now.

    Raises InvalidRequest for an instrument or a form that there is not.
    """
    return wanted(catalogue, request, reading_of(caller), caller.clock(), "#/query/")


async def create(
    transaction: Transaction, caller: Caller, catalogue: Catalogue, request: ExportRequest
) -> tuple[Row, bool]:
    """The export as stored, queued for the worker, and False: it is new.

    Raises InvalidRequest for an instrument or form that there is not, and for Parquet where its
    library is not installed; ExportConflict when MOST_OPEN are under way.
    """
    if request.format == "parquet" and find_spec(PARQUET) is None:
        detail = "This installation writes no Parquet: its extra `parquet` is not installed."
        raise InvalidRequest.of(FieldError("/format", "parquet_unavailable", detail))
    now = caller.clock()
    catalogue = await with_own(transaction, catalogue, [request.instrument])
    columns = wanted(catalogue, request, reading_of(caller), now).columns
    if await queries.open_exports(transaction) >= MOST_OPEN:
        raise ExportConflict(f"{MOST_OPEN} exports are under way. Wait for one, or cancel one.")
    row = {
        "id": uuid7(),
        "request": request.model_dump(mode="json"),
        "columns": [column.name for column in columns],
        **_reader(caller),
        "state": "queued",
        "failure": None,
        "position": None,
        "writer": None,
        "chunks": 0,
        "rows": 0,
        "bytes": 0,
        "failed_steps": 0,
        "as_of": now,
        "created_at": now,
        "finished_at": None,
        "expires_at": None,
        "due_at": now + SETTLED,
    }
    return await queries.insert_export(transaction, row), False


async def get(transaction: Transaction, caller: Caller, export_id: UUID) -> Row:
    """One export. Raises NotFound, also when it was made for somebody else."""
    found = await queries.export(transaction, export_id)
    if found is None or not may_fetch(caller, found):
        raise NotFound("No such export.")
    return found


async def cancel(transaction: Transaction, caller: Caller, export_id: UUID) -> Row:
    """The export as it stands cancelled; one that has ended otherwise stays as it is.

    Its file goes. Raises NotFound as get does.
    """
    await get(transaction, caller, export_id)
    row = await queries.locked_export(transaction, export_id)
    if row is None:
        raise NotFound("No such export.")
    if row["state"] not in _STANDING:
        return row
    now = caller.clock()
    return await queries.save(
        transaction, {**row, "state": "cancelled", "finished_at": now, "due_at": now}
    )


async def fetchable(transaction: Transaction, caller: Caller, export_id: UUID) -> Row:
    """The export, whose file may be fetched now.

    Raises NotFound as get does; ExportConflict when there is no file, or when a rater has since
    been told of fewer readers: the file might show what must no longer be seen.
    """
    row = await get(transaction, caller, export_id)
    if row["state"] != "ready" or row["expires_at"] <= caller.clock():
        state = "expired" if row["state"] == "ready" else row["state"]
        raise ExportConflict(f"There is no file to fetch: the export is {state}.")
    of_ratings = row["request"]["kind"] != "alliances"
    if of_ratings and await queries.narrowed_since(transaction, row["as_of"]):
        raise ExportConflict("A rater has since been told of fewer readers. Make the export anew.")
    return row


def length_of(export: Mapping[str, Any]) -> int:
    """How many bytes the file of an export has, its last line included."""
    length: int = export["bytes"] + len(_last_line(export, hashlib.sha256().hexdigest()))
    return length


async def file_of(caller: Caller, export: Mapping[str, Any]) -> AsyncGenerator[bytes]:
    """The file of an export, piece by piece, then the line that ends it.

    Raises NotFound when the file goes meanwhile, InternalError when a piece is not as it was
    written.
    """
    hashed = hashlib.sha256()
    for number in range(export["chunks"]):
        async with caller.transaction() as transaction:
            piece = await queries.chunk(transaction, export["id"], number)
        if piece is None:
            raise NotFound("The file has gone.")
        if hashlib.sha256(piece["data"]).digest() != piece["sha256"]:
            raise InternalError("A piece of the file is damaged.")
        hashed.update(piece["data"])
        yield piece["data"]
    if last := _last_line(export, hashed.hexdigest()):
        yield last


def _last_line(export: Mapping[str, Any], sha256: str) -> bytes:
    request, columns = export["request"], len(export["columns"])
    return ending(request["format"], columns, export["rows"], sha256, export["as_of"])


def export_wanted(catalogue: Catalogue, row: Mapping[str, Any]) -> Wanted:
    """What a stored export asks for, for whom it was made."""
    request = ExportRequest.model_validate(row["request"])
    reading = Reading(
        row["actor_role"] or SYSTEM, row["supervision"], row["actor_role"], row["actor_ref"]
    )
    return wanted(catalogue, request, reading, row["as_of"])


def may_fetch(caller: Caller, row: Mapping[str, Any]) -> bool:
    """Whether this caller sees as much as the one that an export was made for.

    The same person acts, or none; through any key of the tenant that shows as much. No other
    reader sees all that one sees, since each sees their own ratings whole.
    """
    mine = _reader(caller)
    same = all(mine[name] == row[name] for name in ("actor_role", "actor_ref", "purpose"))
    return same and (mine["supervision"] or not row["supervision"])


def export_out(row: Mapping[str, Any]) -> ExportOut:
    """An export as it is shown."""
    stored = {name: row[name] for name in ExportOut.model_fields if name in row}
    return ExportOut.model_validate({**row["request"], **stored})


def _reader(caller: Caller) -> dict[str, Any]:
    """For whom it is: what is stored with an export of its caller."""
    actor = caller.actor
    return {
        "key_id": caller.key.key_id,
        "actor_role": actor and actor.role,
        "actor_ref": actor and actor.ref,
        "purpose": CARE,
        "supervision": reading_of(caller).supervision,
    }
