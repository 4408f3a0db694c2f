"""What could be found at best: population, kind and depth known (P), or the person too (Q).

Of several policies of alarm; there may be better ones, so they are a ceiling only roughly.
"""

from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from app.measurement.filter_bank import CourseParameters
from bench.detection.arrays import Floats
from bench.detection.bank import Profile, evidence
from bench.detection.experiment import CALIBRATION, Sizes, ruptured
from bench.detection.policy import alarms, calibrated, hit
from bench.detection.simulate import Cases, Drop, Population, simulated

LOW, HIGH = -12.0, 40.0
LENGTHS: Final = {"V": 1, "U": 3, "S": 9, "R": 9}


def true_parameters(population: Population) -> CourseParameters:
    """The population as it is."""
    p = population
    return CourseParameters(
        p.mean, p.between_sd, p.slope_mean, p.slope_sd, p.within_sd, p.reliability,
        float(-np.log(max(p.carry_over, 1e-3)) / 7), p.volatility_log_sd, p.low, p.high, p.step,
    )  # fmt: skip


def policies(drop: Drop) -> tuple[Profile, ...]:
    """One hypothesis, weighted by age in several ways; the first takes evidence as it comes."""
    length, window = LENGTHS[drop.kind], drop.window
    ages = max(window + 1, 2)
    lowers = tuple(
        (age + 1.0 if drop.kind == "R" else 1.0) if age < length else 0.0 for age in range(ages)
    )
    flat = (1.0,) * ages
    late = tuple(1.0 if 2 * age >= window else 0.1 for age in range(ages))
    last = tuple(1.0 if age == ages - 1 else 0.05 for age in range(ages))
    middle = tuple(1.0 if age == ages // 2 else 0.1 for age in range(ages))
    return tuple(
        Profile(lowers, drop.depth, weights)
        for weights in dict.fromkeys((flat, late, last, middle))
    )


def oracle_p(
    population: Population, sizes: Sizes, drop: Drop, number: int, budget: float
) -> tuple[float, float]:
    """Shares found when population, kind and depth are known, but not the person.

    (evidence taken as it comes, best of all policies: some of them wait until the window ends).
    """
    clean = simulated(population, sizes.clean // 2, CALIBRATION)
    cases = ruptured(population, sizes, drop, number)
    shares = _shares(clean, cases, drop, budget, true_parameters(population))
    return shares[0], max(shares)


def oracle_q(population: Population, sizes: Sizes, drop: Drop, number: int, budget: float) -> float:
    """Share found by the best policy when the person's level, growth and SD are known besides."""
    p = population
    unit = CourseParameters(
        0.0, 1e-4, 0.0, 1e-6, 1.0, p.reliability, true_parameters(p).decay_per_day, 1e-4,
        -1e6, 1e6, p.step,
    )  # fmt: skip
    clean = known(simulated(population, sizes.clean // 2, CALIBRATION), population)
    cases = known(ruptured(population, sizes, drop, number), population)
    return max(_shares(clean, cases, drop, budget, unit))


def known(cases: Cases, population: Population) -> Cases:
    """The ratings less the person's own course, in own SDs; a maximum stays what it is."""
    growth = np.minimum(np.arange(cases.values.shape[1]), population.growth_ends)
    course: Floats = cases.level[:, None] + cases.slope[:, None] * growth
    return replace(cases, values=(cases.values - course) / cases.own_sd[:, None])


def _shares(
    clean: Cases, cases: Cases, drop: Drop, budget: float, parameters: CourseParameters
) -> list[float]:
    """The share found by each policy at its own threshold."""
    found = []
    for profile in policies(drop):
        calm, worse = (evidence(one, parameters, (profile,)) for one in (clean, cases))
        threshold = calibrated(partial(alarms, calm), budget, LOW, HIGH)
        given = alarms(worse, threshold)
        found.append(float(hit(given, cases.onset, drop.window).mean()))
    return found
