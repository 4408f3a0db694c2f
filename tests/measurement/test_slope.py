"""The slope of a course: worked figures, a second way to the same posterior, and properties."""

import json
from dataclasses import replace
from math import inf, sqrt
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measurement.slope import (
    Label,
    Slope,
    SlopePrior,
    course_shape,
    slope,
    slope_label,
)

USUAL: Final = SlopePrior(slope_mean=0.03, slope_sd=0.04, within_sd=0.55)
OPEN_MINDED: Final = replace(USUAL, slope_sd=1e6)

values: Final = st.floats(1, 7)
courses: Final = st.lists(values, min_size=4, max_size=25)
spreads: Final = st.floats(0.05, 2)
priors: Final = st.builds(SlopePrior, st.floats(-0.3, 0.3), spreads, spreads, values, spreads)


def found(ratings: list[float], prior: SlopePrior, flat_after: int | None = None) -> Slope:
    estimate = slope(ratings, prior, flat_after=flat_after)
    assert estimate is not None
    return estimate


def solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """The solution of a positive definite system, by elimination."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for pivot, row in enumerate(rows):
        for other in rows:
            if other is not row:
                share = other[pivot] / row[pivot]
                other[:] = [a - share * b for a, b in zip(other, row, strict=True)]
    return [row[-1] / row[n] for n, row in enumerate(rows)]


def by_covariances(ratings: list[float], prior: SlopePrior) -> tuple[float, float]:
    """Mean and SD of the slope from the joint normal of ratings and slope."""
    size = range(len(ratings))
    level, steep = prior.level_sd**2, prior.slope_sd**2
    joint = [
        [level + steep * i * j + (prior.within_sd**2 if i == j else 0) for j in size] for i in size
    ]
    away = [y - prior.level_mean - prior.slope_mean * i for i, y in enumerate(ratings)]
    mean = sum(steep * i * w for i, w in enumerate(solved(joint, away)))
    told = sum(steep * i * w for i, w in enumerate(solved(joint, [steep * i for i in size])))
    return prior.slope_mean + mean, sqrt(steep - told)


@settings(deadline=None)
@given(courses, priors)
def test_the_slope_is_that_of_the_joint_normal_distribution(
    ratings: list[float], prior: SlopePrior
) -> None:
    mean, sd = by_covariances(ratings, prior)
    estimate = found(ratings, prior)
    assert estimate.per_rating == pytest.approx(mean, abs=1e-6)
    assert estimate.high - estimate.per_rating == pytest.approx(1.96 * sd, rel=1e-5)
    assert estimate.per_rating - estimate.low == pytest.approx(1.96 * sd, rel=1e-5)


def test_without_a_prior_it_is_the_least_squares_slope() -> None:
    estimate = found([4.0, 5.0, 4.0, 6.0, 5.0, 6.0], OPEN_MINDED)
    assert estimate.per_rating == pytest.approx(6 / 17.5)  # sum of (x - 2.5) y over 17.5
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * 0.55 / sqrt(17.5))
    assert (estimate.label, estimate.shape, estimate.ratings) == ("rising", "linear", 6)


def test_four_ratings_leave_the_slope_near_the_usual_one() -> None:
    # precision of the data 5 / .55^2 = 16.5, of the prior 1 / .04^2 = 625
    estimate = found([5.0, 4.0, 3.0, 2.0], USUAL)
    assert estimate.per_rating == pytest.approx(0.03 + 16.5289 / 641.5289 * -1.03, abs=1e-5)
    assert estimate.label == "not clear"
    assert estimate.shape is None


def test_a_known_level_makes_the_slope_surer() -> None:
    known = replace(OPEN_MINDED, level_mean=5.0, level_sd=0.1)
    ratings = [5.0, 5.0, 5.1, 5.2]
    narrow, wide = found(ratings, known), found(ratings, OPEN_MINDED)
    assert narrow.high - narrow.low < wide.high - wide.low


def test_three_values_are_too_few() -> None:
    assert slope([5.0, 4.0, 3.0], USUAL) is None


def test_where_growth_ends_later_ratings_are_no_slope() -> None:
    ratings = [4.0, 4.5, 5.0, 5.0, 5.0, 5.0, 5.0]
    ending, going_on = found(ratings, OPEN_MINDED, 3), found(ratings, OPEN_MINDED)
    assert ending.per_rating == pytest.approx(0.5)
    assert going_on.per_rating < 0.2


def test_growth_may_end_with_the_second_rating() -> None:
    # one rating before, three after: 5 less 4, whatever lies between the three
    assert found([4.0, 4.5, 5.0, 5.5], OPEN_MINDED, 2).per_rating == pytest.approx(1.0)


def test_growth_that_ends_after_the_last_rating_has_not_ended() -> None:
    ratings = [4.0, 4.5, 5.0, 4.0, 5.0]
    assert found(ratings, USUAL, 5) == found(ratings, USUAL, 12) == found(ratings, USUAL)


@pytest.mark.parametrize(
    "prior",
    [
        replace(USUAL, slope_sd=0.0),
        replace(USUAL, within_sd=-0.5),
        replace(USUAL, level_sd=0.0),
    ],
)
def test_a_spread_that_is_none_is_refused(prior: SlopePrior) -> None:
    with pytest.raises(ValueError, match="spreads"):
        slope([5.0] * 6, prior)


def test_growth_over_one_rating_is_refused() -> None:
    with pytest.raises(ValueError, match="second rating"):
        slope([5.0] * 6, USUAL, flat_after=1)


@pytest.mark.parametrize(
    ("low", "high", "label"),
    [
        (0.01, 0.2, "rising"),
        (-0.2, -0.01, "falling"),
        (0.0, 0.2, "not clear"),  # 0 is not excluded
        (-0.2, 0.0, "not clear"),
        (-0.025, 0.025, "steady"),  # .25 x .5 over five ratings
        (-0.026, 0.025, "not clear"),
        (-0.025, 0.026, "not clear"),
        (0.01, 0.02, "rising"),  # small, but sure
    ],
)
def test_a_label_says_only_what_the_interval_bears(low: float, high: float, label: Label) -> None:
    assert slope_label(low, high, within_sd=0.5) == label


@pytest.mark.parametrize(
    ("ratings", "shape"),
    [
        ([5.0, 5.0, 5.0, 5.0, 5.0], None),
        ([4.0, 4.4, 4.8, 5.2, 5.6, 6.0], "linear"),
        ([6.0, 5.0, 4.0, 4.0, 5.0, 6.0], "curved"),  # down and up again
        ([4.0, 5.0, 6.0, 6.0, 5.0, 4.0], "curved"),
        ([6.0, 4.0, 4.0, 6.0, 4.0, 4.0], "linear"),
        # weights 5 -1 -4 -4 -1 5: the score is 10 a / sqrt(84), 1.96 x .55 at a = .988
        ([0.987, 0.0, 0.0, 0.0, 0.0, 0.987], "linear"),
        ([0.989, 0.0, 0.0, 0.0, 0.0, 0.989], "curved"),
    ],
)
def test_a_course_bends_only_beyond_the_error_of_its_quadratic_term(
    ratings: list[float], shape: str | None
) -> None:
    assert course_shape(ratings, 0.55) == shape


@settings(deadline=None)
@given(st.lists(values, min_size=6, max_size=20), st.floats(-0.5, 0.5), st.floats(-3, 3))
def test_a_line_added_to_a_course_does_not_bend_it(
    ratings: list[float], per_rating: float, by: float
) -> None:
    score_is_close = course_shape(ratings, 0.55) != course_shape(ratings, 0.55 * 1.000001)
    moved = [value + by + per_rating * n for n, value in enumerate(ratings)]
    assert score_is_close or course_shape(moved, 0.55) == course_shape(ratings, 0.55)


@settings(deadline=None)
@given(courses, priors)
def test_the_slope_lies_between_the_usual_one_and_that_of_the_ratings(
    ratings: list[float], prior: SlopePrior
) -> None:
    prior = replace(prior, level_sd=inf)
    alone = found(ratings, replace(prior, slope_sd=1e6)).per_rating
    between = sorted((prior.slope_mean, alone))
    assert between[0] - 1e-9 <= found(ratings, prior).per_rating <= between[1] + 1e-9


@settings(deadline=None)
@given(courses, priors)
def test_a_mirrored_course_has_the_mirrored_slope(ratings: list[float], prior: SlopePrior) -> None:
    mirror = replace(prior, slope_mean=-prior.slope_mean, level_mean=8 - prior.level_mean)
    there, back = found(ratings, prior), found([8 - value for value in ratings], mirror)
    assert back.per_rating == pytest.approx(-there.per_rating, abs=1e-9)
    assert back.low == pytest.approx(-there.high, abs=1e-9)


def test_people_on_short_sleep_have_the_slopes_of_a_mixed_model() -> None:
    """fixtures/slope.json: made once by slope.R beside it, with lme4."""
    known = json.loads((Path(__file__).parent / "fixtures" / "slope.json").read_text("utf-8"))
    spreads = ("slope_mean", "slope_sd", "within_sd", "level_mean", "level_sd")
    prior = SlopePrior(*(known[name] for name in spreads))
    estimates = [found(person, prior) for person in known["values"]]
    assert len(estimates) == 18
    assert [e.per_rating for e in estimates] == pytest.approx(known["slopes"], abs=1e-4)
    assert [(e.high - e.low) / 2 / 1.96 for e in estimates] == pytest.approx(
        known["slope_sds"], abs=1e-4
    )
