"""`python -m bench.restore`: backs up under load, wrecks, restores, and compares.

Two ways: a base backup with archived changes, recovered to the instant before a mistake; and a dump
of the database. Ends by itself; needs what `make test` needs and Linux.
"""

import argparse
import signal
import sys
from typing import Final

import asyncpg

from app.errors import StartRefused
from bench.processes import ROOT, RunFailed
from bench.restore.drill import Found, Order, drill

HOME: Final = ROOT / ".rapport" / "bench-restore"


def main() -> int:
    """0 when nothing was lost and nothing differs, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.restore", description=__doc__)
    parser.add_argument("--seconds", type=float, default=40.0, help="of load (default 40)")
    parser.add_argument("--rows", type=int, default=0, help="responses there beforehand")
    parser.add_argument("--lose", type=float, default=0.0, metavar="SECONDS",
                        help="a control: recover too early, which must be found out")  # fmt: skip
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop as on a Ctrl-C
    HOME.mkdir(parents=True, exist_ok=True)
    found = Found()
    try:
        drill(HOME, Order(options.seconds, options.rows, options.lose), found)
    except (RunFailed, StartRefused, OSError, asyncpg.PostgresError) as failed:
        found.wrong.append(f"not all of it ran: {failed}")
    for what, value in found.counts.items():
        print(f"{what:55} {value or 0}")
    for step, seconds in found.seconds.items():
        print(f"{step:55} {seconds:.1f} s")
    print("\n".join(found.wrong) or "Nothing is lost, and nothing differs.")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
