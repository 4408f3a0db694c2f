"""The parameters of a population of streams, by maximum likelihood with the detector's filters.

The same fit as app/measurement/course_fit.py, on arrays and with another search for the minimum;
tests/measurement/test_course_fit.py holds the two to one another.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from scipy.optimize import minimize

from app.measurement.course_fit import (
    BOUNDS,
    SKEW,
    UNIT_HIGH,
    UNIT_LOW,
    parameters_at,
    penalty,
    scaled,
    start_at,
)
from app.measurement.filter_bank import CourseParameters
from bench.detection.arrays import Floats
from bench.detection.bank import log_likelihood
from bench.detection.simulate import Cases, Population

STEPS: Final = 60
TOLERANCE: Final = 1e-7


def fitted(
    cases: Cases, population: Population, *, skew: bool = True, tolerance: float = TOLERANCE
) -> CourseParameters:
    """The parameters under which these streams are likeliest; skew 0 unless it is asked for."""
    low, high = population.low, population.high
    scale = (high - low) / (UNIT_HIGH - UNIT_LOW)
    step = population.step / scale
    inner = replace(cases, values=UNIT_LOW + (cases.values - low) / scale)

    def cost(x: Floats) -> float:
        return penalty(x) - log_likelihood(inner, parameters_at(x, step))

    kept = SKEW + 1 if skew else SKEW
    start = start_at(float(np.nanmean(inner.values)), step)[:kept]
    options = {"maxiter": STEPS, "ftol": tolerance}
    found = minimize(
        cost, np.array(start), method="L-BFGS-B", bounds=BOUNDS[:kept], options=options
    )
    return scaled(parameters_at([float(one) for one in found.x], step), low, high)
