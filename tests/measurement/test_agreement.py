"""How far two raters agree: worked figures, and what must hold for any pair."""

from decimal import Decimal
from math import atanh, sqrt, tanh
from statistics import fmean, linear_regression, stdev
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measurement.agreement import (
    ResponseSurface,
    directional_gap,
    gap_standing,
    moves_apart,
    perception_gap,
    profile_agreement,
    response_surface,
    temporal_congruence,
    truth_and_bias,
)

values: Final = st.integers(12, 84).map(lambda twelfths: twelfths / 12)
pairs_of_values: Final = st.lists(st.tuples(values, values), min_size=8, max_size=20)
CLIENT: Final = [5.0, 5.5, 4.0, 5.0, 6.0, 5.5, 3.5, 5.5]


def test_a_gap_carries_the_error_of_the_mean_difference() -> None:
    gap = directional_gap([(5.0, 4.0), (6.0, 5.5), (5.5, 3.5)], reference_sd=0.8)
    assert gap is not None
    assert gap.gap == pytest.approx(3.5 / 3)
    assert gap.standard_error == pytest.approx(stdev([1.0, 0.5, 2.0]) / sqrt(3))
    assert gap.standardised == pytest.approx(3.5 / 3 / 0.8)
    assert gap.pairs == 3


def test_one_pair_has_a_gap_but_no_error() -> None:
    gap = directional_gap([(5.0, 6.0)], reference_sd=0.5)
    assert gap is not None
    assert (gap.gap, gap.standard_error, gap.standardised) == (-1.0, None, -2.0)


def test_without_a_pair_there_is_no_gap() -> None:
    assert directional_gap([], reference_sd=0.5) is None


@pytest.mark.parametrize("spread", [0.0, -1.0])
def test_a_spread_that_is_none_is_refused(spread: float) -> None:
    with pytest.raises(ValueError, match="spread"):
        directional_gap([(5.0, 4.0)], spread)
    with pytest.raises(ValueError, match="spread"):
        gap_standing([1.0, 1.0, 1.0, 1.0], spread)


def test_a_gap_is_held_against_the_earlier_ones_of_this_pair() -> None:
    standing = gap_standing([0.5, 0.7, 0.3, 2.5], within_sd=0.5)
    assert standing is not None
    sd = sqrt((6 * 0.5 + 0.08) / 8)  # usual variance 2 x .25; deviations 0, .2, -.2
    assert standing.expected == pytest.approx(0.5)
    assert standing.sd == pytest.approx(sd)
    assert standing.z == pytest.approx(2.0 / (sd * sqrt(4 / 3)))
    assert standing.unusual
    assert standing.earlier == 3


@pytest.mark.parametrize(("newest", "unusual"), [(1.93, False), (1.94, True)])
def test_a_gap_is_unusual_beyond_two_spreads(newest: float, *, unusual: bool) -> None:
    # 2 x sqrt(3.08 / 8) x sqrt(4 / 3) above .5 is 1.933
    standing = gap_standing([0.5, 0.7, 0.3, newest], within_sd=0.5)
    assert standing is not None
    assert standing.unusual == unusual


def test_a_gap_can_be_unusual_in_both_directions() -> None:
    up, down = (gap_standing([0.0, 0.0, 0.0, newest], within_sd=0.5) for newest in (2.0, -2.0))
    assert up is not None
    assert down is not None
    assert (up.unusual, down.unusual) == (True, True)
    assert up.z == -down.z


def test_three_earlier_gaps_are_needed() -> None:
    assert gap_standing([0.5, 0.5, 3.0], within_sd=0.5) is None


def test_only_the_newest_earlier_gaps_count() -> None:
    recent = [0.1 * n for n in range(12)]
    assert gap_standing([9.0, 9.0, *recent], 0.5) == gap_standing(recent, 0.5)


@pytest.mark.parametrize(
    ("client", "professional", "apart"),
    [
        (-0.6, 0.6, True),
        (0.6, -0.6, True),
        (-0.6, 0.5, False),  # no more than one SD
        (-0.5, 0.6, False),
        (0.6, 0.6, False),
        (-0.6, -0.6, False),
    ],
)
def test_raters_move_apart_only_when_both_move(
    client: float, professional: float, *, apart: bool
) -> None:
    assert moves_apart(client, professional, within_sd=0.5) == apart


def test_congruence_is_drawn_towards_what_is_usual() -> None:
    professional = [4.0, 4.6, 4.1, 4.2, 5.1, 5.0, 4.0, 4.9]
    found = temporal_congruence(list(zip(CLIENT, professional, strict=True)))
    assert found is not None
    residuals = []
    for row in (CLIENT, professional):
        line = linear_regression(range(8), row)
        residuals.append([y - line.slope * n - line.intercept for n, y in enumerate(row)])
    r = sum(a * b for a, b in zip(*residuals, strict=True)) / sqrt(
        sum(a * a for a in residuals[0]) * sum(b * b for b in residuals[1])
    )
    z = (4 * atanh(r) + 16 * 0.25) / 20
    assert found.correlation == pytest.approx(r)
    assert found.shrunk == pytest.approx(tanh(z))
    assert found.low == pytest.approx(tanh(z - 1.96 / sqrt(20)))
    assert found.high == pytest.approx(tanh(z + 1.96 / sqrt(20)))
    assert found.pairs == 8


def test_a_common_trend_is_no_congruence() -> None:
    up = [(4 + n / 4 + (n % 2) / 9, 3 + n / 4 + (n // 2 % 2) / 9) for n in range(8)]
    found = temporal_congruence(up)
    assert found is not None
    assert abs(found.correlation) < 0.3


def test_a_rater_who_never_varies_has_no_congruence() -> None:
    assert temporal_congruence([(value, 4.1) for value in CLIENT]) is None


def test_full_congruence_has_an_end() -> None:
    found = temporal_congruence([(value, value) for value in CLIENT])
    assert found is not None
    assert found.correlation == 1
    assert found.shrunk < 1


def test_seven_pairs_are_too_few_for_courses() -> None:
    pairs = [(value, value - 1) for value in CLIENT[:7]]
    assert temporal_congruence(pairs) is None
    assert truth_and_bias(pairs) is None


def test_tracking_and_bias_are_told_apart() -> None:
    mean = fmean(CLIENT)
    found = truth_and_bias([(value, mean - 0.7 + 0.4 * (value - mean)) for value in CLIENT])
    assert found is not None
    assert found.tracking == pytest.approx(0.4)
    assert found.bias == pytest.approx(-0.7)
    assert found.tracking_error == pytest.approx(0, abs=1e-9)
    assert found.pairs == 8


def test_tracking_has_the_error_of_a_regression() -> None:
    # client about the mean -1 or 1, misses orthogonal to it: sum of squares 2, six degrees
    client = [4.0, 6.0] * 4
    miss = [0.5, 0.5, -0.5, -0.5] * 2
    found = truth_and_bias([(c, c - 1 + m) for c, m in zip(client, miss, strict=True)])
    assert found is not None
    assert found.tracking == pytest.approx(1.0)
    assert found.bias == pytest.approx(-1.0)
    assert found.tracking_error == pytest.approx(sqrt(2 / 6 / 8))
    assert found.bias_error == pytest.approx(sqrt(2 / 6 / 8))


def test_a_client_who_never_varies_cannot_be_tracked() -> None:
    assert truth_and_bias([(4.1, value) for value in CLIENT]) is None


@settings(deadline=None)
@given(pairs_of_values)
def test_tracking_is_the_slope_of_the_librarys_regression(pairs: list[tuple[float, float]]) -> None:
    client, professional = zip(*pairs, strict=True)
    found = truth_and_bias(pairs)
    if found is None:
        assert len(set(client)) == 1
    else:
        line = linear_regression(client, professional)
        assert found.tracking == pytest.approx(line.slope, abs=1e-6)
        assert found.bias == pytest.approx(fmean(professional) - fmean(client), abs=1e-9)


@settings(deadline=None)
@given(pairs_of_values)
def test_congruence_lies_between_the_usual_and_the_found_one(
    pairs: list[tuple[float, float]],
) -> None:
    found = temporal_congruence(pairs)
    if found is not None:
        low, high = sorted((found.correlation, tanh(0.25)))
        assert low - 0.001 <= found.shrunk <= high + 0.001  # no nearer to 1 than .999
        assert -1 < found.low < found.shrunk < found.high < 1


def form(text: str) -> dict[str, Decimal]:
    answers = text.split()
    return {str(n): Decimal(a) for n, a in enumerate(answers, start=1) if a != "-"}


@pytest.mark.parametrize(
    ("client", "professional", "correlation", "gap"),
    [
        ("1 2 3 4 5 3", "1 2 3 4 5 3", 1, 0),
        ("3 4 5 3 4 5", "1 2 3 1 2 3", 1, 2),
        ("1 2 3 4 5 3", "5 4 3 2 1 3", -1, 2),
        ("4 4 4 4 4 4", "3 4 5 3 4 5", None, 2 / 3),
        ("1 - 2 3 4 5 3", "1 5 2 3 4 5 3", 1, 0),
    ],
)
def test_profiles_agree_in_shape_and_in_level(
    client: str, professional: str, correlation: float | None, gap: float
) -> None:
    found = profile_agreement(form(client), form(professional))
    assert found is not None
    assert found.correlation == (correlation and pytest.approx(correlation))
    assert found.mean_absolute_gap == pytest.approx(gap)
    assert found.items == 6


def test_five_items_in_common_are_no_profile() -> None:
    assert profile_agreement(form("1 2 3 4 5 3 -"), form("- 2 3 4 5 3 4")) is None


@pytest.mark.parametrize(
    ("guess", "own", "beyond"),
    [(4.5, 3.5, True), (3.5, 4.5, True), (4.0, 3.5, False), (3.5, 3.5, False)],
)
def test_a_guess_is_off_only_beyond_the_error_of_both_forms(
    guess: float, own: float, *, beyond: bool
) -> None:
    found = perception_gap(guess, own, 0.275)
    assert found.threshold == pytest.approx(0.76226, abs=1e-5)  # 1.96 x sqrt 2 x .275
    assert (found.difference, found.beyond) == (guess - own, beyond)


def test_the_response_surface_is_made_of_sums_and_differences() -> None:
    assert response_surface(5, 3, 11, 7, 2) == ResponseSurface(8, 20, 2, 6)


@settings(deadline=None)
@given(st.tuples(*[st.integers(-9, 9)] * 5), st.integers(-9, 9))
def test_the_surface_gives_the_outcome_along_both_lines(
    coefficients: tuple[int, ...], at: int
) -> None:
    b1, b2, b3, b4, b5 = coefficients

    def outcome(client: int, professional: int) -> float:
        return (
            b1 * client + b2 * professional
            + b3 * client**2 + b4 * client * professional + b5 * professional**2
        )  # fmt: skip

    surface = response_surface(*coefficients)
    along = surface.agreement_slope * at + surface.agreement_curvature * at**2
    across = surface.disagreement_slope * at + surface.disagreement_curvature * at**2
    assert outcome(at, at) == along
    assert outcome(at, -at) == across
