"""`python -m bench.without_state`: submissions with and without state and events, in turns."""

import argparse
import statistics
import sys
from typing import Final

import asyncpg

from app.errors import StartRefused
from bench.measure import Result, Run, measured
from bench.processes import ROOT, RunFailed, load, service
from bench.store import store
from bench.work import KNOWN, WORKS

HOME: Final = ROOT / ".rapport" / "bench-without-state"
FLOOR: Final = 0.9
"""What a submission is to keep of its rate though it keeps the state and tells the event."""
PAST: Final = 5
"""How often each alliance is rated twice before anything counts."""
CUT: Final = ("bench.without_state.serve",)


def main() -> int:
    """Run it; 0 when the floor is held, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.without_state", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of A B B A")
    parser.add_argument("--seconds", type=float, default=3.0, help="of a slice")
    parser.add_argument("--connections", type=int, default=32, help="that keep asking")
    options = parser.parse_args()
    try:
        found = _found(options)
    except (RunFailed, StartRefused, OSError, asyncpg.PostgresError) as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    ratio = statistics.median(found.ratios)
    costs = [found.totals[side].micros()[0] for side in ("service", "twin")]
    print(f"ratio {ratio:.2f} ({min(found.ratios):.2f} to {max(found.ratios):.2f}), floor {FLOOR};"
          f" CPU of the service's process for each: {costs[0]:.0f} and {costs[1]:.0f} µs;"
          f" refused: {dict(found.totals['service'].refused)}"
          f" and {dict(found.totals['twin'].refused)}")  # fmt: skip
    return 0 if ratio >= FLOOR else 1


def _found(options: argparse.Namespace) -> Result:
    """Both sides as measured: whole as the service, without as the twin."""
    with (
        store(HOME) as data,
        service(data.url, data.key, HOME) as whole,
        service(data.url, data.key, HOME, CUT) as without,
        load(data.key, HOME) as sender,
    ):
        # One database for both: without reads, and judges by, the state that whole has kept.
        servers = {"service": whole, "twin": without}
        run = Run(sender, servers, data.postmaster, options.connections, "")
        for _ in range(PAST):
            run.seed()
        data.settle()
        works = [work for work in WORKS if work.name == KNOWN]
        (found,) = measured(run, works, rounds=options.rounds, seconds=options.seconds, warm_up=5.0)
        if data.events() >= data.responses():
            raise RunFailed("Nothing was cut: there is an event for each response.")
    return found


if __name__ == "__main__":
    sys.exit(main())
