"""Many tenants on a pool of few connections, while clients break off at any moment."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Final

import asyncpg
import httpx
import uvicorn
from fastapi import FastAPI

from tests.isolation.worlds import World

MARK: Final = re.compile("mark[0-9a-f]{12}")
AT_ONCE: Final = 12
BREAKS_OFF: Final = 0.3
LONGEST_PATIENCE_SECONDS: Final = 0.02
OURS: Final = """
SELECT pid, state FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'rapport'
"""


@dataclass
class Seen:
    """What came of it all."""

    statuses: list[int] = field(default_factory=list)
    broken_off: int = 0
    foreign_rows: list[str] = field(default_factory=list)
    most_connections: int = 0


@dataclass
class Crowd:
    """The tenants, and what each has stored by the ids that it was told."""

    worlds: list[World]
    sockets: dict[str, httpx.AsyncClient]
    """By a tenant's mark: as its client, over a socket."""
    random: Random
    seen: Seen = field(default_factory=Seen)
    stored: dict[str, list[str]] = field(default_factory=dict)

    async def call(self, number: int) -> None:
        """One request of some tenant, broken off now and then, and a look at its answer."""
        one = self.random.choice(self.worlds)
        client = self.sockets[one.mark] if number % 2 else one.client
        task = asyncio.create_task(self._request(one, client, f"{number}"))
        if self.random.random() < BREAKS_OFF:
            await asyncio.wait([task], timeout=self.random.uniform(0, LONGEST_PATIENCE_SECONDS))
            self.seen.broken_off += task.cancel()
        with suppress(asyncio.CancelledError):
            self._look(one, await task)

    async def _request(self, one: World, client: httpx.AsyncClient, new: str) -> httpx.Response:
        other = self.random.choice(self.worlds)
        known = str(self.random.randint(0, 5))
        kind = self.random.randrange(7)
        if kind < 2:
            body = one.submission(new if kind else known)
            return await client.post("/v1/responses", json=body)
        url, query = (
            ("/v1/responses", {"limit": "20"}),
            ("/v1/alliances", {"case_ref": one.ref("case")}),
            ("/v1/alliances", {"case_ref": other.ref("case")}),
            (f"/v1/responses/{self._stored_by(one)}", {}),
            (f"/v1/responses/{self._stored_by(other)}", {}),
        )[kind - 2]
        return await client.get(url, params=query)

    def _stored_by(self, one: World) -> str:
        return self.random.choice(self.stored.get(one.mark, [str(one.tenant.id)]))

    def _look(self, one: World, answer: httpx.Response) -> None:
        self.seen.statuses.append(answer.status_code)
        foreign = set(MARK.findall(answer.text)) - {one.mark}
        self.seen.foreign_rows += [f"{one.mark} saw {mark}" for mark in sorted(foreign)]
        if answer.request.method == "POST" and answer.is_success:
            self.stored.setdefault(one.mark, []).append(answer.json()["id"])


async def poison(crowd: Crowd, requests: int, watching: asyncpg.Connection) -> None:
    """So many requests; half of them over a socket, which is closed when a client breaks off."""
    numbers = iter(range(requests))

    async def send() -> None:
        for number in numbers:
            await crowd.call(number)

    watch = asyncio.create_task(_watch(crowd.seen, watching))
    await asyncio.gather(*(send() for _ in range(AT_ONCE)))
    watch.cancel()
    await asyncio.wait([watch])


async def _watch(seen: Seen, watching: asyncpg.Connection) -> None:
    while True:
        await asyncio.sleep(0.05)
        seen.most_connections = max(seen.most_connections, len(await watching.fetch(OURS)))


async def at_rest(watching: asyncpg.Connection) -> list[str]:
    """The states of the service's connections, once nothing is going on any more."""
    for _ in range(100):
        states = [row["state"] for row in await watching.fetch(OURS)]
        if set(states) <= {"idle"}:
            break
        await asyncio.sleep(0.05)
    return states


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The URL of the application, which has started already, on a socket."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield "http://{}:{}".format(*listening.getsockname())
    finally:
        server.should_exit = True
        await serving
