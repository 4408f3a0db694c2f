"""Loading the shipped instrument definitions: data files in, immutable values out.

A definition never holds wording; text packs stand beside it as `<form revision>.texts.<lang>.json`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from app.errors import NotFound
from app.measurement.key import (
    CutCondition,
    CutRule,
    KeyStatus,
    MeasurementError,
    Scale,
    ScoringKey,
)

DIRECTORY: Final = Path(__file__).parent / "definitions"
Document = Mapping[str, Any]
"""A JSON document as read. Its shape is given by the JSON Schema files beside this module."""


@dataclass(frozen=True, slots=True)
class Form:
    """One version of an instrument's questionnaire."""

    id: str
    rater_role: str
    key: ScoringKey
    status: Mapping[str, KeyStatus]
    """How well the key is known, for each scale."""
    high_to_low: frozenset[str]
    """Items whose answers the paper form prints from highest to lowest."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One immutable revision of an instrument."""

    instrument: str
    revision: str
    sha256: str
    # The hash stands for what is in it.
    document: Document = field(compare=False)
    forms: Mapping[str, Form] = field(compare=False)
    """Empty while the definition is pending."""

    @property
    def scorable(self) -> bool:
        """False while the key is not known well enough to score at all."""
        return bool(self.document["availability"] == "scorable")

    @property
    def form_revision(self) -> str:
        """What was asked: the part of the revision before the dot."""
        return form_revision_of(self.revision)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All definitions of one directory with their text packs."""

    definitions: Mapping[str, tuple[Definition, ...]]
    """Instrument id -> revisions, oldest first."""
    text_packs: Mapping[tuple[str, str, str], Document]
    """(instrument, form revision, language) -> text pack."""

    def definition(self, instrument: str, revision: str | None = None) -> Definition:
        """The named revision of an instrument, the newest without a name. Raises NotFound."""
        revisions = self.definitions.get(instrument, ())
        for definition in reversed(revisions):
            if revision is None or definition.revision == revision:
                return definition
        raise NotFound(
            "The instrument has no such revision." if revisions else "No such instrument."
        )

    def newest_key_of(self, instrument: str, form_revision: str, form: str) -> Definition:
        """The newest revision that scores what was asked by this form. Raises NotFound."""
        for definition in reversed(self.definitions.get(instrument, ())):
            if definition.form_revision == form_revision and form in definition.forms:
                return definition
        raise NotFound("The instrument has no such form revision.")

    def languages(self, instrument: str, form_revision: str) -> tuple[str, ...]:
        """The languages in which the service itself holds wording, in alphabetical order."""
        return tuple(
            sorted(lang for i, r, lang in self.text_packs if (i, r) == (instrument, form_revision))
        )


def form_revision_of(revision: str) -> str:
    """`"2"` of `"2.1"`."""
    return revision.partition(".")[0]


def revision_order(definition: Definition) -> tuple[int, ...]:
    """By what revisions are sorted: 1.9 before 1.10 before 2.0."""
    return tuple(int(part) for part in definition.revision.split("."))


@cache
def shipped() -> Catalogue:
    """The catalogue that the service ships, read once."""
    return catalogue_of(DIRECTORY)


def catalogue_of(directory: Path) -> Catalogue:
    """Every definition and text pack below directory (`<instrument>/<revision>.json`)."""
    definitions: dict[str, list[Definition]] = {}
    text_packs: dict[tuple[str, str, str], Document] = {}
    for path in sorted(directory.glob("*/*.json")):
        content = path.read_bytes()
        document = read_document(content)
        if ".texts." in path.name:
            place = (document["instrument"], document["form_revision"], document["language"])
            text_packs[place] = document
        else:
            definition = definition_from(document, hashlib.sha256(content).hexdigest())
            definitions.setdefault(definition.instrument, []).append(definition)
    for revisions in definitions.values():
        revisions.sort(key=revision_order)
    return Catalogue(
        MappingProxyType({i: tuple(revisions) for i, revisions in definitions.items()}),
        MappingProxyType(text_packs),
    )


def read_document(content: bytes) -> Document:
    """A JSON document."""
    document: Document = json.loads(content)
    return document


def definition_from(document: Document, sha256: str) -> Definition:
    """The definition that a document describes. The document must fit the JSON Schema."""
    forms: dict[str, Form] = {}
    if document["availability"] == "scorable":
        keys = {name: _key(key, document) for name, key in document["keys"].items()}
        forms = {name: _form(name, form, keys) for name, form in document["forms"].items()}
    return Definition(
        document["instrument"], document["revision"], sha256, document, MappingProxyType(forms)
    )


def _form(name: str, form: Document, keys: Mapping[str, ScoringKey]) -> Form:
    display = form["display"] or {"high_to_low": []}
    return Form(
        name,
        form["rater_role"],
        keys[form["key"]],
        MappingProxyType(dict(form["status"])),
        frozenset(display["high_to_low"]),
    )


def _key(key: Document, document: Document) -> ScoringKey:
    return ScoringKey(
        kind=key["kind"],
        low=_decimal(key["low"]),
        high=_decimal(key["high"]),
        items=tuple(key["items"]),
        reversed=frozenset(key["reversed"]),
        scales=tuple(_scale(scale) for scale in key["scales"]),
        cuts=tuple(_cut(cut) for cut in document["cuts"]),
    )


def _scale(scale: Document) -> Scale:
    error = scale.get("measurement_error")
    return Scale(
        id=scale["id"],
        items=tuple(scale["items"]),
        unit=scale["unit"],
        use=scale["use"],
        component=scale["component"],
        min_answered=scale["min_answered"],
        measurement_error=error
        and MeasurementError(
            _decimal(error["within_person_sd"]),
            _decimal(error["within_person_reliability"]),
            "published",
            error["citation"],
        ),
    )


def _cut(cut: Document) -> CutRule:
    conditions = (
        CutCondition(c["scale"], c["comparator"], _decimal(c["value"])) for c in cut["any_of"]
    )
    return CutRule(cut["id"], cut["default"], tuple(conditions), cut["citation"])


def _decimal(number: float) -> Decimal:
    """The number as it is written in the document."""
    return Decimal(repr(number))
