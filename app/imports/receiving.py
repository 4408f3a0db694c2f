"""Taking a file in while it comes: its rows are stored in chunks, each in a short transaction.

So a file of any size needs the memory of one chunk, holds nothing of the database while its
sender is slow, and is worked off only once all of it has come.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from starlette.requests import ClientDisconnect
from uuid_utils.compat import uuid7

from app.database import Row, Transaction
from app.errors import BodyTooLarge, FieldError, InvalidRequest, Unavailable
from app.imports import service
from app.imports.header import header_from, separator_said
from app.imports.refusals import UploadCut
from app.imports.schemas import Format
from app.imports.splitting import Splitter
from app.tenants.authentication import CARE, Caller

MAX_IMPORT_BYTES: Final = 1024**3
MOST_ROWS: Final = 1_000_000
CHUNK_ROWS: Final = 500
"""As many as a batch may have: one transaction works them off."""
CHUNK_BYTES: Final = 1024 * 1024
STALLED_SECONDS: Final = 30.0
"""An upload that brings nothing for so long has been cut off."""
TRIES: Final = 5
PAUSE_SECONDS: Final = 0.5

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class File:
    """What a caller says of the file that it sends."""

    format: Format
    source: str
    external_id: str | None
    defaults: Mapping[str, Any]


async def receive(caller: Caller, file: File, body: AsyncIterator[bytes]) -> tuple[Row, bool]:
    """The import of a file, queued, and False; or the one that came before, and True.

    Raises InvalidRequest for a file that cannot be read into rows, BodyTooLarge, UploadCut when
    not all of it comes, and what service.begin, add_chunk and complete raise. What has come by then
    is never worked off.
    """
    incoming = _Incoming(caller, file)
    if file.external_id is not None:
        incoming.known = await _persistently(caller, incoming.is_named)
    async for data in _within(body):
        await incoming.take(data)
    return await incoming.whole()


class _Incoming:
    """One file on its way in."""

    def __init__(self, caller: Caller, file: File) -> None:
        self.known = False
        """Whether its name is taken: then it is compared, and not stored once more."""
        self._caller = caller
        self._file = file
        self._splitter = Splitter(quotes=file.format == "csv")
        self._separator: str | None = None
        self._columns: tuple[str, ...] | None = None
        self._row: Row | None = None
        self._lines: list[int] = []
        self._raw: list[bytes] = []
        self._bytes = self._rows = self._size = 0
        self._hashed = hashlib.sha256()

    async def is_named(self, transaction: Transaction) -> bool:
        """Whether an import that came whole has the name."""
        name = self._file.external_id
        return name is not None and await service.named(transaction, self._file.source, name)

    async def take(self, data: bytes) -> None:
        """The next bytes."""
        self._size += len(data)
        self._hashed.update(data)
        if self._size > MAX_IMPORT_BYTES:
            raise BodyTooLarge(f"At most {MAX_IMPORT_BYTES} bytes are taken.")
        if not self.known:
            for line, raw in self._splitter.rows(data):
                await self._row_taken(line, raw)

    async def whole(self) -> tuple[Row, bool]:
        """All bytes have come."""
        sha256 = self._hashed.digest()
        if self.known:
            return await self._compared(sha256)
        for line, raw in self._splitter.last():
            await self._row_taken(line, raw)
        if not self._rows:
            raise InvalidRequest.of(FieldError("", "no_rows", "The file has no rows."))
        row = await self._stored()

        async def complete(transaction: Transaction) -> tuple[Row, bool]:
            return await service.complete(transaction, self._caller, row, sha256, self._size)

        return await _persistently(self._caller, complete)

    async def _compared(self, sha256: bytes) -> tuple[Row, bool]:
        async with self._caller.transaction() as transaction:
            row = {**self._new_row(), "sha256": sha256}
            known = await service.repeated(transaction, self._caller, row)
        if known is None:
            raise Unavailable("The import of this name has just been cancelled. Send it again.")
        return known, True

    async def _row_taken(self, line: int, raw: bytes) -> None:
        if self._file.format == "csv" and self._columns is None:
            self._read_header(raw)
            return
        self._rows += 1
        if self._rows > MOST_ROWS:
            detail = f"At most {MOST_ROWS} rows are taken: divide the file."
            raise InvalidRequest.of(FieldError("", "too_many_rows", detail))
        if self._raw and self._bytes + len(raw) > CHUNK_BYTES:
            await self._stored()
        self._lines.append(line)
        self._raw.append(raw)
        self._bytes += len(raw)
        if len(self._raw) == CHUNK_ROWS:
            await self._stored()

    def _read_header(self, raw: bytes) -> None:
        if self._separator is None and (said := separator_said(raw)) is not None:
            self._separator = said
            return
        header = header_from(raw, self._separator, self._file.defaults)
        self._separator, self._columns = header.separator, header.columns
        self._splitter.separator = header.separator.encode()

    async def _stored(self) -> Row:
        """The import with the rows that wait stored."""
        lines, raw = self._lines, self._raw
        self._lines, self._raw, self._bytes = [], [], 0
        row: Row = self._row or await _persistently(self._caller, self._begun)
        if raw:

            async def add(transaction: Transaction) -> Row:
                return await service.add_chunk(transaction, self._caller, row, lines, raw)

            self._row = await _persistently(self._caller, add)
        return self._row or row

    async def _begun(self, transaction: Transaction) -> Row:
        return await service.begin(transaction, self._new_row())

    def _new_row(self) -> dict[str, Any]:
        caller, file, now = self._caller, self._file, self._caller.clock()
        zero = ("bytes", "rows", "chunks", "done_chunks", "succeeded", "failed", "failed_steps")
        unknown = ("failure", "sha256", "uploaded_at", "finished_at", "expires_at")
        return {
            "id": uuid7(),
            "source": file.source,
            "external_id": file.external_id,
            "format": file.format,
            "defaults": dict(file.defaults),
            "separator": self._separator,
            "columns": self._columns and list(self._columns),
            "key_id": caller.key.key_id,
            **service.sender(caller),
            "purpose": CARE,
            "state": "incomplete",
            **dict.fromkeys(zero, 0),
            **dict.fromkeys(unknown),
            "created_at": now,
            "due_at": now + service.INCOMPLETE_KEPT,
        }


async def _within(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The bytes as they come. Raises UploadCut when their sender hangs up, or brings no more."""
    while True:
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                data = await anext(body)
        except StopAsyncIteration:
            return
        except (ClientDisconnect, TimeoutError):
            raise UploadCut("Not all of the file has come, and nothing of it is used.") from None
        yield data


async def _persistently(caller: Caller, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
    """What work gives; tried again a little later when Postgres is away for a moment.

    A file that has half come in is worth more than one call.
    """
    for _ in range(TRIES - 1):
        try:
            return await caller.attempt(work)
        except Unavailable:
            await asyncio.sleep(PAUSE_SECONDS)
    return await caller.attempt(work)
