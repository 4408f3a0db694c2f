"""Parameters fitted to many streams: those that the array version finds, on any scale."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import pytest

from app.measurement.course_fit import (
    BOUNDS,
    Course,
    fitted,
    log_likelihood,
    parameters_at,
    penalty,
    scaled,
    start_at,
)
from app.measurement.filter_bank import CourseParameters, assumed_parameters

GOLDEN: Final = json.loads(Path(__file__).with_name("fit_golden.json").read_text("utf-8"))
FITTED: Final = CourseParameters(**GOLDEN["fitted"])
ASSUMED: Final = assumed_parameters(1.0, 7.0, 1 / 12)


def courses(count: int | None = None) -> list[Course]:
    return [
        [(1 + twelfths / 12, days) for twelfths, days in zip(s["twelfths"], s["days"], strict=True)]
        for s in GOLDEN["streams"][:count]
    ]


def numbers(parameters: CourseParameters) -> dict[str, Any]:
    """Within 2e-6: two searches end so near to one another where the bottom is this flat."""
    return {name: pytest.approx(value, abs=2e-6) for name, value in asdict(parameters).items()}


def test_the_likelihood_is_that_of_the_array_version() -> None:
    found = log_likelihood(courses(), FITTED)
    assert found == pytest.approx(GOLDEN["log_likelihood"], rel=1e-12)


def test_the_parameters_are_those_of_the_array_version() -> None:
    fit = fitted(courses(), 1.0, 7.0, 1 / 12)
    assert asdict(fit.parameters) == numbers(FITTED)
    assert fit.settled
    assert fit.parameters.skew > 0.1


def test_another_scale_has_the_same_parameters_in_its_own_points() -> None:
    some = [course[:5] for course in courses(12)]
    doubled = [[(2 * value - 3, days) for value, days in course] for course in some]
    one, other = fitted(some, 1.0, 7.0, 1 / 12), fitted(doubled, -1.0, 11.0, 1 / 6)
    assert other.cost == pytest.approx(one.cost, abs=1e-6)
    expected = scaled(one.parameters, -1.0, 11.0)
    assert asdict(other.parameters) == {
        name: pytest.approx(value, rel=1e-3, abs=1e-4) for name, value in asdict(expected).items()
    }


def test_days_that_are_not_known_count_as_a_week() -> None:
    undated = [[(value, None) for value, _ in course] for course in courses(5)]
    weekly = [[(value, 7.0) for value, _ in course] for course in courses(5)]
    assert log_likelihood(undated, ASSUMED) == log_likelihood(weekly, ASSUMED)


def test_the_days_of_a_first_rating_mean_nothing() -> None:
    dated = [[(course[0][0], 400.0), *course[1:]] for course in courses(5)]
    assert log_likelihood(dated, ASSUMED) == log_likelihood(courses(5), ASSUMED)


def test_people_who_always_rate_at_the_maximum_break_nothing() -> None:
    fit = fitted([[(7.0, 7.0)] * 4] * 6, 1.0, 7.0, 1 / 12)
    assert 1.0 <= fit.parameters.mean <= 7.0
    assert fit.parameters.within_sd > 0


def test_without_a_stream_there_is_nothing_to_fit() -> None:
    with pytest.raises(ValueError, match="at least one stream"):
        fitted([], 1.0, 7.0, 1 / 12)


def test_a_search_starts_within_its_bounds_and_near_the_house_assumption() -> None:
    start = start_at(5.6, 1 / 12)
    assert all(low <= x <= high for x, (low, high) in zip(start, BOUNDS, strict=True))
    assert asdict(replace(parameters_at(start[:-1], 1 / 12))) == numbers(ASSUMED)


def test_skew_may_be_left_out_and_then_costs_nothing() -> None:
    start = start_at(5.6, 1 / 12)
    assert penalty(start) - penalty(start[:-1]) == pytest.approx((start[-1] / 0.5) ** 2 / 2)
