"""Imports: taking a file in, how it stands, cancelling it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from app.database import Row, Transaction
from app.errors import ExternalIdReused, NotFound
from app.imports import chunk_queries, queries
from app.imports.refusals import ImportConflict
from app.imports.schemas import ImportOut
from app.tenants.authentication import Caller

INCOMPLETE_KEPT: Final = timedelta(hours=1)
"""How long an import that came in part is kept after its last rows."""
KEPT: Final = timedelta(days=7)
"""How long verdicts, and rows that failed or were left, can be fetched once it has ended."""
MOST_STANDING: Final = 20
"""How many imports of one tenant may be coming in or under way."""
_SAME: Final = ("format", "sha256", "defaults", "actor_role", "actor_ref")
"""In what two files of one name are alike."""


def sender(caller: Caller) -> dict[str, str | None]:
    """Who sends it: the person acting, or the system itself."""
    if caller.actor is None:
        return {"actor_role": None, "actor_ref": None}
    return {"actor_role": caller.actor.role, "actor_ref": caller.actor.ref}


async def get(transaction: Transaction, caller: Caller, import_id: UUID) -> Row:
    """One import. Raises NotFound, also when somebody else has sent it.

    Its rows are no records yet, so nobody was told who will see them: nobody else does.
    """
    return _own(caller, await queries.get(transaction, import_id))


async def page(
    transaction: Transaction, caller: Caller, after: UUID | None, limit: int
) -> list[Row]:
    """Up to limit imports that this caller has sent, in the order of their ids."""
    return await queries.imports_after(transaction, sender(caller), after, limit)


async def begin(transaction: Transaction, row: Mapping[str, Any]) -> Row:
    """The import as stored, incomplete. Raises ImportConflict when MOST_STANDING stand."""
    if await queries.how_many_stand(transaction) >= MOST_STANDING:
        detail = f"{MOST_STANDING} imports are under way or incomplete. Wait, or cancel one."
        raise ImportConflict(detail)
    return await queries.insert_import(transaction, row)


async def add_chunk(
    transaction: Transaction,
    caller: Caller,
    row: Mapping[str, Any],
    lines: list[int],
    raw: list[bytes],
) -> Row:
    """The import with these rows more, which are stored; as it is when they were stored before.

    Raises ImportConflict when it has been cancelled or has expired meanwhile.
    """
    stored = await queries.locked(transaction, row["id"])
    if stored is None or stored["state"] != "incomplete":
        raise ImportConflict("The import was cancelled, or took too long, while it came in.")
    if stored["chunks"] > row["chunks"]:
        return stored
    await chunk_queries.add(transaction, row["id"], row["chunks"], lines, raw)
    more = {
        "chunks": stored["chunks"] + 1,
        "rows": stored["rows"] + len(lines),
        "bytes": stored["bytes"] + sum(map(len, raw)),
        "due_at": caller.clock() + INCOMPLETE_KEPT,
    }
    return await queries.save(transaction, {**stored, **more})


async def complete(
    transaction: Transaction, caller: Caller, row: Mapping[str, Any], sha256: bytes, size: int
) -> tuple[Row, bool]:
    """The import with all of its rows, queued, and False; or the one that came before, and True.

    Raises ExternalIdReused when its name is another file's, ImportConflict as add_chunk does.
    """
    stored = await queries.locked(transaction, row["id"])
    if stored is not None and stored["sha256"] is not None:
        return stored, False  # done before, by a try whose answer was lost
    if stored is None or stored["state"] != "incomplete":
        raise ImportConflict("The import was cancelled, or took too long, while it came in.")
    now = caller.clock()
    if stored["external_id"] is not None and not await queries.take_name(transaction, stored):
        known = await repeated(transaction, caller, {**stored, "sha256": sha256})
        assert known is not None  # noqa: S101 - the name was taken by a stored one
        # What came in once more is not needed.
        await ended(transaction, stored, "cancelled", now)
        return known, True
    changes = {
        "state": "queued",
        "sha256": sha256,
        "bytes": size,
        "uploaded_at": now,
        "due_at": now,
    }
    return await queries.save(transaction, {**stored, **changes}), False


async def named(transaction: Transaction, source: str, external_id: str) -> bool:
    """Whether an import that came whole has this name."""
    return await queries.named(transaction, source, external_id) is not None


async def repeated(transaction: Transaction, caller: Caller, row: Mapping[str, Any]) -> Row | None:
    """The import that came before under the same name with the same content; None: none did.

    Raises ExternalIdReused when the name is another file's.
    """
    known = await queries.named(transaction, row["source"], row["external_id"])
    if known is None:
        return None
    if any(known[name] != row[name] for name in _SAME):
        mine = all(known[name] == value for name, value in sender(caller).items())
        reused = ExternalIdReused("Another file was imported under this external_id.")
        reused.existing_id = str(known["id"]) if mine else None
        raise reused
    return known


async def cancel(transaction: Transaction, caller: Caller, import_id: UUID) -> Row:
    """The import as it stands cancelled; one that has ended otherwise stays as it is.

    What is stored stays stored; what has no verdict can be fetched for a while. Raises NotFound as
    get does.
    """
    row = _own(caller, await queries.locked(transaction, import_id))
    if row["state"] not in queries.STANDING:
        return row
    return await ended(transaction, row, "cancelled", caller.clock())


async def ended(
    transaction: Transaction,
    row: Mapping[str, Any],
    state: str,
    now: datetime,
    failure: str | None = None,
) -> Row:
    """The import at its end; of one that never came whole nothing is kept.

    Its name is free again unless it was worked off to its end.
    """
    if state != "done":
        await queries.free_name(transaction, row)
    expires_at = now if row["state"] == "incomplete" else now + KEPT
    changes = {
        "state": state,
        "failure": failure,
        "finished_at": now,
        "expires_at": expires_at,
        "due_at": expires_at,
    }
    return await queries.save(transaction, {**row, **changes})


def import_out(row: Mapping[str, Any]) -> ImportOut:
    """An import as it is shown."""
    done = row["succeeded"] + row["failed"]
    progress = round(done / row["rows"], 4) if row["rows"] else 0.0
    stored = {name: row[name] for name in ImportOut.model_fields if name in row}
    return ImportOut(**stored, done=done, progress=progress)


def _own(caller: Caller, row: Row | None) -> Row:
    if row is None or any(row[name] != value for name, value in sender(caller).items()):
        raise NotFound("No such import.")
    return row
