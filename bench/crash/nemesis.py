"""The nemesis: kills and cuts by a seed, one after another, while submissions go on."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar

import asyncpg

from bench.crash.gate import PLACES, Cut, Gate, Manner, Place
from bench.crash.postgres import OwnPostgres
from bench.crash.service import Service
from bench.crash.tenancy import Tenancy, asked
from bench.processes import RunFailed

RECOVERY_PATIENCE: Final = 60.0
CUT_PATIENCE: Final = 15.0
_PAUSE: Final = 0.02
_FIRST, _LAST = 0.03, 0.95
"""Between these shares of a run's submissions its faults happen."""
Drawn = TypeVar("Drawn")
_SERVING: Final = """
SELECT pid FROM pg_stat_activity WHERE application_name = 'rapport' AND datname = $1
ORDER BY state = 'idle', pid
"""
"""Backends of the service, those first that are at work."""


class Kill(StrEnum):
    """What is ended with SIGKILL."""

    WORKER = "worker"
    """One process of the service."""
    SERVICE = "service"
    """All of them."""
    BACKEND = "backend"
    """One process of Postgres that serves the app. Postgres then ends the others, and recovers."""
    POSTMASTER = "postmaster"
    """All of Postgres."""
    EVERYTHING = "everything"
    """Service and Postgres at once, as in a power cut."""


@dataclass(frozen=True, slots=True)
class Blow:
    """One thing that is to happen, once so many submissions are acknowledged."""

    after: int
    what: Kill | Place
    manner: Manner = Manner.RESET
    connections: int = 1
    """How many a cut hits."""


@dataclass(slots=True)
class Struck:
    """One thing that happened."""

    what: str
    after: int
    """Submissions that were acknowledged when it happened."""
    recovered: float | None = None
    """Seconds from it to the first acknowledgement once all was begun again."""


@dataclass(slots=True)
class Nemesis:
    """Carries out a plan against one service and its Postgres."""

    server: OwnPostgres
    tenancy: Tenancy
    service: Service
    gate: Gate
    acknowledged: Callable[[], int]
    """How many submissions are acknowledged by now."""
    draw: random.Random
    struck: list[Struck] = field(default_factory=list)
    missed_cuts: int = 0
    """Cuts that nobody came to in time."""
    service_ended: int = 0
    """How often the service ended although nobody had killed it as a whole."""

    async def run(self, plan: Sequence[Blow], late: Callable[[], bool]) -> None:
        """Do what is planned, each when its time has come, until it is late. Raises RunFailed."""
        for blow in plan:
            await self._until_acknowledged(blow.after, late)
            if late():
                return
            await self.revive()
            began = time.monotonic()
            struck = Struck(str(blow.what), self.acknowledged())
            self.struck.append(struck)
            if isinstance(blow.what, Kill):
                await self._kill(blow.what)
            else:
                await self._cut(Cut(blow.what, blow.manner, blow.connections))
            await self._until_acknowledged(self.acknowledged() + 1, late)
            struck.recovered = time.monotonic() - began

    async def _kill(self, what: Kill) -> None:
        if what is Kill.WORKER:
            await self._kill_worker()
        elif what is Kill.BACKEND:
            await self._kill_backend()
        else:
            both: list[Service | OwnPostgres] = [self.service, self.server]
            ended = {Kill.SERVICE: both[:1], Kill.POSTMASTER: both[1:]}.get(what, both)
            await asyncio.gather(*(asyncio.to_thread(one.kill) for one in ended))
            for one in reversed(ended):  # Postgres first: the service asks for it when it starts
                await asyncio.to_thread(one.start)

    async def _kill_worker(self) -> None:
        while not await asyncio.to_thread(self.service.kill_worker, self.draw):
            await self.revive()  # its head has yet to start another
            await asyncio.sleep(_PAUSE)

    async def _kill_backend(self) -> None:
        """One that is at work, if there is one; comes back when Postgres has recovered."""
        until = time.monotonic() + RECOVERY_PATIENCE
        while not await self._ended_backend():
            if time.monotonic() > until:
                raise RunFailed("No backend serves the app.")
            await asyncio.sleep(_PAUSE)
        while not await self._answers():
            if time.monotonic() > until:
                raise RunFailed("Postgres did not recover from the end of a backend.")
            await asyncio.sleep(_PAUSE)

    async def _ended_backend(self) -> bool:
        found = await asked(self.server.url, _SERVING, self.tenancy.name)
        return bool(found) and await asyncio.to_thread(self.server.kill_backend, found[0]["pid"])

    async def _answers(self) -> bool:
        try:
            await asked(self.server.url, "SELECT 1")
        except (asyncpg.PostgresError, OSError):
            return False
        return True

    async def _cut(self, cut: Cut) -> None:
        self.gate.arm(cut)
        try:
            await asyncio.wait_for(cut.done.wait(), CUT_PATIENCE)
        except TimeoutError:
            self.missed_cuts += 1
        finally:
            self.gate.disarm()

    async def _until_acknowledged(self, count: int, late: Callable[[], bool]) -> None:
        """Wait for the callers. Raises RunFailed when nothing is acknowledged for a minute."""
        seen, since = -1, time.monotonic()
        while (now := self.acknowledged()) < count and not late():
            if now > seen:
                seen, since = now, time.monotonic()
            elif time.monotonic() - since > RECOVERY_PATIENCE:
                raise RunFailed(f"Nothing is acknowledged any more, after {now}.")
            await self.revive()
            await asyncio.sleep(_PAUSE)

    async def revive(self) -> None:
        """Start a service that ended by itself, as whoever runs it would."""
        if self.service.ended():
            self.service_ended += 1
            await asyncio.to_thread(self.service.stop)
            await asyncio.to_thread(self.service.start)


def plan(
    seed: int,
    total: int,
    *,
    kills: int = 0,
    cuts: int = 0,
    manners: Sequence[Manner] = tuple(Manner),
) -> list[Blow]:
    """So many kills and cuts, spread over a run of `total` submissions; every kind in turn."""
    draw = random.Random(f"{seed}:plan")  # noqa: S311 - to be drawn again alike
    kinds, places = _drawn(draw, list(Kill), kills), _drawn(draw, list(PLACES), cuts)
    whats: list[Kill | Place] = [*kinds, *places]
    draw.shuffle(whats)
    span = (_LAST - _FIRST) * total / max(1, len(whats))
    return [
        Blow(
            int(_FIRST * total + span * (number + draw.random())),
            what,
            draw.choice(manners),
            draw.randint(1, 4),
        )
        for number, what in enumerate(whats)
    ]


def _drawn(draw: random.Random, kinds: list[Drawn], count: int) -> list[Drawn]:
    """Each kind as often as the others, as far as `count` allows; which are left out is drawn."""
    found: list[Drawn] = []
    while len(found) < count:
        draw.shuffle(kinds)
        found += kinds[: count - len(found)]
    return found
