"""What a response is answered with beside its scores: change against its own stream."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from app.instruments.definitions import Form
from app.instruments.schemas import QualityOut
from app.instruments.service import quality_out, score_out
from app.measurement.change import Observed, Reference, change
from app.measurement.course import Anchor, Point
from app.measurement.key import MeasurementError, Scale, ScoringKey
from app.measurement.scoring import rounded
from app.responses.answer_schemas import BasisOut, ChangeOut, NotComputed, Outcome
from app.responses.signals_shown import drops_shown, signals_not_computed, signals_shown
from app.responses.stream_course import Added, References
from app.responses.subject import Subject
from app.responses.visibility import is_rater
from app.statements import JsonText
from app.tenants.notices import reader

FIRST_RATING: Final = NotComputed(
    code="change", why="The first scored rating of its stream has nothing to be compared with."
)
UNPLACED: Final = NotComputed(
    code="change", why="The rating has no date, and not every rating of its stream has a number."
)
NOT_SCORABLE: Final = NotComputed(code="change", why="No scale of this rating could be scored.")
ASSUMED: Final = NotComputed(
    code="reliable_change",
    why="No error term is published for this form: a threshold is assumed, no verdict given.",
)
NOT_SHOWN: Final = NotComputed(
    code="change", why="This caller may not see the rating to compare with."
)


def changes(
    form: Form, point: Point, references: References, reader: str | None
) -> list[ChangeOut]:
    """The change of every scored scale, scale by scale, against each reference that it has.

    Only against ratings that this kind of reader may see, since a difference gives them away;
    reader None: the rater, who may see all of their own.
    """
    return [
        change_out(reference, anchors[scale.id], observed, scale, form.key)
        for scale in form.key.scales
        if (observed := point.values.get(scale.id)) is not None
        for reference, anchors in references.items()
        if scale.id in anchors and (reader is None or reader in anchors[scale.id].readers)
    ]


def change_not_computed(
    found: list[ChangeOut], references: References | None, *, scored: bool
) -> list[NotComputed]:
    """What the answer to a submission lacks of change, and why."""
    missing = []
    if not scored:
        missing.append(NOT_SCORABLE)
    elif references is None:
        missing.append(UNPLACED)
    elif not any(references.values()):
        missing.append(FIRST_RATING)
    elif not found:
        missing.append(NOT_SHOWN)
    elif any(change.reliable is None for change in found):
        missing.append(ASSUMED)
    return missing


def change_out(
    reference: Reference, anchor: Anchor, now: Observed, scale: Scale, key: ScoringKey
) -> ChangeOut:
    """One change as it is shown."""
    found = change(reference, anchor.observed, now, scale, key)
    return ChangeOut(
        scale=scale.id,
        unit=scale.unit,
        reference=reference,
        reference_response_id=anchor.response_id,
        difference=float(rounded(found.difference)),
        threshold=float(rounded(found.threshold)),
        reliable=found.reliable,
        basis=basis_out(found.basis),
    )


@lru_cache(maxsize=256)
def basis_out(error: MeasurementError) -> BasisOut:
    """The error term's origin as it is shown."""
    return BasisOut(
        source=error.source,
        coefficient="within_person_reliability",
        kind="within_person",
        value=float(error.within_person_reliability),
        within_person_sd=float(rounded(error.within_person_sd)),
        citation=error.citation,
    )


def outcome_of(subject: Subject, added: Added, raised: Sequence[Mapping[str, Any]]) -> JsonText:
    """What a response is answered with: of its own stream alone. The JSON of an Outcome.

    raised: the rows of the signals that it has raised.
    """
    filled, actor = subject.filled, subject.caller.actor
    answers = filled.content.answers
    form = filled.newest.forms[filled.chosen.form.id]
    rater = is_rater(subject.record, actor, subject.alliance.former)
    kind = None if rater else reader(actor)
    change = changes(form, subject.point, added.references or {}, kind)
    scored = any(value is not None for value in subject.point.values.values())
    # They tell of single answers to earlier forms, which this caller may not see.
    may_see = kind is None or kind in added.told.readable.items
    remarks = added.told.remarks if may_see else ()
    notes = [QualityOut(code=note.code, detail=note.detail) for note in remarks]
    outcome = Outcome(
        scores=[score_out(score, filled.chosen.form) for score in filled.scores],
        quality=quality_out(filled.chosen, answers) + notes if answers else [],
        change=change,
        signals=signals_shown(raised, kind),
        drops=drops_shown(added, form, kind),
        not_computed=[
            *signals_not_computed(subject, added, kind),
            *change_not_computed(change, added.references, scored=scored),
        ],
    )
    # Written once, for the database and for the answer.
    return JsonText(outcome.model_dump_json())
