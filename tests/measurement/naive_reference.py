"""Scoring a second time, as plainly as can be: from a definition's JSON text, in fractions.

Nothing here comes from the application, so that a mistake has to be made twice to stay unseen.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

DEFINITIONS: Final = Path(__file__).parents[2] / "app" / "instruments" / "definitions"


@dataclass(frozen=True)
class NaiveScore:
    """What one scale of one filled-in form comes to."""

    sum: Fraction | None
    mean: Fraction | None
    percent: Fraction | None
    answered: int
    prorated: bool
    status: str


def scorable_forms() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """(instrument, form, key) of every form that the shipped files say how to score."""
    for file in sorted(DEFINITIONS.glob("*/?.?.json")):
        document = json.loads(file.read_text("utf-8"))
        if document["availability"] == "scorable":
            for name, form in document["forms"].items():
                yield document["instrument"], name, document["keys"][form["key"]]


def naive_scores(key: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, NaiveScore]:
    """Scale id -> its score."""
    values = {
        item: as_scored(item, answer, key)
        for item, answer in answers.items()
        if not isinstance(answer, str)
    }
    return {scale["id"]: naive_score(key, scale, values) for scale in key["scales"]}


def as_scored(item: str, answer: Any, key: Mapping[str, Any]) -> Fraction:
    """The answer as it counts: read as with a ruler on a line, turned round if reversed."""
    value = as_answered(answer)
    if key["kind"] == "visual_analogue":
        value = Fraction((value * 10 + Fraction(1, 2)).__floor__(), 10)
    return key["low"] + key["high"] - value if item in key["reversed"] else value


def as_answered(answer: Any) -> Fraction:
    """The number that was given, or where on a line from 0 to 10 a mark stands."""
    if isinstance(answer, dict):
        return 10 * Fraction(str(answer["mark_mm"])) / Fraction(str(answer["line_mm"]))
    return Fraction(str(answer))


def naive_score(
    key: Mapping[str, Any], scale: Mapping[str, Any], values: Mapping[str, Fraction]
) -> NaiveScore:
    """One scale, with the mean of what was answered in place of what was not."""
    items = scale["items"]
    present = [values[item] for item in items if item in values]
    if len(present) < scale["min_answered"]:
        return NaiveScore(None, None, None, len(present), prorated=False, status="not_scorable")
    mean = sum(present, Fraction(0)) / len(present)
    completed = [values.get(item, mean) for item in items]
    total = sum(completed, Fraction(0))
    percent = (mean - key["low"]) * 100 / (key["high"] - key["low"])
    return NaiveScore(
        total, mean, percent, len(present), prorated=len(present) != len(items), status="scored"
    )
