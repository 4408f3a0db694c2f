"""Reliabilities of known data, as published and as R has them.

fixtures/reliability.json and slope.json: made once by reliability.R and slope.R beside them.
"""

import json
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measurement.reliability import (
    Components,
    NestedComponents,
    alpha,
    change_reliability,
    fixed_level_reliability,
    intraclass_correlation,
    level_reliability,
    nested_components,
    single_time_reliability,
    variance_components,
)

FIXTURES: Final = Path(__file__).parent / "fixtures"
KNOWN: Final[dict[str, Any]] = json.loads((FIXTURES / "reliability.json").read_text("utf-8"))
SHROUT: Final = KNOWN["shrout"]
NAMES: Final = {
    "ID": "person",
    "Time": "time",
    "Items": "item",
    "ID x time": "person_time",
    "ID x items": "person_item",
    "time x items": "time_item",
    "Residual": "residual",
}

answers: Final = st.integers(1, 7)
cubes: Final = st.tuples(st.integers(2, 4), st.integers(2, 4), st.integers(2, 4)).flatmap(
    lambda size: st.lists(
        st.lists(
            st.lists(answers, min_size=size[2], max_size=size[2]),
            min_size=size[1], max_size=size[1],
        ),
        min_size=size[0], max_size=size[0],
    )
)  # fmt: skip


def test_the_components_of_shrout_and_lane() -> None:
    found = variance_components(SHROUT["ratings"])
    by_r = {row["_row"]: row["variance"] for row in SHROUT["components"]}
    for r_name, name in NAMES.items():
        assert getattr(found, name) == pytest.approx(by_r[r_name], abs=1e-7)
    printed = [2.34, 0.92, 0.12, 0.96]  # as psych's help prints them
    ours = [found.person, found.person_time, found.person_item, found.residual]
    assert [round(one, 2) for one in ours] == printed
    assert (found.times, found.items) == (4, 3)


def test_the_coefficients_of_shrout_and_lane() -> None:
    crossed, nested = (
        variance_components(SHROUT["ratings"]), nested_components(SHROUT["ratings"]),
    )  # fmt: skip
    for found, r_name, printed in (
        (change_reliability(crossed), "r_c", 0.74),
        (single_time_reliability(crossed), "r_1r", 0.60),
        (fixed_level_reliability(crossed), "r_kf", 0.97),
        (level_reliability(crossed), "r_kr", 0.85),
        (change_reliability(nested), "r_cn", 0.65),
        (level_reliability(nested), "r_krn", 0.85),
    ):
        # R's nested components come from an iteration, good to about five digits.
        assert found == pytest.approx(SHROUT[r_name], abs=2e-5)
        assert found == pytest.approx(printed, abs=0.005)


def test_nested_components_of_balanced_data_are_those_of_a_mixed_model() -> None:
    found = nested_components(SHROUT["ratings"])
    expected = SHROUT["nested"]
    assert found.person == pytest.approx(expected["person"], abs=2e-4)
    assert found.time == pytest.approx(expected["person_time"], abs=2e-4)
    assert found.residual == pytest.approx(expected["residual"], abs=2e-4)


def test_alpha_and_its_interval_are_those_of_r() -> None:
    known = KNOWN["answers"]
    found = alpha(known["answers"])
    assert found.value == pytest.approx(known["alpha"], abs=1e-7)
    assert found.low == pytest.approx(known["low"], abs=1e-7)
    assert found.high == pytest.approx(known["high"], abs=1e-7)


def test_the_intraclass_correlation_of_shrout_and_fleiss() -> None:
    """Table 4: ICC(1,1) = .17; the interval as psych has it."""
    judges = KNOWN["judges"]
    share = intraclass_correlation(judges["ratings"]).share
    assert share.value == pytest.approx(judges["icc"], abs=1e-7)
    assert round(share.value, 2) == 0.17
    assert share.low == pytest.approx(judges["low"], abs=1e-7)
    assert share.high == pytest.approx(judges["high"], abs=1e-7)


def test_spreads_of_balanced_courses_are_those_of_a_mixed_model() -> None:
    courses = json.loads((FIXTURES / "slope.json").read_text("utf-8"))["values"]
    found = intraclass_correlation(courses)
    assert found.between_sd == pytest.approx(KNOWN["reaction"]["between_sd"], abs=1e-3)
    assert found.within_sd == pytest.approx(KNOWN["reaction"]["within_sd"], abs=1e-3)


def test_people_rated_unequally_often_have_a_correlation_near_the_true_one() -> None:
    chance = Random(5)  # noqa: S311 - a known course of chance
    courses = []
    for _ in range(2000):
        level = chance.gauss(5, 0.8)
        courses.append([chance.gauss(level, 0.6) for _ in range(chance.randint(1, 9))])
    found = intraclass_correlation(courses)
    assert found.share.value == pytest.approx(0.64, abs=0.02)
    assert found.between_sd == pytest.approx(0.8, abs=0.04)
    assert found.within_sd == pytest.approx(0.6, abs=0.02)
    assert found.share.low < 0.64 < found.share.high


def test_components_are_found_again_in_many_ratings() -> None:
    chance = Random(7)  # noqa: S311 - as above
    person = [chance.gauss(0, 1.0) for _ in range(120)]
    time = [[chance.gauss(0, 0.5) for _ in range(6)] for _ in person]
    ratings = [
        [[5 + p + t + chance.gauss(0, 0.7) for _ in range(4)] for t in times]
        for p, times in zip(person, time, strict=True)
    ]
    crossed, nested = variance_components(ratings), nested_components(ratings)
    for found in (crossed.person, nested.person):
        assert found == pytest.approx(1.0, abs=0.3)
    for found in (crossed.person_time, nested.time):
        assert found == pytest.approx(0.25, abs=0.04)
    for found in (crossed.residual, nested.residual):
        assert found == pytest.approx(0.49, abs=0.04)
    assert change_reliability(crossed) == pytest.approx(0.25 / (0.25 + 0.49 / 4), abs=0.05)


def test_people_who_are_all_alike_have_no_component_below_nothing() -> None:
    alike = [[[1, 1], [3, 3]], [[3, 3], [1, 1]]]
    crossed, nested = variance_components(alike), nested_components(alike)
    assert (crossed.person, crossed.time, nested.person) == (0, 0, 0)
    assert crossed.person_time == pytest.approx(4)
    assert nested.time == pytest.approx(2)
    assert nested_components([[[1, 3], [3, 1]], [[3, 1], [1, 3]]]).time == 0


def test_where_nothing_varies_there_is_no_reliability() -> None:
    same = [[[4.1] * 3] * 3] * 3
    crossed, nested = variance_components(same), nested_components(same)
    assert crossed == Components(0, 0, 0, 0, 0, 0, 0, times=3, items=3)
    assert nested == NestedComponents(0, 0, 0, times=3, items=3)
    for coefficient in (change_reliability, level_reliability):
        assert coefficient(crossed) is None
        assert coefficient(nested) is None
    assert fixed_level_reliability(crossed) is None
    assert single_time_reliability(crossed) is None


@settings(deadline=None)
@given(cubes)
def test_a_reliability_of_components_lies_between_nothing_and_one(
    ratings: list[list[list[int]]],
) -> None:
    crossed, nested = variance_components(ratings), nested_components(ratings)
    found = [
        change_reliability(crossed), level_reliability(crossed), fixed_level_reliability(crossed),
        single_time_reliability(crossed), change_reliability(nested), level_reliability(nested),
    ]  # fmt: skip
    assert all(one is None or 0 <= one <= 1 for one in found)


@settings(deadline=None)
@given(cubes, st.integers(-5, 5))
def test_components_do_not_ask_who_came_first_or_where_the_scale_begins(
    ratings: list[list[list[int]]], by: int
) -> None:
    moved = [[[item + by for item in reversed(form)] for form in person] for person in ratings]
    found, again = variance_components(ratings), variance_components(moved[::-1])
    for name in NAMES.values():
        assert getattr(again, name) == pytest.approx(getattr(found, name), abs=1e-9)


@pytest.mark.parametrize(
    "ratings",
    [
        [],
        [[[1, 2], [2, 3]]],  # one person
        [[[1, 2]], [[2, 3]]],  # one time
        [[[1], [2]], [[2], [3]]],  # one item
        [[[1, 2], [2, 3]], [[1, 2]]],
        [[[1, 2], [2, 3]], [[1, 2], [3]]],
    ],
)
def test_ratings_that_are_not_complete_are_refused(ratings: list[list[list[int]]]) -> None:
    with pytest.raises(ValueError, match="same times and items"):
        variance_components(ratings)
    with pytest.raises(ValueError, match="same times and items"):
        nested_components(ratings)


@pytest.mark.parametrize(
    ("forms", "why"),
    [
        ([], "two people"),
        ([[1, 2]], "two people"),
        ([[1], [2]], "two items"),
        ([[1, 2], [2, 1]], "all the same"),
        ([[1, 2], [2]], "shorter"),
    ],
)
def test_forms_without_differences_have_no_alpha(forms: list[list[int]], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        alpha(forms)


@pytest.mark.parametrize(
    ("courses", "why"),
    [
        ([], "two people"),
        ([[1.0, 2.0]], "two people"),
        ([[1.0], [2.0]], "one with two"),
        ([[1.0, 2.0, 2.0], []], "each with a value"),
        ([[4.1, 4.1], [4.1, 4.1]], "all the same"),
    ],
)
def test_courses_without_differences_have_no_correlation(
    courses: list[list[float]], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        intraclass_correlation(courses)


def test_people_who_never_vary_but_differ_correlate_fully() -> None:
    found = intraclass_correlation([[3.0, 3.0], [5.0, 5.0, 5.0]])
    assert (found.share.value, found.share.low, found.share.high) == (1, 1, 1)
    assert found.within_sd == 0


def test_people_who_differ_less_than_chance_have_no_spread_between_them() -> None:
    found = intraclass_correlation([[1.0, 5.0], [5.0, 1.0], [1.0, 5.0]])
    assert found.share.value == pytest.approx(-1)
    assert found.between_sd == 0
