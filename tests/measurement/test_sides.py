"""What client and professional tell together: side by side, never as one."""

from collections.abc import Sequence
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measurement.agreement import gap_standing
from app.measurement.drops import Kind
from app.measurement.sides import (
    NOT_SEEN,
    SideFinding,
    between_guess_and_answer,
    between_views,
    rating_of,
)
from app.measurement.watch import Readable, Recent, Rules, Severity, Standing
from tests.support.ratings import scale_rule

WHOLE: Final = Rules("1", {"total": scale_rule()})
PARTS: Final = Rules("1", {"bond": scale_rule("bond", 4), "total": scale_rule()})
ONLY_PARTS: Final = Rules("1", {"bond": scale_rule("bond", 4), "goals": scale_rule("goals", 4)})
severities: Final = st.sampled_from([None, "watch", "alert"])


def standing(
    value: float = 5.0, z: float | None = 0.0, severity: Severity | None = None, kind: Kind = "slow"
) -> Standing:
    return Standing(value, z, severity, kind)


def rated(occasion: int, **scales: Standing) -> Recent:
    return Recent(f"r-{occasion}", f"s-{occasion}", Readable(), Readable(), scales)


def now(client: Standing, professional: Standing, rules: Rules = WHOLE) -> list[SideFinding]:
    return between_views([rated(1, total=client)], [rated(1, total=professional)], rules)


def course(*values: float) -> list[Recent]:
    return [rated(n, total=standing(value)) for n, value in enumerate(values)]


@pytest.mark.parametrize(
    ("client", "professional", "found"),
    [
        (standing(severity="alert"), standing(z=NOT_SEEN + 0.01), ["blind_spot"]),
        (standing(severity="alert"), standing(z=NOT_SEEN), []),
        (standing(severity="alert"), standing(z=None), []),  # a first rating has no expectation
        (standing(severity="watch"), standing(z=3.0), []),
        (standing(severity="alert"), standing(z=-2.0, severity="watch"), ["both_drop"]),
        (standing(severity="alert"), standing(z=-2.0, severity="alert"), ["both_drop"]),
        (standing(severity="watch"), standing(z=-2.0, severity="alert"), ["both_drop"]),
        (standing(severity="watch"), standing(z=-2.0, severity="watch"), []),
        (standing(), standing(z=-2.0, severity="alert"), []),
        (standing(), standing(), []),
    ],
)
def test_what_two_ratings_of_an_occasion_tell(
    client: Standing, professional: Standing, found: list[str]
) -> None:
    assert [one.code for one in now(client, professional)] == found


def test_one_side_alarming_and_the_other_standing_out_is_high() -> None:
    (found,) = now(standing(3.0, -3, "alert", "sudden"), standing(4.0, -2, "watch"))
    assert (found.severity, found.rule, found.scale) == ("high", "both_sides", "total")
    assert (found.value, found.threshold) == (36.0, None)  # the client's, in the scale's unit
    assert found.details == {"kind": "sudden", "client": "alert", "professional": "watch"}


def test_a_blind_spot_says_how_both_sides_stood() -> None:
    (found,) = now(standing(3.0, -3.2, "alert"), standing(5.0, 0.4))
    assert (found.code, found.severity) == ("blind_spot", "alert")
    assert found.details == {"client_z": -3.2, "professional_z": 0.4, "limit_z": NOT_SEEN}


@settings(deadline=None)
@given(severities, severities, st.floats(-4, 4), st.floats(-4, 4))
def test_only_an_alert_makes_more_of_both_sides(
    client: Any, professional: Any, client_z: float, professional_z: float
) -> None:
    found = now(
        standing(z=client_z, severity=client), standing(z=professional_z, severity=professional)
    )
    codes = {one.code for one in found}
    assert ("blind_spot" in codes) == (client == "alert" and professional_z > NOT_SEEN)
    assert ("both_drop" in codes) == (
        "alert" in {client, professional} and None not in {client, professional}
    )


@pytest.mark.parametrize("alarming", ["client", "professional", None])
def test_components_speak_only_where_no_whole_scale_alarms(alarming: str | None) -> None:
    bond = standing(severity="alert", z=-3)
    client = rated(1, bond=bond, total=standing(severity="alert" if alarming == "client" else None))
    professional = rated(
        1, bond=bond, total=standing(severity="alert" if alarming == "professional" else None, z=-3)
    )
    found = between_views([client], [professional], PARTS)
    assert [(one.code, one.scale) for one in found] == ([] if alarming else [("both_drop", "bond")])


def test_a_scale_that_one_side_has_not_is_passed_over() -> None:
    client = rated(1, bond=standing(severity="alert"), total=standing(severity="alert"))
    for professional in (rated(1, bond=standing(z=1)), rated(1)):
        assert between_views([client], [professional], PARTS) == []


def test_a_gap_is_held_against_the_pairs_own_past() -> None:
    client, professional = course(5.5, 5.6, 5.4, 5.5, 3.0), course(5.0, 5.1, 5.0, 4.9, 5.5)
    (found,) = between_views(client, professional, WHOLE)
    within = WHOLE.scales["total"].parameters.within_sd
    own = gap_standing([0.5, 0.5, 0.4, 0.6, -2.5], within)
    assert own is not None
    assert (found.code, found.rule, found.severity) == ("dyad_gap", "own_gap", "watch")
    assert found.value == pytest.approx(-30)
    assert found.threshold is not None
    assert found.value < found.threshold < found.details["expected"]  # type: ignore[operator]
    assert found.details["pairs"] == 4
    assert found.details["z"] == pytest.approx(own.z)


def test_a_gap_the_other_way_has_its_threshold_above() -> None:
    client, professional = course(5.0, 5.0, 5.0, 6.5), course(5.0, 5.0, 5.0, 4.0)
    (found,) = between_views(client, professional, WHOLE)
    assert found.rule == "own_gap"
    assert found.threshold is not None
    assert 0 < found.threshold < found.value


def test_a_usual_gap_however_wide_is_nothing() -> None:
    assert between_views(course(*[6.5] * 6), course(*[3.0] * 6), WHOLE) == []


def test_raters_who_move_apart_are_seen_before_a_gap_has_a_past() -> None:
    (found,) = between_views(course(5.0, 4.0), course(5.0, 6.0), WHOLE)
    assert (found.rule, found.threshold) == ("moves_apart", None)
    assert found.details == {"client_move": -12.0, "professional_move": 12.0}
    assert between_views(course(5.0, 4.0), course(5.0, 5.0), WHOLE) == []
    assert between_views(course(5.0), course(6.0), WHOLE) == []


def test_pairs_are_of_the_same_occasions_and_of_their_first_ratings() -> None:
    client, professional = course(5.0, 5.0, 5.0, 5.0, 5.0), course(5.0, 5.0, 5.0, 5.0, 5.0)
    again = [*client[:4], rated(3, total=standing(1.0)), client[4]]
    assert between_views(again, professional, WHOLE) == []
    assert between_views(client, [professional[0], professional[4]], WHOLE) == []


def test_components_have_no_gap_unless_there_is_nothing_else() -> None:
    client, professional = (
        [rated(n, bond=standing(v), goals=standing(), total=standing()) for n, v in enumerate(both)]
        for both in ((5.0, 3.0), (5.0, 7.0))
    )
    assert between_views(client, professional, PARTS) == []
    found = between_views(client, professional, ONLY_PARTS)
    assert [one.scale for one in found] == ["bond"]


def test_an_occasion_without_the_scale_on_both_sides_makes_no_pair() -> None:
    client, professional = course(5.0, 5.0, 5.0), course(5.0, 5.0, 7.0)
    professional[1] = rated(1)
    client[1] = rated(1, total=standing(7.0))
    assert between_views(client, professional, WHOLE) == []  # 5 to 5: the client has not moved


@pytest.mark.parametrize(("guess", "sign"), [(6.5, 1), (3.5, -1)])
def test_a_guess_far_off_is_a_perception_gap(guess: float, sign: int) -> None:
    guessed, answer = rated(1, total=standing(guess)), rated(1, total=standing(5.0))
    (found,) = between_guess_and_answer(guessed, answer, WHOLE)
    assert (found.code, found.severity) == ("perception_gap", "watch")
    assert found.value == sign * 18.0
    assert found.threshold is not None
    assert 0 < sign * found.threshold < sign * found.value
    assert found.details == {"guess": guess * 12, "answer": 60.0}


def test_a_guess_within_the_error_of_both_forms_is_nothing() -> None:
    guess, answer = rated(1, total=standing(5.3)), rated(1, total=standing(5.0))
    assert between_guess_and_answer(guess, answer, WHOLE) == []


def test_a_guess_is_held_against_whole_scales_that_both_have() -> None:
    guess = rated(1, bond=standing(7.0))
    assert between_guess_and_answer(guess, rated(1, bond=standing(1.0)), PARTS) == []
    assert between_guess_and_answer(rated(1), rated(1, total=standing(1.0)), WHOLE) == []


def test_the_first_rating_of_an_occasion_counts() -> None:
    first, second = rated(1, total=standing(5.0)), rated(1, total=standing(1.0))
    recent: Sequence[Recent] = [rated(0), first, second]
    assert rating_of(recent, "s-1") is first
    assert rating_of(recent, "s-9") is None


@settings(deadline=None)
@given(st.floats(1, 7), st.floats(1, 7), st.floats(-5, 5), severities)
def test_the_two_are_never_averaged(
    client: float, professional: float, z: float, severity: Any
) -> None:
    """No number is made of both but their difference; each value is one rater's own."""
    for one in now(standing(client, z, severity), standing(professional, z, severity)):
        assert one.value == pytest.approx(client * 12)
