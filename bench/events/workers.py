"""Worker processes that are killed, mostly in the midst of a transaction, and started again."""

import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from bench.processes import ROOT

WORKERS: Final = 2
LONGEST_LIFE_SECONDS: Final = 0.6
PATIENCE_SECONDS: Final = 20.0
_IN_THE_MIDST: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' "
    "AND pid <> pg_backend_pid() AND (query LIKE '%SKIP LOCKED%' OR query LIKE 'WITH taken%')"
)


@dataclass(slots=True)
class Kills:
    """How many workers were killed, and how often some were in the midst of a transaction."""

    all: int = 0
    caught: int = 0


class Workers:
    """The worker processes."""

    def __init__(self, database_url: str, log: Path) -> None:
        self._environment = os.environ | {"DATABASE_URL": database_url}
        self._log = log
        self._running: list[asyncio.subprocess.Process] = []

    async def start(self) -> None:
        """Start them all, by the product's own command."""
        with self._log.open("ab") as log:
            for _ in range(WORKERS):
                one = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "app.cli", "worker"),
                    cwd=ROOT,
                    env=self._environment,
                    stdout=log,
                    stderr=log,
                )
                self._running.append(one)

    async def kill(self) -> None:
        """End them all at once."""
        for one in self._running:
            with suppress(ProcessLookupError):
                one.kill()
        for one in self._running:
            await one.wait()
        self._running.clear()


@asynccontextmanager
async def killed_workers(database_url: str, log: Path, draw: random.Random) -> AsyncIterator[Kills]:
    """Workers that run, and are killed again and again, until the block is left.

    log: a file for what they say.
    """
    kills, over = Kills(), asyncio.Event()
    workers = Workers(database_url, log)
    watch = await asyncpg.connect(database_url)
    killing = asyncio.create_task(_kill_again_and_again(workers, watch, kills, over, draw))
    try:
        yield kills
    finally:
        over.set()
        await killing
        await watch.close()


async def _kill_again_and_again(
    workers: Workers,
    watch: asyncpg.Connection,
    kills: Kills,
    over: asyncio.Event,
    draw: random.Random,
) -> None:
    while not over.is_set():
        await workers.start()
        try:
            await _caught(watch, over)  # they are up: from here on some of their work is done
            with suppress(TimeoutError):
                async with asyncio.timeout(draw.uniform(0, LONGEST_LIFE_SECONDS)):
                    await over.wait()
            caught = await _caught(watch, over)
        finally:
            await workers.kill()
        if not over.is_set():
            kills.all += WORKERS
            kills.caught += caught


async def _caught(watch: asyncpg.Connection, over: asyncio.Event) -> bool:
    """Come back at once when some worker is in the midst of a transaction; False: none was."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and not over.is_set():
        if await watch.fetchval(_IN_THE_MIDST):
            return True
        await asyncio.sleep(0.001)
    return False
