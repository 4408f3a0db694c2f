"""Which wording of a form is served: the nearest language that a licence covers on this day."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from app.instruments.definitions import Catalogue, Definition, Document, Form
from app.instruments.own import document_sha256
from app.wordings.licence import NO_PACK, Grant, Refusal, grant_from, refusal

FALLBACK_LANGUAGE: Final = "en"
SHARED: Final = ("direction", "review", "notices", "role_slot", "non_answers", "errors")
"""What a shipped text pack says once for all of its forms."""


@dataclass(frozen=True, slots=True)
class Wording:
    """All words of one form in one language, with what allows showing them."""

    language: str
    words: Document
    sha256: str
    attribution: str
    grant: Grant | None
    """None: shipped with the service."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The wording that is served, or none."""

    wording: Wording | None
    refusal: Refusal
    """Why the first choice of language was not served; of no meaning where it was."""
    languages: tuple[str, ...]
    """Those that could be served."""


def wordings_of(
    catalogue: Catalogue, definition: Definition, form: Form, own: Iterable[Mapping[str, Any]]
) -> list[Wording]:
    """Every wording of a form that is here, a tenant's own before the shipped ones.

    own: rows of the tenant's text packs of this form and form revision that are in use.
    """
    found = [
        Wording(
            row["language"],
            row["wording"],
            row["sha256"],
            row["licence"]["attribution"],
            grant_from(row["licence"]),
        )
        for row in own
    ]
    return [*found, *_shipped(catalogue, definition, form)]


def chosen(
    wordings: Sequence[Wording],
    rights: Mapping[str, Any],
    language: str | None,
    declared: Collection[str],
    today: date,
) -> Choice:
    """The wording in the asked-for language, else in its main language, else in English.

    Only what may be shown on this day is chosen; see licence.refusal.
    """
    judged = [(one, refusal(rights, one.grant, one.language, declared, today)) for one in wordings]
    languages = tuple(sorted({one.language for one, why in judged if why is None}))
    first: Refusal | None = None
    for candidate in _candidates(language):
        here = [(one, why) for one, why in judged if one.language.lower() == candidate]
        for one, why in here:
            if why is None:
                return Choice(one, first or NO_PACK, languages)
        first = first or next((why for _, why in here if why is not None), None)
    return Choice(None, first or _any(judged) or NO_PACK, languages)


def _any(judged: Iterable[tuple[Wording, Refusal | None]]) -> Refusal | None:
    return next((why for _, why in judged if why is not None), None)


def _candidates(language: str | None) -> list[str]:
    asked = (language or FALLBACK_LANGUAGE).lower()
    return list(dict.fromkeys((asked, asked.partition("-")[0], FALLBACK_LANGUAGE)))


def _shipped(catalogue: Catalogue, definition: Definition, form: Form) -> Iterator[Wording]:
    for language in catalogue.languages(definition.instrument, definition.form_revision):
        place = (definition.instrument, definition.form_revision, language)
        pack = catalogue.text_packs[place]
        if form.id in pack["forms"]:
            words = {name: pack[name] for name in SHARED} | dict(pack["forms"][form.id])
            line = pack["attribution_line"]
            yield Wording(pack["language"], words, document_sha256(pack), line, None)
