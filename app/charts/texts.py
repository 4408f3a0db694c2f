"""How much room texts take. Whoever looks has fonts of their own, so these are careful guesses."""

from typing import Final

FONT: Final = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
SIZE: Final = 12.0
SMALL: Final = 11.0
LINE: Final = 16.0
"""From one line of text to the next."""
NARROW: Final = frozenset("iljtfrI.,:;'|!()[]- \N{RIGHT SINGLE QUOTATION MARK}")
WIDE: Final = frozenset("mwMW@%\N{EM DASH}")
FIRST_WIDE_SCRIPT: Final = 0x2E80
"""From here on characters are as wide as they are high."""
LEFT_OUT: Final = "…"

BOLD: Final = 1.14
"""How much wider bold letters are."""


def text_width(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """The width of a text, rather too much than too little."""
    return size * sum(_width(character) for character in text) * (BOLD if bold else 1)


def _width(character: str) -> float:
    if character in NARROW:
        return 0.38
    if character in WIDE:
        return 0.95
    if ord(character) >= FIRST_WIDE_SCRIPT:
        return 1.05
    return 0.72 if character.isupper() else 0.6


def shortened(text: str, room: float, size: float = SIZE) -> str:
    """The text, or as much of its beginning as there is room for."""
    if text_width(text, size) <= room:
        return text
    kept = text
    while kept and text_width(kept + LEFT_OUT, size) > room:
        kept = kept[:-1]
    return kept.rstrip() + LEFT_OUT


def wrapped(text: str, room: float, size: float = SIZE) -> list[str]:
    """The text in lines that fit; a word that is too long for any line is shortened."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(shortened(word, room, size))
    return lines
