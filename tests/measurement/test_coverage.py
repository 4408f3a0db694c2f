"""The house rules of coverage and small groups, at their edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.measurement import coverage
from app.measurement.small_groups import rounded_count


@pytest.mark.parametrize(
    ("rate", "standing"),
    [(1, "enough"), (0.6, "enough"), (0.5999, "low"), (0.4, "low"), (0.3999, "too_low")],
)
def test_standing(rate: float, standing: str) -> None:
    assert coverage.standing(rate) == standing


@pytest.mark.parametrize(
    ("clients", "professionals", "withheld"),
    [(10, 2, False), (9, 2, True), (10, 1, True), (0, 0, True)],
)
def test_who_is_too_few_to_average(clients: int, professionals: int, *, withheld: bool) -> None:
    assert coverage.too_few_to_average(clients, professionals) is withheld
    assert coverage.too_few_clients(clients) is (clients < 10)


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (2, 0), (3, 5), (12, 10), (13, 15)])
def test_people_are_counted_in_fives(count: int, shown: int) -> None:
    assert rounded_count(count) == shown


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_part_shown_is_never_more_than_its_whole(one: int, other: int) -> None:
    assert rounded_count(min(one, other)) <= rounded_count(max(one, other))


@given(st.lists(st.integers(0, 100), min_size=10, max_size=10), st.integers(0, 100))
def test_one_more_client_is_known_no_closer_than_half_the_range(
    others: list[int], one: int
) -> None:
    """Whoever subtracts what is shown of 10 clients from what is shown of 11 of them."""
    ten, eleven = sum(others) / 10, (sum(others) + one) / 11
    worked_out = 11 * coverage.level(eleven) - 10 * coverage.level(ten)
    reach = (11 + 10) * coverage.LEVEL_STEP / 2

    assert abs(worked_out - one) <= reach
    assert reach > 50
