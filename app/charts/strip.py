"""A strip of a caseload: for each alliance the latest ratings of both sides, small, in one row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.charts.axes import Axis
from app.charts.figures import Span
from app.charts.glyphs import FLAG, STYLES, flag
from app.charts.legend import Entry, laid_out
from app.charts.markup import Element, element, number
from app.charts.palette import Theme
from app.charts.picture import MARGIN, Stack, prefix_of, svg_text
from app.charts.texts import SIZE, SMALL, shortened, wrapped
from app.charts.words import Words

ROW: Final = 40.0
NARROW: Final = 560.0
"""Below this width of the strip each name stands above its line, not beside it."""
LINE_SHARE: Final = 0.42
NAME_SHARE: Final = 0.26
MOST_LINES: Final = 3
"""Of text beside a line."""
LONE: Final = 2.0
"""Radius of a rating between two gaps."""
SIDES: Final = ("client", "professional")
SIGNALS: Final = ("high", "alert", "watch")


@dataclass(frozen=True, slots=True)
class Spark:
    """The latest ratings of one side, oldest first, in the scale's unit."""

    role: str
    """`client` or `professional`."""
    values: tuple[float | None, ...]
    """None: a gap, never a zero: not scorable, or not for this reader."""


@dataclass(frozen=True, slots=True)
class StripRow:
    """One alliance."""

    label: str
    sparks: tuple[Spark, ...]
    span: Span
    """The full possible range of the scale."""
    open_drop: bool
    signal: str | None
    """The gravest open signal, `watch`, `alert` or `high`; None: none that this reader may see."""
    silent: bool
    days_since: int | None
    """Since the last rating of either side; None: there is none, or it has no date."""
    measure: str = ""
    """What the line is of, in words: instrument, scale and unit; empty: there is no line."""


@dataclass(frozen=True, slots=True)
class Strip:
    """The alliances of a caseload page, in its own order."""

    heading: str
    """Whose they are; empty: nobody is named."""
    rows: tuple[StripRow, ...]


def strip_picture(strip: Strip, words: Words, width: float, theme: Theme) -> str:
    """The strip as SVG. Every row has its own scale's full range from foot to top."""
    inner, stack = width - 2 * MARGIN, Stack()
    heading = words("strip_title") + (f": {strip.heading}" if strip.heading else "")
    stack.say([heading], inner, 14.5, fill="ink", font_weight="bold")
    stack.y += 6
    stack.put(*laid_out(_entries(strip, words), inner))
    stack.y += 6
    several = len({row.measure for row in strip.rows if row.measure}) > 1
    height = ROW + (18 if inner < NARROW else 0) + (13 if inner < NARROW and several else 0)
    longest = max((len(one.values) for row in strip.rows for one in row.sparks), default=0)
    for row in strip.rows:
        shown = row if several else replace(row, measure="")
        stack.put(_row(shown, inner, height, longest, words), height)
    if not strip.rows:
        stack.say([words("strip_empty")], inner, SIZE, fill="ink")
    stack.y += 4
    stack.say(_notes(strip, words, several=several), inner, 11.5, fill="muted")
    return svg_text(
        stack.parts, width, stack.y + MARGIN, theme, prefix_of(strip, width, theme),
        title=heading,
        description=" ".join(_sentence(row, words) for row in strip.rows),
        language=words.language,
    )  # fmt: skip


def _notes(strip: Strip, words: Words, *, several: bool) -> Iterator[str]:
    """What is said below the rows. several: whether the lines are of different measures."""
    drawn = [row for row in strip.rows if row.sparks]
    if not several:
        yield from list(dict.fromkeys(row.measure for row in drawn if row.measure))
    spans = {(row.span.low, row.span.high): row.span for row in drawn}
    if len(spans) == 1:
        yield from (_range(span, words) for span in spans.values())
    elif spans:
        yield words("strip_scales")
    if any(None in spark.values for row in drawn for spark in row.sparks):
        yield words("strip_gap")
    yield words("note_no_clear")


def _entries(strip: Strip, words: Words) -> Iterator[Entry]:
    """Both sides, and the signals that some row has."""
    for role in SIDES:
        style = STYLES[SIDES.index(role)]
        sample = element(
            "g",
            element(
                "path", d="M-14 0h28", stroke=style.tone, stroke_width=1.6,
                stroke_dasharray=style.dash,
            ),
            element("path", d=style.shape(0, 0, 3.4), fill=style.tone, stroke="paper"),
        )  # fmt: skip
        yield Entry(sample, words.of("roles", role))
    for kind in SIGNALS:
        if any(row.signal == kind for row in strip.rows):
            yield Entry(flag(kind, 0, 0), words(f"legend_{kind}"))


def _row(
    row: StripRow, width: float, height: float, longest: int, words: Words
) -> Iterator[Element]:
    """One alliance. longest: ratings of the longest line: a step is as wide in every row."""
    narrow = width < NARROW
    left = 0.0 if narrow else NAME_SHARE * width
    middle = height - ROW / 2
    yield element("path", d=f"M0 {height:g}H{width:g}", stroke="grid")
    room = width if narrow else left - 10
    name = shortened(row.label, room, SIZE)
    y = 15 if narrow else middle + (-3 if row.measure else 4)
    yield element("text", name, y=y, font_size=SIZE, fill="ink")
    if row.measure:
        measure = shortened(row.measure, room, SMALL)
        yield element("text", measure, y=y + 14, font_size=SMALL, fill="muted")
    right = left + LINE_SHARE * width
    up = Axis(row.span.low, row.span.high, height - 5, height - ROW + 5)
    yield element("path", d=f"M{number(left)} {number(height - 4)}V{number(height - ROW + 4)}",
                  stroke="edge")  # fmt: skip
    across = Axis(-max(longest - 1, 1), 0, left + 6, right - 6)
    for spark in sorted(row.sparks, key=lambda one: -_style(one)):
        yield from _spark(spark, across, up)
    if row.signal is not None:
        yield flag(row.signal, right + FLAG + 6, middle)
    texts = wrapped(", ".join(_flags(row, words)), width - right - 30, SMALL)
    for at, text in enumerate(texts[:MOST_LINES]):
        foot = middle + 4 + (at - (len(texts[:MOST_LINES]) - 1) / 2) * 12
        yield element("text", text, x=right + 26, y=foot, font_size=SMALL, fill="muted")


def _style(spark: Spark) -> int:
    return SIDES.index(spark.role) if spark.role in SIDES else len(SIDES)


def _spark(spark: Spark, across: Axis, up: Axis) -> Iterator[Element]:
    """The line of one side, broken at gaps, its last value as a point; the newest on the right."""
    style = STYLES[_style(spark)]
    places = [
        None if value is None else (across.at(at - len(spark.values) + 1), up.at(value))
        for at, value in enumerate(spark.values)
    ]
    path, pen, lone = "", "M", ""
    for at, place in enumerate(places):
        if place is not None:
            path += f"{pen}{number(place[0])} {number(place[1])}"
            # Nothing would be drawn of a line to nowhere.
            if pen == "M" and (at + 1 == len(places) or places[at + 1] is None):
                lone += style.shape(*place, LONE)
        pen = "M" if place is None else "L"
    if "L" in path:
        yield element(
            "path", d=path, fill="none", stroke=style.tone, stroke_width=1.6,
            stroke_dasharray=style.dash, stroke_linecap="round",
        )  # fmt: skip
    if lone:
        yield element("path", d=lone, fill=style.tone)
    newest = next((place for place in reversed(places) if place is not None), None)
    if newest is not None:
        yield element("path", d=style.shape(*newest, 3.4), fill=style.tone, stroke="paper")


def _flags(row: StripRow, words: Words) -> Iterator[str]:
    """What is told of a row beside its signal."""
    if row.open_drop:
        yield words("strip_open_drop")
    if row.silent:
        yield words("strip_silent")
    if row.days_since is not None:
        yield words("strip_since", days=words.counted("days", row.days_since))


def _sentence(row: StripRow, words: Words) -> str:
    series = ", ".join(
        words("strip_series", rater=words.of("roles", one.role), value=_latest(one.values, words))
        for one in row.sparks
    )
    flags = "".join(f", {text}" for text in standing_in_words(row, words))
    return words("strip_row", label=row.label, series=series or words("nothing"), flags=flags)


def standing_in_words(row: StripRow, words: Words) -> list[str]:
    """How an alliance stands: its gravest signal, its drop, its silence, its last rating."""
    signal = [] if row.signal is None else [words(f"legend_{row.signal}")]
    return [*signal, *_flags(row, words)]


def _latest(values: Sequence[float | None], words: Words) -> str:
    newest = next((value for value in reversed(values) if value is not None), None)
    return words("nothing") if newest is None else words.number(newest)


def _range(span: Span, words: Words) -> str:
    return words("strip_scale", low=words.number(span.low), high=words.number(span.high))
