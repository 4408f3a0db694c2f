"""What happened in a course: drops, signals, and ruptures and repairs that people noticed."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from app.charts.figures import Fall, Flag, Span
from app.charts.placing import Placing, View
from app.charts.raters import LineName
from app.trends.schemas import DropInTrend, PointOut, StreamOut, TrendOut

SETTLED: Final = frozenset({"resolved", "closed", "recorded"})
"""States of signals that ask for nothing any more."""
NOT_DRAWN: Final = "superseded"
"""What no longer holds is told in the table and not drawn."""


def falls_of(
    trend: TrendOut,
    streams: Mapping[LineName, StreamOut],
    styles: Mapping[LineName, int],
    placing: Placing,
) -> tuple[Fall, ...]:
    """The drops of the streams of one panel, as far as something of them is in view."""
    span = placing.span
    falls = []
    for name, stream in streams.items():
        for drop in drops_of(trend, stream):
            start = placing.ratings.get(drop.onset_response_id)
            if span is None or start is None:
                continue
            end = _end(drop, stream.points, placing, span)
            if start <= span.high and end >= span.low:
                style = styles[name]
                falls.append(Fall(style, start, end, drop.reference, drop.lowest, drop.state))
    return tuple(falls)


def drops_of(trend: TrendOut, stream: StreamOut) -> list[DropInTrend]:
    """The drops of one stream."""
    ids = {point.response_id for point in stream.points}
    return [
        drop
        for drop in trend.drops
        if drop.scale == stream.scale and drop.signalled_response_id in ids
    ]


def _end(drop: DropInTrend, points: Iterable[PointOut], placing: Placing, span: Span) -> float:
    """Where a drop ends along the axis."""
    if drop.repaired_response_id is not None:
        return placing.ratings.get(drop.repaired_response_id, span.high)
    if drop.state == "open":
        return span.high
    scored = [point.response_id for point in points if point.value is not None]
    last = scored.index(drop.signalled_response_id) + drop.ratings_since
    return placing.ratings.get(scored[min(last, len(scored) - 1)], span.high)


def flags_of(trend: TrendOut, streams: Iterable[StreamOut], placing: Placing) -> tuple[Flag, ...]:
    """The signals about the streams of one panel, in view and in their order along the axis."""
    values = {
        (stream.scale, point.response_id): point.value
        for stream in streams
        for point in stream.points
    }
    flags = []
    for signal in trend.signals:
        if signal.scale is None or signal.state == NOT_DRAWN or not signal.response_ids:
            continue
        at = (signal.scale, signal.response_ids[0])
        x = placing.ratings.get(at[1])
        if at in values and x is not None and _is_within(x, placing.span):
            kind = "done" if signal.state in SETTLED else signal.severity
            flags.append(Flag(x, values[at], kind))
    return tuple(sorted(flags, key=lambda flag: flag.x))


def marks_of(trend: TrendOut, placing: Placing, view: View) -> tuple[Flag, ...]:
    """Marks, and signals that are about no scale, in view and in their order along the axis."""
    by_mark = {mark.id: placing.of_mark(mark) for mark in trend.marks}
    flags = [
        Flag(x, None, mark.kind)
        for mark in trend.marks
        if (x := by_mark[mark.id]) is not None
        and _is_within(x, placing.span)
        and (view == View(None, None) or placing.placed == "dates")
    ]
    for signal in trend.signals:
        if signal.scale is not None or signal.state == NOT_DRAWN:
            continue
        place = _place(signal.response_ids, signal.mark_id, placing, by_mark)
        if place is not None and _is_within(place, placing.span):
            kind = "done" if signal.state in SETTLED else signal.severity
            flags.append(Flag(place, None, kind))
    return tuple(sorted(flags, key=lambda flag: (flag.x, flag.kind)))


def _place(
    response_ids: list[UUID],
    mark_id: UUID | None,
    placing: Placing,
    by_mark: Mapping[UUID, float | None],
) -> float | None:
    if response_ids:
        return placing.ratings.get(response_ids[0])
    return by_mark.get(mark_id) if mark_id is not None else None


def _is_within(x: float, span: Span | None) -> bool:
    return span is not None and span.low <= x <= span.high
