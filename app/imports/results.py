"""What became of the rows of an import, as files: succeeded, failed, and left without a verdict."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any, Final, Literal

from pydantic_core import to_json

from app.database import Row
from app.edge.tables import neutral, row_of
from app.errors import NotFound
from app.imports import chunk_queries
from app.imports.refusals import ImportConflict
from app.tenants.authentication import Caller

Result = Literal["succeeded", "failed"]
SUCCEEDED: Final = ("line", "external_id", "external_version", "verdict", "status", "id")
FAILED: Final = (
    "line",
    "external_id",
    "external_version",
    "status",
    "problem",
    "code",
    "pointer",
    "column",
    "detail",
    "existing_id",
    "raw",
)
COLUMNS: Final[Mapping[Result, tuple[str, ...]]] = {"succeeded": SUCCEEDED, "failed": FAILED}


def refuse_gone(caller: Caller, row: Row) -> None:
    """Raises ImportConflict for an import of which nothing is there to be fetched."""
    ended_at = row["expires_at"]
    if row["state"] in {"incomplete", "expired"}:
        raise ImportConflict("Not all of the file has come, and nothing of it is worked off.")
    if ended_at is not None and ended_at <= caller.clock():
        raise ImportConflict("What was kept of the import is gone. Sending it again is harmless.")


def refuse_under_way(row: Row) -> None:
    """Raises ImportConflict while every row may still get its verdict."""
    if row["state"] in {"queued", "running"}:
        raise ImportConflict("The import is under way: wait, or cancel it.")


async def verdicts(
    caller: Caller, row: Row, which: Result, *, as_csv: bool
) -> AsyncGenerator[bytes]:
    """Those of every row that has one by now, chunk by chunk, in the order of the file.

    Raises NotFound when they go meanwhile.
    """
    yield row_of(COLUMNS[which]) if as_csv else b""
    for number in range(row["done_chunks"]):
        chunk = await _chunk(caller, row, number)
        entries: Iterable[dict[str, Any]] = chunk[which]
        if which == "failed":
            raw = (one.decode(errors="replace") for one in chunk["raw"])
            entries = (one | {"raw": text} for one, text in zip(entries, raw, strict=True))
        write = _csv_line if as_csv else _json_line
        yield b"".join(write(which, entry) for entry in entries)


async def unprocessed(caller: Caller, row: Row) -> AsyncGenerator[bytes]:
    """The rows without a verdict just as they came, under their header: to be sent again.

    Raises NotFound as verdicts does.
    """
    end = b"\n"
    if row["format"] == "csv":
        end = b"\r\n"
        yield row_of(row["columns"], row["separator"])
    for number in range(row["done_chunks"], row["chunks"]):
        chunk = await _chunk(caller, row, number)
        yield b"".join(one + end for one in chunk["raw"])


async def _chunk(caller: Caller, row: Row, number: int) -> Row:
    async with caller.transaction() as transaction:
        chunk = await chunk_queries.get(transaction, row["id"], number)
    if chunk is None:
        raise NotFound("What was kept of the import is gone.")
    return chunk


def _json_line(_: Result, entry: Mapping[str, Any]) -> bytes:
    return to_json(entry) + b"\n"


def _csv_line(which: Result, entry: Mapping[str, Any]) -> bytes:
    cells = (entry[name] for name in COLUMNS[which])
    return row_of(neutral(cell) if isinstance(cell, str) else cell for cell in cells)
