"""Other populations than the detector was tuned on, and parameters that are wrong."""

from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from app.measurement.alarm_budget import threshold
from app.measurement.filter_bank import CourseParameters
from bench.detection.arrays import Flags
from bench.detection.bank import evidence
from bench.detection.experiment import (
    CALIBRATION,
    HIGH,
    LOW,
    QUIETS,
    RUPTURED,
    TEST,
    TRAINING,
    TRAINING_CASES,
    Seen,
    Sizes,
    seen,
)
from bench.detection.fit import fitted
from bench.detection.policy import alarms, calibrated, hit, rate
from bench.detection.simulate import Cases, Drop, Population, simulated
from bench.detection.text import Lines, share, table

BUDGET: Final = 3.0
KINDS: Final = (Drop("V", 2.0), Drop("S", 2.0), Drop("R", 0.3))
STANDARD: Final = Population()
POPULATIONS: Final = {
    "standard, spread .35": STANDARD,
    "standard, spread 0": replace(STANDARD, volatility_log_sd=0.0),
    "standard, spread .6": replace(STANDARD, volatility_log_sd=0.6),
    "person share .5": replace(STANDARD, between_sd=0.55),
    "person share .8": replace(STANDARD, between_sd=1.1),
    "carry-over .05": replace(STANDARD, carry_over=0.05),
    "carry-over .55": replace(STANDARD, carry_over=0.55),
    "reliability .6": replace(STANDARD, reliability=0.6),
    "reliability .9": replace(STANDARD, reliability=0.9),
    "growth without end": replace(STANDARD, growth_ends=99),
    "mean 6.3, a third at maximum": replace(STANDARD, mean=6.3),
    "1 to 5, steps of 1/12": Population(4.07, 0.57, 0.02, 0.027, 0.37, high=5.0),
    "0 to 40 in tenths": Population(35.0, 5.0, 0.2, 0.27, 3.4, low=0.0, high=40.0, step=0.1),
    "steps of a quarter": replace(STANDARD, step=0.25),
    "t5 noise": replace(STANDARD, noise="t5"),
    "skewed noise": replace(STANDARD, noise="skewed"),
    "skewed noise, spread .6": replace(STANDARD, noise="skewed", volatility_log_sd=0.6),
}
TRAINING_SETS: Final = 3
NO_SKEW: Final = "skewed noise"
"""Shown a second time with skew left out of the parameters."""


def population_table(sizes: Sizes) -> Lines:
    """Rates at the shipped thresholds, shares found at own ones, the best of the others."""
    rows = []
    for name, population in POPULATIONS.items():
        rows.append(_population_row(name, population, sizes, skew=True))
        if name.startswith(NO_SKEW):
            rows.append(_population_row(f"{name}, skew ignored", population, sizes, skew=False))
    head = ["population", "rate at 3", "rate at 5", "V2", "S2", "R.3", "best other V2", "S2", "R.3"]
    return table(head, rows)


def _population_row(name: str, population: Population, sizes: Sizes, *, skew: bool) -> list[str]:
    training = simulated(population, TRAINING_CASES, TRAINING)
    parameters = fitted(training, population, skew=skew)
    calibration = seen(simulated(population, sizes.clean // 4, CALIBRATION), parameters)
    clean = evidence(simulated(population, sizes.clean // 4, TEST), parameters)
    rates = [f"{rate(alarms(clean, threshold(budget))):.1f}" for budget in (3.0, 5.0)]
    own = calibrated(partial(alarms, calibration.evidence), BUDGET, LOW, HIGH)
    ours, best = [], []
    for number, drop in enumerate(KINDS):
        cases = simulated(population, sizes.ruptured // 2, RUPTURED + 20 + number, drop)
        judged = seen(cases, parameters)
        ours.append(share(_hit(alarms(judged.evidence, own), cases, drop)))
        best.append(share(best_rule(calibration, judged, cases, drop)))
    return [name, *rates, *ours, *best]


def best_rule(calibration: Seen, judged: Seen, cases: Cases, drop: Drop) -> float:
    """The largest share that any rule finds at 3 per 100."""
    found = 0.0
    for name in calibration.rules:
        for quiet in QUIETS:
            limit = calibrated(calibration.alarming((name, quiet)), BUDGET, LOW, HIGH)
            found = max(found, _hit(judged.alarming((name, quiet))(limit), cases, drop))
    return found


def _hit(given: Flags, cases: Cases, drop: Drop) -> float:
    return float(hit(given, cases.onset, drop.window).mean())


def changes(parameters: CourseParameters) -> dict[str, CourseParameters]:
    """The same parameters, wrong in one way or another."""
    p = parameters
    total = p.between_sd**2 + p.within_sd**2
    person = p.between_sd**2 / total
    found = {"right": p}
    for name, factor in (("-30 %", 0.7), ("+40 %", 1.4)):
        found[f"within-person SD {name}"] = replace(p, within_sd=p.within_sd * factor)
        found[f"between-person SD {name}"] = replace(p, between_sd=p.between_sd * factor)
        found[f"volatility log-SD {name}"] = replace(
            p, volatility_log_sd=p.volatility_log_sd * factor
        )
    for name, more in (("-.15", -0.15), ("+.15", 0.15)):
        other = min(max(person + more, 0.05), 0.95)
        found[f"person share {name}"] = replace(
            p, between_sd=(other * total) ** 0.5, within_sd=((1 - other) * total) ** 0.5
        )
        found[f"reliability {name}"] = replace(p, reliability=min(p.reliability + more, 0.95))
    carry = float(np.exp(-7 * p.decay_per_day))
    for name, more in (("-.2", -0.2), ("+.2", 0.2)):
        other = -float(np.log(max(carry + more, 0.02))) / 7
        found[f"carry-over {name}"] = replace(p, decay_per_day=other)
    found["mean half a between-person SD too high"] = replace(p, mean=p.mean + p.between_sd / 2)
    return found


def wrong_table(sizes: Sizes) -> Lines:
    """What wrong parameters do to rates at an unchanged threshold, and to what is found."""
    rows: dict[str, list[str]] = {}
    for spread in (0.35, 0.6):
        population = replace(STANDARD, volatility_log_sd=spread)
        fit = fitted(simulated(population, TRAINING_CASES, TRAINING), population)
        calibration = simulated(population, sizes.clean // 4, CALIBRATION)
        drops = [
            (drop, simulated(population, sizes.ruptured // 2, RUPTURED + 20 + number, drop))
            for number, drop in enumerate(KINDS)
        ]
        fixed = None
        for name, parameters in changes(fit).items():
            clean = evidence(calibration, parameters)
            own = calibrated(partial(alarms, clean), BUDGET, LOW, HIGH)
            fixed = own if fixed is None else fixed
            row = [f"{rate(alarms(clean, fixed)):.1f}"]
            row += [
                share(_hit(alarms(evidence(cases, parameters), own), cases, drop))
                for drop, cases in drops
            ]
            rows.setdefault(name, [name]).extend(row)
    columns = ["rate", "V2", "S2", "R.3"]
    head = ["parameters", *(f"{one}, .35" for one in columns), *(f"{one}, .6" for one in columns)]
    return table(head, list(rows.values()))


def training_table(sizes: Sizes) -> Lines:
    """Realised rates at the shipped thresholds over training sets of several kinds."""
    rows = []
    for name, count, ruptured_share in (
        ("300 clean cases", 300, 0.0),
        ("100 clean cases", 100, 0.0),
        ("300 cases, a quarter with a drop", 300, 0.25),
    ):
        row = [name]
        for spread in (0.35, 0.6):
            population = replace(STANDARD, volatility_log_sd=spread)
            clean = simulated(population, sizes.clean // 4, TEST)
            found = [
                evidence(clean, fitted(training, population))
                for training in (
                    training_cases(population, count, ruptured_share, TRAINING + seed)
                    for seed in range(TRAINING_SETS)
                )
            ]
            for budget in (3.0, 5.0):
                rates = [rate(alarms(one, threshold(budget))) for one in found]
                row.append(f"{min(rates):.1f} to {max(rates):.1f}")
        rows.append(row)
    head = ["fitted on", "at 3, .35", "at 5, .35", "at 3, .6", "at 5, .6"]
    return table(head, rows)


def training_cases(population: Population, count: int, ruptured_share: float, seed: int) -> Cases:
    """Clean cases, the last of them with a 2-SD step instead."""
    clean = simulated(population, count, seed)
    if not ruptured_share:
        return clean
    fallen = simulated(population, count, seed, Drop("S", 2.0))
    values = clean.values.copy()
    start = round(count * (1 - ruptured_share))
    values[start:] = fallen.values[start:]
    return replace(clean, values=values)
