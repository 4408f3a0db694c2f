"""The order of a stream's points in time, and its bounded state.

A stream is what one rater said about one member with one form in one language. Its order is that
of the occasions, never that of arrival. The state holds just what the next point needs; when a
point does not simply follow the newest one, the state is made anew from all points.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from app.measurement.change import Observed
from app.measurement.scoring import rounded

OrderedBy = Literal["time", "date", "session_number", "mixed"]
"""time: every point has an instant. date: every point has at least a date. session_number: some
point is undated and every point has a number. mixed: neither; the undated ones have no place."""

LAST_INSTANT: Final = datetime.max.replace(tzinfo=UTC)
LAST_NUMBER: Final = 2**31
GLANCES: Final = 12
"""How many of the last ratings a stream shows at a glance. House rule."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a response stands in time, as far as its sender said. Nothing is ever filled in."""

    response_id: str
    occurred_at: datetime | None
    occurred_on: date | None
    """The local date: as sent, or that of occurred_at with its offset."""
    session_number: int | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Manner:
    """How a form was filled in, as far as later forms of the stream are compared with it."""

    scatter: float | None
    """Standard deviation over the keyed items; None with fewer than two answered."""
    items: int
    """How many have a value."""
    step: float
    """The distance of neighbouring answers."""
    fingerprint: str | None
    """The same for the same answers to all items; None with an item unanswered."""
    all_maximum: bool


@dataclass(frozen=True, slots=True)
class Point:
    """A response's place and what it says on each scale; None: not scorable there."""

    place: Place
    values: Mapping[str, Observed | None]
    readers: frozenset[str] = frozenset()
    """The kinds of readers who may see the values; carried along, never judged here."""
    occasion: str = ""
    """What makes two ratings of an alliance belong together: the occasion's key."""
    manner: Manner | None = None
    """None: an older system reported totals."""
    signal_readers: frozenset[str] = frozenset()
    """The kinds of readers who may see signals that rest on it, if not its values."""
    backfill: bool = False
    """Whether it was sent as history."""
    item_readers: frozenset[str] = frozenset()
    """The kinds of readers who may see the answers to single items."""
    whole: str | None = None
    """The scale that the stream is shown by at a glance; None: nobody glances at it."""


@dataclass(frozen=True, slots=True)
class Glance:
    """One of the last ratings, as it is shown at a glance."""

    on: date | None
    """The local date of its occasion; None: not known."""
    value: Decimal | None
    """On the scale that stands for the whole, in its unit, as it is shown; None: no score."""
    readers: frozenset[str]
    """The kinds of readers who may see the value."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A scored value that later ones are compared with."""

    response_id: str
    observed: Observed
    readers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StreamState:
    """What the next point of a stream is compared with."""

    ordered_by: OrderedBy
    count: int
    newest: Place | None
    """None when no point has a place."""
    first: Mapping[str, Anchor]
    """Scale -> the earliest scored value."""
    latest: Mapping[str, Anchor]
    """Scale -> the latest scored value."""
    glances: tuple[Glance, ...] | None = ()
    """The last ratings that have a place, up to GLANCES, oldest first; None: an earlier release
    has kept none, and the next rating makes the state anew."""


def ordered_by(places: Sequence[Place]) -> OrderedBy:
    """By what the points of one stream can be put in order. An empty stream: by time."""
    if all(place.occurred_at is not None for place in places):
        return "time"
    if all(place.occurred_on is not None for place in places):
        return "date"
    if all(place.session_number is not None for place in places):
        return "session_number"
    return "mixed"


def in_order(places: Sequence[Place]) -> tuple[list[Place], list[Place]]:
    """The places in the order of their occasions, and those that have no place in it.

    Order: time, then session_number, then completed_at, then id. Where some dates have no time,
    the day comes first, and within a day the time only if it is known of all of it. Undated
    points stand by session_number if the whole stream has it; otherwise they are unplaced (by id).
    """
    by = ordered_by(places)
    placed = [p for p in places if by != "mixed" or p.occurred_on is not None]
    unplaced = [p for p in places if by == "mixed" and p.occurred_on is None]
    rank = ordered_by(placed) if by == "mixed" else by
    half_timed = {p.occurred_on for p in placed if p.occurred_at is None}
    return (
        sorted(placed, key=lambda place: _rank(place, rank, half_timed)),
        sorted(unplaced, key=lambda place: place.response_id),
    )


def _rank(place: Place, by: OrderedBy, half_timed: AbstractSet[date | None]) -> tuple[Any, ...]:
    number = LAST_NUMBER if place.session_number is None else place.session_number
    instant = place.occurred_at or LAST_INSTANT
    tail = (place.completed_at or LAST_INSTANT, place.response_id)
    if by == "time":
        return (instant, number, *tail)
    day = place.occurred_on or date.max
    if by == "date":
        # Within a day the time decides, unless it is not known of all of that day's ratings.
        within = (number, instant) if day in half_timed else (instant, number)
        return (day, *within, *tail)
    return (number, day, instant, *tail)


def state_of(points: Iterable[Point]) -> StreamState:
    """The state of a whole stream, whatever the order in which its points came."""
    by_id = {point.place.response_id: point for point in points}
    places = [point.place for point in by_id.values()]
    placed, _ = in_order(places)
    first: dict[str, Anchor] = {}
    latest: dict[str, Anchor] = {}
    for place in placed:
        for scale, anchor in _anchors(by_id[place.response_id]).items():
            first.setdefault(scale, anchor)
            latest[scale] = anchor
    newest = placed[-1] if placed else None
    glances = tuple(_glance(by_id[place.response_id]) for place in placed[-GLANCES:])
    return StreamState(ordered_by(places), len(places), newest, first, latest, glances)


def followed_by(state: StreamState, point: Point) -> StreamState | None:
    """The state after a point that comes strictly after all others; None if it does not.

    None is no refusal: the state must then be made anew from all points (state_of), with the
    same result as if the points had come in order.
    """
    newest, glances = state.newest, state.glances
    if newest is None or glances is None:
        return None
    if not _strictly_after(point.place, newest, state.ordered_by):
        return None
    anchors = _anchors(point)
    return StreamState(
        state.ordered_by,
        state.count + 1,
        point.place,
        {**anchors, **state.first},
        {**state.latest, **anchors},
        (*glances, _glance(point))[-GLANCES:],
    )


def _strictly_after(place: Place, newest: Place, by: OrderedBy) -> bool:
    """True only where neither the order of the stream nor a tie can turn on this point."""
    if by == "time":
        return bool(
            place.occurred_at and newest.occurred_at and place.occurred_at > newest.occurred_at
        )
    if by == "date":
        return bool(
            place.occurred_on and newest.occurred_on and place.occurred_on > newest.occurred_on
        )
    if by == "session_number" and place.session_number is not None:
        return newest.session_number is not None and place.session_number > newest.session_number
    return False


def _glance(point: Point) -> Glance:
    observed = None if point.whole is None else point.values.get(point.whole)
    value = None if observed is None else rounded(observed.value)
    return Glance(point.place.occurred_on, value, point.readers)


def _anchors(point: Point) -> dict[str, Anchor]:
    return {
        scale: Anchor(point.place.response_id, observed, point.readers)
        for scale, observed in point.values.items()
        if observed is not None
    }


def anchors_before(
    placed: Sequence[Point], number: int
) -> tuple[dict[str, Anchor], dict[str, Anchor]]:
    """(first, previous) scored value of each scale that one of the placed points speaks of.

    placed: in the stream's order. Of other scales there may be values or none.
    """
    first: dict[str, Anchor] = {}
    previous: dict[str, Anchor] = {}
    wanted = placed[number].values.keys()
    for at in range(number):
        first = _anchors(placed[at]) | first
        if wanted <= first.keys():
            break
    for at in range(number - 1, -1, -1):
        previous = _anchors(placed[at]) | previous
        if wanted <= previous.keys():
            break
    return first, previous


def rank_in_time(place: Place) -> tuple[Any, ...] | None:
    """What a place is sorted by in a stream whose points all have an instant; None: it has none."""
    return None if place.occurred_at is None else _rank(place, "time", frozenset())
