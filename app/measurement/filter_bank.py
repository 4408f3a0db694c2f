"""What a stream leaves behind for its detector: a bank of small filters and open hypotheses.

A person's ratings are a level of their own, growth, a state that carries over from one meeting to
the next and fades with time, and error. How much one person's ratings vary is not known, so five
filters run side by side, each with its own guess, weighted by how well it foretold the ratings.
All values are in points of the scale's mean, the items' own units.
"""

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
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
ONSETS: Final = 6
"""Earlier ratings at which something may have begun that is still a hypothesis: after so many more
a slow decline is none any longer. House rule, by simulation."""
STAYS_FOR: Final = 3
"""Ratings after its onset that a sudden drop that stays is a hypothesis."""
DIP_SIZES: Final = 2
"""Sizes of dips that are asked about. A dip is a hypothesis for one rating after its onset."""
FILTER: Final = 10
"""Numbers of a node's filter: weight, three means, six (co)variances."""
SHIFTS: Final = 3 * ONSETS
"""How a dip at each earlier rating shifts level, growth and state: six numbers of each, the newest
onset first."""
RATIOS: Final = DIP_SIZES + STAYS_FOR + ONSETS
"""Logarithms of how many times as likely the ratings since are if something began: with each size
of dip at the rating before, then by onset, the newest first, a drop that stays, a slow decline."""
CLOSED: Final = (0.0,) * SHIFTS + (-math.inf,) * RATIOS
"""The hypotheses of a node where none is open."""
_HEAD: Final = struct.Struct("<I")
_NODE: Final = struct.Struct(f"<{FILTER + SHIFTS + RATIOS}f")


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
    numbers: bytes
    """Node after node its filter and its hypotheses, in single precision, little endian; empty
    before the first rating."""


EMPTY: Final = Bank(0, b"")
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


def numbers_of(bank: Bank) -> list[tuple[float, ...]]:
    """The numbers of each node of a bank that has seen a rating."""
    return list(_NODE.iter_unpack(bank.numbers))


def bank_of(seen: int, nodes: Iterable[tuple[float, ...]]) -> Bank:
    """The bank that holds the numbers of these nodes."""
    return Bank(seen, b"".join([_NODE.pack(*numbers) for numbers in nodes]))


def packed(bank: Bank) -> bytes:
    """The bank as bytes: 4 when it is empty, else 784."""
    return _HEAD.pack(bank.seen) + bank.numbers


def unpacked(data: bytes) -> Bank:
    """The bank that was packed, to the last bit. Raises ValueError when data is no packed bank."""
    if len(data) < _HEAD.size:
        raise ValueError("No packed bank: it is too short.")
    (seen,) = _HEAD.unpack_from(data)
    numbers = data[_HEAD.size :]
    if len(numbers) != (len(NODES) * _NODE.size if seen else 0):
        raise ValueError("No packed bank: its length is wrong.")
    return Bank(seen, numbers)
