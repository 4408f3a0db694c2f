"""A form as a renderer needs it: the definition's structure joined with a text pack's wording."""

from typing import Any, Final

from app.errors import NotFound
from app.instruments.definitions import Catalogue, Definition, Document, Form
from app.instruments.schemas import FormItemOut, FormOut, OptionOut, RoleSlotOut
from app.measurement.key import NON_ANSWERS

FALLBACK_LANGUAGE: Final = "en"
NO_WORDING: Final = (
    "The service holds no licence for this wording; answers are accepted and scored all the same."
)
EMPTY: Final[Document] = {}


def form_out(
    catalogue: Catalogue, definition: Definition, form: Form, language: str | None
) -> FormOut:
    """The form in the asked-for language, else its main language, else English, else structure.

    What was served stands beside what was asked for.
    """
    pack = _pack(catalogue, definition, form, language)
    texts: Document = pack["forms"][form.id] if pack else EMPTY
    return FormOut(
        instrument=definition.instrument,
        instrument_revision=definition.revision,
        form=form.id,
        rater_role=form.rater_role,
        period=definition.document["forms"][form.id]["period"],
        kind=form.key.kind,
        low=float(form.key.low),
        high=float(form.key.high),
        wording="included" if pack else "structure_only",
        wording_reason=None if pack else NO_WORDING,
        language=pack["language"] if pack else None,
        language_requested=language,
        direction=pack["direction"] if pack else None,
        review=pack["review"] if pack else None,
        title=texts.get("title"),
        instruction=texts.get("instruction"),
        thanks=texts.get("thanks"),
        items=[_item(item, form, texts) for item in form.key.items],
        options=_options(form, texts),
        non_answers=_non_answers(pack),
        errors=dict(pack["errors"]) if pack else {},
        role_slot=RoleSlotOut(**pack["role_slot"]) if pack and pack["role_slot"] else None,
        notices=list(pack["notices"]) if pack else [],
        attribution_line=pack["attribution_line"] if pack else None,
    )


def form_of(definition: Definition, name: str) -> Form:
    """The form with this name. Raises NotFound, also for every form of a pending definition."""
    if name not in definition.forms:
        raise NotFound("The instrument has no such form, or cannot be scored yet.")
    return definition.forms[name]


def _pack(
    catalogue: Catalogue, definition: Definition, form: Form, language: str | None
) -> Document | None:
    asked = (language or FALLBACK_LANGUAGE).lower()
    for candidate in (asked, asked.partition("-")[0], FALLBACK_LANGUAGE):
        pack = catalogue.text_packs.get(
            (definition.instrument, definition.form_revision, candidate)
        )
        if pack is not None and form.id in pack["forms"]:
            return pack
    return None


def _item(item: str, form: Form, texts: Document) -> FormItemOut:
    wording: dict[str, Any] = texts["items"][item] if texts else {}
    return FormItemOut(
        id=item,
        text=wording.get("text"),
        low_label=wording.get("low_label"),
        high_label=wording.get("high_label"),
        display_order="high_to_low" if item in form.high_to_low else "low_to_high",
    )


def _options(form: Form, texts: Document) -> list[OptionOut]:
    """The values of a Likert form; none for a line, which takes any point."""
    if form.key.kind == "visual_analogue":
        return []
    labels = texts.get("labels") or {}
    values = range(int(form.key.low), int(form.key.high) + 1)
    return [OptionOut(value=value, label=labels.get(str(value))) for value in values]


def _non_answers(pack: Document | None) -> list[OptionOut]:
    labels = pack["non_answers"] if pack else {}
    return [OptionOut(value=name, label=labels.get(name)) for name in NON_ANSWERS]
