"""What the service does by itself: moves events, looks for silence, adds up, works files off."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog

from app.comparisons import service as comparisons
from app.database import Database
from app.errors import Problem
from app.events import service as events
from app.exports.working import Files, work_off
from app.imports import working as imports
from app.instruments.definitions import Catalogue
from app.metrics import WORKER_FAILURES, WORKER_LAST_PASS, WORKER_PASS_SECONDS
from app.programs import service as programs
from app.silence import service as silence

IDLE_SECONDS: Final = 0.5
"""How long it rests when everything is done; so long may an event wait."""
LOOK_SECONDS: Final = 10.0
"""How often it looks for answers that are late; they have had days."""
CHECK_SECONDS: Final = 3600.0
"""How often it asks whether definitions or settings have changed, under which is added up."""
SLICE_SECONDS: Final = 0.5
"""How long it goes on adding up, or releasing, before it moves events again."""
LONGEST_REST_SECONDS: Final = 4.0
"""How long it rests at most while the database fails: twice as long each time, up to this."""

_log = structlog.get_logger("rapport.worker")


class Slices:
    """Long work cut into slices, so that events are moved in between."""

    def __init__(self, stopping: asyncio.Event) -> None:
        self._stopping = stopping
        self._until = 0.0
        self.cut = True
        """Whether there was more to do than the last slice took."""

    def begin(self) -> None:
        """A slice begins now."""
        self._until = asyncio.get_running_loop().time() + SLICE_SECONDS
        self.cut = False

    def over(self) -> bool:
        """Whether the slice is over, or all work is to stop."""
        if asyncio.get_running_loop().time() >= self._until:
            self.cut = True
        return self.cut or self._stopping.is_set()


async def work(
    database: Database,
    catalogue: Catalogue,
    stopping: asyncio.Event,
    clock: Callable[[], datetime],
) -> None:
    """Works until stopping is set; the transaction at hand is ended first.

    A database that fails, or is away, is asked again after a rest. Any number of workers may run
    at once, and each may be killed at any moment. clock: the time, for what falls due by it.
    """
    rest, loop, slices = IDLE_SECONDS, asyncio.get_running_loop(), Slices(stopping)
    look_at = check_at = loop.time()
    files: Files = {}
    while not stopping.is_set():
        began = loop.time()
        try:
            moved, looked, made = await events.move(database, stopping.is_set), 0, 0
            if due := loop.time() >= look_at:
                look_at = loop.time() + LOOK_SECONDS
                looked = await silence.look(database, clock(), stopping.is_set)
            if moved or due or slices.cut:
                await _add_up(database, catalogue, clock(), slices)
            if due:
                made = await comparisons.make(database, catalogue, clock(), stopping.is_set)
            if loop.time() >= check_at:
                check_at = loop.time() + CHECK_SECONDS
                await programs.look_again(database, catalogue, clock())
            steps = await work_off(database, catalogue, files, clock(), stopping.is_set)
            taken = await imports.work_off(database, catalogue, clock, stopping.is_set)
        except Problem as problem:
            rest = min(2 * max(rest, IDLE_SECONDS), LONGEST_REST_SECONDS)
            WORKER_FAILURES.labels(problem.code).inc()
            _log.warning("resting", code=problem.code, seconds=rest)
        else:
            rest = 0.0 if slices.cut or steps or taken else IDLE_SECONDS
            _tell(loop.time() - began, moved, looked, made, steps, taken)
        with suppress(TimeoutError):
            async with asyncio.timeout(rest):
                await stopping.wait()


async def _add_up(database: Database, catalogue: Catalogue, now: datetime, slices: Slices) -> None:
    """A slice of what programmes add up to, and of what of it can be shown."""
    slices.begin()
    await programs.add_up(database, catalogue, now, slices.over)
    await programs.seal(database, now, slices.over)


def _tell(  # noqa: PLR0917 - what a round does
    seconds: float, moved: int, looked: int, made: int, steps: int, taken: int
) -> None:
    """Count the round, which took so long, and log what was done where anything was."""
    WORKER_PASS_SECONDS.observe(seconds)
    WORKER_LAST_PASS.set_to_current_time()
    if moved:
        _log.info("events_moved", count=moved)
    if looked:
        _log.info("silence_looked_at", count=looked)
    if made:
        _log.info("comparisons_made", count=made)
    if steps:
        _log.info("exports_advanced", count=steps)
    if taken:
        _log.info("imports_advanced", count=taken)
