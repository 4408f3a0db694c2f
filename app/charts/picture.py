"""A whole picture: its parts one below the other, its ground, its name and what it says."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from app.charts.figures import Course, Panel, Section, Span
from app.charts.legend import Seen, laid_out, line_entries, sign_entries
from app.charts.markup import Element, element, number, text_of, xml_text
from app.charts.palette import Theme, paint
from app.charts.panels import Frame, has_clusters, is_crowded, panel_element
from app.charts.patterns import patterns
from app.charts.texts import FONT, LINE, SIZE, wrapped
from app.charts.words import Words

MARGIN: Final = 12.0
BETWEEN: Final = 22.0
"""From one small panel to the next beside it."""
MAIN_HEIGHT: Final = 220.0
SMALL_HEIGHT: Final = 150.0
BESIDE: Final = 640.0
"""Width from which on small panels stand beside each other."""
MOST_BESIDE: Final = 3
NAMESPACE: Final = "http://www.w3.org/2000/svg"


class Stack:
    """Parts of a picture, each put below those before it."""

    def __init__(self) -> None:
        self.parts: list[Element] = []
        self.y = MARGIN

    def put(self, parts: Iterable[Element], height: float, x: float = MARGIN) -> None:
        """Put these parts next, whose own places begin at 0, 0."""
        self.parts.append(
            element("g", *parts, transform=f"translate({number(x)} {number(self.y)})")
        )
        self.y += height

    def say(self, texts: Iterable[str], width: float, size: float, **look: str) -> None:
        """Write these texts next, in as many lines as they need."""
        for text in texts:
            for line in wrapped(text, width, size):
                self.put([element("text", line, y=size, font_size=size, **look)], LINE)


def course_picture(course: Course, words: Words, width: float, theme: Theme) -> str:
    """The picture of a course as SVG. The same course gives the same text, byte for byte."""
    states = {fall.state for one in course.sections for panel in one.panels for fall in panel.falls}
    prefix = prefix_of((course.summary, sorted(states)), width, theme)
    stack, inner = Stack(), width - 2 * MARGIN
    if course.span is None:
        message = "no_panel" if course.sections else "no_ratings"
        stack.say([words(message)], inner, SIZE, fill="ink")
    else:
        stack.put(*laid_out(line_entries(course), inner))
        seen = _put_sections(stack, course, course.span, inner, prefix=prefix, words=words)
        stack.put(*laid_out(sign_entries(course, prefix, words, seen), inner))
        stack.y += 6
    order = [words("axis_order")] if course.placed == "order" and course.span else []
    stack.say([*order, *course.notes], inner, 11.5, fill="muted")
    return svg_text(
        stack.parts, width, stack.y + MARGIN, theme, prefix,
        title=words("title"), description=" ".join(course.summary), language=course.language,
        definitions=patterns(prefix, states),
    )  # fmt: skip


def _put_sections(
    stack: Stack, course: Course, span: Span, width: float, *, prefix: str, words: Words
) -> Seen:
    """Puts every panel below what is there; gives what the legend must tell of them."""
    marks, seen = course.marks, Seen(crowded=False, several=False)
    for section in course.sections:
        stack.y += 4
        stack.say([section.heading], width, 14.5, fill="ink", font_weight="bold")
        stack.y += 6
        for row in rows_of(section, width):
            each = (width - BETWEEN * (len(row) - 1)) / len(row)
            height = MAIN_HEIGHT if len(row) == 1 and row[0].main else SMALL_HEIGHT
            frames = [Frame(panel, course, (), each, height, prefix) for panel in row]
            frames[0] = Frame(row[0], course, marks, each, height, prefix)
            marks = ()
            seen = Seen(
                seen.crowded or any(is_crowded(frame) for frame in frames),
                seen.several or any(has_clusters(frame, span) for frame in frames),
            )
            start = stack.y
            for at, frame in enumerate(frames):
                stack.y = start
                drawn = panel_element(frame, span, words)
                stack.put([drawn], 0, MARGIN + at * (each + BETWEEN))
            stack.y = start + max(frame.height for frame in frames) + 8
    return seen


def rows_of(section: Section, width: float) -> list[Sequence[Panel]]:
    """The panels of an instrument in rows: the whole by itself, the others as small multiples."""
    rows: list[Sequence[Panel]] = [[panel] for panel in section.panels if panel.main]
    small = [panel for panel in section.panels if not panel.main]
    beside = MOST_BESIDE if width >= BESIDE else 1
    return rows + [small[at : at + beside] for at in range(0, len(small), beside)]


def prefix_of(value: object, width: float, theme: Theme) -> str:
    """What the ids of a picture begin with, so that no two on one page have the same.

    value: all that the parts with ids depend on: name, description and patterns.
    """
    told = repr((value, width, theme)).encode("utf-8", "surrogatepass")
    return f"rapport-{hashlib.sha256(told).hexdigest()[:10]}"


def svg_text(
    parts: Iterable[Element],
    width: float,
    height: float,
    theme: Theme,
    prefix: str,
    *,
    title: str,
    description: str,
    language: str,
    definitions: Sequence[Element] = (),
) -> str:
    """The parts as one SVG image with its name and description, painted."""
    ids = f"{prefix}-title", f"{prefix}-desc"
    root = element(
        "svg",
        element("title", title, id=ids[0]),
        element("desc", description, id=ids[1]),
        *([element("defs", *definitions)] if definitions else []),
        element("rect", width="100%", height="100%", fill="paper"),
        *parts,
        xmlns=NAMESPACE, role="img", aria_labelledby=" ".join(ids), lang=language,
        viewBox=f"0 0 {text_of(width)} {text_of(height)}", width=width, height=height,
        font_family=FONT,
    )  # fmt: skip
    return xml_text(paint(root, theme))
