"""A strip of a caseload: for each alliance the latest ratings of both sides, small, in one row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
LEAST_POINTS: Final = 2
SIDES: Final = ("client", "professional")


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


@dataclass(frozen=True, slots=True)
class Strip:
    """The alliances of a caseload page, in its own order."""

    heading: str
    rows: tuple[StripRow, ...]


def strip_picture(strip: Strip, words: Words, width: float, theme: Theme) -> str:
    """The strip as SVG. Every row has its own scale's full range from foot to top."""
    inner, stack = width - 2 * MARGIN, Stack()
    stack.say([strip.heading], inner, 14.5, fill="ink", font_weight="bold")
    stack.y += 6
    stack.put(*laid_out(_entries(words), inner))
    height = ROW + (18 if inner < NARROW else 0)
    for row in strip.rows:
        stack.put(_row(row, inner, height, words), height)
    if not strip.rows:
        stack.say([words("no_ratings")], inner, SIZE, fill="ink")
    stack.y += 4
    spans = {(row.span.low, row.span.high): row.span for row in strip.rows}
    stack.say([_range(span, words) for span in spans.values()], inner, 11.5, fill="muted")
    stack.say([words("note_no_clear")], inner, 11.5, fill="muted")
    return svg_text(
        stack.parts, width, stack.y + MARGIN, theme, prefix_of(strip, width, theme),
        title=f"{words('strip_title')}: {strip.heading}",
        description=" ".join(_sentence(row, words) for row in strip.rows),
        language=words.language,
    )  # fmt: skip


def _entries(words: Words) -> Iterator[Entry]:
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


def _row(row: StripRow, width: float, height: float, words: Words) -> Iterator[Element]:
    narrow = width < NARROW
    left = 0.0 if narrow else NAME_SHARE * width
    middle = height - ROW / 2
    yield element("path", d=f"M0 {height:g}H{width:g}", stroke="grid")
    room = width if narrow else left - 10
    name = shortened(row.label, room, SIZE)
    yield element("text", name, y=15 if narrow else middle + 4, font_size=SIZE, fill="ink")
    right = left + LINE_SHARE * width
    up = Axis(row.span.low, row.span.high, height - 5, height - ROW + 5)
    yield element("path", d=f"M{number(left)} {number(height - 4)}V{number(height - ROW + 4)}",
                  stroke="edge")  # fmt: skip
    longest = max((len(spark.values) for spark in row.sparks), default=0)
    across = Axis(-max(longest - 1, 1), 0, left + 6, right - 6)
    for spark in sorted(row.sparks, key=lambda one: -_style(one)):
        yield from _spark(spark, across, up)
    if row.signal is not None:
        yield flag(row.signal, right + FLAG + 6, middle)
    texts = wrapped(", ".join(_flags(row, words)), width - right - 30, SMALL)
    for at, text in enumerate(texts[:2]):
        y = middle + 4 + (at - (len(texts[:2]) - 1) / 2) * 13
        yield element("text", text, x=right + 26, y=y, font_size=SMALL, fill="muted")


def _style(spark: Spark) -> int:
    return SIDES.index(spark.role) if spark.role in SIDES else len(SIDES)


def _spark(spark: Spark, across: Axis, up: Axis) -> Iterator[Element]:
    """The line of one side, broken at gaps, its last value as a point; the newest on the right."""
    style = STYLES[_style(spark)]
    places = [
        None if value is None else (across.at(at - len(spark.values) + 1), up.at(value))
        for at, value in enumerate(spark.values)
    ]
    path, pen = "", "M"
    for place in places:
        if place is not None:
            # h0: a rating between two gaps is a dot, as nothing would be drawn of a lone place.
            alone = "h0" if pen == "M" else ""
            path += f"{pen}{number(place[0])} {number(place[1])}{alone}"
        pen = "M" if place is None else "L"
    if len(places) >= LEAST_POINTS and path:
        yield element(
            "path", d=path, fill="none", stroke=style.tone, stroke_width=1.6,
            stroke_dasharray=style.dash, stroke_linecap="round",
        )  # fmt: skip
    newest = next((place for place in reversed(places) if place is not None), None)
    if newest is not None:
        yield element("path", d=style.shape(*newest, 3.4), fill=style.tone, stroke="paper")


def _flags(row: StripRow, words: Words) -> Iterator[str]:
    if row.open_drop:
        yield words("strip_open_drop")
    if row.silent:
        yield words("strip_silent")
    if row.days_since is not None:
        yield words.counted("days", row.days_since)


def _sentence(row: StripRow, words: Words) -> str:
    series = ", ".join(
        words("strip_series", rater=words.of("roles", one.role), value=_latest(one.values, words))
        for one in row.sparks
    )
    signal = [] if row.signal is None else [words(f"legend_{row.signal}")]
    flags = "".join(f", {text}" for text in (*signal, *_flags(row, words)))
    return words("strip_row", label=row.label, series=series or words("nothing"), flags=flags)


def _latest(values: Sequence[float | None], words: Words) -> str:
    newest = next((value for value in reversed(values) if value is not None), None)
    return words("nothing") if newest is None else words.number(newest)


def _range(span: Span, words: Words) -> str:
    return words("strip_scale", low=words.number(span.low), high=words.number(span.high))
