"""From the stored responses of one alliance to its streams, for one reader."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from app.alliances.merged_refs import FormerRefs
from app.instruments.definitions import Catalogue, Definition, Form
from app.measurement.change import Observed, Reference, band, observed_from
from app.measurement.course import Anchor, Place, Point, in_order
from app.measurement.key import Scale
from app.measurement.replay import Replay
from app.measurement.scoring import Score, rounded
from app.measurement.watch import Rules, Told
from app.occasions.times import local
from app.responses.answer_schemas import ChangeOut, Person, Rater
from app.responses.outcome import change_out
from app.responses.stream_state import (
    Stream,
    observed_values,
    place_of,
    record_scores,
    stream_of,
)
from app.responses.visibility import shown_parts
from app.signals.rules import rules_for
from app.tenants.authentication import Actor, Caller
from app.trends.edits import edit_by_other
from app.trends.levels import level_out, slope_out
from app.trends.schemas import BandOut, EditOut, PointOut, StreamOut, ValueOut

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rating:
    """A stored response with its scores as this reader may see them."""

    row: Row
    place: Place
    scores: Mapping[str, Score]
    """Scale -> score; empty when the scores are withheld from this reader."""
    withheld: bool
    edit: EditOut | None
    told: Told | None = None
    """What it tells, judged against the ratings before it that this reader may see; None: it is
    withheld, or has no place."""


@dataclass(frozen=True, slots=True)
class Course:
    """One stream in the order of its occasions."""

    stream: Stream
    definition: Definition
    """The newest scoring of what was asked."""
    placed: Sequence[Rating]
    unplaced: Sequence[Rating]
    rules: Rules
    """By which the ratings are judged."""

    @property
    def form(self) -> Form:
        """The form of the stream."""
        return self.definition.forms[self.stream.form]


def courses(
    rows: Iterable[Row], catalogue: Catalogue, caller: Caller, former: FormerRefs
) -> list[Course]:
    """The streams of the rows, in the order of their names; streams are never joined.

    former: references of the alliance that were merged; whoever they meant is one rater. Ratings
    that the caller may not see are judged by nobody, and nothing else is judged against them.
    """
    by_stream: dict[Stream, list[Row]] = {}
    for row in rows:
        by_stream.setdefault(stream_of(row, former), []).append(row)
    return [
        _course(stream, by_stream[stream], catalogue, caller, former)
        for stream in sorted(by_stream, key=Stream.name)
    ]


def _course(
    stream: Stream,
    rows: Sequence[Row],
    catalogue: Catalogue,
    caller: Caller,
    former: FormerRefs,
) -> Course:
    definition = catalogue.newest_key_of(stream.instrument, stream.form_revision, stream.form)
    rules = rules_for(definition, stream.form, stream.language, caller.key.signal_settings)
    ratings = {str(row["id"]): _rating(row, definition, caller.actor, former) for row in rows}
    placed, unplaced = in_order([rating.place for rating in ratings.values()])
    return Course(
        stream,
        definition,
        _judged([ratings[place.response_id] for place in placed], rules),
        [ratings[place.response_id] for place in unplaced],
        rules,
    )


def _judged(placed: Sequence[Rating], rules: Rules) -> list[Rating]:
    """The ratings in their order, each with what it tells."""
    seen = [rating for rating in placed if not rating.withheld]
    points = [
        Point(
            rating.place,
            observed_values(tuple(rating.scores.values())),
            occasion=str(rating.row["occasion_id"]),
        )
        for rating in seen
    ]
    steps = Replay(rules).steps(points)
    told = {step.point.place.response_id: step.told for step in steps}
    return [replace(rating, told=told.get(rating.place.response_id)) for rating in placed]


def _rating(row: Row, definition: Definition, actor: Actor | None, former: FormerRefs) -> Rating:
    withheld = "scores" not in shown_parts(row, actor, former)
    scores = () if withheld else record_scores(row, definition)
    edit = edit_by_other(row, former)
    return Rating(row, place_of(row), {score.scale: score for score in scores}, withheld, edit)


def within(course: Course, start: date | None, end: date | None) -> Course:
    """The course from start to end, both included; undated ratings only without either."""
    if start is None and end is None:
        return course
    placed = [
        rating
        for rating in course.placed
        if (day := rating.place.occurred_on) is not None
        and (start is None or day >= start)
        and (end is None or day <= end)
    ]
    return replace(course, placed=placed, unplaced=[])


def stream_out(course: Course, whole: Course, scale: Scale) -> StreamOut:
    """One scale of a course as it is shown.

    whole: the course without a window, of which the slope is taken.
    """
    anchors = [
        Anchor(str(rating.row["id"]), observed)
        for rating in course.placed
        if (observed := _observed(rating, scale)) is not None
    ]
    stream = course.stream
    return StreamOut(
        rater=Rater(role=stream.rater_role, ref=stream.rater_ref, proxy_ref=stream.proxy_ref),
        about=Person(role=stream.about_role, ref=stream.about_ref),
        instrument=course.stream.instrument,
        form=course.stream.form,
        instrument_revision=course.definition.revision,
        language=course.stream.language,
        scale=scale.id,
        component=scale.component,
        unit=scale.unit,
        points=[_point_out(rating, scale, course) for rating in course.placed],
        unplaced=[_point_out(rating, scale, course) for rating in course.unplaced],
        first=_value_out(anchors[0]) if anchors else None,
        latest=_value_out(anchors[-1]) if anchors else None,
        change_since_first=_since("first", anchors, 0, scale, course.form),
        change_since_previous=_since("previous", anchors, -2, scale, course.form),
        slope=slope_out(scored_means(whole, scale), scale, whole.rules),
    )


def _since(
    reference: Reference,
    anchors: Sequence[Anchor],
    index: int,
    scale: Scale,
    form: Form,
) -> ChangeOut | None:
    if len(anchors) < 2:  # noqa: PLR2004 - the latest and one to compare it with
        return None
    return change_out(reference, anchors[index], anchors[-1].observed, scale, form.key)


def _observed(rating: Rating, scale: Scale) -> Observed | None:
    score = rating.scores.get(scale.id)
    return None if score is None else observed_from(score)


def scored_means(course: Course, scale: Scale) -> list[float]:
    """The scored values of one scale in their order, in points of its mean."""
    return [
        float(score.mean)
        for rating in course.placed
        if (score := rating.scores.get(scale.id)) is not None and score.mean is not None
    ]


def _point_out(rating: Rating, scale: Scale, course: Course) -> PointOut:
    form = course.form
    row, score, observed = rating.row, rating.scores.get(scale.id), _observed(rating, scale)
    unscored = "withheld" if rating.withheld else "not_scorable"
    limits = band(observed, scale, form.key) if observed else None
    return PointOut(
        response_id=row["id"],
        occasion_id=row["occasion_id"],
        session_number=row["session_number"],
        occurred_at=local(row["occurred_at"], row["occurred_at_offset"]),
        occurred_on=row["occurred_on"],
        value=float(rounded(observed.value)) if observed else None,
        status="scored" if observed else unscored,
        band=limits and BandOut(low=float(rounded(limits[0])), high=float(rounded(limits[1]))),
        level=level_out(rating.told, scale, course.rules),
        prorated=score is not None and score.prorated,
        record_kind=row["record_kind"],
        edit=rating.edit,
    )


def _value_out(anchor: Anchor) -> ValueOut:
    return ValueOut(
        response_id=UUID(anchor.response_id), value=float(rounded(anchor.observed.value))
    )
