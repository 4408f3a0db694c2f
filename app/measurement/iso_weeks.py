"""Periods made of whole ISO weeks (ISO 8601), so that weeks, months and quarters nest.

A month holds the weeks whose Thursday lies in it, a quarter its three months, as an ISO year
holds the weeks whose Thursday lies in it. A period is named by the Monday with which it begins.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

Period = Literal["week", "month", "quarter"]
PERIODS: Final[tuple[Period, ...]] = ("week", "month", "quarter")
"""From the shortest to the longest; each holds whole ones of those before it."""
WEEK: Final = timedelta(days=7)
TO_THURSDAY: Final = timedelta(days=3)
MONTHS: Final = 12
MONTHS_OF_QUARTER: Final = 3


def week_of(day: date) -> date:
    """The Monday of a day's week.

    >>> week_of(date(2026, 11, 29))
    datetime.date(2026, 11, 23)
    """
    return day - timedelta(days=day.weekday())


def start_of(period: Period, day: date) -> date:
    """The Monday with which the period begins that holds the day's week.

    >>> start_of("month", date(2026, 1, 1)), start_of("quarter", date(2027, 1, 3))
    (datetime.date(2025, 12, 29), datetime.date(2026, 9, 28))
    """
    week = week_of(day)
    if period == "week":
        return week
    thursday = week + TO_THURSDAY
    first = thursday.replace(day=1)
    if period == "quarter":
        first = first.replace(month=first.month - (first.month - 1) % MONTHS_OF_QUARTER)
    return _first_week_from(first)


def end_of(period: Period, start: date) -> date:
    """The Monday after the period that begins with start.

    >>> end_of("month", date(2026, 9, 28))
    datetime.date(2026, 11, 2)
    """
    if period == "week":
        return start + WEEK
    first = (start + TO_THURSDAY).replace(day=1)
    months = first.month - 1 + (1 if period == "month" else MONTHS_OF_QUARTER)
    return _first_week_from(date(first.year + months // MONTHS, months % MONTHS + 1, 1))


def starts_within(period: Period, start: date, end: date) -> list[date]:
    """The starts of the periods that hold the days from start to end, both included, in order."""
    found = [start_of(period, start)]
    while (following := end_of(period, found[-1])) <= end:
        found.append(following)
    return found


def midnight(day: date) -> datetime:
    """The beginning of a day in UTC."""
    return datetime.combine(day, time(), UTC)


def _first_week_from(first: date) -> date:
    """The Monday of the first week whose Thursday is not before the day."""
    monday = week_of(first)
    return monday if monday + TO_THURSDAY >= first else monday + WEEK
