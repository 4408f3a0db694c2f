"""A form as a renderer needs it: the definition's structure joined with a wording."""

from collections.abc import Sequence
from typing import Any, Final

from app.errors import NotFound
from app.instruments.definitions import Definition, Document, Form
from app.measurement.key import NON_ANSWERS
from app.wordings.choice import Choice, Wording
from app.wordings.form_schemas import FallbackOut, FormItemOut, FormOut, OptionOut, RoleSlotOut

EMPTY: Final[Document] = {}
SCORED_ALL_THE_SAME: Final = " Answers are accepted and scored all the same."


def form_out(definition: Definition, form: Form, choice: Choice, language: str | None) -> FormOut:
    """The form with the chosen wording, or as structure; what was asked for stands beside it."""
    wording = choice.wording
    words = wording.words if wording else EMPTY
    return FormOut(
        instrument=definition.instrument,
        instrument_revision=definition.revision,
        form=form.id,
        rater_role=form.rater_role,
        period=definition.document["forms"][form.id]["period"],
        kind=form.key.kind,
        low=float(form.key.low),
        high=float(form.key.high),
        wording="included" if wording else "structure_only",
        wording_reason=None if wording else choice.refusal.detail + SCORED_ALL_THE_SAME,
        wording_reason_code=None if wording else choice.refusal.code,
        text_sha256=wording.sha256 if wording else None,
        language=wording.language if wording else None,
        language_requested=language,
        language_fallback=_fallback(choice, wording, language),
        languages=list(choice.languages),
        direction=words.get("direction"),
        review=words.get("review"),
        title=words.get("title"),
        instruction=words.get("instruction"),
        thanks=words.get("thanks"),
        items=[_item(item, form, words) for item in form.key.items],
        options=_options(form, words),
        non_answers=_non_answers(words),
        errors=dict(words.get("errors", EMPTY)),
        role_slot=RoleSlotOut(**words["role_slot"]) if words.get("role_slot") else None,
        notices=_notices(words),
        attribution_line=wording.attribution if wording else None,
    )


def form_of(definition: Definition, name: str) -> Form:
    """The form with this name. Raises NotFound, also for every form of a pending definition."""
    if name not in definition.forms:
        raise NotFound("The instrument has no such form, or cannot be scored yet.")
    return definition.forms[name]


def _fallback(choice: Choice, wording: Wording | None, language: str | None) -> FallbackOut | None:
    if wording is None or language is None or wording.language.lower() == language.lower():
        return None
    return FallbackOut(code=choice.refusal.code, detail=choice.refusal.detail)


def _notices(words: Document) -> Sequence[str]:
    return list(words.get("notices", ()))


def _item(item: str, form: Form, words: Document) -> FormItemOut:
    wording: dict[str, Any] = words["items"][item] if words else {}
    return FormItemOut(
        id=item,
        text=wording.get("text"),
        low_label=wording.get("low_label"),
        high_label=wording.get("high_label"),
        display_order="high_to_low" if item in form.high_to_low else "low_to_high",
    )


def _options(form: Form, words: Document) -> list[OptionOut]:
    """The values of a Likert form; none for a line, which takes any point."""
    if form.key.kind == "visual_analogue":
        return []
    labels = words.get("labels") or {}
    values = range(int(form.key.low), int(form.key.high) + 1)
    return [OptionOut(value=value, label=labels.get(str(value))) for value in values]


def _non_answers(words: Document) -> list[OptionOut]:
    labels = words.get("non_answers", EMPTY)
    return [OptionOut(value=name, label=labels.get(name)) for name in NON_ANSWERS]
