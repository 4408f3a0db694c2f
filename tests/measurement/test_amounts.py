"""Amounts add up and come apart again exactly; what is told from them is what the values say."""

from decimal import Decimal
from statistics import mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.measurement.amounts import (
    BINS,
    NOTHING,
    added,
    level,
    of_rating,
    of_repair,
    of_share,
    quantile,
)

LOW, HIGH = Decimal(0), Decimal(40)
values = st.integers(0, 400).map(lambda tenths: Decimal(tenths) / 10)
Ratings = list[tuple[Decimal, Decimal | None]]
ratings = st.lists(st.tuples(values, st.none() | values), min_size=2, max_size=30)


@given(ratings)
def test_what_was_added_can_be_taken_away(given_ratings: Ratings) -> None:
    each = [of_rating(value, LOW, HIGH, first) for value, first in given_ratings]
    whole = added(each)
    assert whole - added(each[1:]) == each[0]
    assert added(reversed(each)) == whole
    assert whole - whole == NOTHING


@given(ratings)
def test_the_level_is_that_of_the_values(given_ratings: Ratings) -> None:
    numbers = [float(value) for value, _ in given_ratings]
    found = level(added(of_rating(v, LOW, HIGH, None) for v, _ in given_ratings), 4)
    assert found is not None
    assert found.mean == pytest.approx(mean(numbers))
    assert found.standard_error == pytest.approx(stdev(numbers) / 2, abs=1e-6)


@given(st.lists(values, min_size=1))
def test_the_median_lies_within_a_bin_of_the_values(given_values: list[Decimal]) -> None:
    counts = added(of_rating(value, LOW, HIGH, None) for value in given_values).bins
    assert sum(counts) == len(given_values)
    middle = quantile(counts, 0.5)
    assert middle is not None
    width = float(HIGH - LOW) / BINS
    below = sum(float(value) < (middle - 1) * width for value in given_values)
    above = sum(float(value) > (middle + 1) * width for value in given_values)
    assert max(below, above) <= len(given_values) / 2


@pytest.mark.parametrize(
    ("value", "place"), [("0", 0), ("1.9", 0), ("2", 1), ("39.9", 19), ("40", 19)]
)
def test_a_value_lies_in_its_twentieth(value: str, place: int) -> None:
    assert of_rating(Decimal(value), LOW, HIGH, None).bins.index(1) == place


@pytest.mark.parametrize(
    ("days", "week"), [(0.0, 0), (6.99, 0), (7.0, 1), (181.0, 25), (182.0, 26), (9999.0, 26)]
)
def test_a_repair_lies_in_its_week(days: float, week: int) -> None:
    amounts = of_repair(days)
    assert (amounts.drops_repaired, amounts.repair_weeks.index(1)) == (1, week)


def test_a_repair_without_dates_counts_and_has_no_time() -> None:
    assert of_repair(None).drops_repaired == 1
    assert sum(of_repair(None).repair_weeks) == 0


def test_nothing_has_no_level_and_no_quartile() -> None:
    assert level(NOTHING, 10) is None
    assert level(of_share(1, 2), 0) is None
    assert quantile(NOTHING.bins, 0.5) is None
