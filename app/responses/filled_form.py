"""A submission's form, read and scored before anything is looked up in the database."""

from dataclasses import dataclass, field
from datetime import date, datetime

from app.errors import FieldError, InvalidRequest
from app.instruments.definitions import Catalogue, Definition
from app.instruments.service import ChosenForm, chosen_form, form_scores
from app.measurement.change import Observed
from app.measurement.scoring import Score, reported_score
from app.occasions.times import refuse_times_ahead
from app.responses.schemas import FormContent
from app.responses.stream_state import exact, observed_values


@dataclass(frozen=True, slots=True)
class FilledForm:
    """A submission whose form has been read and scored, under the revision that it names."""

    content: FormContent
    chosen: ChosenForm
    scores: tuple[Score, ...]
    newest: Definition
    """The newest scoring revision of the same form revision: the stream's."""
    values: dict[str, Observed | None]
    """Scale -> value under the newest revision."""
    catalogue: Catalogue = field(compare=False, repr=False)
    """By which it was scored; so its stream is, too."""


def filled_form(catalogue: Catalogue, content: FormContent, now: datetime) -> FilledForm:
    """The submission's form, read and scored.

    Raises InvalidRequest, pointing at every answer or time to mend.
    """
    chosen = chosen_form(
        catalogue,
        content.instrument,
        content.instrument_revision,
        content.form,
        content.rater.role,
    )
    _refuse_times_ahead(content, now)
    scores = _scores(chosen, content)
    definition = chosen.definition
    form = chosen.form.id
    newest = catalogue.newest_key_of(definition.instrument, definition.form_revision, form)
    under_newest = scores
    if newest.revision != definition.revision:
        # Totals of an older system cannot be scored anew; under another key they are no points.
        answered = content.answers is not None
        newest_form = ChosenForm(newest, newest.forms[form])
        under_newest = _scores(newest_form, content) if answered else ()
    return FilledForm(content, chosen, scores, newest, observed_values(under_newest), catalogue)


def _scores(chosen: ChosenForm, content: FormContent) -> tuple[Score, ...]:
    if content.answers is not None:
        return form_scores(chosen, content.answers)
    scales = {scale.id: scale for scale in chosen.form.key.scales}
    scores: dict[str, Score] = {}
    errors: list[FieldError] = []
    for index, reported in enumerate(content.reported_scores or ()):
        pointer = f"/reported_scores/{index}"
        if reported.scale not in scales or reported.scale in scores:
            detail = f"Expected each once of: {', '.join(scales)}."
            errors.append(FieldError(f"{pointer}/scale", "unknown_scale", detail))
            continue
        try:
            scores[reported.scale] = reported_score(
                scales[reported.scale],
                chosen.form.key,
                reported_sum=exact(reported.sum),
                reported_mean=exact(reported.mean),
            )
        except ValueError as refused:
            errors.append(FieldError(pointer, "not_a_score", str(refused)))
    if errors:
        raise InvalidRequest.of(*errors)
    return tuple(scores[scale] for scale in scales if scale in scores)


def _refuse_times_ahead(content: FormContent, now: datetime) -> None:
    occasion = content.occasion
    said: dict[str, datetime | date | None] = {
        "/completed_at": content.completed_at,
        "/completed_on": content.completed_on,
        "/occasion/occurred_at": occasion.occurred_at,
        "/occasion/occurred_on": occasion.occurred_on,
    }
    refuse_times_ahead(said, now)
