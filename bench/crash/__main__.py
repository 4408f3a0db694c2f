"""`python -m bench.crash`: the long run. Ends by itself; talks to nobody but this machine."""

import argparse
import asyncio
import json
import secrets
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Final, TypeVar

from bench.crash import plans
from bench.crash.gate import PLACES
from bench.crash.long_run import carried_out, in_a_home
from bench.crash.postgres import OwnPostgres
from bench.crash.report import Report, table
from bench.crash.run import Findings, Order, crash_run
from bench.crash.rush import rush_run

PARTS: Final = ("kills", "cuts", "controls", "rush")
Result = TypeVar("Result")


def main() -> int:
    """Run what is asked for; 0 when nothing is wrong and every control was found out, else 1."""
    options = _options()
    report = Report(options.seed)
    _say(f"seed {options.seed}")
    return in_a_home("crash", lambda home: _carried_out(report, home, options))


def _carried_out(report: Report, home: Path, options: argparse.Namespace) -> int:
    """Run, print and write what was found; the exit status."""
    failures = carried_out(home, lambda server: _all(report, server, home, options))
    failures += report.failures()
    print(table(report, failures))
    if options.json:
        text = json.dumps(report.as_json(failures), indent=2, default=str)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 1 if failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.crash", description=__doc__)
    add = parser.add_argument
    add("--seed", type=int, default=secrets.randbelow(10**6), help="of an earlier run")
    add("--submissions", type=int, default=50_000, help="to be acknowledged among the kills")
    add("--kills", type=int, default=25, help="of processes, every kind in turn")
    add("--cuts", type=int, default=5, help="at each place, among the kills")
    add("--more-cuts", type=int, default=200, help="at each place, in a run of their own")
    add("--controls", type=int, default=600, help="submissions of each control")
    add("--ids", type=int, default=200, help="that many callers send at once")
    add("--at-once", type=int, default=50, help="how many callers that is")
    add("--minutes", type=float, default=30.0, help="it has ended by then")
    add("--only", action="append", choices=PARTS, help="just this part; several times for more")
    add("--json", type=Path, metavar="FILE", help="write what was found there")
    return parser.parse_args()


async def _all(
    report: Report, server: OwnPostgres, home: Path, options: argparse.Namespace
) -> None:
    seed, seconds = options.seed, 60 * options.minutes
    parts = options.only or PARTS
    async with asyncio.timeout(seconds):
        if "kills" in parts:
            count, cuts = options.kills, options.cuts * len(PLACES)
            order = plans.kills(seed, options.submissions, count, cuts, 0.4 * seconds)
            report.runs.append(await _run(server, home, order))
        if "cuts" in parts:
            order = plans.cuts(seed, options.more_cuts * len(PLACES), 0.1 * seconds)
            report.runs.append(await _run(server, home, order))
        for control in plans.CONTROLS if "controls" in parts else ():
            order = control(seed, options.controls, 0.05 * seconds)
            report.controls.append(await _run(server, home, order))
        if "rush" in parts:
            rush = rush_run(server, home, seed, ids=options.ids, at_once=options.at_once)
            report.rushes = await _told("rush", rush)


async def _run(server: OwnPostgres, home: Path, order: Order) -> Findings:
    return await _told(order.name, crash_run(server, home, order))


async def _told(name: str, work: Awaitable[Result]) -> Result:
    _say(f"{name} …")
    return await work


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
