"""The life of a drop: worked courses, and what must hold for any course."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measurement.drops import (
    NEW_STATE,
    REACH,
    REPAIR_WINDOW,
    Alarm,
    Drop,
    DropState,
    DropStatus,
    Rated,
    drops_of,
    return_level,
    state_at_end,
    step,
)

Rating = tuple[str, float, Alarm | None]
SUDDEN: Final = Alarm("sudden")


def course(values: str, **alarms: Alarm) -> list[Rating]:
    """Ratings a, b, c, ... with these values; alarms by the rating's letter."""
    return [
        (letter, float(value), alarms.get(letter))
        for letter, value in zip("abcdefghijklmnop", values.split(), strict=False)
    ]


def only_drop(ratings: list[Rating]) -> Drop:
    (drop,) = drops_of(ratings)[1]
    return drop


def test_a_sudden_drop_falls_from_the_mean_of_all_values_before_it() -> None:
    assert only_drop(course("4 5 3 2", d=SUDDEN)) == Drop(
        "d", "sudden", "d", 4.0, 2.0, 2.0, 0, "open", None, None, None
    )


def test_a_slow_drop_falls_from_the_mean_before_its_onset_not_before_its_alarm() -> None:
    drop = only_drop(course("5 5 4 2.5 3", e=Alarm("slow", 2)))
    assert (drop.started_by, drop.onset, drop.reference) == ("e", "c", 5.0)
    assert (drop.lowest, drop.depth) == (2.5, 2.5)  # the lowest since the onset, not at the alarm


@pytest.mark.parametrize(
    ("after", "status", "repaired_by", "ratings", "shape"),
    [
        ("", "open", None, None, None),
        ("3.49", "open", None, None, None),  # from 4 to 2: three quarters regained is 3.5
        ("3.5", "repaired", "d", 1, "v"),
        ("2.5 3.5", "repaired", "e", 2, "u"),
        ("2 2 2 2 4", "repaired", "h", 5, "u"),
        ("2 2 2 2 3", "unrepaired", None, None, None),
        ("2 2 2 2 3 4", "unrepaired", None, None, None),  # the return comes too late
        ("1 3.2", "open", None, None, None),  # deeper now: 3.25 is three quarters
        ("1 3.25", "repaired", "e", 2, "u"),
    ],
)
def test_a_drop_is_repaired_by_three_quarters_of_its_depth_within_five_ratings(
    after: str, status: DropStatus, repaired_by: str | None, ratings: int | None, shape: str | None
) -> None:
    drop = only_drop(course("4 4 2 " + after, c=SUDDEN))
    assert (drop.state, drop.repaired_by) == (status, repaired_by)
    assert (drop.ratings_to_repair, drop.shape) == (ratings, shape)


def test_the_window_ends_a_drop_at_its_last_rating() -> None:
    state, drop = drops_of(course("4 4 2 2 2 2 2 2", c=SUDDEN))
    assert (drop[0].state, drop[0].ratings_since) == ("unrepaired", REPAIR_WINDOW)
    assert state.open_drop is None
    assert step(state, "i", 2.0, None)[1] is None


def test_an_alarm_in_an_open_drop_deepens_it_and_opens_no_second() -> None:
    drop = only_drop(course("4 4 3 2", c=SUDDEN, d=SUDDEN))
    assert (drop.started_by, drop.lowest, drop.depth, drop.ratings_since) == ("c", 2.0, 2.0, 1)


def test_a_rating_that_raises_an_alarm_is_no_return() -> None:
    drop = only_drop(course("4 4 2 3.9", c=SUDDEN, d=Alarm("slow", 1)))
    assert drop.state == "open"


def test_after_a_drop_the_own_mean_goes_on_with_all_values() -> None:
    _, drops = drops_of(course("4 4 1 3.5 1", c=SUDDEN, e=SUDDEN))
    assert [drop.state for drop in drops] == ["repaired", "open"]
    assert drops[1].reference == pytest.approx(12.5 / 4)


def test_a_drop_never_begins_within_an_earlier_one() -> None:
    _, drops = drops_of(course("4 4 2 3.9 3 2", c=SUDDEN, f=Alarm("slow", 4)))
    assert [drop.onset for drop in drops] == ["c", "e"]


def test_an_onset_out_of_reach_is_the_oldest_rating_kept() -> None:
    values = "5 5 5 4.9 4.8 4.7 4.6 4.5 4.4 4.3"
    drop = only_drop(course(values, j=Alarm("slow", 40)))
    assert drop.onset == "c"
    assert drop.reference == 5.0


@pytest.mark.parametrize("alarm", [SUDDEN, Alarm("slow", 6)])
def test_the_first_rating_has_nothing_to_fall_from(alarm: Alarm) -> None:
    state, drop = step(NEW_STATE, "a", 1.0, alarm)
    assert drop is None
    assert state == DropState(1, 1.0, (Rated("a", 1.0, None),), None)


def test_a_fall_from_the_first_rating_begins_with_the_second() -> None:
    drop = only_drop(course("4 3 2", c=Alarm("slow", 2)))
    assert (drop.onset, drop.reference) == ("b", 4.0)


@pytest.mark.parametrize("value", ["4", "4.5"])
def test_an_alarm_above_the_own_mean_opens_no_drop(value: str) -> None:
    assert drops_of(course(f"4 4 {value}", c=SUDDEN))[1] == []


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        step(NEW_STATE, "a", value, None)


def test_a_fall_that_begins_after_its_alarm_is_refused() -> None:
    with pytest.raises(ValueError, match="begins"):
        step(NEW_STATE, "a", 3.0, Alarm("slow", -1))


@pytest.mark.parametrize(
    ("status", "ended", "expected"),
    [
        ("open", True, "ended_while_open"),
        ("open", False, "open"),
        ("repaired", True, "repaired"),
        ("unrepaired", True, "unrepaired"),
    ],
)
def test_an_end_turns_only_an_open_drop_into_an_outcome(
    status: DropStatus, *, ended: bool, expected: str
) -> None:
    drop = replace(only_drop(course("4 4 2", c=SUDDEN)), state=status)
    assert state_at_end(drop, ended=ended) == expected


values: Final = st.integers(12, 60).map(lambda twelfths: twelfths / 12)
alarms: Final = st.none() | st.builds(Alarm, st.sampled_from(("sudden", "slow")), st.integers(0, 9))
courses: Final = st.lists(st.tuples(values, alarms), max_size=40).map(
    lambda ratings: [(str(n), value, alarm) for n, (value, alarm) in enumerate(ratings)]
)


@settings(deadline=None)
@given(courses)
def test_a_course_followed_rating_by_rating_is_the_course_folded_at_once(
    ratings: list[Rating],
) -> None:
    state = NEW_STATE
    for rating in ratings:
        state, _ = step(state, *rating)
    assert state == drops_of(ratings)[0]


@settings(deadline=None)
@given(courses, courses)
def test_later_ratings_never_change_an_ended_drop(first: list[Rating], then: list[Rating]) -> None:
    later = [(f"later {rating_id}", value, alarm) for rating_id, value, alarm in then]
    ended = [drop for drop in drops_of(first)[1] if drop.state != "open"]
    assert drops_of(first + later)[1][: len(ended)] == ended


@settings(deadline=None)
@given(courses)
def test_every_drop_keeps_what_its_words_say(ratings: list[Rating]) -> None:
    state, drops = drops_of(ratings)
    place = {rating_id: n for n, (rating_id, _, _) in enumerate(ratings)}
    end = -1
    for drop in drops:
        onset, start = place[drop.onset], place[drop.started_by]
        assert end < onset <= start < onset + REACH
        end = start + drop.ratings_since
        fallen = [value for _, value, _ in ratings[onset : end + 1]]
        before = [value for _, value, _ in ratings[:onset]]
        assert drop.reference == pytest.approx(sum(before) / len(before))
        assert drop.lowest == min(fallen) < drop.reference
        assert drop.depth == drop.reference - drop.lowest
        assert (drop.state == "repaired") == (drop.shape is not None)
        if drop.repaired_by is not None:
            assert place[drop.repaired_by] == end
            assert ratings[end][1] >= return_level(drop)
    assert [drop for drop in drops if drop.state == "open"] == (
        [state.open_drop] if state.open_drop else []
    )
    assert len(state.recent) <= REACH
    assert state.count == len(ratings)
