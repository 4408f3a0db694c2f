"""A share of a whole with its interval."""

import math
from dataclasses import dataclass
from typing import Final

REACH_95: Final = 1.959963984540054
"""Standard normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """How many of how many, with a 95 % interval; all shares from 0 to 1."""

    count: int
    of: int
    rate: float
    low: float
    high: float


def proportion(count: int, of: int, reach: float = REACH_95) -> Proportion | None:
    """The share with its score interval (Wilson, 1927, JASA 22(158), 209-212).

    Unlike the usual one it holds for few and at 0 and 1. None where `of` is 0: there is no share of
    nothing. reach: in standard normal deviations. Raises ValueError for a count outside 0 to of.

    >>> found = proportion(81, 263)
    >>> round(found.low, 4), round(found.high, 4)
    (0.2553, 0.3662)
    """
    if not 0 <= count <= of:
        raise ValueError("A part is neither below 0 nor more than its whole.")
    if of == 0:
        return None
    rate = count / of
    square = reach * reach
    centre = (rate + square / (2 * of)) / (1 + square / of)
    spread = rate * (1 - rate) / of + square / (4 * of * of)
    half = reach * math.sqrt(spread) / (1 + square / of)
    # At either end the interval reaches it exactly; rounding must not push it beyond.
    low = 0.0 if count == 0 else max(centre - half, 0.0)
    high = 1.0 if count == of else min(centre + half, 1.0)
    return Proportion(count, of, rate, low, high)
