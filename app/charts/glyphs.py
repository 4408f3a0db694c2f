"""The small shapes of a picture: points of raters, signals, marks. Each is told by its shape."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from app.charts.markup import Element, element, number

RADIUS: Final = 3.6
FLAG: Final = 7.0
"""Half the size of a signal or mark."""
Shape = Callable[[float, float, float], str]


def circle(x: float, y: float, r: float) -> str:
    """A circle."""
    n = number
    return f"M{n(x - r)} {n(y)}a{n(r)} {n(r)} 0 1 0 {n(2 * r)} 0a{n(r)} {n(r)} 0 1 0 {n(-2 * r)} 0z"


def post(x: float, y: float, r: float) -> str:
    """A post: also where it is very small it is told from a circle."""
    across, up = number(1.1 * r), number(2.4 * r)
    return f"M{number(x - 0.55 * r)} {number(y - 1.2 * r)}h{across}v{up}h-{across}z"


def triangle(x: float, y: float, r: float) -> str:
    """A triangle that points up."""
    return _closed((x, y - 1.2 * r), (x + 1.2 * r, y + r), (x - 1.2 * r, y + r))


def triangle_down(x: float, y: float, r: float) -> str:
    """A triangle that points down."""
    return _closed((x, y + 1.2 * r), (x + 1.2 * r, y - r), (x - 1.2 * r, y - r))


def diamond(x: float, y: float, r: float) -> str:
    """A square that stands on a corner."""
    r *= 1.3
    return _closed((x, y - r), (x + r, y), (x, y + r), (x - r, y))


def bar(x: float, y: float, r: float) -> str:
    """A bar that lies."""
    return _closed(
        (x - 1.3 * r, y - 0.5 * r), (x + 1.3 * r, y - 0.5 * r),
        (x + 1.3 * r, y + 0.5 * r), (x - 1.3 * r, y + 0.5 * r),
    )  # fmt: skip


def _closed(*corners: tuple[float, float]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in corners) + "z"


@dataclass(frozen=True, slots=True)
class Style:
    """How a rater is told apart, with or without colour."""

    tone: str
    shape: Shape
    dash: str | None
    """None: a line without gaps."""


STYLES: Final = (
    Style("first", circle, None),
    Style("second", post, "7 3"),
    Style("third", triangle, "2 2"),
    Style("fourth", diamond, "9 3 2 3"),
    Style("third", triangle_down, "4 4"),
    Style("fourth", bar, "1 3"),
)
"""The first is the client's, the second the professional's."""

SIGNS: Final[Mapping[str, tuple[str, bool]]] = MappingProxyType(
    {"watch": ("!", False), "alert": ("!", True), "high": ("!!", True)}
)
"""What stands in a signal's circle, and whether the circle is filled."""
WEIGHT: Final = ("done", "repair", "rupture", "watch", "alert", "high")
"""Of several in one place the last of these gives the circle its look."""


def flag(kind: str, x: float, y: float, count: int = 1) -> Element:
    """A signal or a mark; of several in one place, their number in the look of the gravest."""
    if count > 1:
        return _circled(str(count), x, y, filled=kind in {"alert", "high"})
    if kind == "rupture":
        return _stroked(f"M{number(x - 2.5)} {number(y - FLAG)}l4 5h-4l4 5h-4l4 4", width=1.8)
    if kind == "repair":
        return _stroked(f"{circle(x, y, FLAG - 1.5)}M{number(x - 3)} {number(y)}h6m-3-3v6")
    if kind == "done":
        return _stroked(
            f"{circle(x, y, FLAG - 1)}M{number(x - 2.8)} {number(y)}l2 2.4l3.6-4.6", tone="muted"
        )
    sign, filled = SIGNS.get(kind, SIGNS["watch"])
    return _circled(sign, x, y, filled=filled)


def _circled(sign: str, x: float, y: float, *, filled: bool) -> Element:
    return element(
        "g",
        element(
            "path", d=circle(x, y, FLAG - 0.5), fill="ink" if filled else "paper", stroke="ink",
            stroke_width=1.3,
        ),
        element(
            "text", sign, x=x, y=y + 3.7, font_size=10.5, font_weight="bold",
            text_anchor="middle", fill="paper" if filled else "ink",
        ),
    )  # fmt: skip


def _stroked(path: str, tone: str = "ink", width: float = 1.4) -> Element:
    return element(
        "path", d=path, fill="none", stroke=tone, stroke_width=width, stroke_linejoin="round",
        stroke_linecap="round",
    )  # fmt: skip


def gap(status: str, x: float, y: float, tone: str) -> Element:
    """A rating without a value: a cross if it could not be scored, a ring crossed out if hidden."""
    path = (
        f"{circle(x, y, 3.6)}M{number(x - 2.5)} {number(y + 2.5)}l5-5"
        if status == "withheld"
        else f"M{number(x - 3)} {number(y - 3)}l6 6m0-6l-6 6"
    )
    return element("path", d=path, fill="none", stroke=tone, stroke_width=1.4)
