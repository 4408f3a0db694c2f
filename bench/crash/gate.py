"""A way from the app to Postgres that can be cut at one step of a transaction."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, cast
from urllib.parse import parse_qs, urlsplit

from bench.crash.protocol import READY, Reading, Step

HOST: Final = "127.0.0.1"
_RESET: Final = struct.pack("ii", 1, 0)  # linger for no time at all: close with a reset
_SOME: Final = 7
"""Bytes of an answer that come through where it is cut in the middle."""


class When(StrEnum):
    """How far a message gets before the way is cut."""

    WITHHELD = "withheld"
    """Postgres never sees it."""
    SENT = "sent"
    """It is on its way; whether Postgres acts on it is open."""
    UNANSWERED = "unanswered"
    """Postgres has answered; the app does not hear it."""
    HALF_ANSWERED = "half answered"
    """As unanswered, but for the first bytes."""


class Manner(StrEnum):
    """What the app notices."""

    RESET = "reset"
    SILENCE = "silence"
    """Nothing: whatever it sends is swallowed, until it gives up."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to cut."""

    step: Step
    when: When

    def __str__(self) -> str:
        return f"{self.step} {self.when}"


PLACES: Final = (
    Place(Step.BEGIN, When.WITHHELD),
    Place(Step.BEGIN, When.SENT),
    Place(Step.LOCK, When.UNANSWERED),
    Place(Step.WRITE, When.SENT),
    Place(Step.WRITE, When.UNANSWERED),
    Place(Step.COMMIT, When.WITHHELD),
    Place(Step.COMMIT, When.SENT),
    Place(Step.COMMIT, When.UNANSWERED),
    Place(Step.COMMIT, When.HALF_ANSWERED),
)
"""Every place that a connection is cut at, in the order of a transaction."""


@dataclass(slots=True)
class Cut:
    """An order to cut the next connections that come to a place."""

    place: Place
    manner: Manner = Manner.RESET
    left: int = 1
    """How many connections are still to be cut."""
    done: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the last of them was."""

    def take(self) -> None:
        """Note that one was cut."""
        self.left -= 1
        if self.left <= 0:
            self.done.set()


class Gate:
    """Where the app connects instead of to Postgres itself."""

    def __init__(self, database_url: str) -> None:
        parts = urlsplit(database_url)
        query = parse_qs(parts.query)
        port = int(query.get("port", ["5432"])[0])
        self._socket = f"{query['host'][0]}/.s.PGSQL.{port}" if "host" in query else None
        self._host, self._port = parts.hostname or HOST, parts.port or port
        self._login = parts.netloc.rpartition("@")[0] or "postgres"
        self._path = parts.path
        self.cut: Cut | None = None
        self.open: set[AppSide] = set()
        self.url = ""

    def arm(self, cut: Cut) -> Cut:
        """Cut as ordered; an earlier order that is not done yet is forgotten."""
        self.cut = cut
        return cut

    def disarm(self) -> None:
        """Cut nothing more."""
        self.cut = None

    def due(self, step: Step | None) -> Cut | None:
        """The order to cut at this step, if there is one left, which is taken by asking."""
        cut = self.cut
        if cut is None or step is not cut.place.step or cut.left <= 0:
            return None
        cut.take()
        return cut

    async def upstream(self, side: "AppSide") -> None:
        """Connect one app side to Postgres; when that fails, the app side is closed."""
        loop = asyncio.get_running_loop()
        try:
            if self._socket:
                await loop.create_unix_connection(lambda: DatabaseSide(side), self._socket)
            else:
                made = loop.create_connection(lambda: DatabaseSide(side), self._host, self._port)
                await made
        except OSError:
            side.end()

    def listens_on(self, port: int) -> None:
        """Say where it can be reached."""
        self.url = f"postgresql://{self._login}@{HOST}:{port}{self._path}?sslmode=disable"


class AppSide(asyncio.Protocol):
    """The end of a connection that the app holds."""

    def __init__(self, gate: Gate) -> None:
        self._gate, self._reading = gate, Reading()
        self._database: asyncio.WriteTransport | None = None
        self._early = b""
        self._cutting: Cut | None = None
        self._heard = b""
        self._silent = False
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Go on to Postgres."""
        self._app = cast("asyncio.Transport", transport)
        self._gate.open.add(self)
        self._connecting = asyncio.get_running_loop().create_task(self._gate.upstream(self))

    def connected(self, database: asyncio.WriteTransport) -> None:
        """Postgres is there: hand it what has come so far."""
        self._database = database
        if self._app.is_closing():
            database.close()
        elif self._early:
            early, self._early = self._early, b""
            self.data_received(early)

    def data_received(self, data: bytes) -> None:
        """Pass on what the app says, up to the place of a cut."""
        if self._silent:
            return
        if self._database is None:
            self._early += data
            return
        passing = b""
        for message, step in self._reading.messages(data):
            cut = self._cutting or self._gate.due(step)
            if cut and cut.place.when is When.WITHHELD:
                self._database.write(passing)
                self._sever(cut)
                return
            self._cutting = cut
            passing += message
        self._database.write(passing)
        if self._cutting and self._cutting.place.when is When.SENT:
            self._sever(self._cutting)

    def heard(self, data: bytes) -> None:
        """Pass on what Postgres says, unless that is what is cut off."""
        if self._silent:
            return
        if self._cutting is None:
            self._app.write(data)
            return
        self._heard += data
        if self._heard[-len(READY) - 1 : -1] == READY:
            if self._cutting.place.when is When.HALF_ANSWERED:
                self._app.write(self._heard[:_SOME])
            self._sever(self._cutting)

    def connection_lost(self, _error: Exception | None) -> None:
        """The app has gone: so does its connection to Postgres."""
        self._gate.open.discard(self)
        if self._database:
            self._database.close()

    def end(self) -> None:
        """Close towards the app; what Postgres has said before is still delivered."""
        if not self._silent:
            self._app.close()

    def drop(self) -> None:
        """Close both ways at once."""
        self._app.abort()

    def _sever(self, cut: Cut) -> None:
        self._silent = True
        if cut.manner is Manner.SILENCE:
            return
        if cut.place.when is When.HALF_ANSWERED:
            self._app.close()  # a reset could overtake the bytes that are to arrive
            return
        self._app.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._app.abort()


class DatabaseSide(asyncio.Protocol):
    """The end of a connection that Postgres holds."""

    def __init__(self, side: AppSide) -> None:
        self._side = side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Tell the other end."""
        self._side.connected(cast("asyncio.WriteTransport", transport))

    def data_received(self, data: bytes) -> None:
        """Hand it to the other end."""
        self._side.heard(data)

    def connection_lost(self, _error: Exception | None) -> None:
        """Postgres has gone: the app is to know."""
        self._side.end()


@asynccontextmanager
async def gate(database_url: str) -> AsyncIterator[Gate]:
    """An open gate before a database, closed on leaving together with what runs through it."""
    made = Gate(database_url)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: AppSide(made), HOST, 0)
    made.listens_on(server.sockets[0].getsockname()[1])
    try:
        yield made
    finally:
        server.close()
        for side in list(made.open):
            side.drop()
