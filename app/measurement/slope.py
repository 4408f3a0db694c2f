"""How a course rises or falls: a slope per rating, drawn towards what is usual.

Values are points of the scale's mean, high is a stronger alliance. Few ratings say little about a
slope, so the usual slope and its spread between people stand as a prior; its share shrinks with
each rating (empirical Bayes; Laird & Ware, 1982, Biometrics 38(4), 963-974). The ratings are
taken as independent about the line. Neighbours are alike in truth, so the true interval is
somewhat wider than the one given: an approximation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import Final, Literal

from app.measurement.change import Z_95

LEAST_FOR_SLOPE: Final = 4
"""Fewest scored values for a slope. House rule."""
LEAST_FOR_SHAPE: Final = 6
"""Fewest scored values for a shape. House rule."""
STEADY_SHARE: Final = 0.25
"""Within-person SDs per STEADY_RATINGS ratings up to which a slope counts as none. House rule."""
STEADY_RATINGS: Final = 5

Label = Literal["rising", "falling", "steady", "not clear"]
Shape = Literal["linear", "curved"]


@dataclass(frozen=True, slots=True)
class SlopePrior:
    """What is known of a scale's courses before this one, in points of the scale's mean.

    slope_mean and slope_sd: the usual slope per rating and its spread between people.
    within_sd: spread of one person's ratings about the own line.
    level_mean and level_sd: the usual level at the first rating and its spread between people;
    level_sd inf: every level is as likely as any other.
    """

    slope_mean: float
    slope_sd: float
    within_sd: float
    level_mean: float = 0.0
    level_sd: float = inf


@dataclass(frozen=True, slots=True)
class Slope:
    """The slope of one course with its 95 % interval, in points of the scale's mean per rating.

    Positive means that the alliance grows stronger.
    """

    per_rating: float
    low: float
    high: float
    label: Label
    shape: Shape | None
    """None: fewer than LEAST_FOR_SHAPE values."""
    ratings: int


def slope(
    values: Sequence[float], prior: SlopePrior, *, flat_after: int | None = None
) -> Slope | None:
    """The slope of the scored values of one stream and scale; None with fewer than four.

    values: in the stream's order. flat_after: the number of the rating after which no growth is
    expected; the slope is then that of the ratings up to there, and later ones only settle the
    level reached. None: growth goes on. The slope is the mean of its conjugate normal posterior
    with the level integrated out.
    Raises ValueError if a spread of the prior is not positive, or flat_after is below 2.

    >>> usual = SlopePrior(slope_mean=0.03, slope_sd=0.04, within_sd=0.55)
    >>> found = slope([5.0, 4.6, 4.1, 3.5, 3.0], usual)
    >>> round(found.per_rating, 3), found.label  # five ratings move little that is so narrow
    (0.003, 'not clear')
    >>> slope([5.0, 4.6, 4.1], usual) is None
    True
    """
    if min(prior.slope_sd, prior.within_sd, prior.level_sd) <= 0:
        raise ValueError("Expected spreads above 0.")
    if flat_after is not None and flat_after <= 1:
        raise ValueError("Expected growth up to the second rating at least.")
    if len(values) < LEAST_FOR_SLOPE:
        return None
    last = len(values) - 1 if flat_after is None else flat_after - 1
    growth = [float(min(index, last)) for index in range(len(values))]
    mean, sd = _posterior(growth, values, prior)
    low, high = mean - float(Z_95) * sd, mean + float(Z_95) * sd
    label = slope_label(low, high, prior.within_sd)
    return Slope(mean, low, high, label, course_shape(values, prior.within_sd), len(values))


def _posterior(
    growth: Sequence[float], values: Sequence[float], prior: SlopePrior
) -> tuple[float, float]:
    """Mean and SD of the slope given the values, with the level integrated out."""
    noise = prior.within_sd**2
    # Precisions and weighted sums of level and slope, centred on the prior means.
    level_share = (prior.within_sd / prior.level_sd) ** 2
    away = [
        value - prior.level_mean - prior.slope_mean * step
        for step, value in zip(growth, values, strict=True)
    ]
    level = len(values) + level_share
    both = sum(growth)
    steep = sum(step * step for step in growth) + noise / prior.slope_sd**2
    level_away = sum(away)
    slope_away = sum(step * value for step, value in zip(growth, away, strict=True))
    left = steep - both * both / level
    mean = prior.slope_mean + (slope_away - both * level_away / level) / left
    return mean, sqrt(noise / left)


def slope_label(low: float, high: float, within_sd: float) -> Label:
    """What may be said of a slope with this 95 % interval, in points per rating.

    rising or falling: the interval excludes 0. steady: it holds no slope that would matter, a
    quarter of the within-person SD over five ratings (house rule). Anything else is not clear:
    an interval that includes 0 is no proof that nothing changes.

    >>> slope_label(-0.02, 0.01, within_sd=0.55)
    'steady'
    """
    if low > 0:
        return "rising"
    if high < 0:
        return "falling"
    bound = STEADY_SHARE * within_sd / STEADY_RATINGS
    return "steady" if -bound <= low and high <= bound else "not clear"


def course_shape(values: Sequence[float], within_sd: float) -> Shape | None:
    """Whether the course bends: "curved" if the 95 % interval of its quadratic term excludes 0.

    None with fewer than LEAST_FOR_SHAPE values. Ratings are taken as evenly spaced; the term is
    that of the orthogonal polynomial of second degree (Fisher, 1921, Journal of Agricultural
    Science 11(2), 107-135), its error within_sd. Kivlighan & Shaughnessy (2000), Journal of
    Counseling Psychology 47(3), 362-371, on linear and quadratic courses of alliance.
    """
    if len(values) < LEAST_FOR_SHAPE:
        return None
    middle = (len(values) - 1) / 2
    spread = (len(values) ** 2 - 1) / 12  # mean square of the centred rating numbers
    bend = [(index - middle) ** 2 - spread for index in range(len(values))]
    length = sqrt(sum(weight * weight for weight in bend))
    score = sum(weight * value for weight, value in zip(bend, values, strict=True)) / length
    return "curved" if abs(score) > float(Z_95) * within_sd else "linear"
