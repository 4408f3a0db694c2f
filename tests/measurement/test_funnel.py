"""The funnel: Spiegelhalter's over-dispersion as worked out in R, and properties."""

import json
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.measurement.funnel import Funnel, limits, over_dispersion, position

KNOWN: Final = json.loads(
    (Path(__file__).parent / "fixtures" / "shrinkage.json").read_text("utf-8")
)
USUAL: Final = Funnel(centre=5.0, client_sd=1.0, over_dispersion=0.04)

funnels: Final = st.builds(Funnel, st.floats(1, 7), st.floats(0.1, 3), st.floats(0, 2))
numbers: Final = st.integers(1, 2000)


def test_over_dispersion_and_limits_are_those_of_the_fixture() -> None:
    """fixtures/shrinkage.json: made once by shrinkage.R beside it."""
    known = KNOWN["funnel"]
    found = over_dispersion(known["means"], known["clients"], known["centre"], known["client_sd"])
    assert found == pytest.approx(known["over_dispersion"], rel=1e-6)
    funnel = Funnel(known["centre"], known["client_sd"], found)
    at = [limits(funnel, number) for number in known["clients"]]
    assert [one.low_95 for one in at] == pytest.approx(known["low_95"], rel=1e-6)
    assert [one.high_998 for one in at] == pytest.approx(known["high_998"], rel=1e-6)


def test_groups_that_differ_by_less_than_chance_are_not_over_dispersed() -> None:
    assert over_dispersion([5.0, 5.01, 4.99], [10, 10, 10], 5.0, 1.0) == 0


def test_one_far_out_among_ten_does_not_widen_the_limits() -> None:
    near = [4.9, 5.1, 5.0, 4.8, 5.2, 5.0, 4.9, 5.1, 5.05]
    clients = [50] * 10
    far, farther = (over_dispersion([*near, out], clients, 5.0, 1.0) for out in (6.0, 7.0))
    assert far == farther


@pytest.mark.parametrize(
    ("value", "where"),
    [
        # 100 clients: the error is sqrt(.01 + .04), the limits 5 -+ .4383 and 5 -+ .6909
        (5.0, "inside"),
        (4.5618, "inside"),
        (5.4382, "inside"),
        (4.5616, "outside_95"),
        (5.4384, "outside_95"),
        (4.3092, "outside_95"),
        (4.3090, "outside_998"),
        (5.6910, "outside_998"),
    ],
)
def test_where_a_mean_lies(value: float, where: str) -> None:
    assert position(value, limits(USUAL, 100)) == where


@given(funnels, numbers, numbers)
def test_limits_narrow_with_clients_and_the_outer_ones_hold_the_inner(
    funnel: Funnel, one: int, more: int
) -> None:
    few, many = limits(funnel, one), limits(funnel, one + more)
    assert few.low_998 < few.low_95 < funnel.centre < few.high_95 < few.high_998
    assert few.low_998 < many.low_998
    assert few.low_95 < many.low_95
    assert many.high_95 < few.high_95
    assert many.high_998 < few.high_998


@pytest.mark.parametrize(
    ("means", "clients", "sd"),
    [([5.0], [10], 1.0), ([5.0, 4.0], [10, 0], 1.0), ([5.0, 4.0], [10, 10], 0.0)],
)
def test_what_tells_nothing_is_refused(means: list[float], clients: list[int], sd: float) -> None:
    with pytest.raises(ValueError, match="Expected"):
        over_dispersion(means, clients, 5.0, sd)


def test_limits_without_clients_are_refused() -> None:
    with pytest.raises(ValueError, match="clients"):
        limits(USUAL, 0)
