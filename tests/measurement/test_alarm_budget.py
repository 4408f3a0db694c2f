"""A budget of alarms and the score that keeps it."""

import math

import pytest

from app.measurement.alarm_budget import set_thresholds, threshold


@pytest.mark.parametrize("budget", [0.25, 1.0, 3.0, 7.5, 20.0])
def test_a_larger_budget_means_a_lower_threshold(budget: float) -> None:
    assert threshold(budget) <= threshold(max(0.25, budget * 0.9))
    for components in (2, 3):
        total, component = set_thresholds(budget, components)
        assert threshold(budget) < total < component


def test_a_total_alone_has_the_whole_budget() -> None:
    assert set_thresholds(3.0, 0) == (threshold(3.0), math.inf)


def test_between_the_tabled_rates_the_threshold_lies_between_theirs() -> None:
    assert threshold(3.0) > threshold(4.0) > threshold(5.0)
    assert threshold(math.sqrt(15)) == pytest.approx((threshold(3.0) + threshold(5.0)) / 2)


@pytest.mark.parametrize("budget", [0.0, 0.2, 20.5, 100.0, -1.0])
def test_a_budget_outside_of_the_table_is_refused(budget: float) -> None:
    with pytest.raises(ValueError, match=r"between 0\.25 and 20"):
        threshold(budget)


@pytest.mark.parametrize("components", [1, 4, -1])
def test_other_sets_are_refused(components: int) -> None:
    with pytest.raises(ValueError, match="0, 2 or 3"):
        set_thresholds(3.0, components)
