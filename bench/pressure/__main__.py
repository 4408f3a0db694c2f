"""`python -m bench.pressure`: ends by itself; talks to nobody but this machine."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Final

from bench.crash.long_run import carried_out, in_a_home
from bench.crash.postgres import OwnPostgres
from bench.pressure.faults import faults
from bench.pressure.harms import HARMS, MAY_MOUNT
from bench.pressure.overload import overload
from bench.pressure.report import Report
from bench.pressure.restarts import restarts
from bench.pressure.scene import scene
from bench.pressure.storm import storm

PARTS: Final = ("overload", "storm", "faults", "restarts")


def main() -> int:
    """Run what is asked for; 0 when nothing is wrong, else 1. A missed aim is told only."""
    options = _options()
    report = Report()
    return in_a_home("pressure", lambda home: _carried_out(report, home, options))


def _carried_out(report: Report, home: Path, options: argparse.Namespace) -> int:
    failures = carried_out(home, lambda server: _all(report, server, home, options))
    failures += report.failures()
    print(report.text())
    for missed in report.missed():
        print(f"missed: {missed}")
    for failure in failures:
        print(f"WRONG: {failure}")
    return 1 if failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.pressure", description=__doc__)
    add = parser.add_argument
    add("part", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default all)")
    add("--seconds", type=float, default=20.0, help="of the flood and of each part of the storm")
    add("--rounds", type=int, default=10, help="of restarts; in each both services are begun anew")
    add("--fault", action="append", choices=list(HARMS), help="just this one; may be repeated")
    add("--minutes", type=float, default=15.0, help="it has ended by then")
    options = parser.parse_args()
    if unknown := set(options.part) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    return options


async def _all(
    report: Report, server: OwnPostgres, home: Path, options: argparse.Namespace
) -> None:
    parts = options.part or PARTS
    async with asyncio.timeout(60 * options.minutes):
        if "overload" in parts:
            _say("overload")
            async with scene(server, home, "overload") as place:
                report.overload = await overload(place, options.seconds)
        if "storm" in parts:
            _say("storm")
            async with scene(server, home, "storm") as place:
                report.storm = await storm(place, options.seconds)
        if "faults" in parts:
            if not MAY_MOUNT:
                _say("a full disk is not tried: only root may mount a small one")
            async with scene(server, home, "faults", keys=1) as place:
                async for fault in faults(place, options.fault or ()):
                    _say(f"faults: {fault.name}")
                    report.faults.append(fault)
        if "restarts" in parts:
            _say("restarts")
            async with scene(server, home, "restarts", keys=1) as place:
                report.restarts = await restarts(place, options.rounds)


def _say(text: str) -> None:
    print(f"{text} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
