"""`make bench`: start everything, measure, print, stop everything. Options: make bench ARGS=-h."""

import argparse
import fcntl
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import asyncpg

from app.errors import StartRefused
from bench.accounting import memory_mib
from bench.measure import Run, course, measured
from bench.processes import ROOT, RunFailed, Server, load, service, twin
from bench.report import RESULTS, Findings, save, table
from bench.store import Store, store
from bench.work import WORKS, scores_request

HOME: Final = ROOT / ".rapport" / "bench"
INTERRUPTED: Final = 130


def main() -> int:
    """Run the benchmark; 0 when it counts and the floor holds, 1 when not."""
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop as on a Ctrl-C
    try:
        with _alone(HOME), store(HOME) as data:
            found = _found(data, options)
    except (RunFailed, StartRefused, OSError, asyncpg.PostgresError) as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return INTERRUPTED
    file = save(found)
    print(table(found))
    print(f"Kept in {file.relative_to(RESULTS.parents[1])}")
    return 1 if found.void() or found.missed() else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of A B B A (default 5)")
    parser.add_argument(
        "--seconds", type=float, default=3.0, help="of a slice; a third for all but the submission"
    )
    parser.add_argument("--warm-up", type=float, default=5.0, help="seconds, all in all")
    parser.add_argument("--connections", type=int, default=32, help="that keep asking")
    parser.add_argument(
        "--only", action="append", choices=[work.name for work in WORKS], help="measure just this"
    )
    return parser.parse_args()


def _found(data: Store, options: argparse.Namespace) -> Findings:
    with service(data.url, data.key, HOME) as served, load(data.key, HOME) as sender:
        answers = course(served)
        trend = f"/v1/alliances/{answers[0]['alliance_id']}/trend"
        given = {
            "first": answers[0],
            "later": answers[-1],
            "scores": served.call("POST", "/v1/scores", scores_request()),
            "trend": served.call("GET", trend),
        }
        with twin(given, data.key, HOME) as anchor:
            servers = {"service": served, "twin": anchor}
            run = Run(sender, servers, data.postmaster, options.connections, trend)
            run.seed()
            data.settle()
            results = measured(
                run,
                [work for work in WORKS if not options.only or work.name in options.only],
                rounds=options.rounds,
                seconds=options.seconds,
                warm_up=options.warm_up,
            )
            memory = _memory(servers)
    stored = data.responses()
    return Findings(results, data.settings, run.acknowledged, stored, memory, vars(options))


def _memory(servers: dict[str, Server]) -> dict[str, float | None]:
    return {side: memory_mib(server.process.pid) for side, server in servers.items()}


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Only one run at a time: two would measure each other."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunFailed("Another run is under way.") from None
        yield


if __name__ == "__main__":
    sys.exit(main())
