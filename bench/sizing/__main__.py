"""`python -m bench.sizing`: what a response takes, and what connections and processes bring.

The figures of the sizing page. Needs a machine that does nothing else, for about two minutes.
"""

import argparse
import itertools
import os
import sys
import time
from contextlib import AbstractContextManager
from typing import Final

import asyncpg

from app.errors import StartRefused
from bench.accounting import memory_mib
from bench.load import Order
from bench.measure import course
from bench.processes import ROOT, Load, RunFailed, Server, load, service, started
from bench.sizing.room import room, told
from bench.store import Store, asked, store
from bench.work import ALLIANCES, KNOWN, TREND

HOME: Final = ROOT / ".rapport" / "bench-sizing"
START_PATIENCE: Final = 60.0
CONNECTIONS: Final = 32
BATCH: Final = 1000
POOLS: Final = (1, 2, 4, 8, 16)
WORKERS: Final = (1, 2)
WARM_UP: Final = 1.0
WAITING: Final = "SELECT count(*) FROM event_queue"
_part = itertools.count()


def main() -> int:
    """0 when it came to an end, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.sizing", description=__doc__)
    parser.add_argument(
        "--responses", type=int, default=10_000, help="to take room (default 10000)"
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="of each setting (default 3)")
    options = parser.parse_args()
    HOME.mkdir(parents=True, exist_ok=True)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    try:
        with store(HOME) as data, load(data.key, HOME) as sender:
            _room(data, sender, options.responses)
            for pool in POOLS:
                _speed(data, sender, 1, pool, options.seconds)
            for workers in WORKERS:
                _speed(data, sender, workers, 8, options.seconds)
    except (RunFailed, StartRefused, OSError, asyncpg.PostgresError) as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    return 0


def _room(data: Store, sender: Load, responses: int) -> None:
    """What responses take that go to known alliances, once the worker has done its part."""
    with _serving(data, 1, 8) as server:
        rest = memory_mib(server.process.pid)
        _send(sender, server, KNOWN, count=ALLIANCES)
        _worked_off(data)
        before = room(data.url)
        for _ in range(max(responses // BATCH, 1)):
            _send(sender, server, KNOWN, count=BATCH)
        waiting, seconds = _worked_off(data)
        print("\n".join(told(before, room(data.url), max(responses // BATCH, 1) * BATCH)))
        print(f"worker       {waiting} events in {seconds:.1f} s, {waiting / seconds:.0f} a second")
        print(f"memory       {rest} MiB at rest, {memory_mib(server.process.pid)} MiB after")


def _speed(data: Store, sender: Load, workers: int, pool: int, seconds: float) -> None:
    with _serving(data, workers, pool) as server:
        rates = []
        for work in (KNOWN, TREND):
            path = "/v1/responses" if work == KNOWN else _trend(server)
            _send(sender, server, work, path, seconds=WARM_UP)
            sent = _send(sender, server, work, path, seconds=seconds)
            rates.append(sent / seconds)
        print(f"processes {workers}, connections {pool:2} each: "
              f"{rates[0]:6.0f} submissions/s, {rates[1]:6.0f} trends/s")  # fmt: skip


def _send(
    sender: Load,
    server: Server,
    work: str,
    path: str = "/v1/responses",
    *,
    seconds: float = 0.0,
    count: int = 0,
) -> int:
    """How many were answered with 2xx. Raises RunFailed when others were not."""
    order = Order(work, path, server.port, CONNECTIONS, next(_part), seconds, count)
    sent = sender.send(order)
    failed = {status: times for status, times in sent.statuses.items() if status not in {200, 201}}
    if failed:
        raise RunFailed(f"{work} was answered with {failed}.")
    return sent.in_time


def _trend(server: Server) -> str:
    """The trend of an alliance with twenty responses; the same whenever it is asked for."""
    return f"/v1/alliances/{course(server)[0]['alliance_id']}/trend"


def _worked_off(data: Store) -> tuple[int, float]:
    """How many events waited, and the seconds that a worker took from its start."""
    waiting: int = asked(data.url, WAITING)
    names = {"DATABASE_URL": data.url}
    began = time.monotonic()
    with started("worker", ["app.cli", "worker"], HOME, names):
        while asked(data.url, WAITING):
            if time.monotonic() > began + START_PATIENCE:
                raise RunFailed("The worker does not move the events.")
            time.sleep(0.05)
        seconds = time.monotonic() - began
        time.sleep(2.0)  # what is added up comes after
    return waiting, seconds


def _serving(data: Store, workers: int, pool: int) -> AbstractContextManager[Server]:
    settings = {"WORKERS": str(workers), "POOL_SIZE": str(pool)}
    return service(data.url, data.key, HOME, settings=settings, seconds=START_PATIENCE)


if __name__ == "__main__":
    sys.exit(main())
