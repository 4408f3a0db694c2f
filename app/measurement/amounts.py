"""What ratings of one scale add up to, and what can be told from the sums.

Every value is the scale's sum, whatever its unit, of a form with nothing left out: so all sums are
exact, in whatever order they are made, and what was added can be taken away again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from math import sqrt
from typing import Any, Final

BINS: Final = 20
"""Of a scale's possible range. House rule."""
REPAIR_WEEKS: Final = 27
"""Half a year in full weeks, and one for all that took longer. House rule."""
REACH: Final = 1.96
"""Normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Counts and sums of ratings. high is a stronger alliance."""

    ratings: int = 0
    total: Decimal = Decimal(0)
    squares: Decimal = Decimal(0)
    bins: tuple[int, ...] = (0,) * BINS
    """How many lie in each part of the possible range, the lowest first."""
    changes: int = 0
    """Ratings after the first of their streams."""
    change_total: Decimal = Decimal(0)
    """What they differ from the first."""
    change_squares: Decimal = Decimal(0)
    drops_opened: int = 0
    drops_repaired: int = 0
    drops_unrepaired: int = 0
    drops_ended_open: int = 0
    repair_weeks: tuple[int, ...] = (0,) * REPAIR_WEEKS
    """How many repairs took no full week, one, two and so on."""

    def __add__(self, other: "Amounts") -> "Amounts":
        return _combined(self, other, 1)

    def __sub__(self, other: "Amounts") -> "Amounts":
        return _combined(self, other, -1)


NOTHING: Final = Amounts()
FIELDS: Final = Amounts.__slots__


def _combined(one: Amounts, other: Amounts, sign: int) -> Amounts:
    def both(left: Any, right: Any) -> Any:  # noqa: ANN401 - a number, or as many of them
        if isinstance(left, tuple):
            return tuple(a + sign * b for a, b in zip(left, right, strict=True))
        return left + sign * right

    return Amounts(*(both(getattr(one, name), getattr(other, name)) for name in FIELDS))


def added(amounts: Iterable[Amounts]) -> Amounts:
    """Their sum; NOTHING of none."""
    return sum(amounts, NOTHING)


def of_rating(value: Decimal, low: Decimal, high: Decimal, first: Decimal | None) -> Amounts:
    """One rating. low, high: the scale's possible sums; first: its stream's, None if it is it.

    >>> one = of_rating(Decimal(36), Decimal(12), Decimal(60), Decimal(30))
    >>> one.bins.index(1), one.change_total
    (10, Decimal('6'))
    """
    change = Decimal(0) if first is None else value - first
    return Amounts(
        ratings=1,
        total=value,
        squares=value * value,
        bins=_one_of(BINS, int((value - low) * BINS // (high - low))),
        changes=int(first is not None),
        change_total=change,
        change_squares=change * change,
    )


def of_share(done: int, of: int) -> Amounts:
    """Cases that are 0 or 1, such as invitations that were completed."""
    return Amounts(ratings=of, total=Decimal(done), squares=Decimal(done))


def of_repair(days: float | None) -> Amounts:
    """One repaired drop; days None: without dates nobody knows how long it took."""
    weeks = NOTHING.repair_weeks if days is None else _one_of(REPAIR_WEEKS, int(days // 7))
    return Amounts(drops_repaired=1, repair_weeks=weeks)


def _one_of(count: int, index: int) -> tuple[int, ...]:
    index = min(max(index, 0), count - 1)
    return tuple(int(number == index) for number in range(count))


@dataclass(frozen=True, slots=True)
class Level:
    """A mean and what it may be off, in the unit of what was added."""

    mean: float
    standard_error: float


def level(amounts: Amounts, clients: int) -> Level | None:
    """The mean of the ratings, with SD of the ratings / sqrt(clients); None without a rating.

    House rule: as if all ratings of a client said the same, which makes the error no smaller than
    it is where clients rate about equally often. clients: at least so many rated.
    """
    if amounts.ratings == 0 or clients == 0:
        return None
    mean = amounts.total / amounts.ratings
    about = float(amounts.squares - mean * amounts.total)
    variance = max(about, 0.0) / max(amounts.ratings - 1, 1)
    return Level(float(mean), sqrt(variance / clients))


def quantile(counts: Sequence[int], share: float) -> float | None:
    """The place below which that share lies, in bins from the start; None where nothing is counted.

    Within a bin values are taken to lie evenly.

    >>> quantile((0, 4, 4), 0.5), quantile((0, 0), 0.5)
    (2.0, None)
    """
    wanted, before = share * sum(counts), 0
    for index, (count, after) in enumerate(zip(counts, accumulate(counts), strict=True)):
        if count and after >= wanted:
            return index + (wanted - before) / count
        before = after
    return None
