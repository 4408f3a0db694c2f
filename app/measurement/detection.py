"""Whether a rating tells of a drop: one number for sudden and slow drops alike.

At each rating from the second on it is asked whether something began there: a dip, a drop that
stays, or a slow decline. Under each of these the ratings since are so and so many times as likely
as without; the score is the weighted sum of these ratios over all that may have begun, and over
what the person's volatility may be. What it finds is known from simulation only:
docs/reference/detection-benchmark.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Final, Literal

from app.measurement.alarm_budget import set_thresholds, threshold
from app.measurement.filter_bank import (
    ASSUMPTION,
    CLOSED,
    EMPTY,
    FILTER,
    WEEK,
    Bank,
    CourseParameters,
    assumed_parameters,
    bank_of,
    numbers_of,
    packed,
    unpacked,
)
from app.measurement.hypotheses import followed
from app.measurement.person_filter import Filtered, Rating, filtered, first_numbers, nodes

__all__ = [
    "ASSUMPTION",
    "EMPTY",
    "Bank",
    "CourseParameters",
    "Judgement",
    "assumed_parameters",
    "observed",
    "packed",
    "set_thresholds",
    "threshold",
    "unpacked",
    "without_hypotheses",
]

Kind = Literal["sudden", "slow"]

UNKNOWN_DAYS: Final = WEEK
"""Taken for the days between two ratings when they are not known. House rule."""
GROWTH_ENDS: Final = 11
"""Ratings after the first one after which a person's growth is taken to be over. House rule."""
FIRST_KEPT: Final = 2
"""Earlier ratings from which on an onset is kept open. At the second rating only one is known, so
what begins there is judged at once and not held against the ratings that follow. House rule."""
LEAST_EVIDENCE: Final = 1e-300
"""Taken where it is smaller than a float can hold."""
LEAST_WEIGHT: Final = 1e-30
"""No guess at a person's volatility is ever ruled out for good."""


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
    rating = rating_at(bank.seen, value, days, parameters, reliability)
    guesses = nodes(parameters)
    if bank.seen:
        before = numbers_of(bank)
    else:
        before = [first_numbers(node, parameters) for node in guesses]
    steps = [filtered(n, node, rating) for n, node in zip(before, guesses, strict=True)]
    weights_before = [numbers[0] for numbers in before]
    weights, _ = weighted_anew(weights_before, steps)
    kept = bank.seen >= FIRST_KEPT
    after = []
    sudden = slow = 0.0
    for weight, one, node, n in zip(weights, steps, guesses, before, strict=True):
        hypotheses, node_sudden, node_slow = followed(n, node.unit, rating, one)
        sudden += weight * node_sudden
        slow += weight * node_slow
        after.append((weight, *one.numbers, *(hypotheses if kept else CLOSED)))
    score = log(max(sudden + slow, LEAST_EVIDENCE)) if bank.seen else None
    kind: Kind = "sudden" if sudden >= slow else "slow"
    z, expected = _foreseen(weights_before, steps)
    course = _course(weights, steps, rating.growth)
    return bank_of(bank.seen + 1, after), Judgement(score, kind, z, expected, *course)


def without_hypotheses(bank: Bank) -> Bank:
    """The bank after an alarm: its filters go on, its hypotheses are closed.

    Else the same evidence would be alarmed again at the next rating.
    """
    if not bank.seen:
        return bank
    return bank_of(bank.seen, [(*node[:FILTER], *CLOSED) for node in numbers_of(bank)])


def rating_at(
    seen: int,
    value: float,
    days: float | None,
    parameters: CourseParameters,
    reliability: float | None = None,
) -> Rating:
    """A rating that follows `seen` others, as filters take it; the rest as in observed."""
    passed = UNKNOWN_DAYS if days is None else days
    of_this = reliability or parameters.reliability
    at_maximum = value > parameters.high - parameters.step / 4
    return Rating(
        value=value,
        growth=float(min(seen, GROWTH_ENDS)),
        carry=exp(-parameters.decay_per_day * passed),
        error_share=parameters.reliability * (1 - of_this) / of_this,
        ceiling=parameters.high - parameters.step / 2 if at_maximum else None,
        skew=parameters.skew,
    )


def weighted_anew(weights: Sequence[float], steps: Sequence[Filtered]) -> tuple[list[float], float]:
    """The weights of the nodes after a rating, and the log-likelihood of the rating under them all.

    By Bayes' rule, with a floor.
    """
    likelihoods = [one[-1] for one in steps]
    best = max(likelihoods)
    products = [w * exp(one - best) for w, one in zip(weights, likelihoods, strict=True)]
    total = sum(products)
    anew = [one / total for one in products]
    if min(anew) < LEAST_WEIGHT:
        anew = [max(one, LEAST_WEIGHT) for one in anew]
    return anew, best + log(total)


def _foreseen(weights: Sequence[float], steps: Sequence[Filtered]) -> tuple[float, float]:
    """(z, expected) of a rating: means over the nodes as they were weighted before it."""
    z = expected = 0.0
    for weight, (_, _, _, of_node, innovation, _, _) in zip(weights, steps, strict=True):
        z += weight * innovation
        expected += weight * of_node
    total = sum(weights)
    return z / total, expected / total


def _course(
    weights: Sequence[float], steps: Sequence[Filtered], growth: float
) -> tuple[float, float, float, float]:
    """(level mean, level SD, slope mean, slope SD) of the person after the rating."""
    level = level_square = slope = slope_square = 0.0
    for weight, one in zip(weights, steps, strict=True):
        start, per_rating, _, v_l, c_ls, _, v_s, _, _ = one[0]
        now = start + growth * per_rating
        level += weight * now
        level_square += weight * (now * now + v_l + growth * (2 * c_ls + growth * v_s))
        slope += weight * per_rating
        slope_square += weight * (per_rating * per_rating + v_s)
    return (
        level,
        sqrt(max(level_square - level * level, 0.0)),
        slope,
        sqrt(max(slope_square - slope * slope, 0.0)),
    )
