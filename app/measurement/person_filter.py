"""One person's ratings as level, growth, a passing state and error, followed by a small filter.

How much a person's ratings vary is not known, so several filters run, each with its own guess.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import log, sqrt
from typing import Final, NamedTuple

from app.measurement.filter_bank import CLOSED, FILTER, NODES, CourseParameters

FAR: Final = 30.0
"""SDs beyond which a tail of the normal distribution goes by its series."""
MOST_LEARNT: Final = 0.98
"""Most that a rating at the maximum may tell of what one below it tells; keeps variances positive.
House rule."""
MEAN_ROOT: Final = 1.354530806481315
"""Mean of sqrt(1 + Z * Z), Z standard normal; by numerical integration."""
_ROOT_2: Final = sqrt(2.0)
_LOG_ROOT_2_PI: Final = 0.5 * log(2.0 * math.pi)


@dataclass(frozen=True, slots=True)
class Node:
    """One guess at a person's volatility."""

    prior: float
    """Its weight before the first rating; all together 1."""
    unit: float
    """The person's within-person SD in points, if the guess is right."""
    state_variance: float
    """Of the state that carries over, in points squared."""


class Rating(NamedTuple):
    """What is the same for all nodes at one rating. A tuple, as one is made for every rating."""

    value: float
    growth: float
    """Ratings of growth so far."""
    carry: float
    """What is left of the state since the rating before."""
    error_share: float
    """Error variance as a share of the person's within-person variance."""
    ceiling: float | None
    """The true value is at least this; None: the rating is not at the maximum."""
    skew: float


class Filtered(NamedTuple):
    """One node's filter after a rating. A tuple, as five are made for every rating."""

    numbers: tuple[float, ...]
    """Three means and six (co)variances."""
    gain: tuple[float, float, float]
    """What a point of difference between rating and expectation adds to each mean."""
    sd: float
    """Of that difference."""
    expected: float
    innovation: float
    """That difference in SDs; the normal value of the same probability where there is skew."""
    learnt: float
    """How much the rating says: 1; less at the maximum, where the value may be higher still."""
    log_likelihood: float


@lru_cache(maxsize=256)
def nodes(parameters: CourseParameters) -> tuple[Node, ...]:
    """The guesses at a person's volatility, which are within_sd in the mean square."""
    priors = [math.exp(-x * x / 2) for x in NODES]
    factors = [math.exp(parameters.volatility_log_sd * x) for x in NODES]
    total = sum(priors)
    square = sum(p * f * f for p, f in zip(priors, factors, strict=True)) / total
    found = []
    for prior, factor in zip(priors, factors, strict=True):
        unit = parameters.within_sd * factor / sqrt(square)
        found.append(Node(prior / total, unit, unit * unit * parameters.reliability))
    return tuple(found)


def first_numbers(node: Node, parameters: CourseParameters) -> tuple[float, ...]:
    """The numbers of a node that is about to see its first rating."""
    level = (parameters.mean, parameters.slope_mean, 0.0, parameters.between_sd**2, 0.0, 0.0)
    return (node.prior, *level, parameters.slope_sd**2, 0.0, node.state_variance, *CLOSED)


def filtered(values: tuple[float, ...], node: Node, rating: Rating) -> Filtered:
    """One step of a Kalman filter (Kalman, 1960) on level, growth and passing state."""
    level, slope, state, v_l, c_ls, c_lt, v_s, c_st, v_t = values[1:FILTER]
    value, g, carry, error_share, ceiling, skew = rating
    state *= carry
    c_lt *= carry
    c_st *= carry
    v_t = carry * carry * (v_t - node.state_variance) + node.state_variance
    h_l = v_l + g * c_ls + c_lt
    h_s = c_ls + g * v_s + c_st
    h_t = c_lt + g * c_st + v_t
    known = h_l + g * h_s + h_t
    variance = (known if known > 0.0 else 0.0) + node.unit * node.unit * error_share  # noqa: FURB136 - max takes as long as the rest of the line
    sd = sqrt(variance)
    expected = level + g * slope + state
    if skew or ceiling is not None:
        innovation, learnt, log_likelihood = _told(rating, expected, sd)
    else:
        innovation, learnt = (value - expected) / sd, 1.0
        log_likelihood = -0.5 * innovation * innovation - log(sd) - _LOG_ROOT_2_PI
    k_l, k_s, k_t = h_l / variance, h_s / variance, h_t / variance
    moved = sd * innovation
    g_l, g_s, g_t = gain = (learnt * k_l, learnt * k_s, learnt * k_t)
    numbers = (
        level + k_l * moved, slope + k_s * moved, state + k_t * moved,
        v_l - g_l * h_l, c_ls - g_l * h_s, c_lt - g_l * h_t,
        v_s - g_s * h_s, c_st - g_s * h_t, v_t - g_t * h_t,
    )  # fmt: skip
    return Filtered(numbers, gain, sd, expected, innovation, learnt, log_likelihood)


def _told(rating: Rating, expected: float, sd: float) -> tuple[float, float, float]:
    """(innovation, learnt, log-likelihood) of the rating when `expected` with this SD was."""
    if rating.ceiling is not None:
        least, _ = normal((rating.ceiling - expected) / sd, rating.skew)
        innovation, log_likelihood = above(least)
        return innovation, min(innovation * (innovation - least), MOST_LEARNT), log_likelihood
    innovation, stretch = normal((rating.value - expected) / sd, rating.skew)
    log_likelihood = -0.5 * innovation * innovation - log(sd / stretch) - _LOG_ROOT_2_PI
    return innovation, 1.0, log_likelihood


def normal(innovation: float, skew: float) -> tuple[float, float]:
    """The standard normal value that is as probable, and how fast it grows with the innovation.

    Innovations of mean 0 and SD 1 are taken as sinh(arsinh(Z) - skew), Z standard normal, moved and
    stretched (Jones & Pewsey, 2009, Biometrika 96(4), 761-780).
    """
    if not skew:
        return innovation, 1.0
    sine, cosine, sd = _bend(skew)
    x = innovation * sd - sine * MEAN_ROOT
    root = sqrt(1 + x * x)
    return x * cosine + root * sine, sd * (cosine + sine * x / root)


def log_densities(above: float, points: Iterable[float], sd: float, skew: float) -> list[float]:
    """Logarithms of how likely a rating is, but for a part that is the same for all.

    It is `above` what was expected: first as it is, then as if so many points less had been.
    """
    sine, cosine, own_sd = _bend(skew)
    scale, moved = own_sd / sd, sine * MEAN_ROOT
    found = []
    for less in (0.0, *points):
        x = (above + less) * scale - moved
        root = sqrt(1.0 + x * x)
        value = x * cosine + root * sine
        found.append(log(cosine + sine * x / root) - 0.5 * value * value)
    return found


@lru_cache(maxsize=256)
def _bend(skew: float) -> tuple[float, float, float]:
    """(sinh, cosh, SD of what is not yet stretched) of a skew."""
    sine, cosine = math.sinh(skew), math.cosh(skew)
    return sine, cosine, sqrt(cosine * cosine + sine * sine * (2 - MEAN_ROOT * MEAN_ROOT))


def above(least: float) -> tuple[float, float]:
    """Mean of a standard normal variable above `least`, and the log of how likely that is.

    Far out, where the tail underflows, by its asymptotic series (Abramowitz & Stegun, 1964,
    26.2.12).
    """
    if least > FAR:
        return least + 1 / least, -0.5 * least * least - log(least) - _LOG_ROOT_2_PI
    tail = 0.5 * math.erfc(least / _ROOT_2)
    density = math.exp(-0.5 * least * least - _LOG_ROOT_2_PI)
    return density / tail, log(tail)
