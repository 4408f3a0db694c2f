"""What a stream leaves behind for its detector: a bank of small filters and open hypotheses.

A person's ratings are a level of their own, growth, a state that carries over from one meeting to
the next and fades with time, and error. How much one person's ratings vary is not known, so five
filters run side by side, each with its own guess, weighted by how well it foretold the ratings.
All values are in points of the scale's mean, the items' own units.
"""

import math
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

ASSUMPTION: Final = (
    "House assumption, scaled from a mean of 1 to 7: mean 5.6, between-person SD 0.85, growth "
    "0.03 (SD 0.04) a rating up to the 12th, within-person SD 0.55, R_C .75, carry-over .35 after "
    "7 days, log-SD of volatility .35. Orders of magnitude from alliance studies, none published "
    "for this scale."
)
ASSUMED_RANGE: Final = 6.0
"""The range that the assumption was made on: means from 1 to 7."""
CARRY_OVER: Final = 0.35
"""Assumed autocorrelation after a week, once level and growth are removed. House assumption."""
WEEK: Final = 7.0

NODES: Final = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""Where volatility is looked at, in its log-SDs about the population's. House rule: three nodes
lose one or two found drops in a hundred where people differ much, seven gain none."""
RAMP: Final = 7
"""Ratings that a slow decline stays a hypothesis. House rule, tuned by simulation."""
STEP: Final = 4
"""Ratings that a sudden drop which stays remains a hypothesis. House rule, as RAMP."""
SLOTS: Final = RAMP - 1 + STEP - 2
"""Open hypotheses of a node: the newest onset, where all kinds are still one, then those kept."""
FILTER: Final = 10
"""Numbers of a node's filter: weight, three means, six (co)variances."""
HYPOTHESIS: Final = 5
"""Numbers of a hypothesis: shift of three means, evidence, information."""
NODE: Final = FILTER + SLOTS * HYPOTHESIS
FAR: Final = 30.0
"""SDs beyond which a tail of the normal distribution goes by its series."""
_ROOT_2: Final = math.sqrt(2.0)
_LOG_ROOT_2_PI: Final = 0.5 * math.log(2.0 * math.pi)
_HEAD: Final = struct.Struct("<IB")
_VALUES: Final = struct.Struct(f"<{len(NODES) * NODE}f")


@dataclass(frozen=True, slots=True)
class CourseParameters:
    """How ratings of one scale go between and within people, in points of the scale's mean."""

    mean: float
    """Mean level of people at their first rating."""
    between_sd: float
    """SD of people's own levels."""
    slope_mean: float
    """Mean growth per rating, up to the 12th."""
    slope_sd: float
    """SD of people's own growth per rating."""
    within_sd: float
    """SD of ratings about a person's own course, error included: root mean square over people."""
    reliability: float
    """Within-person reliability: the share of within_sd squared that is no error."""
    decay_per_day: float
    """How fast a state fades: after d days exp(-decay_per_day * d) of it is left."""
    volatility_log_sd: float
    """SD over people of the logarithm of their own within-person SD."""
    low: float
    """Lowest possible mean of the scale."""
    high: float
    """Highest possible mean; a rating there says only that the true value is no lower."""
    step: float
    """Distance between neighbouring possible means."""


@dataclass(frozen=True, slots=True)
class Bank:
    """The state of the detector of one stream and scale. It never grows.

    The numbers are of single precision, so that stored and kept banks are the same.
    """

    seen: int
    """Ratings so far."""
    open_onsets: int
    """How many of the latest ratings hold the onset of a hypothesis that is still open."""
    values: tuple[float, ...]
    """Node after node: its filter, then its hypotheses; empty before the first rating."""


@dataclass(frozen=True, slots=True)
class Node:
    """One guess at a person's volatility."""

    prior: float
    """Its weight before the first rating; all together 1."""
    unit: float
    """The person's within-person SD in points, if the guess is right."""
    state_variance: float
    """Of the state that carries over, in points squared."""


EMPTY: Final = Bank(0, 0, ())
"""The bank of a stream without ratings."""


def assumed_parameters(low: float, high: float, step: float) -> CourseParameters:
    """The house assumption (ASSUMPTION) for a scale whose mean goes from low to high in steps."""
    scale = (high - low) / ASSUMED_RANGE
    return CourseParameters(
        mean=low + 4.6 * scale,
        between_sd=0.85 * scale,
        slope_mean=0.03 * scale,
        slope_sd=0.04 * scale,
        within_sd=0.55 * scale,
        reliability=0.75,
        decay_per_day=-math.log(CARRY_OVER) / WEEK,
        volatility_log_sd=0.35,
        low=low,
        high=high,
        step=step,
    )


@lru_cache(maxsize=256)
def nodes(parameters: CourseParameters) -> tuple[Node, ...]:
    """The guesses at a person's volatility, which are within_sd in the mean square."""
    priors = [math.exp(-x * x / 2) for x in NODES]
    factors = [math.exp(parameters.volatility_log_sd * x) for x in NODES]
    total = sum(priors)
    square = sum(p * f * f for p, f in zip(priors, factors, strict=True)) / total
    found = []
    for prior, factor in zip(priors, factors, strict=True):
        unit = parameters.within_sd * factor / math.sqrt(square)
        found.append(Node(prior / total, unit, unit * unit * parameters.reliability))
    return tuple(found)


@lru_cache(maxsize=256)
def first_values(parameters: CourseParameters) -> tuple[float, ...]:
    """The numbers of a bank that is about to see its first rating."""
    level = (parameters.mean, parameters.slope_mean, 0.0, parameters.between_sd**2, 0.0, 0.0)
    values: list[float] = []
    for node in nodes(parameters):
        values += (node.prior, *level, parameters.slope_sd**2, 0.0, node.state_variance)
        values += (0.0,) * (SLOTS * HYPOTHESIS)
    return single(values)


def single(values: list[float]) -> tuple[float, ...]:
    """The numbers of a bank, rounded to single precision."""
    return _VALUES.unpack(_VALUES.pack(*values))


def packed(bank: Bank) -> bytes:
    """The bank as bytes, little endian: 5 for an empty one, else 5 and 4 a number."""
    head = _HEAD.pack(bank.seen, bank.open_onsets)
    return head + _VALUES.pack(*bank.values) if bank.values else head


def unpacked(data: bytes) -> Bank:
    """The bank that was packed, to the last bit. Raises ValueError when data is no packed bank."""
    if len(data) not in {_HEAD.size, _HEAD.size + _VALUES.size}:
        raise ValueError("No packed bank: its length is wrong.")
    seen, still_open = _HEAD.unpack_from(data)
    values = _VALUES.unpack_from(data, _HEAD.size) if len(data) > _HEAD.size else ()
    return Bank(seen, still_open, values)


@dataclass(frozen=True, slots=True)
class Rating:
    """What is the same for all nodes at one rating."""

    value: float
    growth: float
    """Ratings of growth so far."""
    carry: float
    """What is left of the state since the rating before."""
    error_share: float
    """Error variance as a share of the person's within-person variance."""
    ceiling: float | None
    """The true value is at least this; None: the rating is not at the maximum."""


@dataclass(frozen=True, slots=True)
class Filtered:
    """One node's filter after a rating."""

    numbers: tuple[float, ...]
    """Three means and six (co)variances."""
    gain: tuple[float, float, float]
    sd: float
    """Of the difference between rating and expectation."""
    expected: float
    innovation: float
    """That difference in SDs."""
    log_likelihood: float


def filtered(values: tuple[float, ...], at: int, node: Node, rating: Rating) -> Filtered:
    """One step of a Kalman filter (Kalman, 1960) on level, growth and passing state."""
    level, slope, state, v_l, c_ls, c_lt, v_s, c_st, v_t = values[at + 1 : at + FILTER]
    g, carry = rating.growth, rating.carry
    state *= carry
    c_lt *= carry
    c_st *= carry
    v_t = carry * carry * (v_t - node.state_variance) + node.state_variance
    h_l = v_l + g * c_ls + c_lt
    h_s = c_ls + g * v_s + c_st
    h_t = c_lt + g * c_st + v_t
    error = node.unit * node.unit * rating.error_share
    variance = max(h_l + g * h_s + h_t, 0.0) + error
    sd = math.sqrt(variance)
    expected = level + g * slope + state
    if rating.ceiling is None:
        innovation = (rating.value - expected) / sd
        log_likelihood = -0.5 * innovation * innovation - math.log(sd) - _LOG_ROOT_2_PI
        learnt = 1.0
    else:
        least = (rating.ceiling - expected) / sd
        innovation, log_likelihood = above(least)
        learnt = min(innovation * (innovation - least), 0.98)
    k_l, k_s, k_t = h_l / variance, h_s / variance, h_t / variance
    moved = sd * innovation
    numbers = (
        level + k_l * moved,
        slope + k_s * moved,
        state + k_t * moved,
        v_l - learnt * k_l * h_l,
        c_ls - learnt * k_l * h_s,
        c_lt - learnt * k_l * h_t,
        v_s - learnt * k_s * h_s,
        c_st - learnt * k_s * h_t,
        v_t - learnt * k_t * h_t,
    )
    return Filtered(numbers, (k_l, k_s, k_t), sd, expected, innovation, log_likelihood)


def above(least: float) -> tuple[float, float]:
    """Mean of a standard normal variable above `least`, and the log of how likely that is.

    Far out, where the tail underflows, by its asymptotic series (Abramowitz & Stegun, 1964,
    26.2.12).
    """
    if least > FAR:
        return least + 1 / least, -0.5 * least * least - math.log(least) - _LOG_ROOT_2_PI
    tail = 0.5 * math.erfc(least / _ROOT_2)
    density = math.exp(-0.5 * least * least - _LOG_ROOT_2_PI)
    return density / tail, math.log(tail)
