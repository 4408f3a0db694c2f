"""The numbers behind a picture as tables: what is drawn and what could not be, row by row."""

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from app.charts.figures import Panel, Rating, Section, Span, Table
from app.charts.placing import in_words, when
from app.charts.words import Words
from app.marks.schemas import MarkOut
from app.signals.schemas import SignalOut
from app.trends.schemas import DropInTrend, PointOut, TrendOut

NOTHING: Final = "\N{EN DASH}"


def tables_of(trend: TrendOut, sections: Sequence[Section], words: Words) -> tuple[Table, ...]:
    """A table for each panel, then for drops, signals, marks and what was withdrawn.

    Of drops, signals and marks all are in it, in view or not: as in the trend.
    """
    points = {point.response_id: point for one in trend.streams for point in one.points}
    made = [_ratings(panel, words) for one in sections for panel in one.panels]
    made += _happenings(trend, points, words)
    return tuple(table for table in made if table.rows)


def _ratings(panel: Panel, words: Words) -> Table:
    found = [
        (rating.x, at, line.label, rating)
        for at, line in enumerate(panel.lines)
        for rating in line.ratings
    ]
    found.sort(key=lambda one: one[:2])
    rows = [_rating(label, rating, words) for _, _, label, rating in found]
    rows += [_rating(line.label, one, words) for line in panel.lines for one in line.unplaced]
    title = f"{panel.title} ({panel.range_text})"
    columns = ("occasion", "rater", "value", "band", "level", "remark")
    return Table(words("table_ratings", scale=title), _heads(columns, words), tuple(rows))


def _rating(label: str, rating: Rating, words: Words) -> tuple[str, ...]:
    value, band, level = rating.value, rating.band, rating.level
    return (
        rating.place,
        label,
        words.of("status", rating.status) if value is None else words.number(value),
        _span(band, words),
        NOTHING if level is None
        else words("level", mean=words.number(level.mean), **_ends(level.span, words)),
        ", ".join(_remarks(rating, words)) or NOTHING,
    )  # fmt: skip


def _remarks(rating: Rating, words: Words) -> Iterator[str]:
    if rating.prorated:
        yield words("remark_prorated")
    if rating.reported:
        yield words("remark_reported")
    if rating.corrected:
        yield words("remark_corrected", by=rating.corrected)


def _happenings(trend: TrendOut, points: dict[UUID, PointOut], words: Words) -> Iterator[Table]:
    yield Table(
        words("table_drops"),
        _heads(("scale", "rater", "drop", "began", "ended", "depth"), words),
        tuple(_drop(drop, points, words) for drop in trend.drops),
    )
    yield Table(
        words("table_signals"),
        _heads(("occasion", "scale", "rater", "severity", "state", "signal"), words),
        tuple(_signal(signal, points, words) for signal in trend.signals),
    )
    yield Table(
        words("table_marks"),
        _heads(("occasion", "kind", "by", "note"), words),
        tuple(_mark(mark, words) for mark in trend.marks),
    )
    yield Table(
        words("table_withdrawn"),
        _heads(("rater", "how", "by"), words),
        tuple(
            (
                words.of("roles", one.rater.role),
                words.of("how", one.how),
                words.of("roles", one.by.role) if one.by else words("system"),
            )
            for one in trend.withdrawn
        ),
    )


def _drop(drop: DropInTrend, points: dict[UUID, PointOut], words: Words) -> tuple[str, ...]:
    repaired = drop.repaired_response_id
    return (
        words.scale(drop.scale, drop.component),
        words.of("roles", drop.rater.role),
        words.of("drop", drop.state),
        _when(drop.onset_response_id, points, words),
        NOTHING if repaired is None else _when(repaired, points, words),
        f"{words.number(drop.reference)}, {words.number(drop.lowest)}",
    )


def _signal(signal: SignalOut, points: dict[UUID, PointOut], words: Words) -> tuple[str, ...]:
    first = signal.response_ids[0] if signal.response_ids else None
    return (
        NOTHING if first is None else _when(first, points, words),
        NOTHING if signal.scale is None else words.scale(signal.scale, signal.component),
        words.of("roles", signal.rater.role),
        words.of("severity", signal.severity),
        words.of("state", signal.state),
        signal.text,
    )


def _mark(mark: MarkOut, words: Words) -> tuple[str, ...]:
    return (
        when(mark.occasion.occurred_on, mark.occasion.session_number, words),
        words.of("kind", mark.kind),
        words.of("roles", mark.by.role),
        mark.note or (words.of("status", "withheld") if mark.withheld else NOTHING),
    )


def _when(response_id: UUID, points: dict[UUID, PointOut], words: Words) -> str:
    point = points.get(response_id)
    return NOTHING if point is None else in_words(point, words)


def _span(span: Span | None, words: Words) -> str:
    return NOTHING if span is None else words("between", **_ends(span, words))


def _ends(span: Span, words: Words) -> dict[str, str]:
    return {"low": words.number(span.low), "high": words.number(span.high)}


def _heads(names: Sequence[str], words: Words) -> tuple[str, ...]:
    return tuple(words(f"col_{name}") for name in names)
