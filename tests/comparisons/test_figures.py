"""Who is shown, and how coarsely; what follows from it."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.comparisons import compared as comparing
from app.comparisons.compared import Measured, compared, pooled_sd
from app.comparisons.figures import coarse, figures, known_as, step
from app.comparisons.made_of import hundredths, rates_of, sources
from app.comparisons.parting import LEAST_UNITS, Course, shown, together
from app.comparisons.window import Window, newest_window
from app.programs.series import FIRST, LATER, UNDATED
from tests.comparisons.caseloads import invitations, series

measured = st.builds(Measured, st.integers(2, 60).map(lambda n: 5 * n), st.integers(0, 100))


def load(professional: str, clients: int, fresh: int | None = None) -> list[Course]:
    """So many clients of a professional, so many of them with ratings not told of before."""
    told = clients if fresh is None else fresh
    return [
        Course(("ehr", professional), ("ehr", f"{professional}-{n}"), {0: (1, 50.0)}, n < told)
        for n in range(clients)
    ]


def names(*loads: list[Course]) -> list[str]:
    return [ref for _, ref in shown([one for each in loads for one in each])]


def five(clients: int = 20) -> list[list[Course]]:
    return [load(f"p-{n}", clients) for n in range(LEAST_UNITS)]


def test_whoever_has_ten_clients_is_shown() -> None:
    assert names(*five(10)) == ["p-0", "p-1", "p-2", "p-3", "p-4"]


def test_a_rest_of_two_professionals_and_ten_clients_stays_out_of_sight() -> None:
    assert names(*five(), load("a", 5), load("b", 5)) == ["p-0", "p-1", "p-2", "p-3", "p-4"]


def test_a_rest_of_too_few_clients_takes_the_smallest_along() -> None:
    rest = [load("a", 5), load("b", 4)]
    assert names(*five(), load("small", 11), *rest) == ["p-0", "p-1", "p-2", "p-3", "p-4"]
    assert names(*five(), *rest) == []  # four would be left


def test_a_rest_of_one_professional_takes_the_smallest_along() -> None:
    nobody_else = [load("a", 30, fresh=9)]
    assert names(*five(), load("small", 11), *nobody_else) == ["p-0", "p-1", "p-2", "p-3", "p-4"]


def test_clients_without_a_professional_are_nobody_to_compare() -> None:
    assert names(*five(), load("", 40)) == []
    assert not together(load("", 10) + load("p", 10)[:0])


def test_clients_told_of_before_do_not_count() -> None:
    assert "p-5" not in names(*five(), load("p-5", 30, fresh=9), load("p-6", 30, fresh=2))
    assert not together(load("p-1", 20, fresh=4) + load("p-2", 20, fresh=5))


def test_one_client_with_two_professionals_is_one_client() -> None:
    same = [Course(("ehr", f"p-{n % 2}"), ("ehr", "c"), {0: (1, 1.0)}, fresh=True) for n in (0, 1)]
    others = load("p-0", 4) + load("p-1", 4)
    assert not together([*same, *others])
    assert together([*same, *others, *load("p-1", 5)[4:]])


def test_a_client_with_two_professionals_makes_the_step_of_all_wider() -> None:
    two = [
        Course(("ehr", f"p-{n}"), ("ehr", f"c-{k}"), {0: (1, 40.0 + k)}, fresh=True)
        for n in range(2)
        for k in range(20)
    ]
    made = figures(two)
    assert made is not None
    assert made.clients == 20
    assert made.at % step(20) == 0  # not that of forty


@given(st.lists(st.floats(0, 100), min_size=10, max_size=300))
def test_a_coarse_mean_lies_within_half_a_step(values: list[float]) -> None:
    by = step(5 * round(len(values) / 5 + 1e-9))
    mean = sum(values) / len(values)
    assert abs(coarse(values) - mean) <= max(by, step(max(10, len(values) - 3))) / 2 + 1e-6


@given(st.integers(10, 500), st.floats(6, 50))
def test_a_coarse_mean_is_known_less_well(clients: int, sd: float) -> None:
    assert 1 < known_as(clients, sd) < clients


@given(st.lists(measured, min_size=5, max_size=12), st.integers(3, 25).map(lambda n: 2 * n))
def test_who_lies_outside_the_outer_limits_lies_outside_the_inner(
    units: list[Measured], sd: int
) -> None:
    found = compared(tuple(units), sd)
    for unit, where, deviation in zip(units, found.positions, found.deviations, strict=True):
        away = unit.at - found.found.mean
        assert abs(deviation.value) <= abs(away) + 1e-9
        if where != "inside":
            assert abs(away) > 0
    widths = [limit.high_998 - limit.low_998 for limit in found.limits]
    assert widths == sorted(widths, reverse=True)
    assert {limit.clients for limit in found.limits} <= set(comparing.GRID)


def test_alike_units_need_however_many_clients() -> None:
    found = compared((Measured(20, 50),) * 6, 14)
    assert found.dependable_from is None
    assert {one.value for one in found.deviations} == {0.0}
    assert set(found.positions) == {"inside"}


def test_spreads_are_pooled_by_clients() -> None:
    assert pooled_sd([(10, 10.0), (30, 10.0)]) == pytest.approx(10)
    assert pooled_sd([(10, 2.0), (30, 4.0)]) == pytest.approx(13**0.5)


def test_series_of_one_kind_belong_together() -> None:
    rows = [
        one._asdict() | {"id": one.id}
        for one in (
            series("north", FIRST),
            series("north", LATER, revision="1.10"),
            series("north", LATER, revision="1.9"),
            series("north", UNDATED),
            series("south"),
            invitations("north"),
        )
    ]
    found = sources(rows)
    assert [kind.program_ref for kind in found] == ["north", "south"]
    north, south = found.values()
    assert (north.revision, len(north.ratings), len(north.invitations)) == ("1.10", 3, 1)
    assert (south.revision, len(south.ratings), len(south.invitations)) == ("1.0", 1, 0)


def test_rates_are_told_in_twentieths() -> None:
    row = {"source": "ehr", "professional_ref": "p", "invited": 8, "completed": 5}
    rates, coverage = rates_of([row, row | {"professional_ref": "q", "invited": 0}])
    assert rates == {("ehr", "p"): 0.625}
    assert hundredths(coverage) == 60
    assert rates_of([])[1] is None
    assert hundredths(None) is None


def test_a_window_holds_four_quarters() -> None:
    assert newest_window(datetime(2027, 1, 12, tzinfo=UTC)) == Window(
        date(2025, 12, 29), date(2027, 1, 4)
    )


def test_alike_answers_do_not_narrow_the_limits_to_nothing() -> None:
    made = figures([one for each in five(10) for one in each])
    assert made is not None
    assert made.client_sd == 6
    found = compared(tuple(Measured(unit.clients, unit.at) for unit in made.units), 6)
    assert set(found.positions) == {"inside"}
