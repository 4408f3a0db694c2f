"""Thresholds for a total and its components judged side by side."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from app.measurement.filter_bank import CourseParameters
from bench.detection.arrays import Flags
from bench.detection.bank import Evidence, evidence
from bench.detection.fit import fitted
from bench.detection.graded import Answered, answered, component_population
from bench.detection.policy import ROUNDS, alarms, calibrated, rate
from bench.detection.simulate import Population

Parameters = tuple[CourseParameters, ...]
"""Of the total, then of the components."""
SHARE: Final = 0.8
"""Of the budget, for the total. House rule."""
LOW, HIGH = -2.0, 16.0


@dataclass(frozen=True, slots=True)
class SetEvidence:
    """Evidence for the total and for each component of the same streams."""

    total: Evidence
    components: tuple[Evidence, ...]


def model(population: Population, cases: int, seed: int) -> Parameters:
    """Parameters of total and components from `cases` clean cases."""
    training = answered(population, cases, seed)
    parts = component_population(population)
    return (
        fitted(training.total, population),
        *(fitted(one, parts) for one in training.components),
    )


def set_evidence(found: Answered, parameters: Parameters) -> SetEvidence:
    """The evidence on all scales."""
    total, *parts = parameters
    components = [evidence(one, p) for one, p in zip(found.components, parts, strict=True)]
    return SetEvidence(evidence(found.total, total), tuple(components))


def set_alarms(
    found: SetEvidence, total: float, component: float, components: int = 3
) -> tuple[Flags, Flags]:
    """Alarms of the total, and of any component where the total gives none."""
    by_total = alarms(found.total, total)
    by_component = np.zeros_like(by_total)
    for one in found.components[:components]:
        by_component |= alarms(one, component)
    return by_total, by_component & ~by_total


def pooled(parts: list[SetEvidence]) -> SetEvidence:
    """Streams of several populations as one."""

    def joined(found: list[Evidence]) -> Evidence:
        return Evidence(
            np.concatenate([one.sudden for one in found], axis=2),
            np.concatenate([one.slow for one in found], axis=2),
            np.concatenate([one.expected for one in found], axis=1),
            np.concatenate([one.present for one in found], axis=1),
            np.concatenate([one.back for one in found], axis=1),
            np.concatenate([one.dipped for one in found], axis=1),
        )

    columns = zip(*(one.components for one in parts), strict=True)
    return SetEvidence(
        joined([one.total for one in parts]), tuple(joined(list(one)) for one in columns)
    )


def set_thresholds_for(
    found: SetEvidence, budget: float, components: int = 3
) -> tuple[float, float]:
    """(total, component) thresholds with which the set alarms `budget` ratings in 100."""
    total = calibrated(lambda c: alarms(found.total, c), SHARE * budget, LOW, HIGH)
    low, high = LOW, HIGH
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        by_total, by_component = set_alarms(found, total, middle, components)
        if rate(by_total | by_component) > budget:
            low = middle
        else:
            high = middle
    return total, (low + high) / 2
