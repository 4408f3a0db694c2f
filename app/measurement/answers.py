"""Reading the answers of one filled-in form: what is a value, what is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from app.measurement.key import NON_ANSWERS, ScoringKey

RULER: Final = Decimal("0.1")
"""A mark on a visual analogue line is read to one decimal, as with a ruler, before summing."""
LINE_LENGTH: Final = Decimal(10)
"""The scale of a visual analogue line is 0 to 10 whatever its length on paper or screen."""


@dataclass(frozen=True, slots=True)
class AnswerFault:
    """One answer that cannot be taken. `item` is None when the fault is in the whole form."""

    item: str | None
    code: str
    detail: str


class AnswersRefused(ValueError):
    """The answers do not fit the form; `faults` names each one, in the order answered."""

    def __init__(self, faults: tuple[AnswerFault, ...]) -> None:
        super().__init__(f"{len(faults)} answers do not fit the form")
        self.faults = faults


def item_values(answers: Mapping[str, object], key: ScoringKey) -> dict[str, Decimal]:
    """The answered items' values before reversal: item id -> value in key.low..key.high.

    answers: item id -> value as answered (an integer on a Likert form; 0 to 10 or
        {"mark_mm", "line_mm"} on a visual analogue form), or one of NON_ANSWERS.
    Items with a non-answer and absent items are left out: unknown, never zero.
    Raises AnswersRefused for an unknown item, for a value that is not exactly one of the
    form's, and for a form without a single answer of any kind.

    >>> from decimal import Decimal
    >>> key = ScoringKey("likert", Decimal(1), Decimal(5), ("1", "2"), frozenset(), ())
    >>> item_values({"1": 4, "2": "declined"}, key)
    {'1': Decimal('4')}
    """
    faults: list[AnswerFault] = []
    values: dict[str, Decimal] = {}
    for item, answer in answers.items():
        if item not in key.items:
            known = f"The form's items are {key.items[0]} to {key.items[-1]}."
            faults.append(AnswerFault(item, "unknown_item", known))
        elif not (isinstance(answer, str) and answer in NON_ANSWERS):
            value = _value(answer, key)
            if isinstance(value, Decimal):
                values[item] = value
            else:
                faults.append(AnswerFault(item, "not_an_answer", value))
    if not answers:
        faults.append(
            AnswerFault(None, "no_answers", "A form without answers is a declined form, not a 0.")
        )
    if faults:
        raise AnswersRefused(tuple(faults))
    return values


def _value(answer: object, key: ScoringKey) -> Decimal | str:
    """The answer as a number, or the sentence that says what would have been one."""
    if key.kind == "likert":
        if type(answer) is int and key.low <= answer <= key.high:
            return Decimal(answer)  # nearly every answer: without the way through text
        number = _number(answer)
        if number is None or number != int(number) or not key.low <= number <= key.high:
            return f"Expected a whole number from {key.low} to {key.high}, or a non-answer."
        return number
    position = _line_position(answer) if isinstance(answer, Mapping) else _number(answer)
    if position is None or not key.low <= position <= key.high:
        return (
            f"Expected a number from {key.low} to {key.high}, "
            'or {"mark_mm", "line_mm"} with the mark on the line, or a non-answer.'
        )
    return position.quantize(RULER, ROUND_HALF_UP)


def _number(answer: object) -> Decimal | None:
    """A JSON number as the decimal it was written as; None for anything else, true included."""
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        return None
    number = Decimal(repr(answer))
    return number if number.is_finite() else None


def _line_position(answer: Mapping[object, object]) -> Decimal | None:
    """Where the mark stands on a line rescaled to 0..10; None if it is not on the line."""
    if set(answer) != {"mark_mm", "line_mm"}:
        return None
    mark, line = _number(answer["mark_mm"]), _number(answer["line_mm"])
    if mark is None or line is None or line <= 0 or not 0 <= mark <= line:
        return None
    return LINE_LENGTH * mark / line
