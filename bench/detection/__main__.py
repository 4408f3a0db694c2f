"""`python -m bench.detection`: simulate, judge, and write the page and its pictures."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.detection import (
    departures,
    main_tables,
    set_tables,
    situations,
    speed,
    stated,
    verdicts,
)
from bench.detection.again import again_table, returns_table
from bench.detection.experiment import FULL, QUICK, Experiment, Sizes, experiment
from bench.detection.own_thresholds import own_table
from bench.detection.page import page
from bench.detection.plots import drawn
from bench.detection.simulate import Population
from bench.detection.text import Lines

ROOT: Final = Path(__file__).parents[2]
SPREADS: Final = (0.35, 0.6)


def main() -> int:
    """Make everything; 0 when it is done."""
    parser = argparse.ArgumentParser(prog="python -m bench.detection", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few cases: about two minutes, rough")
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "reference")
    options = parser.parse_args()
    sizes = QUICK if options.quick else FULL
    started = time.monotonic()
    results = []
    for spread in SPREADS:
        here = experiment(replace(Population(), volatility_log_sd=spread), sizes)
        results.append(main_tables.figures(spread, here, sizes))
        _say(f"main tables, spread {spread:g}", started)
    sections = _sections([one.here for one in results], sizes, started)
    pictures = drawn(results, options.into / "detection")
    file = options.into / "detection-benchmark.md"
    file.write_text(page(results, sections, pictures, sizes), "utf-8")
    _say(f"wrote {file.name}", started)
    return 0


def _sections(experiments: Sequence[Experiment], sizes: Sizes, started: float) -> dict[str, Lines]:
    """The further tables, by the name under which the page asks for them."""
    here = experiments[0]
    made: dict[str, Callable[[], Lines]] = {
        "returns": lambda: returns_table(experiments, sizes),
        "again": lambda: again_table(sizes),
        "own": lambda: own_table(here, sizes),
        "populations": lambda: departures.population_table(sizes),
        "wrong": lambda: departures.wrong_table(sizes),
        "training": lambda: departures.training_table(sizes),
        "nuisance": lambda: situations.nuisance_table(here, sizes),
        "groups": lambda: situations.group_table(here, sizes),
        "missing": lambda: situations.missing_table(here, sizes),
        "dyads": lambda: situations.dyad_table(here, sizes),
        "repair": lambda: verdicts.repair_table(here, sizes),
        "predictive": lambda: verdicts.predictive_table(here, sizes),
        "budgets": lambda: stated.budget_table(experiments),
        "z": lambda: stated.z_table(experiments),
        "intervals": lambda: stated.interval_table(experiments, sizes),
        "scores": lambda: stated.score_table(here, sizes),
        "graded": lambda: set_tables.total_table(sizes),
        "set rates": lambda: set_tables.rate_table(sizes),
        "set gains": lambda: set_tables.gain_table(sizes),
        "speed": speed.speed_table,
    }
    sections = {}
    for name, make in made.items():
        sections[name] = make()
        _say(name, started)
    return sections


def _say(what: str, started: float) -> None:
    print(f"{time.monotonic() - started:6.0f} s  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
