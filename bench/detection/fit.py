"""The parameters of a population of streams, by maximum likelihood with the detector's filters."""

import math
from typing import Final

import numpy as np
from scipy.optimize import minimize

from app.measurement.filter_bank import CourseParameters, assumed_parameters
from bench.detection.arrays import Floats
from bench.detection.bank import log_likelihood
from bench.detection.simulate import Cases, Population

STEPS: Final = 60
TOLERANCE: Final = 1e-7
LEAST_VOLATILITY: Final = 0.05
PRIORS: Final = ((3, math.log(0.04), 0.7), (5, math.log(3.0), 1.0), (6, math.log(0.15), 1.0))
"""Weak priors on growth's SD, reliability and decay: place, mean, SD (on the fitted scale)."""
SKEW_SD: Final = 0.5
"""Of the prior on skew, about none."""
BOUNDS: Final = (
    (-2.0, 9.0), (-4.0, 2.0), (-0.3, 0.3), (-7.0, -1.5), (-3.0, 1.0), (-2.0, 4.0), (-5.0, 1.0),
    (math.log(LEAST_VOLATILITY), 0.2), (-0.5, 1.5),
)  # fmt: skip


def fitted(cases: Cases, population: Population, *, skew: bool = True) -> CourseParameters:
    """The parameters under which these streams are likeliest; skew 0 unless it is asked for."""
    low, high, step = population.low, population.high, population.step
    scale = (high - low) / 6
    inner = Cases(
        1 + (cases.values - low) / scale, cases.days, cases.own_sd, cases.level, cases.slope,
        cases.onset,
    )  # fmt: skip

    def cost(x: Floats) -> float:
        prior = sum(((x[at] - mean) / sd) ** 2 / 2 for at, mean, sd in PRIORS)
        if skew:
            prior += (x[8] / SKEW_SD) ** 2 / 2
        return float(prior - log_likelihood(inner, _parameters(x, 1.0, 7.0, step / scale)))

    assumed = assumed_parameters(1, 7, step / scale)
    start = [
        float(np.nanmean(inner.values)), math.log(assumed.between_sd), assumed.slope_mean,
        math.log(assumed.slope_sd), math.log(assumed.within_sd), math.log(3.0),
        math.log(assumed.decay_per_day), math.log(assumed.volatility_log_sd), 0.1,
    ]  # fmt: skip
    kept = 9 if skew else 8
    options = {"maxiter": STEPS, "ftol": TOLERANCE}
    found = minimize(
        cost, np.array(start[:kept]), method="L-BFGS-B", bounds=BOUNDS[:kept], options=options
    )
    best = found.x.copy()
    best[0] = low + (best[0] - 1) * scale
    best[2] *= scale
    best[[1, 3, 4]] += math.log(scale)
    return _parameters(best, low, high, step)


def _parameters(x: Floats, low: float, high: float, step: float) -> CourseParameters:
    return CourseParameters(
        mean=float(x[0]),
        between_sd=math.exp(x[1]),
        slope_mean=float(x[2]),
        slope_sd=math.exp(x[3]),
        within_sd=math.exp(x[4]),
        reliability=1 / (1 + math.exp(-x[5])),
        decay_per_day=math.exp(x[6]),
        volatility_log_sd=math.exp(x[7]),
        low=low,
        high=high,
        step=step,
        skew=float(x[8]) if len(x) == len(BOUNDS) else 0.0,
    )
