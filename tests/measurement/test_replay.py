"""A stream watched anew after late, amended and withdrawn ratings is the stream as it stands."""

from random import Random
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from app.measurement.course import Point
from app.measurement.replay import Replay, Step
from tests.support.ratings import FOUR, followed, point

changes: Final = st.lists(
    st.tuples(st.sampled_from(["come", "go", "change"]), st.integers(0, 11), st.integers(12, 84)),
    max_size=25,
)


def rating(number: int, total: float) -> Point:
    """One that has no goals now and then."""
    return point(number, {"total": total, "goals": None if number % 3 == 0 else total / 3})


def told(steps: list[Step]) -> list[object]:
    return [(step.watch, step.told) for step in steps]


@settings(deadline=None, max_examples=60)
@given(changes)
def test_replay_is_the_stream_from_its_beginning_whatever_came_and_went(
    done: list[tuple[str, int, int]],
) -> None:
    replay, present = Replay(FOUR), dict[int, Point]()
    for kind, number, total in done:
        if kind == "go":
            present.pop(number, None)
        elif kind == "change" or number not in present:
            present[number] = rating(number, total)
        placed = [present[number] for number in sorted(present)]
        assert told(list(replay.steps(placed))) == followed(placed, FOUR)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(12, 84), min_size=1, max_size=15), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing_in_the_end(totals: list[int], random: Random) -> None:
    points = [rating(number, total) for number, total in enumerate(totals)]
    arriving = points.copy()
    random.shuffle(arriving)
    replay, came = Replay(FOUR), list[Point]()
    for one in arriving:
        came.append(one)
        steps = replay.steps(sorted(came, key=points.index))
    assert told(list(steps)) == followed(points, FOUR)


def test_only_what_follows_a_change_is_watched_anew() -> None:
    points = [rating(number, 60) for number in range(6)]
    replay = Replay(FOUR)
    before = replay.steps([*points[:3], *points[4:]])
    after = replay.steps(points)
    assert [one is other for one, other in zip(before, after, strict=False)] == [
        *[True] * 3,
        *[False] * 2,
    ]


def test_the_beginning_of_a_stream_alone_keeps_what_follows() -> None:
    points = [rating(number, 60) for number in range(4)]
    replay = Replay(FOUR)
    whole = replay.steps(points)
    assert len(replay.steps(points[:2])) == 2
    assert all(one is other for one, other in zip(whole, replay.steps(points), strict=True))


def test_a_stream_without_points_has_no_steps() -> None:
    replay = Replay(FOUR)
    assert list(replay.steps([])) == []
