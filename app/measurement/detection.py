"""Whether a rating tells of a drop: one number for sudden and slow drops alike.

For each rating from the second on the question is kept open whether something began there: a dip,
a drop that stays, or a slow decline. Under each of them the ratings since are so and so many times
as likely as without (Willsky & Jones, 1976, IEEE Transactions on Automatic Control 21(1), 108-112,
for the likelihood ratio of a jump within a Kalman filter). The score is the sum of these ratios.
What it finds is known from simulation only: docs/reference/detection-benchmark.md.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from app.measurement.filter_bank import (
    ASSUMPTION,
    EMPTY,
    FILTER,
    HYPOTHESIS,
    NODE,
    RAMP,
    SLOTS,
    WEEK,
    Bank,
    CourseParameters,
    Filtered,
    Rating,
    assumed_parameters,
    filtered,
    first_values,
    nodes,
    packed,
    single,
    unpacked,
)
from app.measurement.hypotheses import plan, updated

__all__ = [
    "ASSUMPTION",
    "EMPTY",
    "Bank",
    "CourseParameters",
    "Judgement",
    "assumed_parameters",
    "observed",
    "packed",
    "threshold",
    "unpacked",
    "without_hypotheses",
]

Kind = Literal["sudden", "slow"]

GROWTH_ENDS: Final = 11
"""Ratings after the first one after which a person's growth is taken to be over. House rule."""
UNKNOWN_DAYS: Final = WEEK
"""Taken for the days between two ratings when they are not known. House rule."""
LEAST_WEIGHT: Final = 1e-30
"""No guess at a person's volatility is ever ruled out for good."""
THRESHOLDS: Final = ((0.25, 4.50), (1.0, 3.35), (3.0, 2.56), (5.0, 2.15), (20.0, 1.0))
"""Alarms per 100 ratings of streams without a drop, and the score that gives them."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the detector makes of one rating, given those before it."""

    score: float | None
    """Natural logarithm of the evidence for a drop; higher is more. None: a first rating."""
    kind: Kind
    """Which sort of drop the greater part of the evidence is for."""
    z: float
    """The rating less what was expected, in SDs of that; negative is worse than expected."""
    expected: float
    """What was expected of this rating before it came."""
    level_mean: float
    """The person's own level at this rating, growth included, passing states left out."""
    level_sd: float
    """How unsure that level is: a posterior SD."""
    slope_mean: float
    """The person's own growth per rating."""
    slope_sd: float
    """How unsure that growth is."""


def observed(
    bank: Bank,
    value: float,
    days: float | None,
    parameters: CourseParameters,
    reliability: float | None = None,
) -> tuple[Bank, Judgement]:
    """The bank after one more rating of its stream, and what is to be thought of that rating.

    value: the scale's mean. days: since the rating before; None means not known (UNKNOWN_DAYS).
    reliability: within-person, of this score, where it is lower than that of a complete one.
    """
    rating = _rating(bank, value, days, parameters, reliability)
    values = bank.values or first_values(parameters)
    guesses = nodes(parameters)
    steps = [filtered(values, i * NODE, node, rating) for i, node in enumerate(guesses)]
    earlier = [values[i * NODE] for i in range(len(guesses))]
    weights = _reweighted(earlier, steps)
    open_now = plan(bank.open_onsets)
    numbers: list[float] = []
    sudden = slow = 0.0
    for i, node in enumerate(guesses):
        numbers.append(weights[i])
        numbers += steps[i].numbers
        if bank.seen == 0:
            numbers += values[i * NODE + FILTER : (i + 1) * NODE]
            continue
        so_far = values[i * NODE + FILTER : (i + 1) * NODE]
        hypotheses, dips, declines = updated(so_far, open_now, node.unit, rating, steps[i])
        numbers += hypotheses
        sudden += weights[i] * dips
        slow += weights[i] * declines
    still_open = min(bank.open_onsets + 1, RAMP - 1) if bank.seen else 0
    after = Bank(bank.seen + 1, still_open, single(numbers))
    score = math.log(sudden + slow) if bank.seen else None
    kind: Kind = "sudden" if sudden >= slow else "slow"
    course = _course(weights, steps, rating.growth)
    return after, Judgement(score, kind, *_foreseen(earlier, steps), *course)


def without_hypotheses(bank: Bank) -> Bank:
    """The bank after an alarm: its filters go on, its hypotheses are closed.

    Else the same evidence would be alarmed again at the next rating.
    """
    if not bank.open_onsets:
        return bank
    closed = (0.0,) * (SLOTS * HYPOTHESIS)
    values: tuple[float, ...] = ()
    for at in range(0, len(bank.values), NODE):
        values += bank.values[at : at + FILTER] + closed
    return Bank(bank.seen, 0, values)


def threshold(alarms_per_100: float) -> float:
    """The score above which to alarm, for so many alarms per 100 ratings without a drop.

    From the benchmark's simulation, 0.25 to 20 per 100, log-linear between the tabled rates.
    Raises ValueError outside of that.
    """
    for (fewer, higher), (more, lower) in pairwise(THRESHOLDS):
        if fewer <= alarms_per_100 <= more:
            share = math.log(alarms_per_100 / fewer) / math.log(more / fewer)
            return higher + share * (lower - higher)
    raise ValueError("An alarm budget lies between 0.25 and 20 per 100.")


def _rating(
    bank: Bank,
    value: float,
    days: float | None,
    parameters: CourseParameters,
    reliability: float | None,
) -> Rating:
    passed = UNKNOWN_DAYS if days is None else days
    of_this = reliability or parameters.reliability
    at_maximum = value > parameters.high - parameters.step / 4
    return Rating(
        value=value,
        growth=float(min(bank.seen, GROWTH_ENDS)),
        carry=math.exp(-parameters.decay_per_day * passed),
        error_share=parameters.reliability * (1 - of_this) / of_this,
        ceiling=parameters.high - parameters.step / 2 if at_maximum else None,
    )


def _reweighted(earlier: list[float], filtered: list[Filtered]) -> list[float]:
    """The weights of the nodes after the rating: Bayes' rule, with a floor."""
    best = max(one.log_likelihood for one in filtered)
    products = [
        weight * math.exp(one.log_likelihood - best)
        for weight, one in zip(earlier, filtered, strict=True)
    ]
    total = sum(products)
    return [max(product / total, LEAST_WEIGHT) for product in products]


def _foreseen(weights: list[float], steps: list[Filtered]) -> tuple[float, float]:
    """(z, expected) of a rating: means over the nodes as they were weighted before it."""
    total = sum(weights)
    z = sum(w * one.innovation for w, one in zip(weights, steps, strict=True))
    expected = sum(w * one.expected for w, one in zip(weights, steps, strict=True))
    return z / total, expected / total


def _course(
    weights: list[float], steps: list[Filtered], growth: float
) -> tuple[float, float, float, float]:
    """(level mean, level SD, slope mean, slope SD) of the person after the rating."""
    filters = [one.numbers for one in steps]
    levels = [n[0] + growth * n[1] for n in filters]
    variances = [n[3] + 2 * growth * n[4] + growth * growth * n[6] for n in filters]
    slopes = [n[1] for n in filters]
    return *_mixed(weights, levels, variances), *_mixed(weights, slopes, [n[6] for n in filters])


def _mixed(weights: list[float], means: list[float], variances: list[float]) -> tuple[float, float]:
    """Mean and SD of a mixture."""
    mean = sum(w * m for w, m in zip(weights, means, strict=True)) / sum(weights)
    variance = sum(
        w * (max(v, 0.0) + (m - mean) ** 2)
        for w, m, v in zip(weights, means, variances, strict=True)
    )
    return mean, math.sqrt(variance / sum(weights))
