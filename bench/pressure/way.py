"""A way from the service to Postgres that can be slow, shut, silent, or cut."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from bench.crash.gate import HOST
from bench.crash.postgres import OwnPostgres

BLOCK: Final = 65536


class Way:
    """Where the service connects instead of to Postgres itself."""

    def __init__(self, sockets: str) -> None:
        self._socket = f"{sockets}/.s.PGSQL.5432"
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.delay = 0.0
        """Seconds that everything the service says takes longer."""
        self.silent = False
        """Whether everything is swallowed, either way."""

    async def open(self) -> None:
        """Let connections in; on the same port each time."""
        self._server = await asyncio.start_server(self._pass_on, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Refuse new connections, and cut those there are."""
        if self._server:
            self._server.close()
            self._server = None
        self.cut()

    def cut(self) -> None:
        """Cut every connection that there is."""
        for one in list(self._open):
            one.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server = await asyncio.open_unix_connection(self._socket)
        except OSError:
            writer.close()
            return
        self._open |= {writer, server[1]}
        await asyncio.gather(
            self._copy(reader, server[1], slow=True), self._copy(server[0], writer, slow=False)
        )

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, slow: bool
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(BLOCK):
                if slow and self.delay:
                    await asyncio.sleep(self.delay)
                if not self.silent:
                    writer.write(data)
        self._open.discard(writer)
        writer.close()


@asynccontextmanager
async def way(server: OwnPostgres, database: str) -> AsyncIterator[tuple[Way, str]]:
    """An open way to one database of a server, and its URL; shut on leaving."""
    made = Way(server.sockets)
    await made.open()
    try:
        yield made, f"postgresql://postgres@{HOST}:{made.port}/{database}?sslmode=disable"
    finally:
        await made.shut()
