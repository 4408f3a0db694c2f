"""Rolling restarts under submissions: what callers see, and what is lost (nothing)."""

import asyncio
import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from bench.crash.caller import Caller, NoAnswer
from bench.crash.checker import Verdict
from bench.pressure.callers import OK, Callers, calling, counted
from bench.pressure.scene import Scene, serving, stopped
from bench.processes import RunFailed, Server, free_port

PROCESSES: Final = 2
DRAIN_SECONDS: Final = 5
"""As the page on upgrades says for behind a balancer."""
ASKED_EVERY: Final = 0.5
EXIT_PATIENCE: Final = 25.0 + DRAIN_SECONDS
CALLERS: Final = 16


@dataclass(frozen=True, slots=True)
class Restarts:
    """What the restarts came to."""

    restarts: int
    answers: dict[str, int]
    resets: int
    """Calls whose connection was lost before they were answered."""
    failures: int
    """Answers from 500 on."""
    longest: float
    """Seconds until one was answered."""
    exits: dict[int | None, int]
    """Exit status of each stopped process -> how many."""
    slowest_exit: float
    """Seconds from SIGTERM to the end of the process."""
    verdict: Verdict


@dataclass(slots=True)
class Balancer:
    """Sends each new connection to the next service that says that it is ready."""

    ports: Sequence[int]
    key: str
    ready: set[int] = field(default_factory=set)
    _turn: int = 0

    def port(self) -> int:
        """The next one; any if none is ready."""
        self._turn += 1
        choice = [port for port in self.ports if port in self.ready] or list(self.ports)
        return choice[self._turn % len(choice)]

    async def watch(self) -> None:
        """Ask all of them for their readiness again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(ASKED_EVERY)

    async def look(self) -> None:
        """Ask all of them once."""
        for port in self.ports:
            caller = Caller(lambda port=port: port, self.key)  # type: ignore[misc]
            try:
                good = (await caller.get("/readyz")).status == OK
            except NoAnswer:
                good = False
            finally:
                await caller.close()
            (self.ready.add if good else self.ready.discard)(port)


class Upstream:
    """One service behind the balancer, begun anew on the same port."""

    def __init__(self, scene: Scene, name: str) -> None:
        self._scene, self._name, self.port = scene, name, free_port()
        self._held = ExitStack()
        self._server: Server | None = None

    def start(self) -> None:
        """Start it, and come back when it is ready. Raises RunFailed."""
        scene = self._scene
        self._server = self._held.enter_context(
            serving(
                scene.tenancy.url,
                scene.keys[0],
                scene.home,
                self._name,
                self.port,
                DRAIN_SECONDS=str(DRAIN_SECONDS),
            )
        )

    def stop(self) -> tuple[int | None, float]:
        """Its exit status after SIGTERM, None for none in time; and the seconds that it took."""
        if self._server is None:
            raise RunFailed("It was not started.")
        began = time.monotonic()
        self._server.process.send_signal(signal.SIGTERM)
        status = stopped(self._server.process, EXIT_PATIENCE)
        took = time.monotonic() - began
        self.close()
        return status, took

    def close(self) -> None:
        """End it, whatever it does."""
        self._held.close()


async def restarts(scene: Scene, rounds: int) -> Restarts:
    """So many times both services are begun anew, one after the other. Raises RunFailed."""
    upstreams = [Upstream(scene, f"upstream-{number}") for number in range(PROCESSES)]
    balancer = Balancer([one.port for one in upstreams], scene.keys[0])
    exits: list[tuple[int | None, float]] = []
    callers = Callers(balancer.port, scene.keys, "restarts", pause=0.02)
    try:
        for one in upstreams:
            await asyncio.to_thread(one.start)
        await balancer.look()
        watching = asyncio.create_task(balancer.watch())
        async with calling(callers, CALLERS):
            await asyncio.sleep(1.0)
            for one in upstreams * rounds:
                exits.append(await asyncio.to_thread(one.stop))
                await asyncio.to_thread(one.start)
                await asyncio.sleep(3 * ASKED_EVERY)
        watching.cancel()
    finally:
        for one in upstreams:
            await asyncio.to_thread(one.close)
    return await _found(scene, callers, exits)


async def _found(
    scene: Scene, callers: Callers, exits: Sequence[tuple[int | None, float]]
) -> Restarts:
    calls = callers.submits
    statuses = [status for status, _ in exits]
    return Restarts(
        restarts=len(exits),
        answers=counted(calls),
        resets=sum(one.status == 0 for one in calls),
        failures=sum(one.status >= 500 for one in calls),  # noqa: PLR2004
        longest=max(one.seconds for one in calls),
        exits={status: statuses.count(status) for status in set(statuses)},
        slowest_exit=max(seconds for _, seconds in exits),
        verdict=await callers.judged(scene.tenancy.url),
    )
