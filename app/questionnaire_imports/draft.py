"""What is read from a file, and the draft that comes of it.

What a file does not say stays null and is listed under `to_decide`: whoever knows the
questionnaire fills it in before the draft is sent to `POST /v1/instruments`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from app.instruments.faults import pointer_to
from app.measurement.key import ItemKind

Unit = Literal["sum", "mean"]
MOST_ANSWERS: Final = 101
KEY: Final = "imported"
UNKNOWN: Final = "unknown"


class FileRefused(ValueError):
    """The file as a whole cannot be read; the message says why, and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Range:
    """The answers of an item: from low to high, every whole number, or any point of a line."""

    kind: ItemKind
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the file that can be an item."""

    name: str
    range: Range
    text: str | None
    labels: Mapping[int, str]
    """Value -> label; empty where the file has none."""
    ends: tuple[str, str] | None = None
    """What the ends of a line mean."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A score of the file over questions."""

    name: str
    unit: Unit
    names: tuple[str, ...]
    turned: frozenset[str]
    """Those whose answers are turned round."""
    all_needed: bool
    """True: it has no value unless all are answered; False: the file does not say how few do."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Something of the file that cannot be taken."""

    name: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from a file, in its order."""

    parts: tuple[Question | Sum | Refused, ...]
    name: str | None
    citation: str | None
    rights_statement: str | None
    language: str | None


@dataclass(slots=True)
class _Draft:
    items: dict[str, str] = field(default_factory=dict)
    """Name in the file -> item id, numbered in order."""
    questions: list[Question] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    verdicts: list[dict[str, Any]] = field(default_factory=list)

    def take(self, part: Question | Sum | Refused) -> None:
        refused = part if isinstance(part, Refused) else self._misfit(part)
        if refused is not None:
            self.verdicts.append(_verdict(refused.name, "refused", refused.code, refused.detail))
        elif isinstance(part, Question):
            self.items[part.name] = str(len(self.items) + 1)
            self.questions.append(part)
            self.verdicts.append(_verdict(part.name, "taken", "item", self.items[part.name]))
        elif isinstance(part, Sum):
            self.sums.append(part)
            self.verdicts.append(_verdict(part.name, "taken", "scale", part.name))

    def _misfit(self, part: Question | Sum | Refused) -> Refused | None:
        """Why a part does not fit what was taken before; None: it does."""
        if isinstance(part, Question):
            if self.questions and part.range != self.questions[0].range:
                detail = "Its answers are others than those of the first item taken."
                return Refused(part.name, "another_range", detail)
        elif isinstance(part, Sum):
            if not set(part.names) <= self.items.keys():
                detail = "It counts something that was not taken as an item, or comes later."
                return Refused(part.name, "names_no_item", detail)
            for other in self.sums:
                both = set(part.names) & set(other.names)
                if part.turned & both != other.turned & both:
                    detail = "It turns an item round that another score counts as it is."
                    return Refused(part.name, "reversals_differ", detail)
        return None


def draft_of(reading: Reading, instrument: str) -> dict[str, Any]:
    """The draft: `definition`, `text` (the words found), `verdicts`, `to_decide`.

    Raises FileRefused when nothing of it could be taken as an item.
    """
    made = _Draft()
    for part in reading.parts:
        made.take(part)
    if not made.questions:
        raise FileRefused("Nothing of the file could be taken as an item.")
    definition = _definition(reading, made, instrument)
    text, wordless = _text(made)
    return {
        "definition": definition,
        "text": text | {"language": reading.language},
        "verdicts": made.verdicts,
        "to_decide": [*_open(definition), *wordless],
    }


def _verdict(name: str, verdict: str, code: str, detail: str) -> dict[str, Any]:
    return {"source": name, "verdict": verdict, "code": code, "detail": detail}


def _definition(reading: Reading, made: _Draft, instrument: str) -> dict[str, Any]:
    rights = dict.fromkeys(
        ("holder", "availability", "verified_on", "attribution_line", "licence", "licence_url")
    )
    permissions = ("paper_use", "electronic_use", "commercial_use", "modify", "translate")
    said = [reading.rights_statement] if reading.rights_statement else []
    return {
        "instrument": instrument,
        "revision": "1.0",
        "name": reading.name,
        "acronym": None,
        "family": None,
        "availability": "scorable",
        "summary": None,
        "citations": [{"text": reading.citation}] if reading.citation else [],
        "evidence": [],
        "rights": rights
        | {"status": UNKNOWN, "holder_conflict": None, "sources": said, "conflicts": []}
        | dict.fromkeys(permissions, UNKNOWN),
        "loinc": None,
        "notes": [],
        "keys": {KEY: _key(made)},
        "forms": {},
        "missing_items": None,
        "rounding": _rounding(made.questions[0].range),
        "cuts": [],
        "test_vectors": [],
    }


def _rounding(answers: Range) -> dict[str, Any]:
    places = 1 if answers.kind == "visual_analogue" else None
    return {"decimals": 4, "mode": "half_up", "items_before_summing": places}


def _key(made: _Draft) -> dict[str, Any]:
    answers = made.questions[0].range
    turned = {made.items[name] for one in made.sums for name in one.turned}
    return {
        "kind": answers.kind,
        "low": answers.low,
        "high": answers.high,
        "items": list(made.items.values()),
        # Without a score that counts it nothing tells whether an item is turned round.
        "reversed": sorted(turned, key=int) if _all_counted(made) else None,
        "scales": [_scale(one, made) for one in made.sums],
        "source": None,
    }


def _all_counted(made: _Draft) -> bool:
    return {name for one in made.sums for name in one.names} == made.items.keys()


def _scale(one: Sum, made: _Draft) -> dict[str, Any]:
    others = [other for other in made.sums if other is not one]
    return {
        "id": one.name,
        "items": [made.items[name] for name in one.names],
        "unit": one.unit,
        "use": None,
        "component": None,
        "min_answered": len(one.names) if one.all_needed else None,
        "overlaps": any(set(one.names) & set(other.names) for other in others),
    }


def _text(made: _Draft) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The words that were found, and where there are none."""
    items: dict[str, dict[str, str | None]] = {}
    for one in made.questions:
        words: dict[str, str | None] = {"text": one.text}
        if one.ends is not None:
            words |= {"low_label": one.ends[0], "high_label": one.ends[1]}
        items[made.items[one.name]] = words
    missing = [
        _to_decide(f"/text/items/{item}/text", "The file's text is formatted, or has slots.")
        for item, words in items.items()
        if words["text"] is None
    ]
    labels = dict(made.questions[0].labels)
    if any(dict(one.labels) != labels for one in made.questions):
        labels = {}
        missing.append(_to_decide("/text/labels", "Items have labels that differ."))
    shown = {str(value): label for value, label in labels.items()} or None
    return {"items": items, "labels": shown}, missing


def _open(definition: Mapping[str, Any]) -> list[dict[str, str]]:
    """Everything that the file does not say."""
    found = [
        _to_decide(pointer_to("definition", *way), "The file does not say.")
        for way in _nulls(definition, ())
        if way not in MAY_STAY_NULL
    ]
    found += [
        _to_decide(f"/definition/{name}", "None can be told from the file.")
        for name in ("citations", "forms", "test_vectors")
        if not definition[name]
    ]
    if not definition["rights"]["sources"]:
        found.append(_to_decide("/definition/rights/sources", "The file names none."))
    if not definition["keys"][KEY]["scales"]:
        detail = "The file has no score that could be read."
        found.append(_to_decide(f"/definition/keys/{KEY}/scales", detail))
    unknown = [name for name, value in definition["rights"].items() if value == UNKNOWN]
    found += [
        _to_decide(f"/definition/rights/{name}", "Unknown counts as not allowed.")
        for name in unknown
    ]
    return found


MAY_STAY_NULL: Final = {
    ("loinc",),
    ("rights", "holder_conflict"),
    ("rights", "attribution_line"),
    ("rights", "licence"),
    ("rights", "licence_url"),
    ("rounding", "items_before_summing"),
}
"""Where null is an answer; the component of a scale must be thought about all the same."""


def _nulls(part: object, way: tuple[object, ...]) -> Iterable[tuple[object, ...]]:
    if part is None:
        yield way
    elif isinstance(part, Mapping):
        for name, value in part.items():
            yield from _nulls(value, (*way, name))
    elif isinstance(part, list):
        for number, value in enumerate(part):
            yield from _nulls(value, (*way, number))


def _to_decide(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "why": detail}
