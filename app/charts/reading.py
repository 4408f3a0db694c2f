"""From a trend, which is made for one reader, to the value that is drawn for that reader."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from app.charts.figures import Course, Level, Line, Panel, Rating, Section, Span
from app.charts.happenings import falls_of, flags_of, marks_of
from app.charts.notes import notes_of
from app.charts.placing import Placing, View, day_of, in_words, placing_of
from app.charts.raters import LineName, labels_of, name_of, styles_of
from app.charts.summary import summary_of
from app.charts.words import Words
from app.instruments.definitions import Catalogue, Definition
from app.measurement.key import Scale
from app.trends.schemas import PointOut, StreamOut, TrendOut

MOST_LINES: Final = 4
"""On one panel; of more raters the same scale gets further panels. House rule."""
WHOLE: Final = "total"
FIRST_SCALES: Final = (WHOLE, "bond", "goals", "tasks")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A stream with what its instrument says of its scale."""

    stream: StreamOut
    definition: Definition
    scale: Scale
    span: Span

    @property
    def standing(self) -> tuple[str, str, int, str]:
        """By which streams are put in order and share a panel: instrument, edition and scale."""
        name = self.scale.id if self.scale.id == WHOLE else self.scale.component
        rank = FIRST_SCALES.index(name) if name in FIRST_SCALES else len(FIRST_SCALES)
        edition = self.definition.form_revision
        return self.stream.instrument, edition, rank, self.scale.id

    @property
    def panel(self) -> tuple[tuple[str, str, int, str], Span]:
        """Which panel it is on: values of different ranges are never drawn on one."""
        return self.standing, self.span


def course_of(trend: TrendOut, catalogue: Catalogue, words: Words, view: View) -> Course:
    """What is drawn of a trend. The trend is the whole one: view cuts it, and nothing else does.

    So a drop that began before the first day in view is still known to have begun there.
    """
    placing = placing_of(trend.streams, trend.marks, view)
    drawn = [_drawn(stream, catalogue) for stream in trend.streams]
    drawn = [one for one in drawn if _in_view(one.stream, view)]
    drawn.sort(key=lambda one: (one.standing, one.span.low, one.span.high))
    names = [name_of(one.stream) for one in drawn]
    reading = _Reading(trend, placing, view, words, styles_of(names), labels_of(names, words))
    sections = tuple(
        Section(_heading(part[0].definition), tuple(reading.panels(part)))
        for _, group in groupby(drawn, key=lambda one: one.standing[:2])
        if (part := list(group))
    )
    marks = marks_of(trend, placing, view)
    return Course(
        language=words.language,
        placed=placing.placed,
        span=placing.span,
        sections=sections,
        marks=marks,
        notes=notes_of(trend, sections, marks, [one.definition for one in drawn], words),
        summary=summary_of(trend, sections, words),
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    """What every panel is made with."""

    trend: TrendOut
    placing: Placing
    view: View
    words: Words
    styles: Mapping[LineName, int]
    labels: Mapping[LineName, str]

    def panels(self, drawn: Sequence[Drawn]) -> Iterator[Panel]:
        """The panels of one instrument: one a scale, more where many rate it."""
        mains = {one.scale.id for one in drawn if one.scale.component is None}
        main = WHOLE if WHOLE in mains else next(iter(sorted(mains)), None)
        for _, group in groupby(drawn, key=lambda one: one.panel):
            on_it = list(group)
            on_it.sort(key=lambda one: (self.styles[name_of(one.stream)], name_of(one.stream)))
            parts = [on_it[at : at + MOST_LINES] for at in range(0, len(on_it), MOST_LINES)]
            for number, part in enumerate(parts, start=1):
                yield self._panel(part, number, len(parts), main)

    def _panel(self, part: Sequence[Drawn], number: int, parts: int, main: str | None) -> Panel:
        first, words = part[0], self.words
        title = words.scale(first.scale.id, first.scale.component)
        if parts > 1:
            title = words("part", scale=title, part=str(number), parts=str(parts))
        streams = {name_of(one.stream): one.stream for one in part}
        span = self.placing.span
        return Panel(
            title=title,
            range_text=words(
                "range",
                unit=words.of("unit", first.scale.unit),
                low=words.number(first.span.low),
                high=words.number(first.span.high),
            ),
            unit=first.scale.unit,
            span=first.span,
            main=first.scale.id == main,
            lines=tuple(self._line(name, stream) for name, stream in streams.items()),
            falls=falls_of(self.trend, streams, self.styles, self.placing) if span else (),
            flags=flags_of(self.trend, streams.values(), self.placing) if span else (),
        )

    def _line(self, name: LineName, stream: StreamOut) -> Line:
        seen = [point for point in stream.points if self.view.holds(day_of(point))]
        unplaced = stream.unplaced if self.view == View(None, None) else []
        return Line(
            self.labels[name],
            self.styles[name],
            tuple(self._ratings(seen)),
            tuple(self._ratings(unplaced)),
        )

    def _ratings(self, points: Iterable[PointOut]) -> Iterator[Rating]:
        for point in points:
            band, level, edit = point.band, point.level, point.edit
            yield Rating(
                x=self.placing.ratings.get(point.response_id, 0.0),
                place=in_words(point, self.words),
                value=point.value,
                status=point.status,
                band=Span(band.low, band.high) if band else None,
                level=Level(level.mean, Span(level.low, level.high)) if level else None,
                prorated=point.prorated,
                reported=point.record_kind == "scores_only",
                corrected=edit_by(edit.by.role if edit.by else None, self.words) if edit else "",
            )


def edit_by(role: str | None, words: Words) -> str:
    """Who made a change, in words; role None: the system itself."""
    return words("system") if role is None else words.of("roles", role)


def _heading(definition: Definition) -> str:
    return str(definition.document["name"])


def _in_view(stream: StreamOut, view: View) -> bool:
    if view == View(None, None):
        return True
    return any(view.holds(day_of(point)) for point in stream.points)


def _drawn(stream: StreamOut, catalogue: Catalogue) -> Drawn:
    definition = catalogue.definition(stream.instrument, stream.instrument_revision)
    key = definition.forms[stream.form].key
    scale = next(one for one in key.scales if one.id == stream.scale)
    items = len(scale.items) if scale.unit == "sum" else 1
    return Drawn(stream, definition, scale, Span(float(key.low) * items, float(key.high) * items))
