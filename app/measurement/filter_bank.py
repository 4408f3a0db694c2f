"""What a stream leaves behind for its detector: a bank of small filters and open hypotheses.

A person's ratings are a level of their own, growth, a state that carries over from one meeting to
the next and fades with time, and error. How much one person's ratings vary is not known, so five
filters run side by side, each with its own guess, weighted by how well it foretold the ratings.
All values are in points of the scale's mean, the items' own units.
"""

import math
import struct
from dataclasses import dataclass
from functools import cache
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
"""Where volatility is looked at, in its log-SDs about the population's. House rule: fewer nodes
lose one or two found drops in a hundred where people differ much, seven gain none."""
LONGEST_DECLINE: Final = 6
"""Ratings after its onset that a slow decline stays a hypothesis. House rule, by simulation."""
LONGEST_STAY: Final = 3
"""The same for a sudden drop that stays."""
FILTER: Final = 10
"""Numbers of a node's filter: weight, three means, six (co)variances."""
_HEAD: Final = struct.Struct("<IB")


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
    skew: float = 0.0
    """How much longer the lower tail of ratings about their course is; 0: no longer than the upper.
    The shift of a sinh-arcsinh distribution (Jones & Pewsey, 2009, Biometrika 96(4), 761-780)."""


@dataclass(frozen=True, slots=True)
class Bank:
    """The state of the detector of one stream and scale. It does not grow with the stream."""

    seen: int
    """Ratings so far."""
    onsets: int
    """How many of the latest ratings hold the onset of a hypothesis that is still open."""
    numbers: bytes
    """Node after node its filter and its hypotheses, in single precision, little endian; empty
    before the first rating."""


EMPTY: Final = Bank(0, 0, b"")
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


@cache
def parts(onsets: int) -> tuple[slice, ...]:
    """Where a node's numbers on its open onsets stand, the newest first in each.

    The shifts of level, growth and state by a dip, then evidence and information of a drop that
    stays, then those of a slow decline.
    """
    stays = min(onsets, LONGEST_STAY)
    found = []
    at = FILTER
    for length in (onsets, onsets, onsets, stays, stays, onsets, onsets):
        found.append(slice(at, at + length))
        at += length
    return tuple(found)


@cache
def _layout(onsets: int) -> struct.Struct:
    return struct.Struct(f"<{len(NODES) * parts(onsets)[-1].stop}f")


def numbers_of(bank: Bank) -> list[tuple[float, ...]]:
    """The numbers of each node of a bank that has seen a rating."""
    values = _layout(bank.onsets).unpack(bank.numbers)
    size = len(values) // len(NODES)
    return [values[at : at + size] for at in range(0, len(values), size)]


def bank_of(seen: int, onsets: int, numbers: list[float]) -> Bank:
    """The bank that holds these numbers, node after node; at most LONGEST_DECLINE onsets."""
    onsets = min(onsets, LONGEST_DECLINE)
    return Bank(seen, onsets, _layout(onsets).pack(*numbers))


def packed(bank: Bank) -> bytes:
    """The bank as bytes: 5 when it is empty, else between 205 and 925."""
    return _HEAD.pack(bank.seen, bank.onsets) + bank.numbers


def unpacked(data: bytes) -> Bank:
    """The bank that was packed, to the last bit. Raises ValueError when data is no packed bank."""
    if len(data) < _HEAD.size:
        raise ValueError("No packed bank: it is too short.")
    seen, onsets = _HEAD.unpack_from(data)
    numbers = data[_HEAD.size :]
    if onsets > LONGEST_DECLINE or len(numbers) != (_layout(onsets).size if seen else 0):
        raise ValueError("No packed bank: its length is wrong.")
    return Bank(seen, onsets, numbers)
