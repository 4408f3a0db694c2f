"""The goals once more: other training sets and seeds; and without the alarms of a return."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from bench.detection.bank import evidence
from bench.detection.experiment import (
    CALIBRATION,
    HIGH,
    LOW,
    RUPTURED,
    TRAINING,
    TRAINING_CASES,
    Experiment,
    Sizes,
    ruptured,
)
from bench.detection.fit import fitted
from bench.detection.main_tables import BUDGET, GOALS, MOST_ANY, MOST_VOLATILE, SOON
from bench.detection.policy import Returns, alarms, calibrated, delays, hit, rate
from bench.detection.simulate import DROPS, Population, simulated
from bench.detection.text import Lines, share, table

TRAININGS: Final = 6
"""Training sets of each population."""
APART: Final = 100
"""Between the seeds of one training set and the next, so that none is used twice."""
STEP: Final = "S2"
SOON_ROW: Final = "S2 by the session after"
ANY_ROW: Final = "clean cases with any alarm"
VOLATILE_ROW: Final = "alarms per 100, most volatile third"


def again_table(sizes: Sizes) -> Lines:
    """Each goal's mean, lowest and highest figure, and in how many training sets it is reached."""
    head = [
        "",
        *(f"{what}, {share(s).rstrip('0')}" for s in GOALS for what in ("found", "reached")),
    ]
    rows: dict[str, list[str]] = {}
    for spread, goals in GOALS.items():
        found: dict[str, list[float]] = {}
        for number in range(1, TRAININGS + 1):
            for name, value in _figures(spread, sizes, number).items():
                found.setdefault(name, []).append(value)
        least = goals | {SOON_ROW: SOON[spread]}
        most = {ANY_ROW: MOST_ANY, VOLATILE_ROW: MOST_VOLATILE}
        for name, values in found.items():
            reached = [one >= least[name] if name in least else one <= most[name] for one in values]
            mean, low, high = (
                share(float(one), 3) for one in (np.mean(values), min(values), max(values))
            )
            text = f"{mean} ({low} to {high})"
            goal = share(least[name]) if name in least else f"at most {share(most[name])}"
            rows.setdefault(name, [name]).extend([text, f"{sum(reached)} of {TRAININGS} ({goal})"])
    return table(head, list(rows.values()))


def returns_table(experiments: Sequence[Experiment], sizes: Sizes) -> Lines:
    """Shares found at 3 per 100, by which ratings that are back count as alarmed."""
    ways: tuple[Returns, ...] = ("shipped", "all", "none")
    rows: dict[str, list[str]] = {}
    for here in experiments:
        population, parameters = here.population, here.parameters
        clean = evidence(simulated(population, sizes.clean, CALIBRATION), parameters)
        limits = {
            way: calibrated(partial(alarms, clean, returns=way), BUDGET, LOW, HIGH) for way in ways
        }
        for number, drop in enumerate(DROPS):
            cases = ruptured(population, sizes, drop, number)
            found = evidence(cases, parameters)
            rows.setdefault(drop.name, [drop.name]).extend(
                share(float(hit(alarms(found, limit, way), cases.onset, drop.window).mean()), 3)
                for way, limit in limits.items()
            )
    spreads = [share(here.population.volatility_log_sd) for here in experiments]
    head = ["", *(f"{way}, {spread}" for spread in spreads for way in ways)]
    return table(head, list(rows.values()))


def _figures(spread: float, sizes: Sizes, number: int) -> dict[str, float]:
    """What one training set comes to, by the row's name."""
    population = replace(Population(), volatility_log_sd=spread)
    apart = APART * number
    training = simulated(population, TRAINING_CASES, TRAINING + apart)
    parameters = fitted(training, population)
    cases = simulated(population, sizes.clean // 2, CALIBRATION + apart)
    clean = evidence(cases, parameters)
    limit = calibrated(partial(alarms, clean), BUDGET, LOW, HIGH)
    figures = {}
    for place, drop in enumerate(DROPS):
        if drop.name not in GOALS[spread]:
            continue
        fallen = simulated(population, sizes.ruptured // 2, RUPTURED + apart + place, drop)
        given = alarms(evidence(fallen, parameters), limit)
        figures[drop.name] = float(hit(given, fallen.onset, drop.window).mean())
        if drop.name == STEP:
            soon = delays(given, fallen.onset) <= 1
    calm = alarms(clean, limit)
    volatile = cases.own_sd > np.quantile(cases.own_sd, 2 / 3)
    return figures | {
        SOON_ROW: float(soon.mean()),
        ANY_ROW: float(calm.any(axis=0).mean()),
        VOLATILE_ROW: rate(calm[:, volatile]),
    }
