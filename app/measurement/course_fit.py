"""The parameters of how ratings go, fitted to many streams; for batch work, never in a request.

By maximum likelihood with the detector's own filters, so that what is fitted is what the detector
assumes: a rating at the maximum says "at least this", and people differ in how much they vary. Weak
priors hold what few ratings tell little of. Streams with a drop among them make the spread wider
and the detector blunter; there is no telling them apart beforehand.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.measurement.detection import rating_at, weighted_anew
from app.measurement.filter_bank import CourseParameters, assumed_parameters
from app.measurement.minimum import Bounds, minimum
from app.measurement.person_filter import filtered, first_numbers, nodes

FEWEST_RATINGS: Final = 4
"""Of a stream for it to be taken."""
PRIORS: Final = (
    (3, math.log(0.04), 0.7),
    (5, math.log(3.0), 1.0),
    (6, math.log(0.15), 1.0),
    (8, 0.0, 0.5),
)
"""Weak priors on growth's SD, reliability, decay and skew: place, mean, SD on the fitted scale, of
ratings from 1 to 7. House rule."""
BOUNDS: Final[Bounds] = (
    (1.0, 7.0), (-4.0, 2.0), (-0.3, 0.3), (-7.0, -1.5), (-3.0, 1.0), (-2.0, 4.0), (-5.0, 1.0),
    (math.log(0.05), 0.2), (-0.5, 1.5),
)  # fmt: skip
"""Of the numbers fitted, of ratings from 1 to 7: mean, log between-person SD, growth, log SD of
growth, log within-person SD, log-odds of reliability, log decay, log log-SD of volatility, skew."""
SKEW: Final = 8
"""Place of skew among them."""
START_SKEW: Final = 0.1
UNIT_LOW, UNIT_HIGH = 1.0, 7.0
"""Ratings are fitted as if on this scale, so that the priors hold for all."""

Course = Sequence[tuple[float, float | None]]
"""One stream in order: value (the scale's mean) and days since the rating before; None: not known.
The first one's days mean nothing."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Fitted parameters."""

    parameters: CourseParameters
    cost: float
    """Minus the logarithm of likelihood and priors, on ratings from 1 to 7; lower fits better."""
    settled: bool
    """False: the search was cut off, and a better fit may exist."""


def fitted(courses: Sequence[Course], low: float, high: float, step: float) -> Fit:
    """The likeliest parameters of a scale whose mean goes from low to high in steps.

    Takes some 25 µs for each rating and each of some 500 looks at all of them. Raises ValueError
    without a stream.
    """
    if not courses:
        raise ValueError("Expected at least one stream.")
    scale = (high - low) / (UNIT_HIGH - UNIT_LOW)
    inner = [
        [(UNIT_LOW + (value - low) / scale, days) for value, days in course] for course in courses
    ]

    def cost(x: Sequence[float]) -> float:
        return penalty(x) - log_likelihood(inner, parameters_at(x, step / scale))

    values = [value for course in inner for value, _ in course]
    found = minimum(cost, start_at(math.fsum(values) / len(values), step / scale), BOUNDS)
    return Fit(scaled(parameters_at(found.at, step / scale), low, high), found.value, found.settled)


def log_likelihood(courses: Sequence[Course], parameters: CourseParameters) -> float:
    """Natural logarithm of how likely all ratings of all streams are."""
    guesses = nodes(parameters)
    first = [first_numbers(node, parameters) for node in guesses]
    priors = [node.prior for node in guesses]
    total = 0.0
    for course in courses:
        numbers, weights = first, priors
        for seen, (value, days) in enumerate(course):
            rating = rating_at(seen, value, days if seen else 0.0, parameters)
            steps = [filtered(n, node, rating) for n, node in zip(numbers, guesses, strict=True)]
            weights, likelihood = weighted_anew(weights, steps)
            # Filters read their numbers from the second on; the first is the node's weight.
            numbers = [(0.0, *one.numbers) for one in steps]
            total += likelihood
    return total


def penalty(x: Sequence[float]) -> float:
    """What the priors add to the cost of fitted numbers, of which skew may be left out."""
    return sum(((x[at] - mean) / sd) ** 2 / 2 for at, mean, sd in PRIORS if at < len(x))


def start_at(mean: float, step: float) -> list[float]:
    """Where a search begins: at the house assumption, about the mean of all ratings."""
    assumed = assumed_parameters(UNIT_LOW, UNIT_HIGH, step)
    return [
        mean, math.log(assumed.between_sd), assumed.slope_mean, math.log(assumed.slope_sd),
        math.log(assumed.within_sd), math.log(3.0), math.log(assumed.decay_per_day),
        math.log(assumed.volatility_log_sd), START_SKEW,
    ]  # fmt: skip


def parameters_at(x: Sequence[float], step: float) -> CourseParameters:
    """The parameters that fitted numbers stand for, on ratings from 1 to 7."""
    return CourseParameters(
        mean=float(x[0]),
        between_sd=math.exp(x[1]),
        slope_mean=float(x[2]),
        slope_sd=math.exp(x[3]),
        within_sd=math.exp(x[4]),
        reliability=1 / (1 + math.exp(-x[5])),
        decay_per_day=math.exp(x[6]),
        volatility_log_sd=math.exp(x[7]),
        low=UNIT_LOW,
        high=UNIT_HIGH,
        step=step,
        skew=float(x[SKEW]) if len(x) > SKEW else 0.0,
    )


def scaled(parameters: CourseParameters, low: float, high: float) -> CourseParameters:
    """Parameters of ratings from 1 to 7 as those of a scale whose mean goes from low to high."""
    scale = (high - low) / (UNIT_HIGH - UNIT_LOW)
    return replace(
        parameters,
        mean=low + (parameters.mean - UNIT_LOW) * scale,
        between_sd=parameters.between_sd * scale,
        slope_mean=parameters.slope_mean * scale,
        slope_sd=parameters.slope_sd * scale,
        within_sd=parameters.within_sd * scale,
        low=low,
        high=high,
        step=parameters.step * scale,
    )
