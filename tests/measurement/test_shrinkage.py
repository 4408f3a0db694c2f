"""Shrinkage: mixed models of lme4, the published number of clients, and properties."""

import json
from math import log, sqrt
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.measurement.shrinkage import (
    Components,
    Group,
    clients_for,
    components,
    deviation,
    own_weight,
)

KNOWN: Final = json.loads(
    (Path(__file__).parent / "fixtures" / "shrinkage.json").read_text("utf-8")
)

shares: Final = st.floats(0.001, 0.6)
groups: Final = st.builds(
    Group, st.integers(2, 200).map(float), st.floats(1, 7), st.floats(0.5, 300)
)
some: Final = st.lists(groups, min_size=2, max_size=12)
spreads: Final = st.builds(
    Components, st.floats(1, 7), st.floats(0, 1), st.floats(0.01, 2), st.floats(0.1, 4)
)


def group(values: list[float]) -> Group:
    mean = fmean(values)
    return Group(len(values), mean, sum((value - mean) ** 2 for value in values))


@pytest.mark.parametrize("name", ["dyestuff", "dyestuff_2", "uneven"])
def test_variances_and_deviations_are_those_of_a_mixed_model(name: str) -> None:
    """fixtures/shrinkage.json: made once by shrinkage.R beside it, with lme4."""
    known: dict[str, Any] = KNOWN[name]
    members = [group(values) for values in known["values"]]
    found = components(members)
    assert found.mean == pytest.approx(known["mean"], rel=1e-6)
    assert sqrt(found.mean_variance) == pytest.approx(known["mean_error"], rel=1e-5)
    assert found.between == pytest.approx(known["between"], rel=1e-5)
    assert found.within == pytest.approx(known["within"], rel=1e-6)
    for member, value, error in zip(members, known["deviations"], known["errors"], strict=True):
        drawn = deviation(member, found)
        assert drawn.value == pytest.approx(value, rel=1e-4, abs=1e-9)
        if error:
            assert drawn.high is not None
            assert drawn.high - drawn.value == pytest.approx(1.96 * error, rel=1e-5)
        else:
            assert (drawn.low, drawn.high) == (None, None)


@pytest.mark.parametrize(
    ("share", "weights", "number"),
    [
        (0.03, {5: 0.13, 10: 0.24, 20: 0.38, 30: 0.48, 60: 0.65}, 129),
        (0.05, {5: 0.21, 10: 0.34, 20: 0.51, 30: 0.61, 60: 0.76}, 76),
        (0.06, {5: 0.24, 10: 0.39, 20: 0.56, 30: 0.66, 60: 0.79}, 63),
        (0.10, {5: 0.36, 10: 0.53, 20: 0.69, 30: 0.77, 60: 0.87}, 36),
    ],
)
def test_how_much_the_own_mean_counts(share: float, weights: dict[int, float], number: int) -> None:
    assert {n: round(own_weight(n, share), 2) for n in weights} == weights
    needed = clients_for(0.8, share)
    assert needed is not None
    assert round(needed) == number


def test_groups_that_do_not_differ_have_no_weight() -> None:
    assert own_weight(60, 0.0) == 0
    assert clients_for(0.8, 0.0) is None


@given(some, st.floats(0.001, 1000))
def test_the_deviance_is_lowest_at_the_variances_found(members: list[Group], ratio: float) -> None:
    """A second way to the likelihood: that of the means and that of the squares, multiplied."""

    def minus_twice_log(between: float, within: float) -> float:
        errors = [between + within / one.clients for one in members]
        weight = sum(1 / error for error in errors)
        mean = sum(one.mean / error for one, error in zip(members, errors, strict=True)) / weight
        away = sum((one.mean - mean) ** 2 / e for one, e in zip(members, errors, strict=True))
        degrees = sum(one.clients - 1 for one in members)
        squares = sum(one.squares for one in members)
        of_means = sum(log(error) for error in errors) + log(weight) + away
        return of_means + degrees * log(within) + squares / within

    found = components(members)
    least = minus_twice_log(found.between, found.within)
    assert least <= minus_twice_log(ratio * found.within, found.within) + 1e-6
    assert least <= minus_twice_log(found.between, found.within * 1.01) + 1e-6
    assert least <= minus_twice_log(found.between, found.within * 0.99) + 1e-6


@given(groups, spreads)
def test_a_deviation_is_drawn_to_the_middle_and_never_past_it(
    one: Group, found: Components
) -> None:
    drawn = deviation(one, found)
    away = one.mean - found.mean
    assert 0 <= drawn.weight <= 1
    assert abs(drawn.value) <= abs(away) + 1e-12
    assert drawn.value * away >= 0


@given(groups, spreads, st.integers(1, 300))
def test_more_clients_count_for_more(one: Group, found: Components, more: int) -> None:
    larger = Group(one.clients + more, one.mean, one.squares)
    assert deviation(larger, found).weight > deviation(one, found).weight


@given(groups, spreads)
def test_mirrored_values_give_the_mirrored_deviation(one: Group, found: Components) -> None:
    mirrored = Components(8 - found.mean, found.mean_variance, found.between, found.within)
    there = deviation(one, found)
    back = deviation(Group(one.clients, 8 - one.mean, one.squares), mirrored)
    assert back.value == pytest.approx(-there.value, abs=1e-9)
    assert there.low is not None
    assert back.high == pytest.approx(-there.low, abs=1e-9)


@pytest.mark.parametrize(
    ("clients", "mean", "below"),
    [
        (400, 3.0, True),
        (400, 4.7, False),  # certainly below, but by less than matters
        (400, 7.0, False),
        (10, 1.0, True),
        (9, 1.0, False),  # too few to say anything
        (10, 4.3, False),
    ],
)
def test_only_what_is_sure_and_matters_is_said_to_be_below(
    clients: float, mean: float, *, below: bool
) -> None:
    # SD between clients: 1, so the line is 4.75
    found = Components(mean=5.0, mean_variance=0.0, between=0.2, within=0.8)
    assert deviation(Group(clients, mean, 1.0), found).clearly_below is below


@pytest.mark.parametrize(
    "members",
    [
        [],
        [Group(5, 4.0, 2.0)],
        [Group(5, 4.0, 2.0), Group(0.5, 4.0, 2.0)],
        [Group(5, 4.0, 0.0), Group(5, 5.0, 0.0)],
        [Group(1, 4.0, 2.0), Group(1, 5.0, 2.0)],
    ],
)
def test_what_tells_nothing_of_both_variances_is_refused(members: list[Group]) -> None:
    with pytest.raises(ValueError, match="Expected"):
        components(members)
