"""What can be seen of how a form was filled in. It never deletes or changes a score."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.measurement.answers import item_values
from app.measurement.key import NON_ANSWERS, ScoringKey
from app.measurement.scoring import keyed_values

MANY_DECLINED: Final = Decimal("0.25")
"""Share of items with a non-answer from which it is said. House rule; no published one found."""
SHORTEST_LINE: Final = 4
"""A line of fewer equal answers is no pattern. House rule."""


@dataclass(frozen=True, slots=True)
class QualityNote:
    """One observation about the answering: a stable code and a sentence for people."""

    code: str
    detail: str


def quality_notes(answers: Mapping[str, object], key: ScoringKey) -> tuple[QualityNote, ...]:
    """What stands out in the answering of one form, in a fixed order; mostly nothing.

    straight_line: every answer the same although some of the items are reversed. On a form
        without reversed items it is a possible honest answer, so the code is not given there.
    all_maximum: every answered item at its strongest; courtesy or fear reads the same as joy.
    many_declined: at least a quarter of the items carry a non-answer.
    Raises AnswersRefused as item_values does.
    """
    values = item_values(answers, key)
    notes = []
    both_ways = key.reversed & values.keys() and values.keys() - key.reversed
    if both_ways and len(values) >= SHORTEST_LINE and len(set(values.values())) == 1:
        notes.append(
            QualityNote("straight_line", "All answers are the same although items are reversed.")
        )
    keyed = keyed_values(values, key)
    if keyed and all(value == key.high for value in keyed.values()):
        notes.append(
            QualityNote("all_maximum", "Every answer is the highest possible: little information.")
        )
    non_answers = sum(isinstance(a, str) and a in NON_ANSWERS for a in answers.values())
    if non_answers >= MANY_DECLINED * len(key.items):
        notes.append(
            QualityNote(
                "many_declined", f"{non_answers} of {len(key.items)} items not answered on purpose."
            )
        )
    return tuple(notes)
