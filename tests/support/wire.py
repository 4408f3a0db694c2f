"""A proxy before Postgres that counts round trips on the wire."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

ENDS_A_TRIP = b"SQ"  # Sync and simple Query: after each the client waits for the server


class Wire:
    """What has passed since the last reset."""

    def __init__(self) -> None:
        self.trips = 0
        self.url = ""

    def reset(self) -> None:
        self.trips = 0


@asynccontextmanager
async def counted(database_url: str) -> AsyncIterator[Wire]:
    """A Wire whose url leads to the database and counts each round trip."""
    wire = Wire()
    parts = urlsplit(database_url)
    socket_directory = parse_qs(parts.query).get("host")

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if socket_directory:
            upstream = await asyncio.open_unix_connection(f"{socket_directory[0]}/.s.PGSQL.5432")
        else:
            upstream = await asyncio.open_connection(parts.hostname, parts.port or 5432)
        back = asyncio.create_task(_copy(upstream[0], writer))
        await _count(reader, upstream[1], wire)
        upstream[1].close()
        await back

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    login = f"{parts.username}@" if parts.username else "postgres@"
    wire.url = f"postgresql://{login}127.0.0.1:{port}{parts.path}?sslmode=disable"
    try:
        yield wire
    finally:
        server.close()


async def _count(reader: asyncio.StreamReader, upstream: asyncio.StreamWriter, wire: Wire) -> None:
    try:
        await _pass_message(reader, upstream)  # the start-up message has no type
        while True:
            kind = await reader.readexactly(1)
            wire.trips += kind in ENDS_A_TRIP
            upstream.write(kind)
            await _pass_message(reader, upstream)
    except (asyncio.IncompleteReadError, ConnectionError):
        return


async def _pass_message(reader: asyncio.StreamReader, upstream: asyncio.StreamWriter) -> None:
    length = await reader.readexactly(4)
    upstream.write(length + await reader.readexactly(int.from_bytes(length) - 4))
    await upstream.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()
