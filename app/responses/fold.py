"""Points put into and taken out of the streams of an alliance, one after another.

Everything here is decided from what was read before; nothing is asked of the database. A stream
that a point does not simply follow needs all of its points: without them it is named as missing.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from app.alliances.locked import LockedAlliance
from app.instruments.definitions import Catalogue, Definition
from app.measurement.course import Point
from app.measurement.watch import Rules
from app.responses.facing import facing
from app.responses.stored_watch import (
    AT,
    LEFT_BEHIND,
    cut_out,
    read_recent,
    read_watch,
    stored_watch,
)
from app.responses.stream_course import (
    MOST_JUDGED,
    Added,
    Allowance,
    Course,
    SeriesMissing,
    Window,
    window_of,
)
from app.responses.stream_state import (
    Stream,
    read_state,
    standing_of,
    stored_standing,
    stored_state,
    streams_of,
)
from app.signals.rules import rules_for
from app.tenants.signal_settings import SignalSettings

StreamKey: TypeAlias = tuple[UUID, Stream]
"""Alliance and stream."""
Series: TypeAlias = Mapping[StreamKey, Iterable[Point]]
"""Every current point of the streams that were read."""


class StoredStreams(NamedTuple):
    """The streams of an alliance as they are stored."""

    states: dict[str, Any]
    """Stream name -> state."""
    watches: bytes
    """Their watches; each state says where its own lies."""


class Courses:
    """The streams of locked alliances while a batch is worked into them."""

    def __init__(self, series: Series, catalogue: Catalogue, settings: SignalSettings) -> None:
        self._series = series
        self._catalogue = catalogue
        self._settings = settings
        self._courses: dict[StreamKey, Course] = {}
        self._allowance = Allowance(MOST_JUDGED)
        self._stored: dict[UUID, dict[str, Any]] = {}
        self.missing: set[StreamKey] = set()
        """Streams whose points are needed and were not read."""

    def add(self, alliance: LockedAlliance, stream: Stream, point: Point) -> Added | None:
        """Put a point into a stream, as Course.add. None: the stream is missing."""
        course = self._course(alliance, stream)
        try:
            added = None if course is None else course.add(point)
        except SeriesMissing:
            self._miss(alliance, stream)
            return None
        self._complete(alliance, stream)
        return added

    def remove(self, alliance: LockedAlliance, stream: Stream, response_id: UUID) -> None:
        """Take a point out of a stream."""
        course = self._course(alliance, stream)
        try:
            if course is not None:
                course.remove(response_id)
        except SeriesMissing:
            self._miss(alliance, stream)
        self._complete(alliance, stream)

    def windows(
        self, alliance: LockedAlliance, stream: Stream, point: Point
    ) -> Iterable[tuple[Stream, Window]]:
        """The streams that this one is compared with on the point's occasion.

        None, and named as missing, where that cannot be told without their points.
        """
        for other in facing(stream, self.streams(alliance)):
            try:
                window = self._window(alliance, other, point)
            except SeriesMissing:
                self._miss(alliance, other)
                continue
            if window is not None:
                yield other, window

    def _window(self, alliance: LockedAlliance, stream: Stream, point: Point) -> Window | None:
        key = (alliance.id, stream)
        if key in self._courses or key in self._series:
            course = self._course(alliance, stream)
            return None if course is None else course.window(point)
        # It is only looked at, and need not be read with all of its filters.
        stored = self._streams(alliance)[stream.name()]
        state = read_state(stored, self.definition(stream).revision)
        watch, standing = cut_out(alliance.watches, stored), standing_of(stored)
        if state is None or watch is None or standing is None:
            raise SeriesMissing
        if standing.version != self.rules(stream).version:
            raise SeriesMissing
        return window_of(state, read_recent(watch), point)

    def course(self, alliance_id: UUID, stream: Stream) -> Course:
        """A stream that points have come to or gone from, or that is compared with such a one."""
        return self._courses[alliance_id, stream]

    def streams(self, alliance: LockedAlliance) -> set[Stream]:
        """Every stream of the alliance."""
        found = {Stream.named(name) for name in self._streams(alliance)}
        return found | {stream for its_id, stream in self._courses if its_id == alliance.id}

    def disturbed(self) -> Iterable[tuple[StreamKey, Course]]:
        """The streams in which points have come or gone otherwise than at the end."""
        return [(key, course) for key, course in self._courses.items() if course.disturbed_by]

    def stored_streams(self, alliance: LockedAlliance) -> StoredStreams:
        """All streams of the alliance, to be stored."""
        states = dict(self._streams(alliance))
        changed = {
            stream.name(): (stream, course)
            for (alliance_id, stream), course in self._courses.items()
            if alliance_id == alliance.id and course.changed
        }
        watches: dict[str, bytes] = {}
        for name, (stream, course) in changed.items():
            known = course.state()
            if known is None:
                states.pop(name, None)
                continue
            states[name] = stored_state(known[0], self.definition(stream).revision) | {
                "standing": stored_standing(known[1], course.rules.version)
            }
            watches[name] = stored_watch(known[1])
        at = 0
        for name, state in states.items():
            watch = watches.get(name) or cut_out(alliance.watches, state)
            # Where it lay says nothing any more, whoever wrote it.
            states[name] = {one: state[one] for one in state if one not in {AT, LEFT_BEHIND}}
            if watch is not None:
                watches[name] = watch
                states[name][AT] = [at, len(watch)]
                at += len(watch)
        return StoredStreams(states, b"".join(watches[name] for name in states if name in watches))

    def definition(self, stream: Stream) -> Definition:
        """The newest scoring of what was asked in the stream."""
        return self._catalogue.newest_key_of(stream.instrument, stream.form_revision, stream.form)

    def rules(self, stream: Stream) -> Rules:
        """By which rules the stream is watched."""
        return rules_for(self.definition(stream), stream.form, stream.language, self._settings)

    def units(self, stream: Stream) -> dict[str, str]:
        """Scale -> sum or mean."""
        key = self.definition(stream).forms[stream.form].key
        return {scale.id: scale.unit for scale in key.scales}

    def _streams(self, alliance: LockedAlliance) -> dict[str, Any]:
        if alliance.id not in self._stored:
            self._stored[alliance.id] = streams_of(alliance)
        return self._stored[alliance.id]

    def _course(self, alliance: LockedAlliance, stream: Stream) -> Course | None:
        key = (alliance.id, stream)
        if key not in self._courses:
            course = self._opened(alliance, stream)
            if course is None:
                self._miss(alliance, stream)
                return None
            self._courses[key] = course
        return self._courses[key]

    def _opened(self, alliance: LockedAlliance, stream: Stream) -> Course | None:
        """The stream as it stands; None when it cannot be told without its points."""
        rules = self.rules(stream)
        if (alliance.id, stream) in self._series:
            points = {point.place.response_id: point for point in self._series[alliance.id, stream]}
            course = Course(None, points, rules, self._allowance)
            course.read_anew()
            return course
        stored = self._streams(alliance).get(stream.name())
        if stored is None:
            return Course(None, {}, rules, self._allowance)
        state = read_state(stored, self.definition(stream).revision)
        watch, standing = cut_out(alliance.watches, stored), standing_of(stored)
        if state is None or watch is None or standing is None or standing.version != rules.version:
            return None
        return Course((state, read_watch(watch, standing.scales)), None, rules, self._allowance)

    def _miss(self, alliance: LockedAlliance, stream: Stream) -> None:
        """Name a stream as missing, and those that it is compared with: one reading for all."""
        self.missing.add((alliance.id, stream))
        for other in facing(stream, map(Stream.named, self._streams(alliance))):
            if (alliance.id, other) not in self._series:
                self.missing.add((alliance.id, other))

    def _complete(self, alliance: LockedAlliance, stream: Stream) -> None:
        """See that a disturbed stream can be compared: that the others' points are known."""
        course = self._courses.get((alliance.id, stream))
        if course is None or not course.disturbed_by:
            return
        for other in facing(stream, self.streams(alliance)):
            opened = self._course(alliance, other)
            if opened is not None and not opened.whole:
                self._miss(alliance, other)
