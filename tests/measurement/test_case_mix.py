"""What comes from the stage of a course: worked figures and properties."""

from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.measurement.case_mix import LEAST_FOLLOWED, PULL, Stages, adjusted_means, growth

stages = st.dictionaries(
    st.integers(0, 3),
    st.tuples(st.integers(1, 20), st.floats(-100, 100)),
    min_size=1,
)
many = st.lists(stages, min_size=LEAST_FOLLOWED, max_size=30)


def followed(levels: list[float], rise: float, ratings: int) -> list[Stages]:
    """Clients with as many ratings in the first two stages, the second higher by rise."""
    return [
        {0: (ratings, ratings * level), 1: (ratings, ratings * (level + rise))} for level in levels
    ]


def test_growth_is_that_of_the_same_clients() -> None:
    # ten clients of 100 ratings at either stage: 500 against PULL
    found = growth(followed([2.0, 6.0] * 5, 0.8, 100))
    assert found == pytest.approx((0.0, 0.8 * 500 / (500 + PULL), 0.0, 0.0))


def test_that_stronger_alliances_last_longer_is_no_growth() -> None:
    steady = followed([4.0] * 10, 0.0, 50)
    short, long = [{0: (50, 100.0)}] * 20, [{3: (50, 300.0)}] * 20
    found = growth([*steady, *short, *long])
    assert found == pytest.approx((0.0, 0.0, 0.0, 0.0))


def test_too_few_are_followed_to_tell() -> None:
    assert growth(followed([4.0] * (LEAST_FOLLOWED - 1), 1.0, 50)) is None


def test_a_new_caseload_is_not_held_against_its_professional() -> None:
    # All differ by the stage alone: 4 at first, 5 later.
    new: list[Stages] = [{0: (2, 8.0)}] * 5
    far: list[Stages] = [{1: (2, 10.0)}] * 5
    assert adjusted_means([*new, *far], (0.0, 1.0, 1.0, 1.0)) == pytest.approx([4.5] * 10)


def test_without_growth_the_means_are_plain() -> None:
    assert adjusted_means([{0: (2, 8.0), 3: (2, 12.0)}], None) == [5.0]


@given(many)
def test_the_mean_of_all_clients_stays(clients: list[Stages]) -> None:
    plain, adjusted = adjusted_means(clients, None), adjusted_means(clients, growth(clients))
    assert fmean(adjusted) == pytest.approx(fmean(plain), abs=1e-6)


@given(many, st.floats(-50, 50))
def test_a_client_who_rates_all_higher_shows_no_other_growth(
    clients: list[Stages], by: float
) -> None:
    higher = [{s: (n, total + n * by) for s, (n, total) in one.items()} for one in clients]
    assert growth(higher) == (
        None if growth(clients) is None else pytest.approx(growth(clients), abs=1e-6)
    )


@given(many)
def test_growth_lies_where_its_equations_say(clients: list[Stages]) -> None:
    """Least squares: moving any stage a little makes the sum of squares no smaller."""
    found = growth(clients)
    if found is None:
        return

    def misfit(stages_: tuple[float, ...]) -> float:
        total = PULL * sum(one**2 for one in stages_[1:])
        for client in clients:
            if len(client) > 1:
                ratings = sum(n for n, _ in client.values())
                left = {s: (n, t / n - stages_[s]) for s, (n, t) in client.items()}
                level = sum(n * m for n, m in left.values()) / ratings
                total += sum(n * (m - level) ** 2 for n, m in left.values())
        return total

    least = misfit(found)
    for stage in (1, 2, 3):
        for step in (-0.5, 0.5):
            moved = tuple(one + step * (place == stage) for place, one in enumerate(found))
            assert misfit(moved) >= least - 1e-6
