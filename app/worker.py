"""What the service does by itself, beside answering calls: it moves events into their log."""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from app.database import Database
from app.errors import Problem
from app.events import service as events

IDLE_SECONDS: Final = 0.5
"""How long it rests when everything is done; so long may an event wait."""
LONGEST_REST_SECONDS: Final = 4.0
"""How long it rests at most while the database fails: twice as long each time, up to this."""

_log = structlog.get_logger("rapport.worker")


async def work(database: Database, stopping: asyncio.Event) -> None:
    """Works until stopping is set; the transaction at hand is ended first.

    A database that fails, or is away, is asked again after a rest. Any number of workers may run
    at once, and each may be killed at any moment.
    """
    rest = IDLE_SECONDS
    while not stopping.is_set():
        try:
            moved = await events.move(database, stopping.is_set)
        except Problem as problem:
            rest = min(2 * rest, LONGEST_REST_SECONDS)
            _log.warning("resting", code=problem.code, seconds=rest)
        else:
            rest = IDLE_SECONDS
            if moved:
                _log.info("events_moved", count=moved)
        with suppress(TimeoutError):
            async with asyncio.timeout(rest):
                await stopping.wait()
