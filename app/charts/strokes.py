"""One line of a panel: its ratings, the error of each, and the rater's own level."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.charts.axes import Axis
from app.charts.figures import Level, Line, Rating
from app.charts.glyphs import RADIUS, STYLES, gap
from app.charts.markup import Element, element, number

CROWDED: Final = 8.0
"""Pixels from one rating to the next below which only points and level are drawn."""
AIRY: Final = 13.0
CROWDED_RADIUS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Plot:
    """Where values and places go on one panel."""

    across: Axis
    up: Axis
    """From the foot of the plot to its top."""

    def room_for(self, lines: Iterable[Line]) -> float:
        """Pixels from one rating to the next on the fullest line."""
        fullest = max((len(line.ratings) for line in lines), default=1)
        return abs(self.across.end - self.across.start) / max(fullest, 1)


def radius(room: float) -> float:
    """Half the size of a point where so many pixels lie from one to the next."""
    if room < CROWDED:
        return CROWDED_RADIUS
    return RADIUS if room >= AIRY else 0.75 * RADIUS


def under_points(plot: Plot, line: Line) -> Iterator[Element]:
    """The level with its interval, and the line from value to value: what lies beneath points."""
    style, room = STYLES[line.style], plot.room_for([line])
    for run in _runs(line.ratings, lambda rating: rating.level is not None):
        levels = [(plot.across.at(one.x), one.level) for one in run if one.level is not None]
        if len(levels) > 1:
            yield from _level(plot, levels, style.tone, style.dash)
    if room >= CROWDED:
        runs = [
            _way(plot, [(one.x, one.value) for one in run if one.value is not None])
            for run in _runs(line.ratings, lambda rating: rating.value is not None)
        ]
        yield from _stroke("".join(runs), style.tone, style.dash, 1)
        bars = "".join(
            f"M{number(plot.across.at(one.x))} {number(plot.up.at(one.band.low))}"
            f"V{number(plot.up.at(one.band.high))}"
            for one in line.ratings
            if one.band is not None
        )
        yield from _stroke(bars, style.tone, None, 0.8)


def points(plot: Plot, line: Line, room: float) -> Iterator[Element]:
    """The points of a line; hollow those that an older system reported, ringed the corrected."""
    style, r = STYLES[line.style], radius(room)
    scored = [
        (plot.across.at(one.x), plot.up.at(one.value), one)
        for one in line.ratings
        if one.value is not None
    ]
    filled = "".join(style.shape(x, y, r) for x, y, one in scored if not one.reported)
    hollow = "".join(style.shape(x, y, r) for x, y, one in scored if one.reported)
    rings = "".join(style.shape(x, y, r + 3) for x, y, one in scored if one.corrected)
    if filled:
        yield element("path", d=filled, fill=style.tone, stroke="paper", stroke_width=0.5)
    if hollow:
        yield element("path", d=hollow, fill="paper", stroke=style.tone, stroke_width=1.5)
    yield from _stroke(rings, style.tone, None, 1)


def gaps(plot: Plot, line: Line, y: float) -> Iterator[Element]:
    """What stands below the plot for ratings without a value."""
    for one in line.ratings:
        if one.value is None:
            yield gap(one.status, plot.across.at(one.x), y, STYLES[line.style].tone)


def error_bar(plot: Plot, line: Line, x: float) -> Iterator[Element]:
    """The error of one rating, once beside a line that is too crowded to show it at each."""
    banded = [one for one in line.ratings if one.band is not None]
    if banded and banded[-1].band is not None:
        band, tone = banded[-1].band, STYLES[line.style].tone
        low, high = plot.up.at(band.low), plot.up.at(band.high)
        yield from _stroke(
            f"M{number(x - 2.5)} {number(low)}h5m-2.5 0V{number(high)}m-2.5 0h5", tone, None, 1.2
        )


def _level(
    plot: Plot, levels: Sequence[tuple[float, Level]], tone: str, dash: str | None
) -> Iterator[Element]:
    lows = [(x, plot.up.at(level.span.low)) for x, level in levels]
    highs = [(x, plot.up.at(level.span.high)) for x, level in levels]
    yield element(
        "path", d=_joined([*highs, *reversed(lows)]) + "z", fill=tone, fill_opacity="0.15"
    )
    means = [(x, plot.up.at(level.mean)) for x, level in levels]
    yield from _stroke(_joined(means), tone, dash, 2.6)


def _way(plot: Plot, values: Sequence[tuple[float, float]]) -> str:
    return _joined([(plot.across.at(x), plot.up.at(value)) for x, value in values])


def _joined(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in places)


def _stroke(path: str, tone: str, dash: str | None, width: float) -> Iterator[Element]:
    if path:
        yield element(
            "path", d=path, fill="none", stroke=tone, stroke_width=width, stroke_dasharray=dash,
            stroke_linejoin="round",
        )  # fmt: skip


def _runs(ratings: Iterable[Rating], holds: Callable[[Rating], bool]) -> Iterator[list[Rating]]:
    """Stretches of neighbouring ratings for which something holds: a gap is never bridged."""
    run: list[Rating] = []
    for rating in ratings:
        if holds(rating):
            run.append(rating)
        elif run:
            yield run
            run = []
    if run:
        yield run
