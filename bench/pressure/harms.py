"""What can happen to the database and to the way to it; each is over when its block is left."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import asyncpg

from bench.crash.family import children, process
from bench.crash.postgres import OwnPostgres
from bench.crash.tenancy import Tenancy, asked
from bench.pressure.way import Way

LONG: Final = 8.0
SHORT: Final = 4.0
SLOW: Final = 2.0
MOST_CONNECTIONS: Final = 200
SERVING: Final = "SELECT pid FROM pg_stat_activity WHERE application_name = 'rapport' ORDER BY pid"
TERMINATE: Final = f"SELECT pg_terminate_backend(pid) FROM ({SERVING}) AS serving"  # noqa: S608
LOCK_TABLE: Final = "LOCK TABLE responses IN ACCESS EXCLUSIVE MODE"
LOCK_ALLIANCE: Final = "SELECT FROM alliance_state ORDER BY alliance_id DESC LIMIT 1 FOR UPDATE"
OVERTAKE: Final = (
    "CREATE SEQUENCE harm_turns",
    """CREATE FUNCTION harm() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        IF nextval('harm_turns') % 3 <> 0 THEN
            RAISE EXCEPTION 'others were quicker' USING ERRCODE = 'serialization_failure';
        END IF;
        RETURN NEW;
    END $$""",
    "CREATE TRIGGER harm BEFORE INSERT ON responses FOR EACH ROW EXECUTE FUNCTION harm()",
)
NO_MORE: Final = (
    "DROP TRIGGER harm ON responses",
    "DROP FUNCTION harm()",
    "DROP SEQUENCE harm_turns",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the harm is done."""

    server: OwnPostgres
    tenancy: Tenancy
    way: Way


Harm: TypeAlias = Callable[[Place], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def paused(place: Place) -> AsyncIterator[None]:
    """All of Postgres stands still."""
    head = place.server.postmaster()
    family = [head, *children(head.pid)]
    for one in family:
        one.send(signal.SIGSTOP)
    try:
        await asyncio.sleep(LONG)
        yield
    finally:
        for one in family:
            one.send(signal.SIGCONT)


@asynccontextmanager
async def one_paused(place: Place) -> AsyncIterator[None]:
    """One process of Postgres that serves the service stands still."""
    backend = process((await asked(place.server.url, SERVING))[0]["pid"])
    if backend:
        backend.send(signal.SIGSTOP)
    try:
        await asyncio.sleep(LONG)
        yield
    finally:
        if backend:
            backend.send(signal.SIGCONT)


@asynccontextmanager
async def restarted(place: Place) -> AsyncIterator[None]:
    """Postgres is stopped in order, is away for a while, and starts."""
    await asyncio.to_thread(place.server.stop)
    try:
        await asyncio.sleep(SHORT)
        yield
    finally:
        await asyncio.to_thread(place.server.start)


@asynccontextmanager
async def terminated(place: Place) -> AsyncIterator[None]:
    """Somebody ends every connection of the service, three times."""
    for _ in range(3):
        await asked(place.server.url, TERMINATE)
        await asyncio.sleep(0.5)
    yield


@asynccontextmanager
async def cut(place: Place) -> AsyncIterator[None]:
    """Every connection is reset on its way, five times."""
    for _ in range(5):
        place.way.cut()
        await asyncio.sleep(0.3)
    yield


@asynccontextmanager
async def refused(place: Place) -> AsyncIterator[None]:
    """Nobody listens any more where the database was."""
    await place.way.shut()
    try:
        await asyncio.sleep(SHORT)
        yield
    finally:
        await place.way.open()


@asynccontextmanager
async def silent(place: Place) -> AsyncIterator[None]:
    """The network swallows everything, and says nothing of it."""
    place.way.silent = True
    try:
        await asyncio.sleep(LONG)
        yield
    finally:
        place.way.silent = False
        place.way.cut()  # what was swallowed never comes, as after a firewall forgot them


@asynccontextmanager
async def slow(place: Place) -> AsyncIterator[None]:
    """Each word to Postgres takes two seconds."""
    place.way.delay = SLOW
    try:
        await asyncio.sleep(LONG)
        yield
    finally:
        place.way.delay = 0.0


def locked(statement: str) -> Harm:
    """Somebody keeps a lock."""

    @asynccontextmanager
    async def harm(place: Place) -> AsyncIterator[None]:
        connection = await asyncpg.connect(place.tenancy.url)
        try:
            async with connection.transaction():
                await connection.fetch(statement)
                await asyncio.sleep(SHORT)
                yield
        finally:
            await connection.close()

    return harm


@asynccontextmanager
async def no_connection_left(place: Place) -> AsyncIterator[None]:
    """Others have taken every connection that Postgres gives."""
    taken: list[asyncpg.Connection] = []
    try:
        while len(taken) < MOST_CONNECTIONS and (one := await _connected(place)):
            taken.append(one)
            if len(taken) == 1:
                await one.fetch(TERMINATE)
        await taken[0].fetch(TERMINATE)
        while len(taken) < MOST_CONNECTIONS and (one := await _connected(place)):
            taken.append(one)
        await asyncio.sleep(SHORT)
        yield
    finally:
        for one in taken:
            one.terminate()


async def _connected(place: Place) -> asyncpg.Connection | None:
    try:
        return await asyncpg.connect(place.server.url)
    except asyncpg.TooManyConnectionsError:
        return None


@asynccontextmanager
async def overtaken(place: Place) -> AsyncIterator[None]:
    """Two of three records that are written meet a serialization failure."""
    await _run(place, OVERTAKE)
    try:
        await asyncio.sleep(SHORT)
        yield
    finally:
        await _run(place, NO_MORE)


@asynccontextmanager
async def disk_full(place: Place) -> AsyncIterator[None]:
    """The disk that the responses lie on has no room left."""
    data = Path((await asked(place.server.url, "SHOW data_directory"))[0][0])
    small = data.parent / "small"
    await asyncio.to_thread(_mount, small)
    filler = small / "filler"
    try:
        await asked(place.tenancy.url, f"CREATE TABLESPACE small LOCATION '{small}'")
        await _run(place, ["ALTER TABLE responses SET TABLESPACE small"])
        await asyncio.to_thread(_fill, filler)
        await asyncio.sleep(SHORT)
        yield
    finally:
        await asyncio.to_thread(filler.unlink, missing_ok=True)
        await _run(place, ["ALTER TABLE responses SET TABLESPACE pg_default"])
        await asked(place.tenancy.url, "DROP TABLESPACE small")
        await asyncio.to_thread(_called, "umount", str(small))


def _mount(small: Path) -> None:
    """Mount a disk in memory, for whoever owns the folder that it lies in."""
    small.mkdir(exist_ok=True)
    owner = small.parent.joinpath("data").stat()
    options = f"size=64m,mode=700,uid={owner.st_uid},gid={owner.st_gid}"
    _called("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(small))


def _fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return


def _called(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - commands of our own


async def _run(place: Place, statements: Sequence[str]) -> None:
    for statement in statements:
        await asked(place.tenancy.url, statement)


MAY_MOUNT: Final = os.geteuid() == 0
HARMS: Final[Mapping[str, Harm]] = {
    "postgres paused": paused,
    "a backend paused": one_paused,
    "postgres restarted": restarted,
    "backends terminated": terminated,
    "connections cut": cut,
    "connections refused": refused,
    "way silent": silent,
    "way slow": slow,
    "table locked": locked(LOCK_TABLE),
    "alliance locked": locked(LOCK_ALLIANCE),
    "no connection left": no_connection_left,
    "overtaken": overtaken,
    **({"disk full": disk_full} if MAY_MOUNT else {}),
}
"""By name, in the order that they are tried in. Only root may mount a small disk."""
