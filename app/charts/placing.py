"""Where ratings, drops and marks of a trend stand along the axis of its picture."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from uuid import UUID

from app.charts.figures import Placed, Span
from app.charts.words import Words
from app.marks.schemas import MarkOut
from app.trends.schemas import PointOut, StreamOut

SECONDS_OF_A_DAY: float = 86400.0


@dataclass(frozen=True, slots=True)
class View:
    """The days that are asked for, both included; None: without an end on that side."""

    start: date | None
    end: date | None

    def holds(self, day: date | None) -> bool:
        """Whether something of this day is in view; undated, only where no day is asked for."""
        if self.start is None and self.end is None:
            return True
        return (
            day is not None
            and (self.start is None or day >= self.start)
            and (self.end is None or day <= self.end)
        )


@dataclass(frozen=True, slots=True)
class Placing:
    """Where each thing stands."""

    placed: Placed
    span: Span | None
    """Of all ratings and marks in view; None: nothing in view has a place."""
    ratings: Mapping[UUID, float]
    """Response -> place, of those out of view, too."""
    occasions: Mapping[UUID, float]
    """Occasion -> the place of its first rating."""

    def of_mark(self, mark: MarkOut) -> float | None:
        """Where a mark stands; None: nowhere."""
        if mark.occasion_id in self.occasions:
            return self.occasions[mark.occasion_id]
        occasion = mark.occasion
        if self.placed == "dates" and occasion.occurred_on is not None:
            return float(occasion.occurred_on.toordinal())
        if self.placed == "sessions" and occasion.session_number is not None:
            return float(occasion.session_number)
        return None


def placing_of(streams: Iterable[StreamOut], marks: Iterable[MarkOut], view: View) -> Placing:
    """Where everything stands: by date if all ratings in view have one, else by session number."""
    known = list(streams)
    points = [point for stream in known for point in stream.points]
    seen = [point for point in points if view.holds(day_of(point))]
    placed = _placed(seen)
    exact = all(point.occurred_at is not None for point in seen)
    ratings: dict[UUID, float] = {}
    for stream in known:
        for number, point in enumerate(stream.points, start=1):
            x = _place(point, placed, number, exact=exact)
            if x is not None:
                ratings[point.response_id] = x
    occasions: dict[UUID, float] = {}
    if placed != "order":
        for point in points:
            if point.response_id in ratings:
                occasions.setdefault(point.occasion_id, ratings[point.response_id])
    made = Placing(placed, None, ratings, occasions)
    found = [ratings[point.response_id] for point in seen]
    also = [
        x for mark in marks
        if found and view.holds(mark.occasion.occurred_on) and (x := made.of_mark(mark)) is not None
    ]  # fmt: skip
    if not found:
        return made
    return Placing(placed, _padded(chain(found, also), placed), ratings, occasions)


def day_of(point: PointOut) -> date | None:
    """The local day of a rating's occasion, as it was sent."""
    return point.occurred_at.date() if point.occurred_at is not None else point.occurred_on


def in_words(point: PointOut, words: Words) -> str:
    """When a rating's occasion was, as far as its sender said."""
    return when(day_of(point), point.session_number, words)


def when(day: date | None, session_number: int | None, words: Words) -> str:
    """Day and session number, each if there is one."""
    return ", ".join(_said(day, session_number, words)) or words("place_none")


def _said(day: date | None, session_number: int | None, words: Words) -> Iterator[str]:
    if day is not None:
        yield day.isoformat()
    if session_number is not None:
        yield words("place_session", number=str(session_number))


def _placed(points: list[PointOut]) -> Placed:
    if all(day_of(point) is not None for point in points):
        return "dates"
    if all(point.session_number is not None for point in points):
        return "sessions"
    return "order"


def _place(point: PointOut, placed: Placed, number: int, *, exact: bool) -> float | None:
    """Where a rating stands; None: it has no place of this kind."""
    if placed == "order":
        return float(number)
    if placed == "sessions":
        return None if point.session_number is None else float(point.session_number)
    if exact and point.occurred_at is not None:
        return point.occurred_at.toordinal() + _part_of_day(point.occurred_at)
    day = day_of(point)
    return None if day is None else float(day.toordinal())


def _part_of_day(time: datetime) -> float:
    return (time.hour * 3600 + time.minute * 60 + time.second) / SECONDS_OF_A_DAY


def _padded(places: Iterable[float], placed: Placed) -> Span:
    """From the first to the last; around a single one some room, so that there is an axis."""
    found = sorted(places)
    room = 3.0 if placed == "dates" else 0.5
    if found[0] == found[-1]:
        return Span(found[0] - room, found[-1] + room)
    return Span(found[0], found[-1])
