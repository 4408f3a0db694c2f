"""The plain rules: what each alarms at, and that none looks ahead."""

from dataclasses import replace
from math import sqrt
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measurement.rules import PUBLISHED, Rule, RuleParameters, Unit, rule_alarms, rule_drops

# 1 to 7; total SD 1, so a fall of 1 is a total SD; sqrt(2 x .05) = .3162 by people
PARAMETERS: Final = RuleParameters(1, 7, 0.8, 0.6, 0.95, 0.75)
NAMES: Final = list(PUBLISHED)

courses: Final = st.lists(st.integers(12, 84).map(lambda n: n / 12), max_size=25)


def alarms(rule: str | Rule, values: str, parameters: RuleParameters = PARAMETERS) -> str:
    """`!` at an alarm, `.` elsewhere."""
    if isinstance(rule, str):
        rule = PUBLISHED[rule]
    found = rule_alarms(rule, [float(value) for value in values.split()], parameters)
    return "".join("!" if alarm else "." for alarm in found)


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        ("srs36", "6.4 6.39 7 6.3 2", ".!.!!"),  # nine tenths of 1 to 7 is 6.4
        ("jt_previous", "5 4.37 5 4.39 4.4", ".!..."),  # 1.96 x .3162 = .620
        ("sd_previous", "5 4 2.9 3 1.9", "..!.!"),  # a whole SD is not more than one
        ("v_peak", "5 6 5.5 5 4.9 5.2", "....!."),
        ("larsson_like", "5 3 5 3.5 3", "...!!"),  # 1.96 x .6 x sqrt(.5) = .832, from the 3rd on
        ("own_mean", "5 3 5 3.1 2.7", "...!!"),  # 1.2 below 4.333, then below 4.025
        ("own_mean", "5 3 5 3.2 2.8", "....!"),
    ],
)
def test_a_rule_alarms_beyond_its_size_only(rule: str, values: str, expected: str) -> None:
    assert alarms(rule, values) == expected


def test_a_chart_has_its_limits_from_the_persons_own_moves() -> None:
    # moves 1 1 1: SD .8865, mean 5.5; two of them 3.727, three 2.840
    assert alarms("individuals_2s", "5 6 5 6 3.7") == "....!"
    assert alarms("individuals_2s", "5 6 5 6 3.8") == "....."
    assert alarms("individuals_3s", "5 6 5 6 2.9") == "....."
    assert alarms("individuals_3s", "5 6 5 6 2.8") == "....!"


def test_a_chart_needs_four_ratings_before_it() -> None:
    assert alarms("individuals_2s", "5 6 5 1") == "...."


def test_on_a_chart_of_a_person_who_never_moved_any_fall_is_beyond() -> None:
    assert alarms("individuals_3s", "5 5 5 5 4.9") == "....!"
    assert alarms("individuals_3s", "5 5 5 5 5.1 5") == "......"


def test_the_own_spread_widens_with_deviations_and_is_cut_off() -> None:
    own = Rule("own", "own_mean", 1.0, "own_sd", "House rule.", approximation=False)
    # second value: squares 0, SD sqrt(6 x .36 / 6) = .6
    assert alarms(own, "5 4.39") == ".!"
    assert alarms(own, "5 4.41") == ".."
    # deviation -2 / sqrt 2, squares 2: SD sqrt((2.16 + 2) / 7) = .7709 below 4
    assert alarms(own, "5 3 3.24") == ".!."
    assert alarms(own, "5 3 3.22") == ".!!"
    # a move of 6 counts as 2.5 x .6: SD sqrt((2.16 + 2.25) / 7) = .7937 below 4
    assert alarms(own, "7 1 3.22") == ".!."
    assert alarms(own, "7 1 3.2") == ".!!"


def test_ewma_sums_up_what_each_rating_alone_would_not_show() -> None:
    slow = replace(PUBLISHED["ewma"], unit="points", size=0.5)
    # falls .0 .5 .667 1: .3 of each and .7 of the sum so far: 0, .15, .305, .5135
    assert alarms(slow, "5 5 4.5 4.1667 3.6667") == "....!"
    assert alarms(slow, "5 5 4.5 4.1667 3.75") == "....."


def test_ewma_keeps_its_sum_before_it_may_alarm() -> None:
    early = replace(PUBLISHED["ewma"], unit="points", size=0.5)
    # falls 4, 2, .333 make 1.2, 1.44, 1.108
    assert alarms(early, "5 1 1 2") == "...!"
    assert alarms(replace(early, min_history=1), "5 1 1 2") == ".!!!"


def test_cusum_counts_what_exceeds_its_weight_and_starts_anew_after_an_alarm() -> None:
    rule = replace(PUBLISHED["cusum"], unit="points", size=1.0)
    # falls 1, 1.5, then about 1.5: less .5 each: .5, 1.5 alarm, anew 1, 2.1 alarm
    assert alarms(rule, "5 4 3 2.5 2") == "..!.!"


def test_cusum_never_saves_up_good_ratings() -> None:
    rule = replace(PUBLISHED["cusum"], unit="points", size=1.0)
    assert alarms(rule, "3 5 5 5 5 2") == ".....!"


def test_quiet_ratings_after_an_alarm_raise_none() -> None:
    rule = PUBLISHED["srs36"]
    assert alarms(replace(rule, quiet=1), "1 1 1 1") == "!.!."
    assert alarms(replace(rule, quiet=3), "1 1 1 1 1") == "!...!"


def test_a_running_sum_of_moving_ranges_is_refused() -> None:
    with pytest.raises(ValueError, match="moving ranges"):
        replace(PUBLISHED["individuals_2s"], statistic="ewma")


def test_a_drop_of_a_rule_ends_by_the_rules_own_return_and_window() -> None:
    values = [6.0, 4.0, 5.0, 5.0, 5.5, 6.0]
    rule = PUBLISHED["v_peak"]
    (drop,) = rule_drops(rule, values, PARAMETERS)
    assert (drop.started_by, drop.reference, drop.depth) == ("1", 6.0, 2.0)
    assert (drop.state, drop.repaired_by, drop.shape) == ("repaired", "4", "u")
    (half,) = rule_drops(replace(rule, return_share=0.5), values, PARAMETERS)
    assert (half.repaired_by, half.shape) == ("2", "v")
    (short,) = rule_drops(replace(rule, window=2), values, PARAMETERS)
    assert (short.state, short.ratings_since) == ("unrepaired", 2)


def test_an_alarm_at_a_value_that_did_not_fall_opens_no_drop() -> None:
    slow = replace(PUBLISHED["ewma"], unit="points", size=0.1)
    values = [5.0, 3.0, 3.0, 4.0]
    assert rule_alarms(slow, values, PARAMETERS)[-1]
    assert rule_drops(slow, values, PARAMETERS) == []


def test_every_published_rule_says_where_it_comes_from() -> None:
    assert NAMES == [
        "srs36", "jt_previous", "sd_previous", "v_peak", "individuals_2s", "individuals_3s",
        "larsson_like", "own_mean", "ewma", "cusum",
    ]  # fmt: skip
    for name, rule in PUBLISHED.items():
        assert rule.id == name
        assert len(rule.citation) > 40
        assert rule.approximation != rule.citation.startswith("House rule")


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        ("srs36", "6.4 6.395", ".!"),
        # .9 own SDs of sqrt((6 x .36 + squares of the falls so far) / (6 + n - 1)), .3 of a fall:
        # after three times 5 the SD is .6 x sqrt(6 / 8), so a fall of 3 SDs is 1.5588
        ("ewma", "5 5 5 3.44", "...!"),
        ("ewma", "5 5 5 3.45", "...."),
        # 3.5 within-person SDs in one fall are 2.1, of which .5 SDs are not counted
        ("cusum", "5 2.89", ".!"),
        ("cusum", "5 2.91", ".."),
    ],
)
def test_a_rule_has_just_its_size(rule: str, values: str, expected: str) -> None:
    assert alarms(rule, values) == expected


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=40)
@given(values=courses, later=courses)
def test_no_rule_looks_ahead(name: str, values: list[float], later: list[float]) -> None:
    rule = PUBLISHED[name]
    found = rule_alarms(rule, values, PARAMETERS)
    assert len(found) == len(values)
    assert rule_alarms(rule, values + later, PARAMETERS)[: len(values)] == found
    ended = [drop for drop in rule_drops(rule, values, PARAMETERS) if drop.state != "open"]
    assert rule_drops(rule, values + later, PARAMETERS)[: len(ended)] == ended


@pytest.mark.parametrize("name", NAMES[1:])
@settings(deadline=None, max_examples=40)
@given(start=st.floats(1, 7), rises=st.lists(st.floats(0, 1), max_size=20))
def test_a_course_that_never_falls_raises_no_alarm(
    name: str, start: float, rises: list[float]
) -> None:
    values = [start + sum(rises[:n]) for n in range(len(rises) + 1)]
    assert not any(rule_alarms(PUBLISHED[name], values, PARAMETERS))


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=40)
@given(values=courses)
def test_a_rule_alarms_alike_on_a_scale_of_twice_the_range(name: str, values: list[float]) -> None:
    doubled = RuleParameters(2, 14, 1.6, 1.2, 0.95, 0.75)  # powers of two: no rounding
    assert rule_alarms(PUBLISHED[name], [2 * value for value in values], doubled) == rule_alarms(
        PUBLISHED[name], values, PARAMETERS
    )


def test_the_units_are_the_spreads_that_they_name() -> None:
    unit = Rule("unit", "previous", 1.0, "points", "House rule.", approximation=False)
    sizes: dict[Unit, float] = {
        "points": 1.0,
        "total_sd": 1.0,
        "within_sd": 0.6,
        "score_error": sqrt(0.1),
        "within_error": 0.6 * sqrt(0.5),
    }
    for name, size in sizes.items():
        rule = replace(unit, unit=name)
        assert rule_alarms(rule, [6.0, 6.0 - size + 1e-6], PARAMETERS) == [False, False]
        assert rule_alarms(rule, [6.0, 6.0 - size - 1e-6], PARAMETERS) == [False, True]
