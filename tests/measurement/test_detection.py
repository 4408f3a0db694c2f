"""What the detector of drops does with a stream, and that nothing can break it."""

import json
import math
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measurement.change import Observed
from app.measurement.course import Place, Point
from app.measurement.detection import (
    ASSUMPTION,
    EMPTY,
    Bank,
    CourseParameters,
    Judgement,
    assumed_parameters,
    observed,
    packed,
    threshold,
    unpacked,
    without_hypotheses,
)
from app.measurement.person_filter import Rating, filtered, first_numbers, nodes
from app.measurement.watch import Limits, Rules, ScaleRule, Watch
from app.measurement.watching import watched

GOLDEN: Final = json.loads(Path(__file__).with_name("detection_golden.json").read_text("utf-8"))
NILE: Final = json.loads(Path(__file__).with_name("nile.json").read_text("utf-8"))
SEVEN: Final = assumed_parameters(1.0, 7.0, 1 / 12)
STEADY: Final = [5.5, 5.6, 5.4, 5.5, 5.6, 5.5]


def judged(
    values: list[float], parameters: CourseParameters = SEVEN, days: float | None = 7.0
) -> list[Judgement]:
    """One judgement a rating, no alarm taken."""
    bank, found = EMPTY, []
    for value in values:
        bank, judgement = observed(bank, value, days, parameters)
        found.append(judgement)
    return found


def score(judgement: Judgement) -> float:
    assert judgement.score is not None
    return judgement.score


def test_a_first_rating_has_no_score() -> None:
    first = judged([2.0])[0]
    assert first.score is None
    assert first.expected == pytest.approx(SEVEN.mean)
    assert first.z < -3


def test_a_steady_stream_stays_below_the_threshold() -> None:
    assert all(score(one) < threshold(10) for one in judged(STEADY)[1:])


def test_a_dip_is_alarmed_at_once_and_called_sudden() -> None:
    last = judged([*STEADY, 3.9])[-1]
    assert score(last) > threshold(1)
    assert (last.kind, last.z < -3) == ("sudden", True)


def test_a_slow_decline_is_alarmed_and_called_slow() -> None:
    falling = [5.5 - 0.17 * step for step in range(1, 8)]
    found = judged([*STEADY, *falling])
    assert max(score(one) for one in found[len(STEADY) :]) > threshold(2)
    assert found[-1].kind == "slow"


def test_a_rise_is_no_drop() -> None:
    assert score(judged([*STEADY, 6.9])[-1]) < threshold(10)


def test_the_same_fall_says_less_of_a_person_who_always_varied() -> None:
    calm = judged([5.5, 5.6, 5.5, 5.4, 5.5, 5.6, 4.6])[-1]
    lively = judged([5.5, 6.4, 4.7, 6.2, 4.9, 5.9, 4.6])[-1]
    assert score(calm) > threshold(3) > score(lively)


def test_after_an_alarm_the_same_evidence_is_not_used_twice() -> None:
    bank = EMPTY
    for value in (*STEADY, 3.9):
        bank, _ = observed(bank, value, 7.0, SEVEN)
    kept = score(observed(bank, 4.0, 7.0, SEVEN)[1])
    closed = score(observed(without_hypotheses(bank), 4.0, 7.0, SEVEN)[1])
    assert kept > threshold(1) > threshold(5) > closed


def test_closing_the_hypotheses_leaves_the_filters_as_they_are() -> None:
    bank = EMPTY
    for value in STEADY:
        bank, _ = observed(bank, value, 7.0, SEVEN)
    with_them = observed(bank, 5.0, 7.0, SEVEN)[1]
    without_them = observed(without_hypotheses(bank), 5.0, 7.0, SEVEN)[1]
    assert replace(with_them, score=None, kind="slow") == replace(
        without_them, score=None, kind="slow"
    )
    assert with_them.score != without_them.score


def test_days_not_known_count_as_a_week() -> None:
    assert judged([*STEADY, 4.6], days=None) == judged([*STEADY, 4.6], days=7.0)


def test_after_a_long_break_a_passing_state_is_forgotten() -> None:
    bank = EMPTY
    for value in (5.5, 5.5, 4.5):
        bank, _ = observed(bank, value, 7.0, SEVEN)
    soon = observed(bank, 5.0, 1.0, SEVEN)[1]
    late = observed(bank, 5.0, 365.0, SEVEN)[1]
    assert soon.expected < late.expected < 5.5


def test_a_prorated_score_moves_the_level_less_and_alarms_less() -> None:
    bank = EMPTY
    for value in STEADY:
        bank, _ = observed(bank, value, 7.0, SEVEN)
    whole = observed(bank, 4.0, 7.0, SEVEN)[1]
    prorated = observed(bank, 4.0, 7.0, SEVEN, 0.4)[1]
    assert score(prorated) < score(whole)
    assert whole.level_mean < prorated.level_mean < 5.6


def test_the_own_reliability_changes_nothing() -> None:
    bank, _ = observed(EMPTY, 5.0, 7.0, SEVEN)
    ours = observed(bank, 4.0, 7.0, SEVEN, SEVEN.reliability)
    assert ours == observed(bank, 4.0, 7.0, SEVEN)


def test_a_rating_at_the_maximum_says_at_least_this() -> None:
    at_maximum = judged([7.0] * 8)[-1]
    just_below = judged([7.0 - 1 / 12] * 8)[-1]
    assert at_maximum.level_mean > 7.0
    assert at_maximum.level_sd > just_below.level_sd
    assert at_maximum.z > 0


def test_with_skew_a_low_rating_is_less_of_a_surprise() -> None:
    skewed = judged([*STEADY, 4.0], replace(SEVEN, skew=0.4))[-1]
    assert score(skewed) < score(judged([*STEADY, 4.0])[-1])


def test_the_level_follows_the_ratings_and_grows_surer() -> None:
    found = judged([4.0] * 12)
    assert found[-1].level_mean == pytest.approx(4.0, abs=0.25)
    assert found[-1].level_sd < found[3].level_sd < found[0].level_sd
    assert found[-1].slope_mean < SEVEN.slope_mean


def test_a_scale_of_another_range_is_judged_alike() -> None:
    percent = assumed_parameters(0.0, 100.0, 100 / 72)
    there = judged([(value - 1) / 6 * 100 for value in [*STEADY, 4.1]], percent)[-1]
    here = judged([*STEADY, 4.1])[-1]
    assert score(there) == pytest.approx(score(here), abs=1e-4)
    assert there.level_sd == pytest.approx(here.level_sd / 6 * 100, rel=1e-4)


def test_the_assumption_says_that_it_is_one() -> None:
    assert ASSUMPTION.startswith("House assumption")
    assert SEVEN.within_sd == pytest.approx(0.55)
    assert assumed_parameters(0, 4, 1 / 9).mean == pytest.approx(4.6 * 4 / 6)


DAYS: Final = st.none() | st.floats(0, 10_000)
SCALES: Final = st.sampled_from(
    [
        SEVEN,
        replace(SEVEN, skew=0.8, volatility_log_sd=0.8),
        assumed_parameters(0.0, 100.0, 1.0),
        assumed_parameters(0.0, 4.0, 1 / 9),
        replace(SEVEN, within_sd=0.06, between_sd=0.1, reliability=0.97),
    ]
)


@st.composite
def streams(draw: st.DrawFn) -> tuple[CourseParameters, list[tuple[float, float | None]]]:
    """Any values in range, ties and extremes more often than chance has them."""
    parameters = draw(SCALES)
    low, high = parameters.low, parameters.high
    values = st.sampled_from([low, high, (low + high) / 2]) | st.floats(low, high)
    return parameters, draw(st.lists(st.tuples(values, DAYS), max_size=30))


@settings(max_examples=200, deadline=None)
@given(streams(), st.booleans())
def test_everything_stays_finite_and_a_stored_bank_goes_on_as_a_kept_one(
    stream: tuple[CourseParameters, list[tuple[float, float | None]]], alarmed: Any
) -> None:
    parameters, ratings = stream
    kept = stored = EMPTY
    for number, (value, days) in enumerate(ratings):
        kept, of_kept = observed(kept, value, days, parameters)
        stored, of_stored = observed(unpacked(packed(stored)), value, days, parameters)
        if alarmed and of_kept.score is not None and of_kept.score > threshold(3):
            kept, stored = without_hypotheses(kept), without_hypotheses(stored)
        assert (kept, of_kept) == (stored, of_stored)
        assert (of_kept.score is None) == (number == 0)
        numbers = (of_kept.score or 0.0, of_kept.z, of_kept.expected, of_kept.level_mean)
        rest = (of_kept.level_sd, of_kept.slope_mean, of_kept.slope_sd)
        assert all(math.isfinite(one) for one in numbers + rest)
        assert len(packed(kept)) <= 1200


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(1, 7), min_size=1, max_size=5))
def test_a_long_stream_neither_grows_nor_breaks(values: list[float]) -> None:
    bank, sizes = EMPTY, set()
    for number in range(400):
        bank, judgement = observed(bank, values[number % len(values)], 7.0, SEVEN)
        sizes.add(len(packed(bank)))
        assert judgement.score is None or math.isfinite(judgement.score)
    assert max(sizes) == len(packed(bank)) < 1200


@pytest.mark.parametrize(
    "data", [b"", b"1234", packed(EMPTY) + b"1", bytes([1, 0, 0, 0, 9]) + bytes(200)]
)
def test_what_is_no_packed_bank_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="No packed bank"):
        unpacked(data)


def test_an_empty_bank_comes_back_empty() -> None:
    assert unpacked(packed(EMPTY)) == EMPTY == Bank(0, b"")


def golden_parameters(number: int) -> CourseParameters:
    return CourseParameters(**GOLDEN["parameters"][number])


def alarmed_by_the_service(stream: dict[str, Any]) -> list[int]:
    """The ratings with an alert, as a stream of the service would have them."""
    limit = threshold(GOLDEN["budget"])
    limits = Limits(limit, limit, GOLDEN["budget"])
    rule = ScaleRule(
        golden_parameters(stream["set"]), limits, None, 1, as_sum=False, parameter_source="assumed"
    )
    rules, watch, previous, found = Rules("1", {"total": rule}), Watch(), None, []
    day = date(2026, 1, 1)
    for number, (twelfths, days) in enumerate(zip(stream["twelfths"], stream["days"], strict=True)):
        day += timedelta(days=days if number else 0)
        place = Place(str(number), None, day, None, None)
        value = Observed(Decimal(repr(1 + twelfths / 12)), 1)
        watch, told = watched(watch, Point(place, {"total": value}), previous, rules)
        previous = place
        if told.findings:
            found.append(number)
    return found


def test_the_alarms_are_those_of_the_array_version() -> None:
    found = [alarmed_by_the_service(stream) for stream in GOLDEN["streams"]]
    assert found == [stream["alarms"] for stream in GOLDEN["streams"]]
    assert (len(found), sum(map(len, found)) > 300) == (440, True)


def test_the_scores_are_those_of_the_array_version() -> None:
    for stream in GOLDEN["streams"]:
        bank, last = EMPTY, None
        for twelfths, days in zip(stream["twelfths"], stream["days"], strict=True):
            bank, judgement = observed(
                bank, 1 + twelfths / 12, days, golden_parameters(stream["set"])
            )
            last = judgement.score
        assert last == pytest.approx(stream["last_score"], abs=2e-3)


def test_without_growth_and_decay_the_filter_is_the_local_level_model_of_the_nile() -> None:
    """Durbin & Koopman (2001) chapter 2: variances 15 098.5 and 1 469.2, log-likelihood -632.546.

    A state that hardly fades and may be anywhere at first is a random walk from an unknown start.
    """
    error, drift = NILE["error_variance"], NILE["level_variance"]
    carry = 1 - 1e-7
    state = drift / (1 - carry * carry)
    parameters = CourseParameters(
        mean=0.0,
        between_sd=0.0,
        slope_mean=0.0,
        slope_sd=0.0,
        within_sd=math.sqrt(state + error),
        reliability=state / (state + error),
        decay_per_day=-math.log(carry),
        volatility_log_sd=0.0,
        low=-1e9,
        high=1e9,
        step=1.0,
    )
    node = nodes(parameters)[2]
    numbers, total = first_numbers(node, parameters), 0.0
    for place, flow in enumerate(NILE["flow"]):
        share = error / (state + error)
        one = filtered(numbers, node, Rating(flow, 0.0, carry, share, None, 0.0))
        numbers = (1.0, *one.numbers)
        total += one.log_likelihood if place else 0.0  # the first flow only says where it starts
    assert total == pytest.approx(NILE["log_likelihood"], abs=2e-3)
