"""Weeks, months and quarters nest, leave no day out, and are those of the Thursdays."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.measurement.iso_weeks import PERIODS, Period, end_of, start_of, starts_within, week_of

days = st.dates(date(1900, 1, 1), date(9998, 1, 1))


@given(days, st.sampled_from(PERIODS))
def test_a_day_lies_in_just_one_period(day: date, period: Period) -> None:
    start = start_of(period, day)
    assert start <= day < end_of(period, start)
    assert start.weekday() == end_of(period, start).weekday() == 0
    assert start_of(period, end_of(period, start)) == end_of(period, start)
    assert start_of(period, start) == start


@given(days)
def test_periods_nest(day: date) -> None:
    week, month, quarter = (start_of(period, day) for period in PERIODS)
    assert quarter <= month <= week
    assert end_of("week", week) <= end_of("month", month) <= end_of("quarter", quarter)
    months = starts_within("month", quarter, end_of("quarter", quarter) - timedelta(days=1))
    assert len(months) == 3
    assert month in months


@given(days)
def test_a_month_is_that_of_the_thursday(day: date) -> None:
    thursday = week_of(day) + timedelta(days=3)
    first = start_of("month", day) + timedelta(days=3)
    assert (first.year, first.month) == (thursday.year, thursday.month)
    assert first.day <= 7


@pytest.mark.parametrize(
    ("period", "day", "start"),
    [
        ("month", "2026-10-01", "2026-09-28"),
        ("month", "2026-11-01", "2026-09-28"),
        ("quarter", "2026-12-31", "2026-09-28"),
        ("quarter", "2027-01-04", "2027-01-04"),
        ("week", "2027-01-03", "2026-12-28"),
    ],
)
def test_known_days(period: Period, day: str, start: str) -> None:
    assert start_of(period, date.fromisoformat(day)) == date.fromisoformat(start)
