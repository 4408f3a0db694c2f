"""What each rating of a stream tells: worked courses, and what must hold for any course."""

from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measurement.course import Manner, Place, Point
from app.measurement.drops import REACH
from app.measurement.watch import RECENT, Limits, Readable, Rules, Watch, days_between
from app.measurement.watching import highest_raising, watched
from app.responses.stored_watch import AT, cut_out, read_watch, stored_watch
from tests.support.ratings import (
    ALL,
    FOUR,
    LIMITS,
    START,
    TOTAL,
    followed,
    point,
    scale_rule,
    severities,
    totals,
)

STEADY: Final = (66.0, 68.0, 67.0, 66.0, 67.0, 68.0)
STORED_BYTES: Final = 8_000
sums: Final = st.integers(12, 84).map(float)
courses: Final = st.lists(sums, min_size=2, max_size=20)


def one_by_one(points: list[Point], rules: Rules) -> list[Any]:
    """The same as followed, with the watch written and read as bytes after every rating."""
    watch: Watch = Watch()
    previous: Place | None = None
    found: list[Any] = []
    for one in points:
        watch, told = watched(watch, one, previous, rules)
        found.append((watch, told))
        read = read_watch(stored_watch(watch), watch.standings)
        assert read == watch
        watch, previous = read, one.place
    return found


def test_a_fall_far_below_the_own_mean_is_an_alert() -> None:
    *_, (_, told) = totals(*STEADY, 36.0)
    (finding,) = told.findings
    assert (finding.code, finding.severity, finding.scale) == ("sudden_drop", "alert", "total")
    assert (finding.value, finding.critical) == (36.0, LIMITS.alert)
    assert told.drops["total"].state == "open"


def test_a_fall_that_is_less_sure_is_a_watch_and_opens_no_drop() -> None:
    limits = Limits(LIMITS.watch, 1e9, LIMITS.alerts_per_100)
    *_, (_, told) = totals(*STEADY, 36.0, rules=Rules("1", {"total": scale_rule(limits=limits)}))
    (finding,) = told.findings
    assert (finding.severity, finding.critical) == ("watch", limits.watch)
    assert told.drops == {}


def test_a_slow_fall_is_a_slow_decline_whose_onset_lies_before_its_alarm() -> None:
    found = totals(70, 71, 70, 71, 70, 67, 64, 61, 58, 55, 52)
    told = next(told for _, told in found if told.findings)
    assert {one.code for _, each in found for one in each.findings} >= {"slow_decline"}
    opened = [drop for _, each in found for drop in each.drops.values() if drop.kind == "slow"]
    assert opened[0].onset != opened[0].started_by
    assert told.findings[0].value < 70


def test_the_first_rating_tells_nothing_however_low() -> None:
    ((watch, told),) = totals(12.0)
    assert told.findings == ()
    assert watch.recent[0].scales["total"].z is None


def test_a_return_tells_that_the_rating_before_was_a_dip() -> None:
    steps = totals(*STEADY, 60.0, 70.0)
    (_, dipped), (_, back) = steps[-2:]
    assert [one.severity for one in dipped.findings] == ["watch"]
    (finding,) = back.findings
    assert (finding.severity, finding.code) == ("alert", "sudden_drop")
    assert (finding.about, finding.value) == (steps[-2][0].recent[-1].response_id, 60.0)
    assert highest_raising(finding, TOTAL.scales["total"]) is None
    assert back.drops == {}
    assert severities(steps)[-1] is None


def test_a_return_from_what_has_alarmed_tells_nothing_more() -> None:
    (_, dipped), (_, back) = totals(*STEADY, 50.0, 70.0)[-2:]
    assert [one.severity for one in dipped.findings] == ["alert"]
    assert back.findings == ()


@pytest.mark.parametrize("back_at", [67.0, 70.0, 84.0])
def test_a_rating_that_is_back_raises_nothing(back_at: float) -> None:
    assert severities(totals(*STEADY, 30.0, back_at))[-1] is None


def test_the_last_bits_of_the_own_mean_raise_nothing() -> None:
    eager = Rules("1", {"total": scale_rule(limits=Limits(-1e9, 1e9, 3.0))})
    for value in range(13, 84):
        assert severities(totals(*[float(value)] * 12, rules=eager))[1:] == [None] * 11


def test_old_evidence_raises_no_second_alarm() -> None:
    low = severities(totals(*STEADY, 40.0, 62.0))
    assert low[-2:] == ["alert", None]


def test_components_speak_only_when_no_whole_scale_alarms() -> None:
    steady = [
        point(n, {"goals": 22, "tasks": 23, "bond": 22, "total": value}, answered=None)
        for n, value in enumerate(STEADY)
    ]
    bond = point(6, {"goals": 22, "tasks": 23, "bond": 12, "total": 68}, answered=None)
    whole = point(6, {"goals": 10, "tasks": 10, "bond": 10, "total": 30}, answered=None)
    (_, alone), (watch, together) = (followed([*steady, one], FOUR)[-1] for one in (bond, whole))
    assert [(one.code, one.scale) for one in alone.findings] == [("component_drop", "bond")]
    assert [one.scale for one in together.findings] == ["total"]
    assert {one.severity for one in watch.recent[-1].scales.values()} == {"alert"}


@pytest.mark.parametrize("component", [None, "bond"])
def test_two_whole_scales_both_speak(component: Any) -> None:
    rules = Rules("1", {"a": scale_rule(component, as_sum=False), "b": scale_rule(as_sum=False)})
    points = [point(n, {"a": 5.5, "b": 5.5}) for n in range(6)]
    *_, (_, told) = followed([*points, point(6, {"a": 2.0, "b": 2.0})], rules)
    expected = {"b"} if component else {"a", "b"}
    assert {one.scale for one in told.findings} == expected


def test_a_scale_in_means_is_watched_as_its_sum_is() -> None:
    means = Rules("1", {"total": scale_rule(as_sum=False)})
    as_means = followed([point(n, {"total": v / 12}) for n, v in enumerate((*STEADY, 36.0))], means)
    as_sums = totals(*STEADY, 36.0)
    assert severities(as_means) == severities(as_sums)
    one, other = (found[-1][1].findings[0] for found in (as_means, as_sums))
    highest = highest_raising(one, means.scales["total"]) or 0.0
    assert highest * 12 == pytest.approx(highest_raising(other, TOTAL.scales["total"]))


def test_a_scale_that_cannot_be_scored_stays_as_it_was_but_for_the_time() -> None:
    points = [point(n, {"total": value}) for n, value in enumerate(STEADY)]
    gap = [*points, point(6, {"total": None}), point(7, {"total": None}), point(8, {"total": 60})]
    found = followed(gap)
    before, during, after = found[5][0], found[7][0], found[8][0]
    assert during.scales["total"] == replace(before.scales["total"], missed_days=14.0)
    without = followed([*points, point(8, {"total": 60})])[-1][0]
    assert after.scales["total"] == without.scales["total"]


def test_time_that_is_not_known_counts_as_a_week_while_a_scale_is_missed() -> None:
    values: list[float | None] = [66.0, None, 60.0]
    undated = followed([point(n, {"total": v}, dated=False) for n, v in enumerate(values)])
    dated = followed([point(n, {"total": v}) for n, v in enumerate(values)])
    assert undated[-1][0].scales == dated[-1][0].scales


def test_a_prorated_rating_weighs_less() -> None:
    points = [point(n, {"total": value}) for n, value in enumerate(STEADY)]
    full, part = (
        followed([*points, point(6, {"total": 48}, answered=answered)])[-1][1].judgements["total"]
        for answered in (12, 7)
    )
    assert part.score is not None
    assert full.score is not None
    assert part.score < full.score
    assert abs(part.z) < abs(full.z)


@pytest.mark.parametrize("answered", [12, 7, None])
@settings(deadline=None, max_examples=60)
@given(course=courses)
def test_the_threshold_is_the_highest_value_that_would_have_raised_as_much(
    answered: int | None, course: list[float]
) -> None:
    points = [point(n, {"total": value}) for n, value in enumerate(course[:-1])]
    size = 12 / (answered or 12)
    last = min(84.0, 12 + size * round((course[-1] - 12) / size))
    previous = points[-1].place
    watch = followed(points)[-1][0]

    def raised(value: float) -> Any:
        one = point(len(points), {"total": value}, answered=answered)
        told = watched(watch, one, previous, TOTAL)[1]
        return [finding for finding in told.findings if finding.about is None]

    found = raised(last)
    if not found:
        return
    as_much = {"alert"} if found[0].severity == "alert" else {"alert", "watch"}
    grid = [12 + size * step for step in range(int(72 / size + 1.5))]
    expected = max(g for g in grid if any(one.severity in as_much for one in raised(g)))
    assert highest_raising(found[0], TOTAL.scales["total"]) == pytest.approx(expected)


def test_the_threshold_is_looked_for_on_the_scale_alone() -> None:
    *_, (_, told) = totals(*[84.0] * 6, 60.0)
    highest = highest_raising(told.findings[0], TOTAL.scales["total"])
    assert highest is not None
    assert 60 <= highest < 84


def test_a_long_decline_began_as_far_back_as_is_remembered() -> None:
    late = Rules("1", {"total": scale_rule(limits=Limits(1.0, 8.0, 3.0))})
    found = totals(*[84.0 - 2 * n for n in range(30)], rules=late)
    drop = next(drop for _, told in found for drop in told.drops.values())
    onset, alarm = (int(one.removeprefix("r-")) for one in (drop.onset, drop.started_by))
    assert alarm > RECENT
    assert alarm - onset == REACH - 1


def test_a_reported_value_between_the_steps_is_its_own_threshold_where_no_step_is_higher() -> None:
    (before, _), *_ = totals(60.0)
    eager = scale_rule(limits=Limits(-1e9, 1e9, 3.0))
    one = point(1, {"total": 59.5}, answered=None)
    _, told = watched(before, one, point(0, {}).place, Rules("1", {"total": eager}))
    (finding,) = told.findings
    assert highest_raising(finding, eager) == 59.5


@settings(deadline=None, max_examples=60)
@given(courses, st.lists(sums, min_size=1, max_size=5))
def test_what_was_told_never_changes_when_later_ratings_come(
    course: list[float], later: list[float]
) -> None:
    assert totals(*course, *later)[: len(course)] == totals(*course)


@settings(deadline=None, max_examples=60)
@given(courses)
def test_a_rating_at_or_above_the_own_mean_raises_nothing(course: list[float]) -> None:
    eager = Rules("1", {"total": scale_rule(limits=Limits(-1e9, 1e9, 3.0))})
    for number, severity in enumerate(severities(totals(*course, rules=eager))):
        above = number == 0 or course[number] >= sum(course[:number]) / number
        assert (severity is None) == above


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(sums, st.integers(7, 12)), min_size=1, max_size=15))
def test_the_watch_is_the_same_through_bytes_after_every_rating(
    course: list[tuple[float, int]],
) -> None:
    points = [
        point(
            n,
            {"total": value, "bond": None if n % 3 else value / 3},
            answered=answered,
            dated=bool(n % 4),
            manner=Manner(value / 84, answered, 1.0, f"{value}", all_maximum=value > 80),
            readers=ALL if n % 5 else ALL - {"professional"},
        )
        for n, (value, answered) in enumerate(course)
    ]
    assert one_by_one(points, FOUR) == followed(points, FOUR)


def test_the_stored_watch_is_bounded_whatever_the_history() -> None:
    sizes = []
    for ratings in (RECENT, 60, 260):
        points = [
            replace(
                point(n, {"total": 66 + n % 7, "goals": 22, "tasks": 23 - n % 3, "bond": 21}),
                occasion=f"session-{n:06}",
                place=Place(f"{n:036}", START, START.date(), n, None),
                manner=Manner(0.8, 12, 1.0, f"{n:016}", all_maximum=False),
            )
            for n in range(ratings)
        ]
        watch = followed(points, FOUR)[-1][0]
        assert len(watch.recent) == RECENT
        sizes.append(len(stored_watch(watch)))
    print(sizes)  # noqa: T201 - shown when it fails
    assert abs(sizes[2] - sizes[1]) < 300  # the numbers' own lengths
    assert max(sizes) < STORED_BYTES


def test_watches_stand_one_after_another_and_are_cut_out_as_they_are() -> None:
    one, two = stored_watch(Watch()), stored_watch(totals(*STEADY, 36.0)[-1][0])
    assert read_watch(one, {}) == Watch()
    assert cut_out(one + two, {AT: [len(one), len(two)]}) == two
    assert cut_out(one + two, {AT: [0, len(one)]}) == one
    assert cut_out(b"", {"watch": {"version": "1"}}) is None


def test_a_watch_that_another_release_has_moved_or_written_is_not_taken_for_one() -> None:
    one, two = stored_watch(Watch()), stored_watch(totals(*STEADY, 36.0)[-1][0])
    assert cut_out(one + two, {"watch_at": [0, len(one)]}) is None
    assert cut_out(one + two, {AT: [1, len(one)]}) is None
    assert cut_out(one + two, {AT: [0, len(two)]}) is None
    assert cut_out(one, {AT: [0, len(two)]}) is None
    assert cut_out(b"", {AT: [0, 0]}) is None


def test_how_ratings_stood_is_the_same_before_and_after_it_is_stored_again() -> None:
    """Also where the scales that a rating has change from one to the next."""
    scales: list[dict[str, float]] = [{"total": 60}, {"bond": 20, "total": 61}, {"bond": 21}]
    watch = followed([point(n, one) for n, one in enumerate(scales)], FOUR)[-1][0]
    once = read_watch(stored_watch(watch), watch.standings)
    again = stored_watch(once)
    assert read_watch(again, watch.standings) == once == watch
    assert [dict(one.scales) for one in once.recent] == [one.scales for one in watch.recent]
    assert [len(one.scales) for one in once.recent] == [1, 2, 1]
    more = [point(n + 3, one) for n, one in enumerate(reversed(scales))]
    assert carried_on(once, more) == carried_on(watch, more)


def carried_on(watch: Watch, points: list[Point]) -> Watch:
    """The watch after more points, stored and read again after each."""
    for one in points:
        watch = watched(watch, one, None, FOUR)[0]
        watch = read_watch(stored_watch(watch), watch.standings)
    return watch


def test_what_rests_on_all_ratings_is_for_those_who_may_see_each() -> None:
    readers = [ALL, frozenset({"client", "supervisor"}), ALL]
    found = followed([point(n, {"total": 60}, readers=one) for n, one in enumerate(readers)])
    assert [told.readable.signals == ALL for _, told in found] == [True, False, False]
    assert found[-1][1].readable == Readable(readers[1], readers[1], readers[1])
    last = found[-1][0].recent[-1]
    assert (last.alone.values, last.readable.values) == (ALL, readers[1])


@pytest.mark.parametrize(
    ("earlier", "later", "days"),
    [
        (None, point(1, {}).place, None),
        (point(0, {}).place, point(1, {}).place, 7.0),
        (point(1, {}).place, point(0, {}).place, 0.0),
        (point(0, {}, dated=False).place, point(1, {}).place, None),
        (point(0, {}).place, point(1, {}, dated=False).place, None),
        (replace(point(0, {}).place, occurred_at=None), point(2, {}).place, 14.0),
        (point(2, {}).place, replace(point(0, {}).place, occurred_at=None), 0.0),
    ],
)
def test_days_are_those_between_the_occasions(
    earlier: Place | None, later: Place, days: float | None
) -> None:
    assert days_between(earlier, later) == days
