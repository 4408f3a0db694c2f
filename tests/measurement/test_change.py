"""How far a difference stands out: worked examples, and what must hold for any error term."""

from dataclasses import replace
from decimal import Decimal
from typing import Final, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measurement.change import (
    ASSUMPTION,
    Observed,
    band,
    change,
    error_sd,
    measurement_error,
    observed_from,
    spearman_brown,
)
from app.measurement.key import MeasurementError, Scale, ScoringKey, Unit
from app.measurement.scoring import reported_score, scored

ITEMS: Final = tuple(str(item) for item in range(1, 13))
STEPS: Final = ScoringKey("likert", Decimal(1), Decimal(7), ITEMS, frozenset(), ())
MEAN: Final = Scale("total", ITEMS, "mean", "decision", None, 10)
SUM: Final = replace(MEAN, unit="sum")

reliabilities: Final = st.integers(1, 999).map(lambda n: Decimal(n) / 1000)
numbers_of_items: Final = st.integers(1, 40)


def scale(
    sd: str,
    reliability: str,
    unit: Unit = "mean",
    source: Literal["published", "tenant"] = "published",
) -> Scale:
    """A scale with an error term of its own."""
    error = MeasurementError(Decimal(sd), Decimal(reliability), source, "Somebody (2003).")
    return replace(MEAN, unit=unit, measurement_error=error)


def observed(value: str, answered: int | None = 12) -> Observed:
    return Observed(Decimal(value), answered)


def close(found: Decimal, expected: str, within: str = "0.00005") -> bool:
    return abs(found - Decimal(expected)) <= Decimal(within)


@pytest.mark.parametrize(
    ("reliability", "items", "answered", "expected"),
    [
        ("0.5", 1, 2, "0.666667"),  # 2 x .5 / (1 + .5)
        ("0.8", 2, 1, "0.666667"),  # .8 / (2 - .8)
        ("0.75", 12, 9, "0.692308"),  # one item: .75 / 3.75 = .2; 9 x .2 / (1 + 8 x .2)
        ("0.75", 12, 1, "0.2"),
        ("0.9", 10, 20, "0.947368"),  # 2 x .9 / 1.9
        ("0", 12, 6, "0"),
        ("1", 12, 6, "1"),
    ],
)
def test_reliability_of_more_or_fewer_items(
    reliability: str, items: int, answered: int, expected: str
) -> None:
    assert close(spearman_brown(Decimal(reliability), items, answered), expected, "0.0000005")


@settings(deadline=None)
@given(reliabilities, numbers_of_items, numbers_of_items)
def test_there_and_back_in_number_of_items_is_the_same_reliability(
    reliability: Decimal, items: int, other: int
) -> None:
    there = spearman_brown(reliability, items, other)
    assert abs(spearman_brown(there, other, items) - reliability) < Decimal("1e-20")


@settings(deadline=None)
@given(reliabilities, numbers_of_items, st.integers(1, 39))
def test_each_further_item_adds_reliability(
    reliability: Decimal, items: int, answered: int
) -> None:
    fewer, more = (spearman_brown(reliability, items, k) for k in (answered, answered + 1))
    assert 0 < fewer < more < 1


@pytest.mark.parametrize(
    ("sd", "reliability", "unit", "answered", "error", "threshold"),
    [
        # statistics 1.3: .55 x sqrt(.25), x 1.96 x sqrt 2
        ("0.55", "0.75", "mean", 12, "0.275", "0.7623"),
        ("0.55", "0.75", "mean", None, "0.275", "0.7623"),  # reported: as if complete
        ("0.55", "0.75", "sum", 12, "3.3", "9.1471"),  # 12 times as much
        # 9 of 12 answered: .55 x sqrt(1 - .692308)
        ("0.55", "0.75", "mean", 9, "0.3051", "0.8457"),
        ("0.55", "0.75", "sum", 9, "3.6610", "10.1478"),
        # instruments 5, reliable change
        ("0.70", "0.92", "mean", 12, "0.1980", "0.5488"),
        ("0.70", "0.80", "mean", 12, "0.3130", "0.8677"),
        ("4.0", "0.88", "mean", 12, "1.3856", "3.8408"),
        ("4.0", "0.64", "mean", 12, "2.4000", "6.6525"),
    ],
)
def test_error_and_threshold_of_two_like_ratings(
    sd: str, reliability: str, unit: Unit, *, answered: int | None, error: str, threshold: str
) -> None:
    total, rating = scale(sd, reliability, unit), observed("20", answered)
    assert close(error_sd(total, STEPS, answered), error)
    assert close(change("previous", rating, rating, total, STEPS).threshold, threshold)


def test_jacobson_and_truax_on_the_couples_of_1989() -> None:
    """SD 11.826, r .80: SEM 5.2886, S_diff 7.4792, least reliable change 14.659."""
    dyadic_adjustment, rating = scale("11.826", "0.80"), observed("81.583")
    assert close(error_sd(dyadic_adjustment, STEPS, 12), "5.2886", "0.0003")
    threshold = change("first", rating, rating, dyadic_adjustment, STEPS).threshold
    assert close(threshold / Decimal("1.96"), "7.4792", "0.0003")
    assert close(threshold, "14.659", "0.001")


def test_a_difference_between_a_complete_and_a_prorated_rating_carries_both_errors() -> None:
    # 1.96 x sqrt(.275^2 + .305085^2)
    found = change("previous", observed("4"), observed("5", 9), scale("0.55", "0.75"), STEPS)
    assert close(found.threshold, "0.8050")


@settings(deadline=None)
@given(reliabilities, st.integers(1, 11))
def test_each_item_less_widens_the_error(reliability: Decimal, answered: int) -> None:
    total = scale("0.55", str(reliability))
    assert error_sd(total, STEPS, answered) > error_sd(total, STEPS, answered + 1)


@pytest.mark.parametrize(
    ("low", "high", "sd"),
    [
        (1, 7, "0.55"),
        (1, 5, "0.366667"),
        (0, 5, "0.458333"),
        (0, 10, "0.916667"),
    ],
)
def test_without_an_error_term_the_house_assumption_is_scaled_to_the_range_and_named(
    low: int, high: int, sd: str
) -> None:
    key = replace(STEPS, low=Decimal(low), high=Decimal(high))
    found = measurement_error(SUM, key)
    assert close(found.within_person_sd, sd, "0.0000005")
    assert found == MeasurementError(found.within_person_sd, Decimal("0.75"), "assumed", ASSUMPTION)


@pytest.mark.parametrize("source", ["published", "tenant"])
@pytest.mark.parametrize(
    ("step", "reliable"),
    [("0", False), ("1E-20", True), ("-1E-20", False), ("1", True)],
)
def test_a_difference_is_reliable_beyond_the_threshold_not_at_it(
    source: Literal["published", "tenant"], step: str, *, reliable: bool
) -> None:
    total, zero = scale("0.55", "0.75", source=source), observed("0")
    threshold = change("first", zero, zero, total, STEPS).threshold
    moved = Observed(threshold + Decimal(step), 12)
    rise = change("first", zero, moved, total, STEPS)
    fall = change("first", moved, zero, total, STEPS)
    assert (rise.reliable, fall.reliable) == (reliable, reliable)
    assert (rise.basis, fall.basis) == (total.measurement_error, total.measurement_error)


def test_no_verdict_rests_on_an_assumed_error() -> None:
    found = change("previous", observed("1"), observed("7"), MEAN, STEPS)
    assert found.reliable is None
    assert found.basis.source == "assumed"
    assert close(found.threshold, "0.7623")


@pytest.mark.parametrize(
    ("earlier", "now", "difference"),
    [("4", "5.5", "1.5"), ("5.5", "4", "-1.5"), ("4", "4.00", "0")],
)
@pytest.mark.parametrize("reference", ["previous", "first"])
def test_a_positive_difference_means_stronger_than_the_reference(
    reference: Literal["previous", "first"], earlier: str, now: str, difference: str
) -> None:
    found = change(reference, observed(earlier), observed(now), MEAN, STEPS)
    assert (found.reference, found.difference) == (reference, Decimal(difference))


@pytest.mark.parametrize(
    ("unit", "value", "answered", "low", "high"),
    [
        ("mean", "4", 12, "3.461", "4.539"),  # 4 -+ 1.96 x .275
        ("mean", "4", 9, "3.4020", "4.5980"),  # 4 -+ 1.96 x .305085
        ("mean", "6.8", 12, "6.261", "7"),
        ("mean", "1", 12, "1", "1.539"),
        ("sum", "48", 12, "41.532", "54.468"),  # 48 -+ 1.96 x 3.3
        ("sum", "83", None, "76.532", "84"),
        ("sum", "12", 12, "12", "18.468"),
    ],
)
def test_a_band_ends_where_the_scale_ends(
    unit: Unit, value: str, answered: int | None, low: str, high: str
) -> None:
    found = band(observed(value, answered), scale("0.55", "0.75", unit), STEPS)
    assert close(found[0], low)
    assert close(found[1], high)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (dict.fromkeys(ITEMS, 4), Observed(Decimal(4), 12)),
        (dict.fromkeys(ITEMS[:10], 4), Observed(Decimal(4), 10)),
        (dict.fromkeys(ITEMS[:9], 4), None),
    ],
)
def test_a_stream_holds_what_could_be_scored(
    answers: dict[str, int], expected: Observed | None
) -> None:
    (score,) = scored(answers, replace(STEPS, scales=(MEAN,)))
    assert observed_from(score) == expected


def test_of_a_reported_total_no_answered_item_is_known() -> None:
    score = reported_score(SUM, STEPS, reported_sum=Decimal(48), reported_mean=None)
    assert observed_from(score) == Observed(Decimal(48), None)
