"""What open hypotheses say, held to what they stand for: the ratings with the drop undone."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.measurement.detection import rating_at
from app.measurement.filter_bank import (
    CLOSED,
    DIP_SIZES,
    FILTER,
    ONSETS,
    SHIFTS,
    STAYS_FOR,
    CourseParameters,
    assumed_parameters,
)
from app.measurement.hypotheses import DECLINES, DIPS, STAYS, followed, lasting_share
from app.measurement.person_filter import (
    filtered,
    first_numbers,
    log_densities,
    nodes,
    normal,
)

SEVEN: Final = assumed_parameters(1.0, 7.0, 1 / 12)
OPEN: Final = replace(SEVEN, high=99.0)
"""Without a maximum in reach."""
NODE: Final = nodes(OPEN)[1]
WEEK: Final = 7.0
FIRST_RATIO: Final = FILTER + SHIFTS
STAYS_AT: Final = FIRST_RATIO + DIP_SIZES
DECLINES_AT: Final = STAYS_AT + STAYS_FOR

ratings = st.lists(st.floats(3.0, 7.0), min_size=2, max_size=14)


def folded(
    values: Sequence[float], parameters: CourseParameters = OPEN
) -> tuple[tuple[float, ...], list[float]]:
    """One node's numbers after these ratings, and the log-likelihood of each rating."""
    numbers, found = first_numbers(NODE, parameters), []
    for seen, value in enumerate(values):
        rating = rating_at(seen, value, WEEK, parameters)
        one = filtered(numbers, NODE, rating)
        hypotheses, _, _ = followed(numbers, NODE.unit, rating, one)
        numbers = (1.0, *one.numbers, *hypotheses)
        found.append(one.log_likelihood)
    return numbers, found


def undone(values: Sequence[float], onset: int, lowers: Sequence[float]) -> float:
    """How much likelier the ratings are with a drop undone, as a logarithm; own SDs from onset."""
    raised = list(values)
    for age, lower in enumerate(lowers):
        if onset + age < len(values):
            raised[onset + age] += lower * NODE.unit
    return math.fsum(folded(raised)[1]) - math.fsum(folded(values)[1])


@given(ratings)
def test_a_drop_that_stays_is_as_likely_as_the_ratings_raised_by_it(values: list[float]) -> None:
    numbers, last = folded(values)[0], len(values) - 1
    for age in range(min(STAYS_FOR, len(values))):
        expected = undone(values, last - age, [STAYS[0]] * (age + 1))
        assert numbers[STAYS_AT + age] == pytest.approx(expected, abs=1e-7)


@given(ratings)
def test_a_decline_is_as_likely_as_the_ratings_raised_by_it(values: list[float]) -> None:
    numbers, last = folded(values)[0], len(values) - 1
    for age in range(min(ONSETS, len(values))):
        steps = [DECLINES[0] * (step + 1) for step in range(age + 1)]
        expected = undone(values, last - age, steps)
        assert numbers[DECLINES_AT + age] == pytest.approx(expected, abs=1e-7)


@given(ratings)
def test_the_evidence_of_a_rating_is_the_weighted_sum_over_all_onsets(values: list[float]) -> None:
    before = folded(values[:-1])[0]
    rating, last = rating_at(len(values) - 1, values[-1], WEEK, OPEN), len(values) - 1
    _, sudden, slow = followed(before, NODE.unit, rating, filtered(before, NODE, rating))
    dips = sum(
        weight * math.exp(undone(values, last - age, [size]))
        for size, weights in DIPS
        for age, weight in enumerate(weights)
        if age <= last
    )
    stays = sum(
        weight * math.exp(undone(values, last - age, [STAYS[0]] * (age + 1)))
        for age, weight in enumerate(STAYS[1])
        if age <= last
    )
    declines = sum(
        weight * math.exp(undone(values, last - age, [DECLINES[0] * (n + 1) for n in range(7)]))
        for age, weight in enumerate(DECLINES[1])
        if age <= last
    )
    assert sudden == pytest.approx(dips + stays, rel=1e-6, abs=1e-9)
    assert slow == pytest.approx(declines, rel=1e-6, abs=1e-9)


def test_closed_hypotheses_add_nothing_to_what_begins_now() -> None:
    before = folded([5.5, 5.4, 5.6, 5.0])[0]
    rating = rating_at(4, 4.2, WEEK, OPEN)
    one = filtered(before, NODE, rating)
    closed = (*before[:FILTER], *CLOSED)
    numbers, sudden, slow = followed(closed, NODE.unit, rating, one)
    now = [weights[0] * math.exp(numbers[SHIFTS + n]) for n, (_, weights) in enumerate(DIPS)]
    assert sudden == pytest.approx(sum(now))
    assert slow == 0.0
    assert sudden < followed(before, NODE.unit, rating, one)[1]


@pytest.mark.parametrize("values", [[5.5, 5.3, 4.2, 4.6, 5.9], [6.0, 7.0, 7.0, 6.5, 7.0]])
def test_next_to_no_skew_is_as_no_skew(values: list[float]) -> None:
    plain, likely = folded(values, SEVEN)
    skewed, bent = folded(values, replace(SEVEN, skew=1e-9))
    assert skewed == pytest.approx(plain, abs=1e-6)
    assert bent == pytest.approx(likely, abs=1e-6)


@pytest.mark.parametrize("skew", [-0.5, 0.1, 0.4, 1.5])
def test_a_skewed_rating_has_mean_zero_variance_one_and_a_density(skew: float) -> None:
    width = 0.002
    points = [width * n for n in range(-20_000, 8_000)]
    logs = log_densities(0.0, points, 1.0, skew)[1:]
    # The part left out: the stretch's SD and the normal density's constant.
    sd = normal(0.3, skew)[1] / math.exp(
        log_densities(0.3, [], 1.0, skew)[0] + 0.5 * normal(0.3, skew)[0] ** 2
    )
    densities = [sd * math.exp(one) / math.sqrt(2 * math.pi) for one in logs]
    total, mean, square = (
        width * math.fsum(d * x**power for d, x in zip(densities, points, strict=True))
        for power in (0, 1, 2)
    )
    assert (total, mean, square) == pytest.approx((1.0, 0.0, 1.0), abs=2e-3)


def test_with_a_longer_lower_tail_a_rating_above_speaks_more_against_a_drop() -> None:
    as_expected, lowered = log_densities(0.5, [1.0], 1.0, 0.4)
    assert lowered - as_expected < -0.5 * (1.5**2 - 0.5**2)


def test_with_a_longer_lower_tail_a_low_rating_speaks_less_for_a_drop() -> None:
    as_expected, lowered = log_densities(-3.0, [2.0], 1.0, 0.4)
    assert 0 < lowered - as_expected < -0.5 * (1.0**2 - 3.0**2)


def test_lasting_drops_weigh_less_the_more_skew_there_is() -> None:
    assert [lasting_share(skew) for skew in (-0.5, 0.0)] == [1.0, 1.0]
    assert lasting_share(0.4) == pytest.approx(math.exp(-0.24))
