"""The catalogue for callers, and scoring that stores nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from itertools import groupby
from operator import itemgetter

from app.database import Transaction
from app.errors import FieldError, InvalidRequest
from app.instruments import queries
from app.instruments.definitions import Catalogue, Definition, Form
from app.instruments.describing import OwnRevisions, summary
from app.instruments.schemas import (
    CutConditionOut,
    CutOut,
    InstrumentOut,
    InstrumentSummary,
    QualityOut,
    ScoreOut,
    ScoresOut,
)
from app.measurement.answers import AnswersRefused, item_values
from app.measurement.cuts import CutFinding, cut_finding
from app.measurement.quality import quality_notes
from app.measurement.scoring import Score, keyed_values, rounded, scored


@dataclass(frozen=True, slots=True)
class ChosenForm:
    """The form that a request is about."""

    definition: Definition
    form: Form


def chosen_form(
    catalogue: Catalogue,
    instrument: str,
    revision: str | None,
    form: str | None,
    rater_role: str | None,
) -> ChosenForm:
    """The form that a request names, by default the one named after the rater's role.

    Raises InvalidRequest, pointing into the body, for an unknown instrument, revision or form,
    for a pending instrument, for a form of another rater role, and when neither form nor role
    is given.
    """
    revisions = catalogue.definitions.get(instrument)
    if revisions is None:
        near = get_close_matches(instrument.lower(), catalogue.definitions, n=3)
        hint = f" Near it: {', '.join(near)}." if near else ""
        raise _refused("/instrument", "unknown_instrument", f"See GET /v1/instruments.{hint}")
    if revision is not None and all(d.revision != revision for d in revisions):
        known = ", ".join(d.revision for d in revisions)
        raise _refused("/instrument_revision", "unknown_revision", f"Known revisions: {known}.")
    definition = catalogue.definition(instrument, revision)
    if not definition.scorable:
        missing = " ".join(definition.document["missing"])
        raise _refused("/instrument", "instrument_pending", f"It cannot be scored yet: {missing}")
    name = form or rater_role
    if name is None:
        raise _refused("/form", "required", "Give form, or rater with its role.")
    if name not in definition.forms:
        known = ", ".join(definition.forms)
        raise _refused("/form", "unknown_form", f"The instrument's forms are: {known}.")
    chosen = definition.forms[name]
    if rater_role is not None and chosen.rater_role != rater_role:
        detail = f"This form is filled in by a rater with the role {chosen.rater_role}."
        raise _refused("/form", "form_of_another_role", detail)
    return ChosenForm(definition, chosen)


def summaries(
    catalogue: Catalogue, availability: str | None, after: str
) -> list[InstrumentSummary]:
    """The newest revision of each instrument with an id after `after`, in the order of ids."""
    newest = (catalogue.definition(i) for i in sorted(catalogue.definitions) if i > after)
    return [
        summary(d, catalogue.languages(d.instrument, d.form_revision))
        for d in newest
        if availability is None or d.document["availability"] == availability
    ]


async def own_summaries(
    transaction: Transaction, availability: str | None, after: str, limit: int
) -> list[InstrumentSummary]:
    """Up to limit of the tenant's own instruments with an id after `after`; all are scorable."""
    if availability not in {None, "scorable"}:
        return []
    rows = await queries.instruments_after(transaction, after, limit)
    by_id = groupby(rows, key=itemgetter("instrument"))
    return [OwnRevisions(list(revisions)).summary() for _, revisions in by_id]


async def own_instrument(
    transaction: Transaction, instrument: str, revision: str | None
) -> InstrumentOut:
    """One of the tenant's own instruments. Raises NotFound, also for another tenant's."""
    return OwnRevisions(await queries.revisions(transaction, instrument)).out(revision)


def form_scores(chosen: ChosenForm, answers: Mapping[str, object]) -> tuple[Score, ...]:
    """The scores of a filled-in form. Raises InvalidRequest, pointing at each answer to mend."""
    try:
        return scored(answers, chosen.form.key)
    except AnswersRefused as refused:
        raise InvalidRequest.of(
            *(
                FieldError(
                    "/answers" if fault.item is None else f"/answers/{_escaped(fault.item)}",
                    fault.code,
                    fault.detail,
                )
                for fault in refused.faults
            )
        ) from None


def score(chosen: ChosenForm, answers: Mapping[str, object]) -> ScoresOut:
    """Scores, quality and cuts of one filled-in form. Raises InvalidRequest as form_scores."""
    scores = form_scores(chosen, answers)
    key = chosen.form.key
    keyed = keyed_values(item_values(answers, key), key)
    return ScoresOut(
        instrument=chosen.definition.instrument,
        instrument_revision=chosen.definition.revision,
        form=chosen.form.id,
        scores=[score_out(one, chosen.form) for one in scores],
        quality=quality_out(chosen, answers),
        cuts=[_cut_out(cut_finding(rule, scores, keyed)) for rule in key.cuts],
    )


def score_out(one: Score, form: Form) -> ScoreOut:
    """A score as it is shown: at most four decimals."""
    scale = next(scale for scale in form.key.scales if scale.id == one.scale)
    return ScoreOut(
        scale=one.scale,
        unit=one.unit,
        value=shown(one.value),
        sum=shown(one.sum),
        mean=shown(one.mean),
        min=float(one.min),
        max=float(one.max),
        percent_of_range=shown(one.percent_of_range),
        items=one.items,
        answered=one.answered,
        prorated=one.prorated,
        status=one.status,
        reason=one.reason,
        use=scale.use,
        component=scale.component,
        key_status=form.status[one.scale],
    )


def quality_out(chosen: ChosenForm, answers: Mapping[str, object]) -> list[QualityOut]:
    """What stands out in the answering, as it is shown."""
    notes = quality_notes(answers, chosen.form.key)
    return [QualityOut(code=note.code, detail=note.detail) for note in notes]


def shown(value: Decimal | None) -> float | None:
    """A number as it is shown, None as null."""
    return None if value is None else float(rounded(value))


def _cut_out(finding: CutFinding) -> CutOut:
    rule = finding.rule
    return CutOut(
        id=rule.id,
        default=rule.default,
        any_of=[
            CutConditionOut(scale=c.scale, comparator=c.comparator, value=float(c.value))
            for c in rule.any_of
        ],
        met=finding.met,
        met_by=list(finding.met_by),
        citation=rule.citation,
    )


def _refused(pointer: str, code: str, detail: str) -> InvalidRequest:
    return InvalidRequest.of(FieldError(pointer, code, detail))


def _escaped(item: str) -> str:
    return item.replace("~", "~0").replace("/", "~1")
