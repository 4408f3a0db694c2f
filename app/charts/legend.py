"""What the shapes of a picture mean; only those that it holds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from app.charts.figures import Course, Line, Panel
from app.charts.glyphs import STYLES, flag, gap
from app.charts.markup import Element, element
from app.charts.patterns import pattern_id
from app.charts.texts import LINE, SIZE, text_width, wrapped
from app.charts.words import Words

SAMPLE: Final = 34.0
"""Room of a sample before its words."""
BETWEEN: Final = 18.0
FLAGS: Final = ("watch", "alert", "high", "done", "rupture", "repair")
DROPS: Final = ("open", "repaired", "unrepaired", "ended_while_open")


@dataclass(frozen=True, slots=True)
class Entry:
    """A sample and what it means. The sample's middle is at 0, 0."""

    sample: Element
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What only drawing has shown."""

    crowded: bool
    """Whether some panel shows the error of a rating once beside its lines."""
    several: bool
    """Whether some signals or marks are shown as their number."""


def line_entries(course: Course) -> list[Entry]:
    """An entry for each rater."""
    lines = {(line.style, line.label): line for line in _lines(course)}
    return [Entry(_line_sample(line), line.label) for _, line in sorted(lines.items())]


def sign_entries(course: Course, prefix: str, words: Words, seen: Seen) -> list[Entry]:
    """An entry for each other thing that is in the picture."""
    return [
        *_of_lines(list(_lines(course)), words, crowded=seen.crowded),
        *_of_drops(list(_panels(course)), prefix, words),
        *_of_flags(course, words, several=seen.several),
    ]


def _panels(course: Course) -> Iterator[Panel]:
    for section in course.sections:
        yield from section.panels


def _lines(course: Course) -> Iterator[Line]:
    for panel in _panels(course):
        yield from panel.lines


def _line_sample(line: Line) -> Element:
    style = STYLES[line.style]
    return element(
        "g",
        element(
            "path", d="M-14 0h28", stroke=style.tone, stroke_width=2, stroke_dasharray=style.dash
        ),
        element("path", d=style.shape(0, 0, 4.2), fill=style.tone, stroke="paper"),
    )


def _of_lines(lines: Iterable[Line], words: Words, *, crowded: bool) -> Iterator[Entry]:
    ratings = [rating for line in lines for rating in line.ratings]
    if any(one.band for one in ratings):
        bar = element("path", d="M0-7v14", stroke="ink", stroke_width=1)
        yield Entry(bar, words("legend_band_once" if crowded else "legend_band"))
    if any(one.level for one in ratings):
        shade = element(
            "g",
            element("path", d="M-14-6h28v12h-28z", fill="ink", fill_opacity="0.15"),
            element("path", d="M-14 0h28", stroke="ink", stroke_width=2.6),
        )
        yield Entry(shade, words("legend_level"))
    if any(one.reported for one in ratings):
        hollow = element(
            "path", d=STYLES[0].shape(0, 0, 3.6), fill="paper", stroke="ink", stroke_width=1.5
        )
        yield Entry(hollow, words("legend_reported"))
    if any(one.corrected for one in ratings):
        rings = STYLES[0].shape(0, 0, 6.6)
        ringed = element(
            "g",
            element("path", d=STYLES[0].shape(0, 0, 3.6), fill="ink"),
            element("path", d=rings, fill="none", stroke="ink"),
        )
        yield Entry(ringed, words("legend_corrected"))
    for status in ("not_scorable", "withheld"):
        if any(one.value is None and one.status == status for one in ratings):
            yield Entry(gap(status, 0, 0, "ink"), words(f"legend_{status}"))


def _of_drops(panels: Iterable[Panel], prefix: str, words: Words) -> Iterator[Entry]:
    states = {fall.state for panel in panels for fall in panel.falls}
    for state in (*DROPS, *sorted(states - set(DROPS))):
        if state in states:
            fill = f"url(#{pattern_id(prefix, state)})"
            box = element("path", d="M-14-6h28v12h-28z", fill=fill, stroke="ink")
            yield Entry(box, words.of("drop", state))


def _of_flags(course: Course, words: Words, *, several: bool) -> Iterator[Entry]:
    lanes = [course.marks, *(panel.flags for panel in _panels(course))]
    kinds = {one.kind for lane in lanes for one in lane}
    for kind in FLAGS:
        if kind in kinds:
            yield Entry(flag(kind, 0, 0), words(f"legend_{kind}"))
    if several:
        yield Entry(flag("watch", 0, 0, 2), words("legend_several"))


def laid_out(entries: Iterable[Entry], width: float) -> tuple[list[Element], float]:
    """The entries side by side where they fit, and the height that they take."""
    made: list[Element] = []
    x = y = height = 0.0
    for entry in entries:
        lines = wrapped(entry.text, width - SAMPLE)
        needed = SAMPLE + max(text_width(line) for line in lines)
        if x and x + needed > width:
            x, y, height = 0.0, y + height, 0.0
        made.append(_placed(entry, lines, x, y))
        x += needed + BETWEEN
        height = max(height, LINE * len(lines) + 4)
    return made, y + height


def _placed(entry: Entry, lines: list[str], x: float, y: float) -> Element:
    sample = element("g", entry.sample, transform=f"translate({x + 14:.1f} {y + 9:.1f})")
    texts = [
        element("text", line, x=x + SAMPLE, y=y + 13 + LINE * number, font_size=SIZE, fill="ink")
        for number, line in enumerate(lines)
    ]
    return element("g", sample, *texts)
