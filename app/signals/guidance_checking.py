"""Checks of the texts of signals and guidance: the schema, and that the files fit each other.

Every fault is one line that starts with the file. Nothing here runs while the service answers.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Final

from jsonschema import Draft202012Validator

from app.signals.guidance import NOT_LANGUAGES, ORIGINAL, Document

SCHEMA: Final = Path(__file__).parent / "guidance.schema.json"


def guidance_faults(directory: Path) -> list[str]:
    """Everything wrong with the files of directory; of how they fit, only once each is sound.

    Raises ValueError when a file holds no JSON, and OSError when there is no plan, no references
    or no English text.
    """
    needed = {*NOT_LANGUAGES, ORIGINAL}
    names = sorted(needed | {path.stem for path in directory.glob("*.json")})
    documents = {name: json.loads((directory / f"{name}.json").read_bytes()) for name in names}
    faults = [
        f"{name}.json: {fault}"
        for name, document in documents.items()
        for fault in _schema_faults(document, name if name in NOT_LANGUAGES else "texts")
    ]
    if faults:
        return faults
    plan, references = (documents.pop(name) for name in NOT_LANGUAGES)
    original = documents[ORIGINAL]
    for name, texts in documents.items():
        wrong = [*_language_faults(texts, name), *_difference_faults(texts, original)]
        faults += [f"{name}.json: {fault}" for fault in wrong]
    faults += [f"plan.json: {fault}" for fault in _plan_faults(plan, original)]
    return faults + [f"plan.json: {fault}" for fault in _reference_faults(plan, references)]


def _schema_faults(document: object, kind: str) -> Iterator[str]:
    """Where the document departs from its part of the JSON Schema."""
    schema = json.loads(SCHEMA.read_bytes())
    part = {"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]}
    for error in Draft202012Validator(part).iter_errors(document):
        where = "/".join(str(step) for step in error.absolute_path) or "document"
        yield f"{where}: {error.message}"


def _language_faults(texts: Document, name: str) -> Iterator[str]:
    if texts["language"] != name:
        yield f"holds language {texts['language']}"
    if (texts["reviewed"] is None) != (name == ORIGINAL):
        yield "reviewed: null in the original, and only there"


def _difference_faults(texts: Document, original: Document) -> Iterator[str]:
    """Where a language says more or less than the original."""
    here, there = dict(_places(texts)), dict(_places(original))
    for place in sorted(here.keys() ^ there.keys()):
        yield f"{place}: {'missing' if place in there else 'not in the original'}"
    for place in sorted(here.keys() & there.keys()):
        if _slots(here[place]) != _slots(there[place]):
            yield f"{place}: its slots are not those of the original"


def _places(texts: Document) -> Iterator[tuple[str, str]]:
    """Every text by its place in the document."""
    for part in ("words", "steps"):
        for name, wordings in texts[part].items():
            yield from ((f"{part}/{name}/{which}", text) for which, text in wordings.items())
    yield from ((f"signals/{key}", text) for key, text in texts["signals"].items())


def _slots(text: str) -> set[str]:
    return {slot for _, slot, _, _ in Formatter().parse(text) if slot is not None}


def _plan_faults(plan: Document, original: Document) -> Iterator[str]:
    worded = original["steps"]
    chosen = {
        name
        for components in plan["situations"].values()
        for names in components.values()
        for name in names
    }
    yield from _apart(set(worded), set(plan["steps"]), "step", "worded", "planned")
    yield from _apart(chosen, set(plan["steps"]), "step", "chosen", "planned")
    for code in plan["situations"].keys() - original["signals"].keys():
        yield f"situation {code}: no signal text"
    for name, step in plan["steps"].items():
        for setting in step.get("in_setting", {}).keys() - worded.get(name, {}).keys():
            yield f"step {name}: setting {setting} leans on more and has no words of its own"


def _reference_faults(plan: Document, references: Document) -> Iterator[str]:
    leaned_on: set[str] = set()
    for step in plan["steps"].values():
        leaned_on.update(step["leans_on"], *step.get("in_setting", {}).values())
    yield from _apart(leaned_on, set(references), "reference", "leaned on", "listed")


def _apart(one: set[str], other: set[str], what: str, first: str, second: str) -> Iterator[str]:
    yield from (f"{what} {name}: {first}, not {second}" for name in sorted(one - other))
    yield from (f"{what} {name}: {second}, not {first}" for name in sorted(other - one))
