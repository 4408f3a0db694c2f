"""Small readings that both kinds of files share."""

import re
from collections.abc import Sequence
from typing import Final

from app.measurement.key import NON_ANSWERS
from app.questionnaire_imports.draft import MOST_ANSWERS, Range, Refused

WHOLE: Final = re.compile(r"-?\d{1,4}")
MARKED_UP: Final = re.compile(r"[<>{}\[\]]")
LINE: Final = (0, 10)


def plain_text(text: str) -> str | None:
    """The text; None when it is empty, formatted, or has slots of the other system."""
    stripped = text.strip()
    return None if not stripped or MARKED_UP.search(stripped) else stripped


def non_answer(text: str) -> tuple[int, str]:
    """A value and what it stands for, from `99=declined`. Raises ValueError for other texts."""
    value, _, kind = text.partition("=")
    if not WHOLE.fullmatch(value) or kind not in NON_ANSWERS:
        raise ValueError(f"Expected <value>=<one of {', '.join(NON_ANSWERS)}>.")
    return int(value), kind


def range_of(name: str, values: Sequence[int]) -> Range | Refused:
    """The range that these answers make up, or why they make up none."""
    if len(values) != len(set(values)):
        return Refused(name, "values_repeated", "Two of its answers have the same value.")
    low, high = min(values), max(values)
    if high - low + 1 != len(values):
        detail = "Its values have gaps. Is one of them no answer? Then name it with --non-answer."
        return Refused(name, "values_with_gaps", detail)
    return whole_range(name, low, high)


def whole_range(name: str, low: int, high: int) -> Range | Refused:
    """The range of whole numbers from low to high, or why it is none."""
    if low >= high:
        return Refused(name, "one_value", "There is only one value to choose.")
    if high - low >= MOST_ANSWERS:
        detail = f"More than {MOST_ANSWERS} answers to choose from."
        return Refused(name, "too_many_values", detail)
    return Range("likert", low, high)
