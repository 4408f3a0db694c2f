"""What standing signals come to where the past has changed: held, superseded, or recorded late."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

from app.alliances.locked import LockedAlliance
from app.measurement.replay import Step
from app.responses.facing import facing
from app.responses.fold import Courses
from app.responses.raising import AT_THE_END, Event, Name, Raising, Standing, cause_of, name_of
from app.responses.signalling import OWN_COURSE, raised_between_sides, raised_by_course
from app.responses.stream_course import Course
from app.responses.stream_state import Stream
from app.signals.rows import SUPERSEDED, Raised

Telling: TypeAlias = tuple[frozenset[str], Stream, Callable[[], Raised]]
"""Who may see a signal, which stream it is about, and what it says."""
Told: TypeAlias = Mapping[Name, Telling]
"""What ratings tell."""
Steps: TypeAlias = Callable[[Course], Sequence[Step]]
"""The steps of a stream as it stands, or as it was read."""


def settle(
    raising: Raising, courses: Courses, alliances: Mapping[UUID, LockedAlliance], now: datetime
) -> None:
    """Hold the signals of every disturbed stream against what it tells by now.

    What the change of its points no longer lets it tell is superseded, what it tells besides is
    recorded. A signal that other settings raised is left alone: data have not unsaid it.
    """
    sides: set[tuple[UUID, Stream, Stream]] = set()
    for (alliance_id, stream), course in courses.disturbed():
        at = alliances[alliance_id].moment(now)

        def own(steps: Steps, stream: Stream = stream, course: Course = course) -> Told:
            return _told_by_course(stream, steps(course), course, courses)

        _settle(raising, alliance_id, [course], own, at)
        for other in facing(stream, courses.streams(alliances[alliance_id])):
            one, two = sorted((stream, other), key=Stream.name)
            sides.add((alliance_id, one, two))
    for alliance_id, one, two in sorted(sides, key=str):
        pair = {key: courses.course(alliance_id, key) for key in (one, two)}

        def both(steps: Steps, pair: Mapping[Stream, Course] = pair) -> Told:
            return _told_by_sides({key: steps(one) for key, one in pair.items()}, courses)

        _settle(raising, alliance_id, list(pair.values()), both, alliances[alliance_id].moment(now))


def _settle(
    raising: Raising,
    alliance_id: UUID,
    of: Sequence[Course],
    told_at: Callable[[Steps], Told],
    at: datetime,
) -> None:
    """Settle the signals that rest on the points of one stream, or of two that are compared."""
    told, before = told_at(Course.steps), _Late(lambda: told_at(Course.steps_as_read))
    readers = _readers(of)
    cause = cause_of("stream_changed", next(one.disturbed_by for one in of if one.disturbed_by))
    untold = {one.untold() for one in of}
    held: set[Name] = set()
    renewed: set[Name] = set()
    for signal in _standing(raising, readers, compared=len(of) > 1):
        if signal.id in raising.superseded:
            continue
        allowed = _allowed(signal, told, readers)
        if set(signal.audience) - allowed:
            renewed.add(signal.name)
        elif signal.name in told or signal.name not in before.found:
            held.add(signal.name)
            continue
        raising.supersede(signal.id, alliance_id, cause, sorted(allowed), AT_THE_END, at)
    for row in _new_rows(raising, readers, compared=len(of) > 1):
        if name_of(row) in told:
            held.add(name_of(row))
        else:
            raising.take_back(row, cause, None, AT_THE_END, at)
    for name, telling in told.items():
        if name in renewed or (name not in held and name not in before.found):
            _record(raising, alliance_id, name, telling, at, newest=name[0] in untold)


def _allowed(
    signal: Standing, told: Told, readers: Mapping[UUID, frozenset[str]]
) -> frozenset[str]:
    """Who may see a signal by now."""
    if signal.name in told:
        return told[signal.name][0]
    rests_on = {signal.response_id, signal.other_response_id or signal.response_id}
    return frozenset.intersection(*(readers[one] for one in rests_on))


def _record(
    raising: Raising, alliance_id: UUID, name: Name, telling: Telling, at: datetime, *, newest: bool
) -> None:
    """Raise what is told late, if anybody may see it. newest: it is no less in time for that."""
    audience, stream, raised = telling
    if audience:
        row = raising.raised(raised(), alliance_id, stream, name[0], newest=newest, at=at)
        raising.events.append(Event(AT_THE_END, "signal.opened", alliance_id, row["id"]))


class _Late:
    """What was told before; worked out when it is asked for."""

    def __init__(self, work: Callable[[], Told]) -> None:
        self._work = work
        self._found: Told | None = None

    @property
    def found(self) -> Told:
        if self._found is None:
            self._found = self._work()
        return self._found


def _told_by_course(
    stream: Stream, steps: Sequence[Step], course: Course, courses: Courses
) -> Told:
    units = courses.units(stream)
    found: dict[Name, Telling] = {}
    for step in steps:
        for one in step.told.findings:
            response_id = UUID(one.about or step.point.place.response_id)
            name = (response_id, None, OWN_COURSE, one.code, one.scale, one.severity)
            raised = partial(raised_by_course, one, step.told, course.rules, units)
            found[name] = (step.told.readable.signals, stream, raised)
    return found


def _told_by_sides(sides: Mapping[Stream, Sequence[Step]], courses: Courses) -> Told:
    (one, steps), (two, others) = sides.items()
    first = {step.point.occasion: step for step in reversed(others)}
    found: dict[Name, Telling] = {}
    for step in steps:
        other = first.get(step.point.occasion)
        if other is None:
            continue
        windows = {one: step.watch.recent, two: other.watch.recent}
        for raised, about, about_id in raised_between_sides(windows, courses):
            rests_on = about_id, raised.other_response_id
            name = (*rests_on, raised.rule, raised.code, raised.scale, raised.severity)
            found[name] = (raised.readers.signal, about, partial(_itself, raised))
    return found


def _itself(raised: Raised) -> Raised:
    return raised


def _readers(of: Sequence[Course]) -> Mapping[UUID, frozenset[str]]:
    """Response -> who may see what rests on it and on what came before it in its own stream."""
    return {
        UUID(step.point.place.response_id): step.told.readable.signals
        for course in of
        for step in course.steps()
    }


def _standing(
    raising: Raising, among: Mapping[UUID, object], *, compared: bool
) -> Sequence[Standing]:
    """The stored signals that rest on these responses alone, each once."""
    found = {
        signal.id: signal for response_id in among for signal in raising.standing_on(response_id)
    }
    return [one for one in found.values() if _is_of(one.name, among, compared=compared)]


def _new_rows(
    raising: Raising, among: Mapping[UUID, object], *, compared: bool
) -> Sequence[dict[str, Any]]:
    """The same of those that are not stored yet and were not taken back."""
    return [
        row
        for row in raising.rows
        if row["state"] != SUPERSEDED and _is_of(name_of(row), among, compared=compared)
    ]


def _is_of(name: Name, among: Mapping[UUID, object], *, compared: bool) -> bool:
    one, other, rule = name[:3]
    if compared:
        return other is not None and one in among and other in among
    return rule == OWN_COURSE and one in among
