"""One panel of a course: axes, drops, lines, signals and gaps of one scale."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.charts.axes import Axis, Tick, day_ticks, value_ticks, whole_ticks
from app.charts.figures import Course, Flag, Panel, Span
from app.charts.glyphs import FLAG, STYLES, WEIGHT, flag
from app.charts.markup import Element, element
from app.charts.patterns import pattern_id
from app.charts.strokes import CROWDED, Plot, error_bar, gaps, points, under_points
from app.charts.texts import BOLD, SMALL, shortened, text_width
from app.charts.words import Words

LEFT: Final = 36.0
RIGHT: Final = 14.0
INSIDE: Final = 9.0
"""From an end of the plot to the first or last thing in it."""
TITLE: Final = 22.0
LANE: Final = 2 * FLAG + 4
"""Above the plot, for signals; a second one for what is about no scale."""
GAP_ROW: Final = 11.0
FOOT: Final = 34.0
"""Below the plot, for what is written along the axis."""
BAR_ROOM: Final = 9.0
"""For each error bar beside a crowded plot."""
TICK_ROOM: Final = {"dates": 58.0, "sessions": 34.0, "order": 34.0}


@dataclass(frozen=True, slots=True)
class Frame:
    """How large a panel is, and what is drawn in it."""

    panel: Panel
    course: Course
    marks: Sequence[Flag]
    """Empty on all panels but the first."""
    width: float
    plot_height: float
    prefix: str
    """With which the ids of patterns begin."""

    @property
    def top(self) -> float:
        """Where the plot begins."""
        return TITLE + LANE * (bool(self.panel.flags) + bool(self.marks)) + 4

    @property
    def foot(self) -> float:
        """Where the plot ends."""
        return self.top + self.plot_height

    @property
    def rows(self) -> list[int]:
        """The lines that have gaps, by their number."""
        return [
            number
            for number, line in enumerate(self.panel.lines)
            if any(one.value is None for one in line.ratings)
        ]

    @property
    def height(self) -> float:
        """Of the whole panel."""
        return self.foot + GAP_ROW * len(self.rows) + FOOT


def panel_element(frame: Frame, span: Span, words: Words) -> Element:
    """A panel, its left upper corner at 0, 0."""
    plot = _plot(frame, span)
    return element(
        "g",
        *_title(frame),
        *_grid(frame, plot, words),
        *_falls(frame, plot),
        *_lanes(frame, plot),
        *_lines(frame, plot),
        *_along(frame, plot, span, words),
    )


def has_clusters(frame: Frame, span: Span) -> bool:
    """Whether some signals or marks stand so close together that their number is shown instead."""
    across = _plot(frame, span).across
    lanes = (frame.marks, frame.panel.flags)
    return any(len(group) > 1 for flags in lanes for group in clusters(flags, across))


def is_crowded(frame: Frame) -> bool:
    """Whether the error of a rating is shown once beside the lines, not at each rating."""
    room = (frame.width - LEFT - RIGHT) / max(
        (len(x.ratings) for x in frame.panel.lines), default=1
    )
    return room < CROWDED


def _plot(frame: Frame, span: Span) -> Plot:
    bars = BAR_ROOM * len(frame.panel.lines) if is_crowded(frame) else 0.0
    right = frame.width - RIGHT - INSIDE - bars
    own = frame.panel.span
    return Plot(
        Axis(span.low, span.high, LEFT + INSIDE, right),
        Axis(own.low, own.high, frame.foot - 5, frame.top + 5),
    )


def _title(frame: Frame) -> Iterator[Element]:
    panel = frame.panel
    title = shortened(panel.title, frame.width / BOLD, 13)
    yield element("text", title, x=0, y=13, font_size=13, font_weight="bold", fill="ink")
    left = text_width(title, 13, bold=True) + 8
    if left + text_width(panel.range_text, SMALL) < frame.width:
        yield element("text", panel.range_text, x=left, y=13, font_size=SMALL, fill="muted")


def _grid(frame: Frame, plot: Plot, words: Words) -> Iterator[Element]:
    right = frame.width - RIGHT
    most = 5 if frame.plot_height > 160 else 4  # noqa: PLR2004 - pixels
    for tick in value_ticks(plot.up.low, plot.up.high, most, words):
        y = plot.up.at(tick.value)
        yield element("path", d=f"M{LEFT:g} {y:.1f}H{right:g}", stroke="grid", stroke_width=1)
        yield element(
            "text", tick.label, x=LEFT - 6, y=y + 4, font_size=SMALL, text_anchor="end",
            fill="muted",
        )  # fmt: skip
    yield element(
        "path", d=f"M{LEFT:g} {frame.top:g}V{frame.foot:g}H{right:g}", fill="none", stroke="edge",
        stroke_width=1,
    )  # fmt: skip


def _falls(frame: Frame, plot: Plot) -> Iterator[Element]:
    for fall in frame.panel.falls:
        left, right = plot.across.at(fall.start), plot.across.at(fall.end)
        top, foot = plot.up.at(fall.reference), plot.up.at(fall.lowest)
        style = STYLES[fall.style]
        yield element(
            "rect", x=left - 4, y=top, width=right - left + 8, height=max(foot - top, 3.0),
            fill=f"url(#{pattern_id(frame.prefix, fall.state)})", stroke=style.tone,
            stroke_width=1.2, stroke_dasharray=style.dash,
        )  # fmt: skip


def _lanes(frame: Frame, plot: Plot) -> Iterator[Element]:
    y = TITLE + FLAG
    for flags in (frame.marks, frame.panel.flags):
        if not flags:
            continue
        for group in clusters(flags, plot.across):
            x = sum(plot.across.at(one.x) for one in group) / len(group)
            if len(group) == 1:
                foot = frame.foot if group[0].value is None else plot.up.at(group[0].value)
                yield element(
                    "path", d=f"M{x:.1f} {y + FLAG:.1f}V{foot:.1f}", stroke="edge", stroke_width=1,
                    stroke_dasharray="1 3",
                )  # fmt: skip
            gravest = max((one.kind for one in group), key=WEIGHT.index)
            yield flag(gravest, x, y, len(group))
        y += LANE


def clusters(flags: Iterable[Flag], across: Axis) -> list[list[Flag]]:
    """The flags of a lane, those together that would else lie on each other."""
    groups: list[list[Flag]] = []
    end = float("-inf")
    for one in sorted(flags, key=lambda found: found.x):
        x = across.at(one.x)
        if x - end < 2 * FLAG + 1:
            groups[-1].append(one)
            end = max(sum(across.at(f.x) for f in groups[-1]) / len(groups[-1]), end)
        else:
            groups.append([one])
            end = x
    return groups


def _lines(frame: Frame, plot: Plot) -> Iterator[Element]:
    lines, room = frame.panel.lines, plot.room_for(frame.panel.lines)
    for line in reversed(lines):
        yield from under_points(plot, line)
    for line in reversed(lines):
        yield from points(plot, line, room)
    for row, number in enumerate(frame.rows):
        yield from gaps(plot, lines[number], frame.foot + GAP_ROW * (row + 0.6))
    if is_crowded(frame):
        for number, line in enumerate(lines):
            x = frame.width - RIGHT - BAR_ROOM * (len(lines) - number - 0.5)
            yield from error_bar(plot, line, x)


def _along(frame: Frame, plot: Plot, span: Span, words: Words) -> Iterator[Element]:
    placed = frame.course.placed
    most = int((plot.across.end - plot.across.start) / TICK_ROOM[placed])
    ticks: list[Tick] = (
        day_ticks(span.low, span.high, most, words)
        if placed == "dates"
        else whole_ticks(span.low, span.high, most)
    )
    y = frame.foot + GAP_ROW * len(frame.rows)
    for tick in ticks:
        x = plot.across.at(tick.value)
        yield element("path", d=f"M{x:.1f} {y:g}v4", stroke="edge", stroke_width=1)
        half = text_width(tick.label, SMALL) / 2
        anchor, at = ("end", frame.width) if x + half > frame.width else ("middle", x)
        for label, below in ((tick.label, 15), (tick.below, 28)):
            if label:
                yield element(
                    "text", label, x=at, y=y + below, font_size=SMALL, text_anchor=anchor,
                    fill="muted",
                )  # fmt: skip
    if placed == "sessions":
        yield element(
            "text", words("axis_sessions"), x=(plot.across.start + plot.across.end) / 2, y=y + 28,
            font_size=SMALL, text_anchor="middle", fill="muted",
        )  # fmt: skip
