"""Points put into and taken out of the streams of an alliance, one after another.

Everything here is decided from what was read before; nothing is asked of the database. A stream
that a point does not simply follow needs all of its points: without them it is named as missing.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias
from uuid import UUID

from app.alliances.locked import LockedAlliance
from app.instruments.definitions import Catalogue, Definition
from app.measurement.course import Point, StreamState, earlier_anchors, followed_by, state_of
from app.responses.outcome import References
from app.responses.stream_state import Stream, read_state, stored_state, streams_of

StreamKey: TypeAlias = tuple[UUID, Stream]
"""Alliance and stream."""
Series: TypeAlias = Mapping[StreamKey, Iterable[Point]]
"""Every current point of the streams that were read."""


class SeriesMissing(Exception):
    """The stream's points are needed and were not read."""


class Course:
    """One stream while points come and go."""

    def __init__(self, state: StreamState | None, points: dict[str, Point] | None) -> None:
        self._state = state
        self._points = points
        """All of its points by response id, once they are known."""
        self._stale = False
        """Whether the points have changed since the state was made of them."""

    def state(self) -> StreamState | None:
        """The stream's state; None: it has no points."""
        if self._stale:
            points = self._all()
            self._state = state_of(points.values()) if points else None
            self._stale = False
        return self._state

    def add(self, point: Point) -> References | None:
        """Put a point in; what it is compared with. None: it has no place in the stream's order.

        Raises SeriesMissing.
        """
        if self._points is not None:
            self._points[point.place.response_id] = point
        if not self._stale:
            before = self._state
            if before is None:
                self._state = state_of([point])
                return {}
            followed = followed_by(before, point)
            if followed is not None:
                self._state = followed
                return {"previous": before.latest, "first": before.first}
        # To be made anew at the end, once: it costs as much as the stream is long.
        earlier = earlier_anchors(list(self._all().values()), point.place.response_id)
        self._stale = True
        return earlier and {"previous": earlier[1], "first": earlier[0]}

    def remove(self, response_id: UUID) -> None:
        """Take a point out. Raises SeriesMissing."""
        self._all().pop(str(response_id), None)
        self._stale = True

    def _all(self) -> dict[str, Point]:
        if self._points is None:
            raise SeriesMissing
        return self._points


class Courses:
    """The streams of locked alliances while a batch is worked into them."""

    def __init__(self, series: Series, catalogue: Catalogue) -> None:
        self._series = series
        self._catalogue = catalogue
        self._courses: dict[StreamKey, Course] = {}
        self._stored: dict[UUID, dict[str, Any]] = {}
        self.missing: set[StreamKey] = set()
        """Streams whose points are needed and were not read."""

    def add(self, alliance: LockedAlliance, stream: Stream, point: Point) -> References | None:
        """Put a point into a stream; what it is compared with, as Course.add."""
        course = self._course(alliance, stream)
        try:
            return None if course is None else course.add(point)
        except SeriesMissing:
            self.missing.add((alliance.id, stream))
            return None

    def remove(self, alliance: LockedAlliance, stream: Stream, response_id: UUID) -> None:
        """Take a point out of a stream."""
        course = self._course(alliance, stream)
        try:
            if course is not None:
                course.remove(response_id)
        except SeriesMissing:
            self.missing.add((alliance.id, stream))

    def stored_streams(self, alliance: LockedAlliance) -> dict[str, Any]:
        """Stream name -> state, for all streams of the alliance, to be stored."""
        streams = self._streams(alliance)
        for (alliance_id, stream), course in self._courses.items():
            if alliance_id != alliance.id:
                continue
            state = course.state()
            if state is None:
                streams.pop(stream.name(), None)
            else:
                revision = self.definition(stream).revision
                streams[stream.name()] = stored_state(state, revision)
        return streams

    def definition(self, stream: Stream) -> Definition:
        """The newest scoring of what was asked in the stream."""
        return self._catalogue.newest_key_of(stream.instrument, stream.form_revision, stream.form)

    def _streams(self, alliance: LockedAlliance) -> dict[str, Any]:
        if alliance.id not in self._stored:
            self._stored[alliance.id] = streams_of(alliance)
        return self._stored[alliance.id]

    def _course(self, alliance: LockedAlliance, stream: Stream) -> Course | None:
        key = (alliance.id, stream)
        if key not in self._courses:
            course = self._opened(alliance, stream)
            if course is None:
                self.missing.add(key)
                return None
            self._courses[key] = course
        return self._courses[key]

    def _opened(self, alliance: LockedAlliance, stream: Stream) -> Course | None:
        """The stream as it stands; None when it cannot be told without its points."""
        if (alliance.id, stream) in self._series:
            points = {point.place.response_id: point for point in self._series[alliance.id, stream]}
            return Course(state_of(points.values()) if points else None, points)
        stored = self._streams(alliance).get(stream.name())
        if stored is None:
            return Course(None, {})
        state = read_state(stored, self.definition(stream).revision)
        return None if state is None else Course(state, None)
