"""The four quarters that a comparison looks at. Pure; the time is an argument."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from app.measurement.iso_weeks import end_of, midnight, start_of

QUARTERS: Final = 4
"""How many a window holds: a year, so that seasons do not tell. House rule."""
SEALED_AFTER: Final = timedelta(days=7)
"""How long after its end a quarter waits for late forms. House rule, as for weeks."""
_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Whole quarters of whole ISO weeks; see app.measurement.iso_weeks."""

    starts_on: date
    ends_before: date
    """The Monday after its last week."""

    @property
    def ends_on(self) -> date:
        """The Sunday of its last week."""
        return self.ends_before - _A_DAY


def newest_window(now: datetime) -> Window:
    """The last four quarters that are sealed by now.

    >>> from datetime import UTC
    >>> newest_window(datetime(2026, 11, 24, tzinfo=UTC))
    Window(starts_on=datetime.date(2025, 9, 29), ends_before=datetime.date(2026, 9, 28))
    """
    ends_before = start_of("quarter", now.date())
    if midnight(ends_before) + SEALED_AFTER > now:
        ends_before = earlier(ends_before, 1)
    return Window(earlier(ends_before, QUARTERS), ends_before)


def earlier(start: date, quarters: int) -> date:
    """The start of the quarter so many before the one that begins with start."""
    for _ in range(quarters):
        start = start_of("quarter", start - _A_DAY)
    return start


def later(start: date, quarters: int) -> date:
    """The start of the quarter so many after the one that begins with start."""
    for _ in range(quarters):
        start = end_of("quarter", start)
    return start
