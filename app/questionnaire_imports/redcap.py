"""Reading a REDCap data dictionary (CSV): one row a field, with its choices and calculations."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from app.questionnaire_imports.calculations import calculation
from app.questionnaire_imports.draft import (
    FileRefused,
    Question,
    Range,
    Reading,
    Refused,
    Sum,
)
from app.questionnaire_imports.values import LINE, WHOLE, plain_text, range_of, whole_range

NAME: Final = "Variable / Field Name"
FORM: Final = "Form Name"
KIND: Final = "Field Type"
LABEL: Final = "Field Label"
CHOICES: Final = "Choices, Calculations, OR Slider Labels"
VALIDATION: Final = "Text Validation Type OR Show Slider Number"
LOWEST: Final = "Text Validation Min"
HIGHEST: Final = "Text Validation Max"
IDENTIFIER: Final = "Identifier?"
BRANCHING: Final = "Branching Logic (Show field only if...)"
NEEDED: Final = (NAME, FORM, KIND, LABEL, CHOICES, VALIDATION, LOWEST, HIGHEST)
SCORE_NAME: Final = 41
NOT_QUESTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "checkbox": ("several_answers", "Several answers can be ticked; an item has one."),
    "descriptive": ("no_question", "It shows a text and asks nothing."),
    "notes": ("free_text", "It is answered in words."),
    "file": ("no_value", "It is answered with a file."),
    "sql": ("no_value", "Its choices stand in a database."),
}


def read_dictionary(content: bytes, form: str | None, non_answers: Mapping[int, str]) -> Reading:
    """What one form of a data dictionary says. form: its name; None: the only one there is.

    non_answers: values that are no answers (`99` -> declined). Raises FileRefused when it is no
    data dictionary, or form does not name one of its forms.
    """
    rows = _rows(content)
    forms = list(dict.fromkeys(row[FORM] for row in rows))
    if form is None and len(forms) != 1:
        raise FileRefused(f"The file has {len(forms)} forms; name one with --form.")
    if form is not None and form not in forms:
        raise FileRefused("The file has no form of this name.")
    chosen = [row for row in rows if row[FORM] == (form or forms[0])]
    return Reading(tuple(_parts(chosen, non_answers)), None, None, None, None)


def _rows(content: bytes) -> list[dict[str, str]]:
    try:
        text = content.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise FileRefused("The file is no CSV in UTF-8.") from None
    missing = [name for name in NEEDED if rows and name not in rows[0]]
    if not rows or missing:
        raise FileRefused(f"The file lacks columns of a data dictionary: {', '.join(missing)}.")
    if any(None in row or None in row.values() for row in rows):
        raise FileRefused("A row has more or fewer cells than the first.")
    return rows


def _parts(
    rows: list[dict[str, str]], non_answers: Mapping[int, str]
) -> Iterator[Question | Sum | Refused]:
    answers: Range | None = None
    for row in rows:
        kind = row[KIND].strip().lower()
        if kind == "calc":
            yield _score(row, answers)
            continue
        part = _question(row, kind, non_answers)
        if isinstance(part, Question) and answers is None:
            answers = part.range
        yield part


def _score(row: Mapping[str, str], answers: Range | None) -> Sum | Refused:
    name = row[NAME].strip()
    if answers is None:
        return Refused(name, "names_no_item", "It comes before the first item.")
    if len(name) > SCORE_NAME:
        return Refused(name, "name_too_long", f"A scale's id has {SCORE_NAME} characters at most.")
    return calculation(name, row[CHOICES], answers)


def _question(
    row: Mapping[str, str], kind: str, non_answers: Mapping[int, str]
) -> Question | Refused:
    name = row[NAME].strip()
    if row.get(BRANCHING, "").strip():
        return Refused(name, "branching", "It is asked of some only; an item is asked of all.")
    if row.get(IDENTIFIER, "").strip().lower() == "y":
        return Refused(name, "identifier", "It identifies a person.")
    if kind in {"radio", "dropdown"}:
        return _chosen(row, name, non_answers)
    if kind in READERS:
        return READERS[kind](row, name)
    return Refused(name, *NOT_QUESTIONS.get(kind, ("unknown_kind", "Its kind is not known.")))


def _chosen(
    row: Mapping[str, str], name: str, non_answers: Mapping[int, str]
) -> Question | Refused:
    labels: dict[int, str] = {}
    values: list[int] = []
    for choice in row[CHOICES].split("|"):
        value, comma, label = choice.partition(",")
        if not comma or not WHOLE.fullmatch(value.strip()):
            detail = "Its choices are not all a whole number, a comma, and a label."
            return Refused(name, "choices_not_numbers", detail)
        if int(value) not in non_answers:
            values.append(int(value))
            labels[int(value)] = label.strip()
    found = range_of(name, values) if values else Refused(name, "no_value", "It has no answers.")
    if isinstance(found, Refused):
        return found
    return Question(name, found, plain_text(row[LABEL]), labels)


def _slider(row: Mapping[str, str], name: str) -> Question | Refused:
    ends = (row[LOWEST].strip(), row[HIGHEST].strip())
    if ends != tuple(map(str, LINE)):
        detail = (
            "A line goes from 0 to 10, and this slider does not say that it does. Where it goes "
            'from 0 to 100, say so in the definition and send {"mark_mm", "line_mm": 100}.'
        )
        return Refused(name, "slider_of_another_range", detail)
    labels = [label.strip() for label in row[CHOICES].split("|")]
    if len(labels) < 2 or not labels[0] or not labels[-1]:  # noqa: PLR2004 - two ends
        return Refused(name, "ends_without_words", "It does not say what its ends mean.")
    answers = Range("visual_analogue", *LINE)
    return Question(name, answers, plain_text(row[LABEL]), {}, (labels[0], labels[-1]))


def _typed(row: Mapping[str, str], name: str) -> Question | Refused:
    low, high = row[LOWEST].strip(), row[HIGHEST].strip()
    if row[VALIDATION].strip().lower() != "integer":
        return Refused(name, "free_text", "It is answered in words, or not in whole numbers.")
    if not WHOLE.fullmatch(low) or not WHOLE.fullmatch(high):
        return Refused(name, "no_range", "It does not say lowest and highest number.")
    found = whole_range(name, int(low), int(high))
    if isinstance(found, Refused):
        return found
    return Question(name, found, plain_text(row[LABEL]), {})


def _yes_or_no(row: Mapping[str, str], name: str) -> Question | Refused:
    """1 is yes or true, 0 no or false: so the dictionary's own documentation has it."""
    return Question(name, Range("likert", 0, 1), plain_text(row[LABEL]), {})


READERS: Final[Mapping[str, Callable[[Mapping[str, str], str], Question | Refused]]] = {
    "slider": _slider,
    "text": _typed,
    "yesno": _yes_or_no,
    "truefalse": _yes_or_no,
}
