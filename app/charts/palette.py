"""The colours of pictures by what they are for, light and dark, and how they get into a picture.

Nothing is told by colour alone: raters differ in the shape of their points and the dashes of their
lines, drops in their pattern, signals in what stands in them. Contrasts follow WCAG 2.2: text 4.5
to 1 (criterion 1.4.3), graphics 3 to 1 (criterion 1.4.11).
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal

from app.charts.markup import Element, element

Theme = Literal["light", "dark", "auto"]
"""auto: light, and dark for whoever has asked their system for that."""
Tones = Mapping[str, str]

LIGHT: Final[Tones] = MappingProxyType(
    {
        "paper": "#ffffff",
        "ink": "#1c2127",
        "muted": "#565f6a",
        "edge": "#7a838e",
        "grid": "#e1e5ea",
        "first": "#1859a9",
        "second": "#a2470b",
        "third": "#6b3fa0",
        "fourth": "#1d6b45",
    }
)
DARK: Final[Tones] = MappingProxyType(
    {
        "paper": "#14181d",
        "ink": "#edf0f3",
        "muted": "#aab3be",
        "edge": "#828c98",
        "grid": "#2c333b",
        "first": "#82b8f5",
        "second": "#f2a566",
        "third": "#c7a6f2",
        "fourth": "#7fd0a4",
    }
)
"""paper: the ground. ink, muted: text. edge: axes and patterns. grid: helps the eye and tells
nothing, so it may be faint. first to fourth: raters, first the client, second the professional."""
THEMES: Final[Mapping[str, Tones]] = MappingProxyType({"light": LIGHT, "dark": DARK})
PAINTED: Final = ("fill", "stroke")
SCOPE: Final = "rapport-chart"
"""Class of every picture; rules of style hold inside it only, as a page may hold more."""


def paint(root: Element, theme: Theme) -> Element:
    """The picture with colours where the drawing named tones.

    A fixed theme needs no style sheet. With `auto` a style sheet turns the light colours dark.
    """
    root.set("class", SCOPE)
    tones = THEMES.get(theme, LIGHT)
    used: set[tuple[str, str]] = set()
    for part in root.iter():
        named = [(kind, part.get(kind, "")) for kind in PAINTED if part.get(kind) in tones]
        for kind, tone in named:
            part.set(kind, tones[tone])
        if theme == "auto" and named:
            part.set("class", " ".join(_class(kind, tone) for kind, tone in named))
            used.update(named)
    if theme == "auto":
        root.insert(0, element("style", _dark_rules(used)))
    return root


def _class(kind: str, tone: str) -> str:
    return f"{kind}-{tone}"


def _dark_rules(used: set[tuple[str, str]]) -> str:
    rules = "".join(
        f".{SCOPE} .{_class(kind, tone)}{{{kind}:{DARK[tone]}}}" for kind, tone in sorted(used)
    )
    return f"@media (prefers-color-scheme:dark){{{rules}}}"


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.2, definition of contrast ratio).

    >>> round(contrast("#ffffff", "#000000"), 1)
    21.0
    """
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, definition of relative luminance)."""
    red, green, blue = (_linear(channel) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> Iterator[float]:
    for start in (1, 3, 5):
        yield int(colour[start : start + 2], 16) / 255


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - of sRGB
