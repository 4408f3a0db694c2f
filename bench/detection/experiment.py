"""One population: parameters fitted to it, thresholds from one seed, figures from others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from app.measurement.filter_bank import CourseParameters
from bench.detection.arrays import Flags, Floats
from bench.detection.bank import Evidence, evidence
from bench.detection.fit import fitted
from bench.detection.policy import (
    BUDGETS,
    Alarming,
    alarms,
    alarms_of_rule,
    calibrated,
    hit,
    scores,
)
from bench.detection.rules import CHANCE, rule_values
from bench.detection.simulate import Cases, Drop, Population, simulated

DETECTOR: Final = "detector"
QUIETS: Final = (0, 1, 3)
TRAINING_CASES: Final = 300
TRAINING, CALIBRATION, TEST, RUPTURED = 720, 5101, 5201, 7500
"""Seeds. None of them was used when the detector was tuned."""
LOW, HIGH = -12.0, 40.0

Method = tuple[str, int]
"""A rule's name and the quiet sessions after an alarm of its."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many cases are simulated."""

    clean: int
    ruptured: int


FULL, QUICK = Sizes(20_000, 10_000), Sizes(2_000, 1_000)


@dataclass(frozen=True, slots=True)
class Seen:
    """Streams as the detector and all rules see them."""

    cases: Cases
    evidence: Evidence
    rules: Mapping[str, Floats]

    def alarming(self, method: Method) -> Alarming:
        """Threshold -> this method's alarms."""
        name, quiet = method
        if name == DETECTOR:
            return lambda threshold: alarms(self.evidence, threshold)
        return lambda threshold: alarms_of_rule(self.rules[name], threshold, quiet)

    def scores(self, name: str) -> Floats:
        """Sessions x streams, higher is worse."""
        return scores(self.evidence) if name == DETECTOR else self.rules[name]


@dataclass(frozen=True, slots=True)
class Experiment:
    """A population with what was fitted to it and calibrated on it."""

    population: Population
    parameters: CourseParameters
    thresholds: Mapping[tuple[Method, float], float]
    """By method and budget."""
    clean: Seen
    """The test streams without a drop."""

    def seen(self, cases: Cases) -> Seen:
        """The streams under this experiment's parameters."""
        return seen(cases, self.parameters)

    def methods(self) -> list[Method]:
        """All methods, the detector last. Chance needs no quiet."""
        return [
            *((name, quiet) for name in self.clean.rules for quiet in QUIETS[: _quiets(name)]),
            (DETECTOR, 0),
        ]


def _quiets(name: str) -> int:
    return 1 if name == CHANCE else len(QUIETS)


def seen(cases: Cases, parameters: CourseParameters) -> Seen:
    """The streams under these parameters."""
    return Seen(cases, evidence(cases, parameters), rule_values(cases, parameters))


def experiment(
    population: Population, sizes: Sizes, parameters: CourseParameters | None = None
) -> Experiment:
    """Everything up to the thresholds; parameters are fitted to 300 cases unless given."""
    if parameters is None:
        parameters = fitted(simulated(population, TRAINING_CASES, TRAINING), population)
    calibration = seen(simulated(population, sizes.clean, CALIBRATION), parameters)
    clean = seen(simulated(population, sizes.clean, TEST), parameters)
    methods = Experiment(population, parameters, {}, clean).methods()
    thresholds = {
        (method, budget): calibrated(calibration.alarming(method), budget, LOW, HIGH)
        for method in methods
        for budget in BUDGETS
    }
    return Experiment(population, parameters, thresholds, clean)


def ruptured(population: Population, sizes: Sizes, drop: Drop, number: int) -> Cases:
    """The cases of one cell; its number gives the seed."""
    return simulated(population, sizes.ruptured, RUPTURED + number, drop)


def found(here: Experiment, cases: Seen, method: Method, budget: float, drop: Drop) -> Flags:
    """Which cases are found in time."""
    given = cases.alarming(method)(here.thresholds[method, budget])
    return hit(given, cases.cases.onset, drop.window)


def interval(flags: Flags) -> tuple[float, float]:
    """95 % bootstrap interval of a share, cases drawn with replacement."""
    share, count = float(flags.mean()), len(flags)
    drawn = np.random.default_rng(0).binomial(count, share, 2000) / count
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def area(clean: Floats, worse: Floats, most: float = 1.0) -> float:
    """Area under the curve of found against false alarms up to a rate of these, over its width."""
    ordered = np.sort(clean)
    beyond = 1 - np.searchsorted(ordered, worse, side="left") / len(ordered)
    ties = 1 - np.searchsorted(ordered, worse, side="right") / len(ordered)
    middle = (beyond + ties) / 2
    return float(np.maximum(most - middle, 0).mean() / most)
