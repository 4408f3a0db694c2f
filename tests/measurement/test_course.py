"""The order of a stream is that of its occasions, however and whenever its points came."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.measurement.change import Observed
from app.measurement.course import (
    Anchor,
    Glance,
    Place,
    Point,
    StreamState,
    anchors_before,
    followed_by,
    in_order,
    ordered_by,
    rank_in_time,
    state_of,
)
from app.measurement.scoring import rounded
from app.responses.stream_state import read_state, stored_state


def at(response_id: str, when: str = "", number: int | None = None, completed: str = "") -> Place:
    """A place from an RFC 3339 time, a date or nothing."""
    instant = datetime.fromisoformat(when) if "T" in when else None
    day = instant.date() if instant else date.fromisoformat(when) if when else None
    done = datetime.fromisoformat(completed) if completed else None
    return Place(response_id, instant, day, number, done)


ORDERS: Final = {
    # what it shows: (ordered by, places in their order, unplaced)
    "time": ("time", [at("z", "2026-03-01T10:00+01:00"), at("a", "2026-03-01T11:00+01:00")], []),
    "time before number": (
        "time",
        [at("z", "2026-03-01T10:00+01:00", 9), at("a", "2026-03-02T10:00+01:00", 1)],
        [],
    ),
    "instants not local clocks": (
        "time",
        [at("z", "2026-03-02T01:00+14:00"), at("a", "2026-03-01T23:30-10:00")],
        [],
    ),
    "the hour that comes twice": (
        "time",
        [at("z", "2026-10-25T02:30+02:00"), at("a", "2026-10-25T02:15+01:00")],
        [],
    ),
    "the hour that never comes": (
        "time",
        [at("z", "2026-03-29T01:59+01:00"), at("a", "2026-03-29T03:00+02:00")],
        [],
    ),
    "tie of instants across offsets goes by number": (
        "time",
        [at("z", "2026-03-01T10:00+01:00", 1), at("a", "2026-03-01T09:00+00:00", 2)],
        [],
    ),
    "no number comes after any": (
        "time",
        [at("z", "2026-03-01T10:00+01:00", 7), at("a", "2026-03-01T10:00+01:00")],
        [],
    ),
    "tie of numbers goes by completion": (
        "time",
        [
            at("z", "2026-03-01T10:00+01:00", 1, "2026-03-01T11:00+01:00"),
            at("b", "2026-03-01T10:00+01:00", 1, "2026-03-01T10:30+00:00"),
            at("a", "2026-03-01T10:00+01:00", 1),
        ],
        [],
    ),
    "tie of completions goes by id": (
        "time",
        [
            at("a", "2026-03-01T10:00+01:00", 1, "2026-03-01T11:00+01:00"),
            at("b", "2026-03-01T10:00+01:00", 1, "2026-03-01T10:00+00:00"),
        ],
        [],
    ),
    "a date among instants leaves those of another day in order": (
        "date",
        [at("z", "2026-02-28"), at("y", "2026-03-01T09:00Z"), at("a", "2026-03-01T15:00Z", 3)],
        [],
    ),
    "a date goes by the local day of an instant": (
        "date",
        [
            at("z", "2026-03-01T23:30-10:00"),
            at("a", "2026-03-02T01:00+14:00"),
            at("y", "2026-03-03"),
        ],
        [],
    ),
    "one day by number": (
        "date",
        [at("z", "2026-03-01T18:00Z", 1), at("y", "2026-03-01", 2), at("a", "2026-03-01T09:00Z")],
        [],
    ),
    "one day without numbers has its instants first": (
        "date",
        [at("z", "2026-03-01T09:00Z"), at("y", "2026-03-01T18:00Z"), at("a", "2026-03-01")],
        [],
    ),
    "an undated point by number": (
        "session_number",
        [at("z", "2026-03-05", 1), at("y", "", 2), at("a", "2026-03-01T09:00Z", 3)],
        [],
    ),
    "one number by date then undated": (
        "session_number",
        [at("z", "2026-03-01T18:00Z", 1), at("y", "2026-03-02", 1), at("a", "", 1)],
        [],
    ),
    "one number and day by instant": (
        "session_number",
        [at("z", "2026-03-01T09:00Z", 1), at("y", "2026-03-01T18:00Z", 1), at("a", "", 2)],
        [],
    ),
    "undated and not all numbered": (
        "mixed",
        [at("z", "2026-03-01T10:00Z"), at("y", "2026-03-02T09:00Z", 1)],
        [at("a", "", 1), at("b", "", 3)],
    ),
    "mixed where the placed ones are dates": (
        "mixed",
        [at("z", "2026-03-01", 2), at("y", "2026-03-02")],
        [at("a", "", 1)],
    ),
    "nothing to go by": ("mixed", [], [at("a"), at("b", "", 1)]),
    "a single number": ("session_number", [at("a", "", 4)], []),
    "nothing": ("time", [], []),
}


@pytest.mark.parametrize("what", ORDERS)
def test_the_order_of_a_stream(what: str) -> None:
    by, placed, unplaced = ORDERS[what]
    arrived = sorted(placed + unplaced, key=lambda place: place.response_id)
    assert ordered_by(arrived) == by
    assert in_order(arrived) == (placed, unplaced)


TIMED: Final = at("b", "2026-03-01T10:00+01:00", 3)
DATED: Final = at("b", "2026-03-01", 3)
NUMBERED: Final = at("b", "", 3)


@pytest.mark.parametrize(
    ("newest", "arrival", "follows"),
    [
        (TIMED, at("c", "2026-03-01T10:01+01:00"), True),
        (TIMED, at("c", "2026-03-01T10:00+00:00", 1), True),
        (TIMED, at("c", "2026-03-01T09:00+00:00", 4), False),  # the same instant: a tie
        (TIMED, at("c", "2026-03-01T09:59+01:00", 4), False),
        (TIMED, at("c", "2026-03-02", 4), False),  # the whole stream now goes by date
        (TIMED, at("c", "", 4), False),  # ... by number
        (TIMED, at("c"), False),  # ... is mixed
        (DATED, at("c", "2026-03-02"), True),
        (DATED, at("c", "2026-03-02T00:00+14:00"), True),
        (DATED, at("c", "2026-03-01", 4), False),
        (DATED, at("c", "2026-03-01T10:00Z", 4), False),
        (DATED, at("c", "2026-02-28", 4), False),
        (DATED, at("c", "", 4), False),
        (NUMBERED, at("c", "", 4), True),
        (NUMBERED, at("c", "2026-03-01", 4), True),
        (NUMBERED, at("c", "", 3), False),
        (NUMBERED, at("c", "", 2), False),
        (NUMBERED, at("c", "2026-03-01"), False),  # without a number the stream is mixed
        (at("b"), at("c", "2026-03-01T10:00Z", 9), False),  # nothing has a place yet
    ],
)
def test_a_point_follows_only_where_nothing_can_turn_on_it(
    newest: Place, arrival: Place, *, follows: bool
) -> None:
    state = state_of([Point(newest, {})])
    assert (followed_by(state, Point(arrival, {})) is not None) == follows


def test_an_empty_stream_has_no_newest_point_and_nothing_follows_it() -> None:
    empty = state_of([])
    assert empty == StreamState("time", 0, None, {}, {})
    assert followed_by(empty, Point(TIMED, {})) is None


def test_a_mixed_stream_is_never_followed() -> None:
    state = state_of([Point(TIMED, {}), Point(at("a"), {})])
    assert (state.newest, state.ordered_by) == (TIMED, "mixed")
    assert followed_by(state, Point(at("c", "2027-01-01T00:00Z", 4), {})) is None


INSTANTS: Final = st.builds(
    lambda hours, offset: (datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hours)).astimezone(
        timezone(timedelta(hours=offset))
    ),
    st.integers(0, 60) | st.sampled_from((0, 24)),
    st.sampled_from((-10, 0, 1, 14)),
)
DAYS: Final = st.integers(1, 4).map(lambda day: date(2026, 3, day))
VALUES: Final = st.dictionaries(
    st.sampled_from(("bond", "total")),
    st.none()
    | st.builds(
        lambda total, answered: Observed(Decimal(total) / (answered or 7), answered),
        st.integers(0, 40),
        st.none() | st.integers(1, 12),
    ),
)


@st.composite
def streams(draw: st.DrawFn) -> list[Point]:
    """Points in the order of their arrival; dated, undated and numbered in one of many mixtures."""
    kinds = draw(st.sets(st.sampled_from(("instant", "day", "undated")), min_size=1))
    all_numbered = draw(st.booleans())
    numbers = st.integers(0, 5)
    count = draw(st.integers(0, 8))
    ids = draw(st.permutations("abcdefgh"))
    points = []
    for response_id in ids[:count]:
        kind = draw(st.sampled_from(sorted(kinds)))
        instant = draw(INSTANTS) if kind == "instant" else None
        day = instant.date() if instant else draw(DAYS) if kind == "day" else None
        number = draw(numbers if all_numbered else st.none() | numbers)
        place = Place(response_id, instant, day, number, draw(st.none() | INSTANTS))
        readers = draw(st.sampled_from((frozenset[str](), frozenset({"client", "system"}))))
        points.append(Point(place, draw(VALUES), readers, whole="total"))
    return points


@settings(max_examples=200, deadline=None)
@given(streams())
def test_points_taken_one_by_one_give_the_state_of_them_all(points: list[Point]) -> None:
    state = state_of([])
    for number, point in enumerate(points, 1):
        so_far = state_of(points[:number])
        state = followed_by(state, point) or so_far
        assert state == so_far


@settings(max_examples=50, deadline=None)
@given(streams())
def test_a_state_holds_the_first_and_the_last_value_in_order(points: list[Point]) -> None:
    placed, _ = in_order([point.place for point in points])
    state = state_of(points)
    assert (state.count, state.newest) == (len(points), placed[-1] if placed else None)
    met = {scale: scored_on(scale, points, placed) for scale in ("bond", "total")}
    assert state.first == {scale: anchors[0] for scale, anchors in met.items() if anchors}
    assert state.latest == {scale: anchors[-1] for scale, anchors in met.items() if anchors}


@settings(max_examples=50, deadline=None)
@given(streams())
def test_a_state_shows_the_last_ratings_of_the_whole_in_order(points: list[Point]) -> None:
    by_place = {point.place: point for point in points}
    placed = [by_place[place] for place in in_order(list(by_place))[0]]
    totals = [point.values.get("total") for point in placed]
    assert state_of(points).glances == tuple(
        Glance(point.place.occurred_on, rounded(total.value) if total else None, point.readers)
        for point, total in zip(placed, totals, strict=True)
    )


def test_no_more_than_the_last_twelve_are_shown() -> None:
    points = [
        Point(at(str(number), "", number), {"total": Observed(Decimal(number), 12)}, whole="total")
        for number in range(1, 20)
    ]
    state = state_of([])
    for number, point in enumerate(points, 1):
        state = followed_by(state, point) or state_of(points[:number])
        assert state == state_of(points[:number])
    assert state.glances is not None
    assert [glance.value for glance in state.glances] == list(range(8, 20))


def test_what_an_earlier_release_has_left_without_glances_is_not_followed() -> None:
    stored = stored_state(state_of([Point(at("a", "2026-03-01T10:00Z"), {})]), "1.0")
    del stored["glances"]
    state = read_state(stored, "1.0")
    assert state is not None
    assert state.glances is None
    assert followed_by(state, Point(at("b", "2026-03-02T10:00Z"), {})) is None


@settings(max_examples=50, deadline=None)
@given(streams())
def test_a_point_is_compared_with_what_stands_before_it(points: list[Point]) -> None:
    places, _ = in_order([point.place for point in points])
    by_place = {point.place: point for point in points}
    placed = [by_place[place] for place in places]
    for number, point in enumerate(placed):
        first, previous = anchors_before(placed, number)
        for scale in point.values:
            anchors = scored_on(scale, points, places[:number])
            assert first.get(scale) == (anchors[0] if anchors else None)
            assert previous.get(scale) == (anchors[-1] if anchors else None)


@settings(max_examples=50, deadline=None)
@given(streams())
def test_the_rank_in_time_gives_the_order_where_all_have_an_instant(points: list[Point]) -> None:
    timed = [point.place for point in points if point.place.occurred_at]
    assert sorted(timed, key=lambda place: rank_in_time(place) or ()) == in_order(timed)[0]
    untimed = [point.place for point in points if not point.place.occurred_at]
    assert {rank_in_time(place) for place in untimed} <= {None}


def scored_on(scale: str, points: list[Point], places: list[Place]) -> list[Anchor]:
    """The values of one scale at these places."""
    by_id = {point.place.response_id: point for point in points}
    met = [by_id[place.response_id] for place in places]
    return [
        Anchor(point.place.response_id, observed, point.readers)
        for point in met
        if (observed := point.values.get(scale))
    ]


@settings(max_examples=50, deadline=None)
@given(streams(), st.randoms(use_true_random=False))
def test_the_order_is_a_permutation_that_arrival_cannot_change(
    points: list[Point], random: Any
) -> None:
    places = [point.place for point in points]
    placed, unplaced = in_order(places)
    assert {p.response_id for p in placed + unplaced} == {p.response_id for p in places}
    assert len(placed) + len(unplaced) == len(places)
    random.shuffle(places)
    assert in_order(places) == (placed, unplaced)


@settings(max_examples=50, deadline=None)
@given(streams())
def test_a_state_comes_back_from_its_stored_text_as_it_was(points: list[Point]) -> None:
    state = state_of(points)
    stored = json.loads(json.dumps(stored_state(state, "1.0")))
    assert read_state(stored, "1.0") == state


@pytest.mark.parametrize("stored", [None, stored_state(state_of([Point(TIMED, {})]), "1.0")])
def test_a_state_of_another_scoring_revision_is_no_state(stored: dict[str, Any] | None) -> None:
    assert read_state(stored, "1.1") is None
