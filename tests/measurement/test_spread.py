"""Spread and correlation of a few values."""

from math import sqrt
from statistics import correlation as library_correlation
from statistics import stdev
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measurement.spread import about_mean, about_trend, correlation, sample_sd, shrunk_sd

rows: Final = st.lists(st.integers(1, 84).map(lambda n: n / 12), min_size=3, max_size=20)


@settings(deadline=None)
@given(rows)
def test_the_sample_sd_is_that_of_the_library(values: list[float]) -> None:
    assert sample_sd(values) == pytest.approx(stdev(values), abs=1e-8)


def test_a_single_value_has_no_spread_and_two_have_one() -> None:
    assert sample_sd([3.0, 5.0]) == pytest.approx(sqrt(2))
    assert sample_sd([3.0]) is None


@pytest.mark.parametrize(
    ("deviations", "expected"),
    [
        ([], 0.5),
        ([0.0], 0.5),  # one value about itself says nothing
        ([-0.5, 0.5], sqrt((6 * 0.25 + 0.5) / 7)),
        ([0.0, 0.0, 0.0], sqrt(6 * 0.25 / 8)),
        ([-9.0, 9.0], sqrt((6 * 0.25 + 2 * 1.25**2) / 7)),  # cut off at 2.5 x .5
    ],
)
def test_the_own_spread_is_drawn_towards_the_usual_one(
    deviations: list[float], expected: float
) -> None:
    assert shrunk_sd(deviations, 0.5) == pytest.approx(expected)


@settings(deadline=None)
@given(rows, rows)
def test_the_correlation_is_that_of_the_library(one: list[float], other: list[float]) -> None:
    size = min(len(one), len(other))
    one, other = one[:size], other[:size]
    found = correlation(about_mean(one), about_mean(other))
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert found is None
    else:
        assert found is not None
        assert found == pytest.approx(library_correlation(one, other), abs=1e-8)
        assert -1 <= found <= 1


@settings(deadline=None)
@given(rows, st.integers(-12, 12), st.integers(-12, 12))
def test_a_line_added_is_a_line_removed(values: list[float], steep: int, level: int) -> None:
    tilted = [value + level + steep * n for n, value in enumerate(values)]
    assert about_trend(tilted) == pytest.approx(about_trend(values), abs=1e-6)


@pytest.mark.parametrize("count", [2, 3, 7, 13])
def test_values_on_a_line_leave_exactly_nothing(count: int) -> None:
    assert about_trend([0.1 + 0.7 * n for n in range(count)]) == [0.0] * count
    assert about_mean([0.1] * count) == [0.0] * count
