"""The words of pictures: data in `words/`, a file per language, all with the same keys."""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

DIRECTORY: Final = Path(__file__).parent / "words"
ORIGINAL: Final = "en"
"""The language that the words were written in, and the one served when a language is missing."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language."""

    language: str
    said: dict[str, Any]

    def __call__(self, key: str, **slots: str) -> str:
        """The words of a key, with what belongs into their slots. Raises KeyError."""
        return str(self.said[key]).format_map(slots)

    def of(self, group: str, code: str) -> str:
        """The word for a code; of one that there is no word for, the code itself."""
        return str(self.said[group].get(code, code.replace("_", " ")))

    def counted(self, key: str, count: int) -> str:
        """`1 rating`, `2 ratings`: the number with its noun."""
        one, many = self.said["counted"][key]
        return f"{count} {one if count == 1 else many}"

    def scale(self, scale: str, component: str | None) -> str:
        """What a scale is called; with its own name where that is not the component's."""
        if component is None:
            return self.of("scale", scale)
        named = self.of("component", component)
        if scale == component:
            return named
        return self("component_scale", component=named, scale=self.of("scale", scale))

    def number(self, value: float) -> str:
        """A number with at most two decimals, and this language's sign before them."""
        text = f"{value:.2f}".rstrip("0").rstrip(".")
        return text.replace(".", self("decimal")) if text != "-0" else "0"

    def month(self, day: date) -> str:
        """The month's short name."""
        return str(self.said["months"][day.month - 1])

    def day(self, day: date) -> str:
        """Day and month, short."""
        return self("day", day=str(day.day), month=self.month(day))


@cache
def languages() -> tuple[str, ...]:
    """The languages that there are words in, in alphabetical order."""
    return tuple(sorted(path.stem for path in DIRECTORY.glob("*.json")))


def words_for(language: str) -> Words:
    """The words for a language tag: its own, those of its first part, else English."""
    primary = language.partition("-")[0].lower()
    return _words(primary if primary in languages() else ORIGINAL)


@cache
def _words(language: str) -> Words:
    text = (DIRECTORY / f"{language}.json").read_text(encoding="utf-8")
    return Words(language, json.loads(text))
