"""The smallest value of a function within bounds."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measurement import minimum as search
from app.measurement.minimum import minimum

numbers = st.floats(-5, 5)


def valley(x: Sequence[float]) -> float:
    """Rosenbrock (1960), The Computer Journal 3(3), 175-184: 0 at (1, 1), at the end of a bend."""
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


def test_the_end_of_a_bent_valley_is_found() -> None:
    found = minimum(valley, [-1.2, 1.0], [(-5, 5), (-5, 5)])
    assert found.at == pytest.approx((1.0, 1.0), abs=1e-3)
    assert found.settled


def test_a_bound_in_the_valley_is_kept_to() -> None:
    found = minimum(valley, [-1.2, 1.0], [(-5, 0.5), (-5, 5)])
    assert found.at == pytest.approx((0.5, 0.25), abs=1e-3)


def test_a_start_outside_the_bounds_is_moved_inside() -> None:
    assert minimum(lambda x: x[0], [9.0], [(2.0, 3.0)]).at == (2.0,)


def test_a_function_that_is_flat_is_left_where_it_is() -> None:
    found = minimum(lambda _: 4.0, [1.0, 2.0], [(0, 3), (0, 3)])
    assert (found.at, found.value, found.settled) == ((1.0, 2.0), 4.0, True)


def test_a_search_that_is_cut_off_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "STEPS", 2)
    assert not minimum(valley, [-1.2, 1.0], [(-5, 5), (-5, 5)]).settled


@settings(max_examples=60, deadline=None)
@given(
    centre=st.tuples(numbers, numbers, numbers),
    steep=st.tuples(*[st.floats(0.1, 10)] * 3),
    tilt=st.floats(-0.9, 0.9),
    corner=st.tuples(numbers, numbers, numbers),
    other=st.tuples(*[st.floats(0, 1)] * 3),
)
def test_nothing_within_the_bounds_lies_lower_than_the_bottom_of_a_bowl(
    centre: tuple[float, ...],
    steep: tuple[float, ...],
    tilt: float,
    corner: tuple[float, ...],
    other: tuple[float, ...],
) -> None:
    def bowl(x: Sequence[float]) -> float:
        a, b, c = (s * (one - m) for s, one, m in zip(steep, x, centre, strict=True))
        return a * a + b * b + c * c + tilt * a * b

    bounds = [(low, low + 2) for low in corner]
    found = minimum(bowl, [0.0, 0.0, 0.0], bounds)
    elsewhere = [low + 2 * share for low, share in zip(corner, other, strict=True)]
    assert all(low <= x <= high for x, (low, high) in zip(found.at, bounds, strict=True))
    assert found.value <= bowl(elsewhere) + 1e-6 * (1 + abs(found.value))
