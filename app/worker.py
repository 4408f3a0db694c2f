"""What the service does by itself: it moves events into their log, looks for silence, exports."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog

from app.database import Database
from app.errors import Problem
from app.events import service as events
from app.exports.working import Files, work_off
from app.instruments.definitions import shipped
from app.silence import service as silence

IDLE_SECONDS: Final = 0.5
"""How long it rests when everything is done; so long may an event wait."""
LOOK_SECONDS: Final = 10.0
"""How often it looks for answers that are late; they have had days."""
LONGEST_REST_SECONDS: Final = 4.0
"""How long it rests at most while the database fails: twice as long each time, up to this."""

_log = structlog.get_logger("rapport.worker")


async def work(database: Database, stopping: asyncio.Event, clock: Callable[[], datetime]) -> None:
    """Works until stopping is set; the transaction at hand is ended first.

    A database that fails, or is away, is asked again after a rest. Any number of workers may run
    at once, and each may be killed at any moment. clock: the time, for what falls due by it.
    """
    rest, loop = IDLE_SECONDS, asyncio.get_running_loop()
    look_at = loop.time()
    files: Files = {}
    while not stopping.is_set():
        try:
            moved = await events.move(database, stopping.is_set)
            looked = 0
            if loop.time() >= look_at:
                look_at = loop.time() + LOOK_SECONDS
                looked = await silence.look(database, clock(), stopping.is_set)
            steps = await work_off(database, shipped(), files, clock(), stopping.is_set)
        except Problem as problem:
            rest = min(2 * max(rest, IDLE_SECONDS), LONGEST_REST_SECONDS)
            _log.warning("resting", code=problem.code, seconds=rest)
        else:
            rest = 0.0 if steps else IDLE_SECONDS
            if moved:
                _log.info("events_moved", count=moved)
            if looked:
                _log.info("silence_looked_at", count=looked)
            if steps:
                _log.info("exports_advanced", count=steps)
        with suppress(TimeoutError):
            async with asyncio.timeout(rest):
                await stopping.wait()
