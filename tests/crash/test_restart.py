"""A worker that is lost while Postgres is away does not take the service with it."""

import asyncio
import random
from pathlib import Path

from bench.crash.caller import Caller, NoAnswer
from bench.crash.postgres import OwnPostgres
from bench.crash.service import WORKERS, Service, service
from bench.crash.tenancy import tenancy

TURNS, PAUSE = 150, 0.1


async def until_whole(served: Service) -> None:
    """Until it has all its workers again, or has ended."""
    for _ in range(TURNS):
        if served.ended() or len(served.workers()) == WORKERS:
            return
        await asyncio.sleep(PAUSE)


async def readiness(served: Service, key: str) -> int:
    """The status of its readiness, once it is ready or has had its time."""
    caller, status = Caller(lambda: served.port, key), 0
    for _ in range(TURNS):
        try:
            status = (await caller.get("/readyz")).status
        except NoAnswer:
            status = 0
        if status == 200 or served.ended():
            break
        await asyncio.sleep(PAUSE)
    await caller.close()
    return status


async def test_a_worker_lost_while_postgres_is_away_comes_back(
    crash_server: OwnPostgres, tmp_path: Path
) -> None:
    async with (
        tenancy(crash_server, "worker_lost") as data,
        service(data.url, data.key, tmp_path) as served,
    ):
        await asyncio.to_thread(served.start)
        await asyncio.to_thread(crash_server.kill)
        try:
            assert served.kill_worker(random.Random(1))  # noqa: S311
            await asyncio.sleep(3)  # the supervisor looks twice a second
            await until_whole(served)
        finally:
            await asyncio.to_thread(crash_server.start)

        assert not served.ended()
        assert await readiness(served, data.key) == 200
        assert len(served.workers()) == WORKERS
