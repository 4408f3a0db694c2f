"""A funnel: how far professionals or programmes lie from all, by the clients that stand behind.

Within the limits they differ as chance alone would have it. There is no ranking: units stand
where their numbers put them, are named in the order of their references, and no colour praises.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

from app.charts.axes import Axis, easy_step, value_ticks, whole_ticks
from app.charts.figures import Span
from app.charts.glyphs import circle, diamond, triangle
from app.charts.legend import Entry, laid_out
from app.charts.markup import Element, element, number
from app.charts.palette import Theme
from app.charts.picture import MARGIN, Stack, prefix_of, svg_text
from app.charts.texts import SMALL, text_width
from app.charts.words import Words
from app.measurement.funnel import FunnelFigure, Limits, Point

HEIGHT: Final = 320.0
LEFT: Final = 48.0
RADIUS: Final = 4.5
TICK_ROOM: Final = 46.0
SHAPES: Final = {"inside": circle, "outside_95": diamond, "outside_998": triangle}
LABEL_HEIGHT: Final = 13.0
MOST_STEPS: Final = 6
"""From mark to mark; at either end the axis may reach on to the next one."""
ROOM_AROUND: Final = 0.05
"""Of what is shown, above and below it."""
Box = tuple[float, float, float, float]
"""Left, top, right, foot."""


@dataclass(frozen=True, slots=True)
class _Plot:
    across: Axis
    up: Axis


def funnel_picture(
    figure: FunnelFigure | str, heading: str, words: Words, width: float, theme: Theme
) -> str:
    """The funnel as SVG, or instead of a figure why there is none, in words.

    heading: of what it is, such as instrument, scale and quarters.

    The axis of values spans what is shown, not the whole scale: points, unlike bars, need no foot.
    """
    inner, stack = width - 2 * MARGIN, Stack()
    stack.say([heading], inner, 14.5, fill="ink", font_weight="bold")
    stack.y += 8
    if isinstance(figure, str):
        why = words("funnel_withheld", why=figure)
        stack.say([why], inner, 12, fill="ink")
        return _told(stack, [why], heading, words, width, theme)
    if figure.limits and figure.points:
        plot = _plot(figure, inner)
        stack.put(_drawn(figure, plot, inner, words), HEIGHT + 40)
    else:
        stack.say([words("no_ratings")], inner, 12, fill="ink")
    stack.put(*laid_out(_entries(figure, words), inner))
    stack.y += 6
    stack.say([words("funnel_no_rank")], inner, 11.5, fill="muted")
    return _told(stack, list(_sentences(figure, words)), heading, words, width, theme)


def _told(  # noqa: PLR0917 - named where it is called
    stack: Stack, sentences: list[str], heading: str, words: Words, width: float, theme: Theme
) -> str:
    return svg_text(
        stack.parts, width, stack.y + MARGIN, theme,
        prefix_of((sentences, heading), width, theme),
        title=f"{words('funnel_title')}: {heading}", description=" ".join(sentences),
        language=words.language,
    )  # fmt: skip


def _plot(figure: FunnelFigure, width: float) -> _Plot:
    shown = [point.value for point in figure.points]
    shown += [one for each in figure.limits for one in (each.low_998, each.high_998)]
    low, high = min(shown), max(shown)
    room = ROOM_AROUND * (high - low) or 0.5
    step = easy_step(high - low + 2 * room, MOST_STEPS)
    span = Span(step * floor((low - room) / step), step * ceil((high + room) / step))
    clients = [each.clients for each in figure.limits] + [point.clients for point in figure.points]
    most = max(clients)
    return _Plot(Axis(0, most * 1.04, LEFT, width - 10), Axis(span.low, span.high, HEIGHT, 6))


def _drawn(figure: FunnelFigure, plot: _Plot, width: float, words: Words) -> Iterator[Element]:
    across, up = plot.across, plot.up
    for tick in value_ticks(up.low, up.high, MOST_STEPS + 2, words):
        y = up.at(tick.value)
        yield element("path", d=f"M{LEFT:g} {y:.1f}H{width:g}", stroke="grid")
        yield element(
            "text", tick.label, x=LEFT - 6, y=y + 4, font_size=SMALL, text_anchor="end",
            fill="muted",
        )  # fmt: skip
    for tick in whole_ticks(across.low, across.high, int((across.end - LEFT) / TICK_ROOM)):
        x = across.at(tick.value)
        yield element("path", d=f"M{x:.1f} {HEIGHT:g}v4", stroke="edge")
        yield element(
            "text", tick.label, x=x, y=HEIGHT + 16, font_size=SMALL, text_anchor="middle",
            fill="muted",
        )  # fmt: skip
    yield element("path", d=f"M{LEFT:g} 0V{HEIGHT:g}H{width:g}", fill="none", stroke="edge")
    yield element(
        "text", words("funnel_x"), x=(LEFT + width) / 2, y=HEIGHT + 32, font_size=SMALL,
        text_anchor="middle", fill="muted",
    )  # fmt: skip
    yield from _curves(figure, plot)
    yield from _points(figure, plot, width)


def _curves(figure: FunnelFigure, plot: _Plot) -> Iterator[Element]:
    y = number(plot.up.at(figure.centre))
    yield element("path", d=f"M{LEFT:g} {y}H{number(plot.across.end)}", stroke="ink")
    curves = (
        ([each.low_95 for each in figure.limits], "6 4"),
        ([each.high_95 for each in figure.limits], "6 4"),
        ([each.low_998 for each in figure.limits], None),
        ([each.high_998 for each in figure.limits], None),
    )
    for values, dash in curves:
        yield element(
            "path", d=_curve(figure.limits, values, plot), fill="none", stroke="edge",
            stroke_width=1.4, stroke_dasharray=dash,
        )  # fmt: skip


def _curve(limits: tuple[Limits, ...], values: list[float], plot: _Plot) -> str:
    places = zip((each.clients for each in limits), values, strict=True)
    return "M" + "L".join(
        f"{number(plot.across.at(clients))} {number(plot.up.at(value))}"
        for clients, value in places
    )


def _points(figure: FunnelFigure, plot: _Plot, width: float) -> Iterator[Element]:
    """The points, then their names: those for which there is no room stand in the description."""
    taken: list[Box] = []
    places = []
    for point in figure.points:
        x, y = plot.across.at(point.clients), plot.up.at(point.value)
        places.append((point, x, y))
        taken.append((x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS))
        shape = SHAPES.get(point.position, circle)
        yield element(
            "path", d=shape(x, y, RADIUS), stroke="first", stroke_width=1.6,
            fill="first" if point.position == "inside" else "paper",
        )  # fmt: skip
    for point, x, y in places:
        box = _room_for(point.name, x, y, taken, width)
        if box is not None:
            taken.append(box)
            yield element(
                "text", point.name, x=box[0], y=box[3] - 3, font_size=SMALL, fill="ink",
                stroke="paper", stroke_width=3, paint_order="stroke",
            )  # fmt: skip


def _room_for(name: str, x: float, y: float, taken: list[Box], width: float) -> Box | None:
    """Where a name fits beside its point without lying on another or on a point."""
    wide, half = text_width(name, SMALL), LABEL_HEIGHT / 2
    corners = (
        (x + 8, y - half), (x - 8 - wide, y - half), (x - wide / 2, y - 8 - LABEL_HEIGHT),
        (x - wide / 2, y + 8),
    )  # fmt: skip
    for left, top in corners:
        box = (left, top, left + wide, top + LABEL_HEIGHT)
        free = not any(_overlap(box, other) for other in taken)
        if free and left >= LEFT and box[2] <= width and top >= 0 and box[3] <= HEIGHT:
            return box
    return None


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _entries(figure: FunnelFigure, words: Words) -> Iterator[Entry]:
    for position, shape in SHAPES.items():
        if any(point.position == position for point in figure.points):
            fill = "first" if position == "inside" else "paper"
            sample = element(
                "path", d=shape(0, 0, RADIUS), fill=fill, stroke="first", stroke_width=1.6
            )
            yield Entry(sample, words.of("funnel_where", position))
    lines = (("funnel_mean", "ink", None), ("funnel_limits_95", "edge", "6 4"),
             ("funnel_limits_998", "edge", None))  # fmt: skip
    for key, tone, dash in lines if figure.limits else ():
        line = element("path", d="M-14 0h28", stroke=tone, stroke_width=1.4, stroke_dasharray=dash)
        yield Entry(line, words(key))


def _sentences(figure: FunnelFigure, words: Words) -> Iterator[str]:
    """One on each point, in the order given: of references, never of values."""
    for point in figure.points:
        yield _sentence(point, words)
    yield words("funnel_no_rank")


def _sentence(point: Point, words: Words) -> str:
    return words(
        "funnel_point",
        label=point.name,
        clients=words.counted("clients", point.clients),
        value=words.number(point.value),
        where=words.of("funnel_where", point.position),
    )
