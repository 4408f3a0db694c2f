"""Reading a FHIR R4 Questionnaire (JSON): its items, as far as their answers have numbers."""

import json
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, Final, TypeAlias

from app.questionnaire_imports.draft import FileRefused, Question, Range, Reading, Refused
from app.questionnaire_imports.values import LINE, plain_text, range_of, whole_range

Json: TypeAlias = Mapping[str, Any]
ORDINAL: Final = {
    "http://hl7.org/fhir/StructureDefinition/ordinalValue",
    "http://hl7.org/fhir/StructureDefinition/itemWeight",
}
LOWEST: Final = "http://hl7.org/fhir/StructureDefinition/minValue"
HIGHEST: Final = "http://hl7.org/fhir/StructureDefinition/maxValue"
CALCULATED: Final = "calculatedExpression"
DEEPEST: Final = 20
IN_WORDS: Final = {"string", "text", "url"}
"""Answered in words."""


def read_questionnaire(content: bytes, non_answers: Mapping[int, str]) -> Reading:
    """What a Questionnaire says. non_answers: values that are no answers (`99` -> declined).

    Raises FileRefused when it is no Questionnaire resource with items.
    """
    try:
        resource = json.loads(content)
    except (ValueError, RecursionError):
        raise FileRefused("The file is no JSON.") from None
    if not isinstance(resource, dict) or resource.get("resourceType") != "Questionnaire":
        raise FileRefused("The file holds no Questionnaire.")
    if resource.get("modifierExtension") or resource.get("implicitRules"):
        raise FileRefused("The Questionnaire has extensions that change its meaning.")
    parts = tuple(_parts(resource, DEEPEST, non_answers))
    names = [part.name for part in parts]
    if len(names) != len(set(names)):
        raise FileRefused("Two items have the same linkId.")
    said = _text(resource, "copyright")
    url, version = _text(resource, "url"), _text(resource, "version")
    return Reading(
        parts,
        _text(resource, "title") or _text(resource, "name"),
        f"{url}|{version}" if url and version else url,
        said and f"The file says: {said}",
        _text(resource, "language"),
    )


def _parts(
    parent: Json, depth: int, non_answers: Mapping[int, str]
) -> Iterator[Question | Refused]:
    items = parent.get("item", [])
    if not isinstance(items, list) or depth == 0:
        raise FileRefused("Its items are no lists, or nested too deeply.")
    for item in items:
        name = item.get("linkId") if isinstance(item, dict) else None
        if not isinstance(name, str) or not name:
            raise FileRefused("An item has no linkId.")
        if item.get("type") == "group" and not _changes_meaning(item):
            yield from _parts(item, depth - 1, non_answers)
            continue
        yield _part(item, name, non_answers)
        # What hangs below a question is asked because of its answer.
        for below in _parts(item, depth - 1, non_answers):
            yield Refused(below.name, "below_another", "It stands below another item.")


def _part(item: Json, name: str, non_answers: Mapping[int, str]) -> Question | Refused:
    """The question that an item asks, or why it is none of ours."""
    kind = item.get("type")
    refused = _changes_meaning(item)
    if refused is not None:
        return Refused(name, *refused)
    if kind in {"choice", "integer", "decimal"}:
        if item.get("repeats") is True:
            return Refused(name, "several_answers", "It takes several answers; an item has one.")
        if any(CALCULATED in url for url in _extensions(item)):
            return Refused(name, "calculated", "It is calculated, and its formula is not read.")
        return _with_values(item, name, non_answers)
    reasons: dict[object, tuple[str, str]] = dict.fromkeys(
        IN_WORDS, ("free_text", "It is answered in words.")
    )
    reasons |= {
        "display": ("no_question", "It shows a text and asks nothing."),
        "open-choice": ("free_text", "It may be answered in words."),
        "boolean": ("no_value", "Yes and no have no numbers in it."),
    }
    return Refused(name, *reasons.get(kind, ("no_value", "Its answers are no numbers.")))


def _changes_meaning(item: Json) -> tuple[str, str] | None:
    if item.get("modifierExtension"):
        return "modifier_extension", "It has an extension that changes its meaning."
    if item.get("enableWhen") or any("enableWhenExpression" in url for url in _extensions(item)):
        return "branching", "It is asked of some only; an item is asked of all."
    return None


def _with_values(item: Json, name: str, non_answers: Mapping[int, str]) -> Question | Refused:
    text = plain_text(_text(item, "text") or "")
    if item["type"] == "choice":
        labels = _options(item, name, non_answers)
        if isinstance(labels, Refused):
            return labels
        found = range_of(name, list(labels))
        shown = {value: label for value, label in labels.items() if label is not None}
        shown = shown if len(shown) == len(labels) else {}
        return found if isinstance(found, Refused) else Question(name, found, text, shown)
    low, high = _bound(item, LOWEST), _bound(item, HIGHEST)
    if low is None or high is None:
        return Refused(name, "no_range", "It does not say lowest and highest number.")
    if item["type"] == "decimal":
        if (low, high) != LINE:
            return Refused(name, "not_a_line", "Decimal numbers are taken on a line from 0 to 10.")
        return Question(name, Range("visual_analogue", *LINE), text, {})
    ends = whole_range(name, low, high)
    return ends if isinstance(ends, Refused) else Question(name, ends, text, {})


def _options(
    item: Json, name: str, non_answers: Mapping[int, str]
) -> dict[int, str | None] | Refused:
    """Value -> label of each answer to choose, or why they have no values."""
    if "answerValueSet" in item:
        return Refused(name, "value_set_elsewhere", "Its answers stand in another resource.")
    options = item.get("answerOption")
    if not isinstance(options, list) or not options:
        return Refused(name, "no_value", "It has no answers to choose from.")
    labels: dict[int, str | None] = {}
    for option in options:
        value = _value(option) if isinstance(option, dict) else None
        if value is None:
            detail = "An answer has a code and no number; codes are not taken for numbers."
            return Refused(name, "options_without_values", detail)
        if value in labels:
            return Refused(name, "values_repeated", "Two of its answers have the same value.")
        if value not in non_answers:
            labels[value] = _text(option.get("valueCoding", {}), "display")
    return labels or Refused(name, "no_value", "It has no answers to choose from.")


def _value(option: Json) -> int | None:
    """The number of an answer; None when it has none, or no whole one."""
    if "valueInteger" in option:
        return _whole(option["valueInteger"])
    coding = option.get("valueCoding")
    holders = [option, coding] if isinstance(coding, dict) else [option]
    for holder in holders:
        for url, extension in _extensions(holder).items():
            if url in ORDINAL:
                return _whole(extension.get("valueDecimal"))
    return None


def _bound(item: Json, url: str) -> int | None:
    extension = _extensions(item).get(url, {})
    found = [value for name, value in extension.items() if name.startswith("value")]
    return _whole(found[0]) if len(found) == 1 else None


def _whole(value: object) -> int | None:
    if isinstance(value, float) and isfinite(value) and value == int(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _extensions(element: Json) -> dict[str, Json]:
    found = element.get("extension", [])
    return {
        one["url"]: one
        for one in (found if isinstance(found, list) else [])
        if isinstance(one, dict) and isinstance(one.get("url"), str)
    }


def _text(element: Json, name: str) -> str | None:
    value = element.get(name)
    return value if isinstance(value, str) and value else None
