"""A share of a number of cases, with its interval."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

REACH: Final = 1.96
"""Normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share from 0 to 1 and its 95 % interval."""

    share: float
    low: float
    high: float


def wilson(cases: int, of: int) -> Proportion | None:
    """The share cases / of with Wilson's score interval (Wilson, 1927); None of none.

    Raises ValueError when there are more cases than there are in all, or fewer than none.

    >>> found = wilson(5, 10)
    >>> found.share, round(found.low, 4), round(found.high, 4)
    (0.5, 0.2366, 0.7634)
    >>> wilson(0, 0) is None
    True
    """
    if not 0 <= cases <= of:
        raise ValueError("Expected from 0 to all of the cases.")
    if of == 0:
        return None
    share, square = cases / of, REACH**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    reach = REACH * sqrt(share * (1 - share) / of + square / (4 * of**2)) / (1 + square / of)
    return Proportion(share, max(middle - reach, 0.0), min(middle + reach, 1.0))
