"""From values to places on a picture, and the marks along its edges."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, floor, isclose, log10
from typing import Final

from app.charts.words import Words

STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
"""Distances of marks that people read easily, times a power of ten."""
MONTHS: Final = 12
DAY_STEPS: Final = (1, 2, 7, 14)
MONTH_STEPS: Final = (1, 2, 3, 6, 12, 24, 60, 120)
DAYS_OF_A_MONTH: Final = 30.4
NEAR: Final = 0.6
"""Of a step: marks closer than that to an end of the axis give way to it."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A range of values laid over a range of the picture."""

    low: float
    high: float
    start: float
    """Where low is."""
    end: float
    """Where high is; above start on an axis that goes up."""

    def at(self, value: float) -> float:
        """Where a value is; beyond the ends, at them."""
        inside = min(max(value, self.low), self.high)
        return self.start + (inside - self.low) / (self.high - self.low) * (self.end - self.start)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis with what is written at it."""

    value: float
    label: str
    below: str = ""
    """A second line: the year, where it begins."""


def easy_step(span: float, most: int) -> float:
    """The least easily read distance with at most so many marks on the span.

    >>> easy_step(4, 5), easy_step(48, 5), easy_step(0.9, 4)
    (1.0, 10.0, 0.25)
    """
    power: float = 10 ** floor(log10(span / most))
    return next(power * step for step in STEPS if span / (power * step) <= most)


def value_ticks(low: float, high: float, most: int, words: Words) -> list[Tick]:
    """Marks over the full range of a scale, its two ends always among them."""
    step = easy_step(high - low, most)
    steps = round((high - low) / step)
    if isclose(steps * step, high - low):
        inner = [low + step * n for n in range(1, steps)]
    else:
        inner = [step * n for n in range(ceil(low / step), floor(high / step) + 1)]
    kept = [one for one in inner if one - low > NEAR * step and high - one > NEAR * step]
    return [Tick(one, words.number(one)) for one in (low, *kept, high)]


def whole_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Marks at whole numbers, such as those of sessions."""
    step = max(1, ceil(easy_step(max(high - low, 1), max(most, 1))))
    first = ceil(low / step) * step
    return [Tick(n, str(n)) for n in range(first, floor(high) + 1, step)]


def day_ticks(low: float, high: float, most: int, words: Words) -> list[Tick]:
    """Marks at days, Mondays or first days of months, the year written where it begins.

    low, high: days as `date.toordinal` counts them.
    """
    first, last = date.fromordinal(floor(low)), date.fromordinal(floor(high))
    span, room = high - low, max(most, 1)
    for step in DAY_STEPS:
        if span / step <= room:
            return _with_years(list(_days(first, last, step)), words, in_months=False)
    step = next((s for s in MONTH_STEPS if span / (s * DAYS_OF_A_MONTH) <= room), MONTH_STEPS[-1])
    days = list(_months(first, last, step))
    return _with_years(days or [first], words, in_months=bool(days))


def _days(first: date, last: date, step: int) -> Iterator[date]:
    """Every step-th day; where the step is weeks, Mondays."""
    day = first
    if step % 7 == 0:
        day += timedelta(days=-first.weekday() % 7)
    while day <= last:
        yield day
        day += timedelta(days=step)


def _months(first: date, last: date, step: int) -> Iterator[date]:
    """First days of months whose number, counted from year 0, the step divides."""
    count = first.year * MONTHS + first.month - 1
    count = ceil((count + (first.day > 1)) / step) * step
    while (day := date(count // MONTHS, count % MONTHS + 1, 1)) <= last:
        yield day
        count += step


def _with_years(days: Sequence[date], words: Words, *, in_months: bool) -> list[Tick]:
    ticks, year = [], None
    for day in days:
        label = words.month(day) if in_months else words.day(day)
        ticks.append(Tick(day.toordinal(), label, "" if day.year == year else str(day.year)))
        year = day.year
    return ticks
