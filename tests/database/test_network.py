"""A network that fails: an answer in time, never 500, and a pool that is whole again."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from httpx import AsyncClient

from app.main import create_app
from app.settings import Settings
from tests.conftest import Tenant
from tests.support.factories import submission
from tests.support.sending import send_until_answered

OURS = "application_name = 'rapport' AND datname = current_database()"


class Network:
    """A way to Postgres that swallows everything from the first sight of a text on."""

    def __init__(self, database_url: str) -> None:
        self._parts = urlsplit(database_url)
        self.swallow_from: bytes | None = None
        self.swallowed = False
        self.url = ""

    def mend(self) -> None:
        self.swallow_from, self.swallowed = None, False

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = parse_qs(self._parts.query)
        port = int(query.get("port", ["5432"])[0])
        if "host" in query:
            server = await asyncio.open_unix_connection(f"{query['host'][0]}/.s.PGSQL.{port}")
        else:
            server = await asyncio.open_connection(self._parts.hostname, self._parts.port or port)
        await asyncio.gather(self._copy(reader, server[1]), self._copy(server[0], writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                self.swallowed |= self.swallow_from is not None and self.swallow_from in data
                if not self.swallowed:
                    writer.write(data)
                    await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def network(database_url: str) -> AsyncIterator[Network]:
    made = Network(database_url)
    parts = urlsplit(database_url)
    server = await asyncio.start_server(made.handle, "127.0.0.1", 0)
    login = parts.netloc.rpartition("@")[0] or "postgres"
    port = server.sockets[0].getsockname()[1]
    made.url = f"postgresql://{login}@127.0.0.1:{port}{parts.path}?sslmode=disable"
    try:
        yield made
    finally:
        server.close()


@asynccontextmanager
async def served(settings: Settings, tenant: Tenant) -> AsyncIterator[AsyncClient]:
    """A client of a service of its own."""
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        Tenant(app, tenant.id, tenant.key).client() as client,
    ):
        yield client


async def cut_off_at(text: bytes, settings: Settings, tenant: Tenant) -> None:
    """A call whose traffic is swallowed ends in time; its only connection comes back."""
    async with network(settings.database_url) as way:
        own = replace(settings, database_url=way.url, pool_size=1)
        async with served(own, tenant) as client:
            assert (await client.get("/v1/responses")).status_code == 200
            sent = submission()
            way.swallow_from = text
            started = time.monotonic()
            answer = await client.post("/v1/responses", json=sent)
            assert time.monotonic() - started < 9
            assert way.swallowed
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
            way.mend()
            again = await send_until_answered(client, sent)
            replay = await client.post("/v1/responses", json=sent)
    assert (again.status_code, replay.status_code) == (201, 200)


async def test_a_dead_network_gives_an_answer_and_its_connection_back(
    settings: Settings, tenant: Tenant
) -> None:
    points = (b"BEGIN", b"INSERT", b"COMMIT")
    await asyncio.gather(*(cut_off_at(text, settings, tenant) for text in points))


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may end others."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def test_terminated_connections_are_503_never_500(
    settings: Settings, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    pids = f"SELECT pid FROM pg_stat_activity WHERE {OURS}"  # noqa: S608 - our own text
    others = [row["pid"] for row in await owner.fetch(pids)]
    end = f"SELECT pg_terminate_backend(pid) FROM ({pids}) AS ours WHERE NOT pid = ANY ($1)"  # noqa: S608
    async with served(settings, tenant) as client:
        for _ in range(10):
            bodies = [submission() for _ in range(8)]
            await asyncio.gather(*(send_until_answered(client, body) for body in bodies))
            await owner.execute(end, others)
            bodies = [submission() for _ in range(8)]
            answers = await asyncio.gather(*(client.post("/v1/responses", json=b) for b in bodies))
            assert {answer.status_code for answer in answers} <= {201, 503}
            await owner.execute(end, others)
            assert (await client.get("/readyz")).status_code in {200, 503}
        again = await asyncio.gather(*(send_until_answered(client, body) for body in bodies))
    assert {answer.status_code for answer in again} <= {200, 201}


async def test_a_name_that_leads_nowhere_is_503(
    settings: Settings, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nowhere(*_: Any, **__: Any) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nowhere)
    own = replace(settings, database_url="postgresql://postgres@database.invalid/rapport")
    async with served(own, tenant) as client:
        answer = await client.post("/v1/responses", json=submission())
        ready, alive = await client.get("/readyz"), await client.get("/livez")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert (ready.status_code, alive.status_code) == (503, 200)
