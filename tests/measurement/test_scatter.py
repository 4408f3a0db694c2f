"""Scatter of one form's items against the rater's earlier forms."""

from decimal import Decimal
from functools import reduce
from math import sqrt
from statistics import fmean, variance
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measurement.scatter import (
    NEW_SCATTER,
    ScatterState,
    form_scatter,
    scatter_standing,
    with_form,
)

STEADY: Final = ScatterState(4, 0.8, 0.0)
scatters: Final = st.lists(st.floats(0, 3), min_size=2, max_size=30)


def test_scatter_is_the_spread_of_the_items() -> None:
    assert form_scatter(map(Decimal, (1, 2, 3, 4, 5))) == pytest.approx(sqrt(2.5))
    assert form_scatter(map(Decimal, (4, 4, 4))) == 0


def test_one_item_has_no_scatter() -> None:
    assert form_scatter([Decimal(4)]) is None


@settings(deadline=None)
@given(scatters)
def test_the_running_state_is_mean_and_squares_of_all_forms(forms: list[float]) -> None:
    state = reduce(with_form, forms, NEW_SCATTER)
    assert state.count == len(forms)
    assert state.mean == pytest.approx(fmean(forms), abs=1e-9)
    assert state.squares == pytest.approx(variance(forms) * (len(forms) - 1), abs=1e-9)


def test_the_limit_is_two_spreads_above_the_own_mean() -> None:
    state = reduce(with_form, [0.8, 1.0, 1.2, 1.4], NEW_SCATTER)
    standing = scatter_standing(state, 2.0, items=12, step=1.0)
    assert standing is not None
    # chance: 1.1^2 / 22 = .055; own squares .2
    assert standing.limit == pytest.approx(1.1 + 2 * sqrt((6 * 0.055 + 0.2) / 9))
    assert standing.usual == pytest.approx(1.1)
    assert (standing.scatter, standing.earlier) == (2.0, 4)
    assert standing.unusual


def test_a_form_at_the_limit_is_not_unusual() -> None:
    limit = scatter_standing(STEADY, 0.0, items=12, step=1.0)
    assert limit is not None
    standing = scatter_standing(STEADY, limit.limit, items=12, step=1.0)
    assert standing is not None
    assert not standing.unusual


@pytest.mark.parametrize(
    ("scatter", "unusual"),
    [
        (sqrt(1 / 12), False),  # one of twelve items a step off
        (sqrt(10 / 6 / 11), True),  # two of them
    ],
)
def test_for_who_always_ticked_the_same_one_other_answer_is_no_contradiction(
    scatter: float, *, unusual: bool
) -> None:
    standing = scatter_standing(ScatterState(4, 0.0, 0.0), scatter, items=12, step=1.0)
    assert standing is not None
    assert standing.unusual == unusual


def test_two_items_have_a_scatter() -> None:
    standing = scatter_standing(STEADY, 2.0, items=2, step=0.1)
    assert standing is not None
    assert standing.limit == pytest.approx(0.8 + 2 * sqrt(6 * 0.32 / 9))


def test_three_earlier_forms_are_too_few() -> None:
    assert scatter_standing(ScatterState(3, 0.8, 0.1), 3.0, items=12, step=1.0) is None


@pytest.mark.parametrize(("items", "step"), [(1, 1.0), (12, 0.0)])
def test_a_form_without_items_or_steps_is_refused(items: int, step: float) -> None:
    with pytest.raises(ValueError, match="two items"):
        scatter_standing(STEADY, 1.0, items=items, step=step)


@pytest.mark.parametrize("scatter", [-0.1, float("nan"), float("inf")])
def test_what_is_no_spread_is_refused(scatter: float) -> None:
    with pytest.raises(ValueError, match="standard deviation"):
        with_form(NEW_SCATTER, scatter)
