"""The streams that parameters are fitted to, and what is known of them by counting."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from app.alliances.merged_refs import FormerRefs
from app.instruments.definitions import Definition
from app.measurement.answers import item_values
from app.measurement.course import Point
from app.measurement.course_fit import FEWEST_RATINGS, Course
from app.measurement.key import Scale, ScoringKey
from app.measurement.scoring import keyed_values
from app.measurement.watch import days_between
from app.responses.stream_course import placed
from app.responses.stream_state import Stream, point_of, stream_of

FEWEST_STREAMS: Final = 300
"""From how many streams on realised rates came within a fifth of the budget, in simulation; see
docs/reference/detection-benchmark.md."""
MOST_RATINGS: Final = 10_000
"""About how many ratings are fitted, streams taken evenly: more take long and tell little more.
House rule."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The scale that parameters are wanted for."""

    definition: Definition
    form: str
    scale: Scale
    language: str | None
    """None: all languages."""

    @property
    def key(self) -> ScoringKey:
        """The key that scores the form."""
        return self.definition.forms[self.form].key


@dataclass(slots=True)
class Sample:
    """Every stream of the scale, as read."""

    asked: Asked
    streams: list[tuple[Stream, Sequence[Point]]] = field(default_factory=list)
    """Each with its placed points in order."""
    forms: list[Sequence[Sequence[float]]] = field(default_factory=list)
    """Of each stream its first complete forms, at most FEWEST_RATINGS: the scale's keyed items."""

    def add(self, rows: Iterable[Mapping[str, Any]], former: FormerRefs) -> None:
        """Take in the responses of one alliance."""
        found: dict[Stream, dict[str, tuple[Point, Mapping[str, Any]]]] = {}
        for row in rows:
            stream = stream_of(row, former)
            if self.asked.language in {None, stream.language}:
                point = point_of(row, self.asked.definition)
                found.setdefault(stream, {})[point.place.response_id] = (point, row)
        for stream, by_id in sorted(found.items(), key=lambda one: one[0].name()):
            points = placed(point for point, _ in by_id.values())
            self.streams.append((stream, points))
            complete = (
                _complete(by_id[point.place.response_id][1], self.asked) for point in points
            )
            forms = [form for form in complete if form is not None]
            self.forms.append(forms[:FEWEST_RATINGS])


@dataclass(frozen=True, slots=True)
class Courses:
    """The streams that can be fitted: those with FEWEST_RATINGS values or more."""

    all: Sequence[Course]
    ratings: int
    prorated: int
    """Values left out, in all streams, as not all items were answered."""

    def fitted(self) -> Sequence[Course]:
        """Those that are fitted: evenly taken, so that they hold about MOST_RATINGS ratings."""
        apart = min(self.ratings // MOST_RATINGS, len(self.all) // FEWEST_STREAMS)
        return self.all[:: max(apart, 1)]


def courses_of(sample: Sample) -> Courses:
    """The values of each stream in points of the scale's mean, with the days between them."""
    scale = sample.asked.scale
    found: list[Course] = []
    prorated = 0
    for _, points in sample.streams:
        course: list[tuple[float, float | None]] = []
        previous = None
        for point in points:
            observed = point.values.get(scale.id)
            if observed is None:
                continue
            if observed.answered is not None and observed.answered < len(scale.items):
                prorated += 1
                continue
            value = float(observed.value)
            mean = value / len(scale.items) if scale.unit == "sum" else value
            course.append((mean, days_between(previous, point.place)))
            previous = point.place
        if len(course) >= FEWEST_RATINGS:
            found.append(course)
    return Courses(found, sum(map(len, found)), prorated)


def _complete(row: Mapping[str, Any], asked: Asked) -> list[float] | None:
    """The scale's keyed items of a form; None where one of them has no value."""
    if row["answers"] is None:
        return None
    keyed = keyed_values(item_values(row["answers"], asked.key), asked.key)
    items = asked.scale.items
    return [float(keyed[item]) for item in items] if all(i in keyed for i in items) else None
