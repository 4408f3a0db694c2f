"""Words for signals, and suggestions for the conversation that may follow.

The words are data in `guidance/`: a file per language, `plan.json` with what is suggested when, and
`references.json` with what that leans on. A signal text says what was observed and against what. A
suggestion is one: no instruction, no finding, and never a quoted answer.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from app.measurement.key import Component

DIRECTORY: Final = Path(__file__).parent / "guidance"
NOT_LANGUAGES: Final = ("plan", "references")
ORIGINAL: Final = "en"
"""The language that the texts were written in, and the one served when a language is missing."""
WHOLE: Final = "none"
"""Where a component could stand: the alliance as a whole."""
ANY_SETTING: Final = "any"
Document = Mapping[str, Any]
"""A JSON document as read. Its shape is given by `guidance.schema.json`."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A publication that a suggestion leans on, which is less than being proved by it."""

    id: str
    authors: str
    year: int
    title: str
    source: str
    """Journal, volume, issue and pages, or the publisher of a book."""
    taken_from_it: str
    """The idea that is leaned on, in our words. None was read in full for it: an approximation."""


@dataclass(frozen=True, slots=True)
class Step:
    """One suggestion for a conversation, at most 240 characters, and the ids of its references."""

    text: str
    leans_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guidance:
    """What could be done about one signal: one to three steps, in the order to think of them."""

    text_key: str
    """The key of the signal's own text, for signal_text."""
    language: str
    """The language of the texts, which is not always the one asked for."""
    reviewed: bool | None
    """Whether native speakers have reviewed the translation; None: the original, no translation."""
    steps: tuple[Step, ...]
    references: tuple[Reference, ...]
    """Everything that the steps lean on, each once, in the order of its first use."""


def guidance_for(
    code: str, component: Component | None, setting: str | None, language: str
) -> Guidance:
    """What is suggested about a signal, in the words of its setting where these differ.

    code: a signal's code, or `repaired`, for a drop that was followed by a return. component None:
    the alliance as a whole. setting None, or one without words of its own: the general wording.
    language: a tag as in BCP 47; served_language says which is served for it.
    Raises KeyError for a code or component that there is none of.
    """
    served = served_language(language)
    texts, planned = _document(served), _document("plan")
    names = planned["situations"][code][component or WHOLE]
    steps = tuple(_step(name, setting, texts, planned) for name in names)
    ids = dict.fromkeys(id_ for step in steps for id_ in step.leans_on)
    return Guidance(
        text_key_for(code, component),
        served,
        texts["reviewed"],
        steps,
        tuple(map(_reference, ids)),
    )


def text_key_for(code: str, component: Component | None) -> str:
    """The key of a signal's text: its code, with the component where that has its own sentence.

    Raises KeyError for a code that there is no text of.
    """
    texts = _document(ORIGINAL)["signals"]
    own = f"{code}_{component}"
    if own in texts:
        return own
    if code not in texts:
        raise KeyError(code)
    return code


def signal_text(text_key: str, language: str, slots: Mapping[str, str | None]) -> str:
    """One sentence, or two, that says what was observed; the same for every severity.

    slots: `rater`, the role of who answered, and `component`, None for the alliance as a whole,
    both as codes: the words for them are those of the language served. A slot that the sentence
    has no place for is left out.
    Raises KeyError for an unknown text key, role or component, and for a slot that is missing.
    """
    texts = _document(served_language(language))
    words = {slot: texts["words"][slot][code or WHOLE] for slot, code in slots.items()}
    return str(texts["signals"][text_key]).format_map(words)


@cache
def languages() -> tuple[str, ...]:
    """The languages that there are texts in, in alphabetical order."""
    names = (path.stem for path in DIRECTORY.glob("*.json"))
    return tuple(sorted(name for name in names if name not in NOT_LANGUAGES))


def served_language(language: str) -> str:
    """The language in which somebody who asks for `language` is answered.

    The tag as a whole, then without its last part and so on (RFC 4647, section 3.4: lookup), then
    English. Upper and lower case count as the same.

    >>> served_language("de-AT"), served_language("fr")
    ('de', 'en')
    """
    parts = language.lower().split("-")
    while parts:
        if "-".join(parts) in languages():
            return "-".join(parts)
        parts.pop()
    return ORIGINAL


def codes() -> tuple[str, ...]:
    """What guidance_for has suggestions about: the signals' codes, and `repaired`."""
    return tuple(_document("plan")["situations"])


def _step(name: str, setting: str | None, texts: Document, planned: Document) -> Step:
    wordings, leaning = texts["steps"][name], planned["steps"][name]
    if setting not in wordings:
        return Step(wordings[ANY_SETTING], tuple(leaning["leans_on"]))
    more = leaning.get("in_setting", {}).get(setting, ())
    return Step(wordings[setting], (*leaning["leans_on"], *more))


def _reference(id_: str) -> Reference:
    return Reference(id_, **_document("references")[id_])


@cache
def _document(name: str) -> Document:
    document: Document = json.loads((DIRECTORY / f"{name}.json").read_bytes())
    return document
