"""How far a few values lie apart, and how two rows of values go together.

A handful of ratings tells little of a spread, so it is drawn towards a usual one.
"""

from collections.abc import Iterable, Sequence
from math import fsum, sqrt
from typing import Final

PRIOR_RATINGS: Final = 6
"""Ratings that the usual spread counts for. House rule: the best of those tried in simulation."""
OUTLIER: Final = 2.5
"""SDs at which a single deviation is cut off, so that one rating does not set the spread."""
ROUNDING: Final = 1e-9
"""Deviations below this share of the largest value are what rounding leaves of none."""


def mean_of(values: Sequence[float]) -> float:
    """The arithmetic mean. Raises ZeroDivisionError without a value."""
    return fsum(values) / len(values)


def sample_sd(values: Sequence[float]) -> float | None:
    """The standard deviation over n - 1, in the values' unit; None with fewer than two.

    >>> sample_sd([1.0, 3.0])
    1.4142135623730951
    """
    if len(values) <= 1:
        return None
    return sqrt(_squares(about_mean(values)) / (len(values) - 1))


def shrunk_sd(deviations: Sequence[float], usual_sd: float) -> float:
    """The SD of one person's values, drawn towards usual_sd; both in the values' unit.

    deviations: from the mean of just these values, which costs one degree of freedom. The square
    is (nu usual^2 + sum d^2) / (nu + n - 1), with nu = PRIOR_RATINGS and each d cut off at
    OUTLIER usual SDs: the scale of a scaled inverse chi-squared posterior (Gelman et al., 2013,
    Bayesian data analysis, section 2.6). Without a deviation it is usual_sd.

    >>> shrunk_sd([-1.0, 1.0], usual_sd=0.5) == ((6 * 0.25 + 2) / 7) ** 0.5
    True
    """
    if not deviations:
        return usual_sd
    cut = OUTLIER * usual_sd
    told = _squares(max(-cut, min(cut, one)) for one in deviations)
    return sqrt((PRIOR_RATINGS * usual_sd**2 + told) / (PRIOR_RATINGS + len(deviations) - 1))


def about_mean(values: Sequence[float]) -> list[float]:
    """The values minus their mean; exactly 0 where they are all the same."""
    middle = mean_of(values)
    return _without_rounding([value - middle for value in values], values)


def about_trend(values: Sequence[float]) -> list[float]:
    """The values minus their least-squares line over evenly spaced places.

    Exactly 0 where they lie on a line. Raises ZeroDivisionError with fewer than two values.
    """
    middle = (len(values) - 1) / 2
    places = [index - middle for index in range(len(values))]
    steep = fsum(p * value for p, value in zip(places, values, strict=True)) / _squares(places)
    level = mean_of(values)
    left = [value - level - steep * p for p, value in zip(places, values, strict=True)]
    return _without_rounding(left, values)


def correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Pearson's r of two rows of deviations, -1 to 1; None when one of them is all 0.

    The rows are centred already (about_mean, about_trend) and equally long.

    >>> correlation([-1.0, 1.0], [2.0, -2.0])
    -1.0
    """
    size = sqrt(_squares(one) * _squares(other))
    if size == 0:
        return None
    r = fsum(a * b for a, b in zip(one, other, strict=True)) / size
    return max(-1.0, min(1.0, r))


def _squares(values: Iterable[float]) -> float:
    return fsum(value * value for value in values)


def _without_rounding(deviations: list[float], values: Sequence[float]) -> list[float]:
    least = ROUNDING * max(abs(value) for value in values)
    return [0.0] * len(values) if all(abs(d) <= least for d in deviations) else deviations
