"""Workers that add up while changes come in, several at once, and are now and then killed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final
from uuid import UUID

import asyncpg

from app.database import Database, connected
from app.errors import Problem
from app.events import service as events
from app.instruments.definitions import shipped
from app.programs import service as programs

WORKERS: Final = 2
LONGEST_REST_SECONDS: Final = 0.2
KILLED: Final = 0.3
"""Of all rounds, so many end in the midst of their work."""
BEGUN_ANEW: Final = 0.001
"""Of all rounds, so many are after somebody had everything added up from nothing."""
LATEST_CALL: Final = 60
"""At which a worker is killed; half of those are after what the call did, and before it is told."""


@dataclass(slots=True)
class Rounds:
    """What the workers did."""

    all: int = 0
    made: int = 0
    """How many alliances were made anew, those of killed rounds not counted."""
    killed: int = 0
    begun_anew: int = 0


class Fate:
    """At which call to Postgres a worker is lost; None: it is not."""

    def __init__(self) -> None:
        self.left: int | None = None

    def falls_due(self) -> bool:
        """Whether it is this call."""
        if self.left is not None:
            self.left -= 1
        return self.left == 0


class _Connection:
    """A connection that is lost when its worker is."""

    def __init__(self, connection: Any, fate: Fate, draw: Random) -> None:  # noqa: ANN401 - driver's
        self.connection = connection
        self._fate = fate
        self._draw = draw

    async def execute(self, *asked: Any, **options: Any) -> Any:  # noqa: ANN401 - the driver's
        return await self._call(self.connection.execute, *asked, **options)

    async def fetch(self, *asked: Any) -> Any:  # noqa: ANN401
        return await self._call(self.connection.fetch, *asked)

    async def fetchrow(self, *asked: Any) -> Any:  # noqa: ANN401
        return await self._call(self.connection.fetchrow, *asked)

    async def _call(self, call: Callable[..., Any], *asked: Any, **options: Any) -> Any:  # noqa: ANN401
        if not self._fate.falls_due():
            return await call(*asked, **options)
        if self._draw.random() < 0.5:  # noqa: PLR2004 - what was asked is done, and nobody hears it
            await call(*asked, **options)
        self.connection.terminate()
        raise asyncpg.ConnectionDoesNotExistError("The worker is lost.")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self.connection, name)


class _Pool:
    def __init__(self, pool: asyncpg.Pool, fate: Fate, draw: Random) -> None:
        self._pool = pool
        self._fate = fate
        self._draw = draw

    async def acquire(self) -> _Connection:
        return _Connection(await self._pool.acquire(), self._fate, self._draw)

    async def release(self, connection: _Connection, **options: Any) -> None:  # noqa: ANN401
        await self._pool.release(connection.connection, **options)


@dataclass(frozen=True, slots=True)
class Place:
    """Where they work: one tenant of a database, at a time that stands still."""

    url: str
    tenant_id: UUID
    now: datetime


@asynccontextmanager
async def workers(place: Place, seed: int) -> AsyncIterator[Rounds]:
    """Workers that go round at random moments until the block is left."""
    rounds, over = Rounds(), asyncio.Event()
    try:
        async with asyncio.TaskGroup() as group:
            for number in range(WORKERS):
                draw = Random(f"{seed} {number}")  # noqa: S311 - to be drawn again alike
                group.create_task(_work(place, draw, rounds, over))
            try:
                yield rounds
            finally:
                over.set()
    finally:
        over.set()


async def _work(place: Place, draw: Random, rounds: Rounds, over: asyncio.Event) -> None:
    async with connected(place.url, pool_size=1) as own:
        fate = Fate()
        database = Database(_Pool(own._pool, fate, draw))  # noqa: SLF001 - stands in for it
        while not over.is_set():
            fate.left = draw.randint(1, LATEST_CALL) if draw.random() < KILLED else None
            if draw.random() < BEGUN_ANEW:
                async with own.transaction(place.tenant_id) as transaction:
                    rounds.begun_anew += await programs.begin_anew(transaction) == "begun"
            rounds.made += await _round(database, place.now, draw.randint(1, 8))
            rounds.all += 1
            rounds.killed += fate.left is not None and fate.left <= 0
            await asyncio.sleep(draw.uniform(0, LONGEST_REST_SECONDS))


async def _round(database: Database, now: datetime, steps: int) -> int:
    """What a worker does, up to so many steps; how many alliances were made anew."""
    left = iter(range(steps))

    def over() -> bool:
        return next(left, None) is None

    try:
        await events.move(database)
        return await programs.add_up(database, shipped(), now, over)
    except Problem:  # it was killed in the midst
        return 0


async def caught_up(database: Database, now: datetime) -> int:
    """All that is left, by a worker that nobody kills: how many alliances were made anew."""
    await events.move(database)
    return await programs.add_up(database, shipped(), now)
