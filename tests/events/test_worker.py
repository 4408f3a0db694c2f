"""`rapport worker`: how it starts, stops, and what becomes of events when it or Postgres fails."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg
import pytest

from app.database import Database, connected
from app.events import service
from app.instruments.definitions import shipped
from app.main import utc_now
from app.settings import Settings
from app.worker import LONGEST_REST_SECONDS, work
from tests.cli.test_commands import one_line, rapport
from tests.conftest import Tenant
from tests.events.queue import Event, in_places, logged, told, waiting

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30.0
MOVES_NOW = "query LIKE 'WITH taken%' AND wait_event_type = 'Lock'"


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Come back when it is so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await true():  # noqa: ASYNC110 - what others do in a database
            await asyncio.sleep(0.01)


@dataclass
class Worker:
    """A `rapport worker` of its own process, and the file that it writes to."""

    process: asyncio.subprocess.Process
    log: Path


@pytest.fixture
async def worker(database_url: str, tmp_path: Path) -> AsyncIterator[Worker]:
    """One that runs; killed at the end if it still does."""
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.cli", "worker"),
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": database_url},
            stdout=output,
            stderr=output,
        )
    yield Worker(process, log)
    if process.returncode is None:
        process.kill()
    await process.wait()


def test_without_a_database_url_it_says_so() -> None:
    assert "DATABASE_URL is not set" in one_line(rapport("worker"))


def test_an_unreachable_database_is_one_line_without_its_password() -> None:
    url = "postgresql://somebody:secret@127.0.0.1:1/nothing"
    line = one_line(rapport("worker", DATABASE_URL=url))
    assert "127.0.0.1:1/nothing" in line
    assert "secret" not in line


def test_a_schema_that_is_behind_is_one_line(postgres_server: str) -> None:
    line = one_line(rapport("worker", DATABASE_URL=postgres_server))
    assert "run `rapport migrate`" in line


@pytest.mark.parametrize("signalled", [signal.SIGTERM, signal.SIGINT])
async def test_it_moves_events_until_it_is_told_to_stop(
    database: Database,
    tenant: Tenant,
    owner: asyncpg.Connection,
    worker: Worker,
    signalled: signal.Signals,
) -> None:
    events = [Event(uuid4(), 1, number) for number in range(5)]

    async def all_moved() -> bool:
        return await logged(owner, tenant.id) == in_places(events)

    await told(database, tenant.id, events)
    await until(all_moved)
    worker.process.send_signal(signalled)
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await worker.process.wait() == 0
    log = worker.log.read_text()
    assert "Traceback" not in log
    assert str(events[0].id) not in log


async def test_one_that_is_killed_in_the_midst_of_a_move_has_moved_nothing(
    database: Database, database_url: str, tenant: Tenant, owner: asyncpg.Connection, worker: Worker
) -> None:
    events = [Event(uuid4(), 1, number) for number in range(20)]
    other = await asyncpg.connect(database_url)

    async def at_it() -> bool:
        count = f"SELECT count(*) FROM pg_stat_activity WHERE {MOVES_NOW}"  # noqa: S608 - our own
        return bool(await other.fetchval(count))

    async def gone() -> bool:
        return not await at_it()

    try:
        async with owner.transaction():
            await owner.execute("LOCK TABLE events IN SHARE MODE")  # its insert waits for this
            await told(database, tenant.id, events)
            await until(at_it)
            worker.process.kill()
            await worker.process.wait()
            await until(gone)
    finally:
        await other.close()
    assert (await waiting(owner, tenant.id), await logged(owner, tenant.id)) == (20, [])

    assert await service.move(database) == 20
    assert await logged(owner, tenant.id) == in_places(events)


class Door:
    """A way to Postgres that can be shut: those inside are thrown out, nobody is let in."""

    def __init__(self, database_url: str) -> None:
        self._parts = urlsplit(database_url)
        self._inside: set[asyncio.StreamWriter] = set()
        self._open = True
        self.turned_away = 0
        self.url = ""

    def shut(self) -> None:
        self._open = False
        for writer in self._inside:
            writer.transport.abort()

    def unlock(self) -> None:
        self._open = True

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            self.turned_away += 1
            writer.transport.abort()
            return
        query = parse_qs(self._parts.query)
        port = int(query.get("port", ["5432"])[0])
        if "host" in query:
            server = await asyncio.open_unix_connection(f"{query['host'][0]}/.s.PGSQL.{port}")
        else:
            server = await asyncio.open_connection(self._parts.hostname, self._parts.port or port)
        self._inside |= {writer, server[1]}
        await asyncio.gather(_copy(reader, server[1]), _copy(server[0], writer))
        self._inside -= {writer, server[1]}


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def door(database_url: str) -> AsyncIterator[Door]:
    made = Door(database_url)
    parts = urlsplit(database_url)
    server = await asyncio.start_server(made.handle, "127.0.0.1", 0)
    login = parts.netloc.rpartition("@")[0] or "postgres"
    port = server.sockets[0].getsockname()[1]
    made.url = f"postgresql://{login}@127.0.0.1:{port}{parts.path}?sslmode=disable"
    try:
        yield made
    finally:
        server.close()


async def test_it_outlives_an_outage_and_goes_on_soon_after(
    settings: Settings, database: Database, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    events = [Event(uuid4(), 1, number) for number in range(6)]
    stopping = asyncio.Event()

    async def first_half() -> bool:
        return await logged(owner, tenant.id) == in_places(events[:3])

    async def all_of_them() -> bool:
        return await logged(owner, tenant.id) == in_places(events)

    async def tried_in_vain() -> bool:
        return way.turned_away > 1

    async with door(settings.database_url) as way, connected(way.url, pool_size=1) as own:
        working = asyncio.create_task(work(own, shipped(), stopping, utc_now))
        await told(database, tenant.id, events[:3])
        await until(first_half)
        way.shut()
        await told(database, tenant.id, events[3:])
        await until(tried_in_vain)
        way.unlock()
        ended = time.monotonic()
        await until(all_of_them)
        assert time.monotonic() - ended < LONGEST_REST_SECONDS + 2.0
        stopping.set()
        await working


async def test_told_to_stop_while_it_rests_it_stops_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.worker.IDLE_SECONDS", 600.0)
    stopping = asyncio.Event()
    working = asyncio.create_task(work(database, shipped(), stopping, utc_now))
    await asyncio.sleep(0.25)
    stopping.set()
    async with asyncio.timeout(60):
        await working
