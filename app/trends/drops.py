"""Drops of an alliance's streams, with their repair or not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from app.measurement.course import Place
from app.measurement.drops import Drop, state_at_end
from app.measurement.key import Scale
from app.measurement.watch import days_between
from app.responses.answer_schemas import Person, Rater
from app.responses.signals_shown import drop_out
from app.trends.course import Course
from app.trends.schemas import DropInTrend


def drops_out(
    courses: Iterable[Course],
    scale: str | None,
    signals: Sequence[Mapping[str, Any]],
    *,
    ended: bool,
) -> list[DropInTrend]:
    """The drops of these streams in the order of streams, scales and ratings.

    scale: only of this one; None: of all. signals: those that this reader may see, of which the
    one that began a drop is named. ended: the alliance has an end, so an open drop ended with it.
    """
    raised = {(row["response_id"], row["scale"]): row["id"] for row in signals}
    return [
        _shown(course, drop, one, raised, ended=ended)
        for course in courses
        for one in course.form.key.scales
        if scale in {None, one.id}
        for drop in _drops(course, one)
    ]


def _drops(course: Course, scale: Scale) -> Iterator[Drop]:
    """The drops of one scale as they stand after its last rating."""
    latest: dict[str, Drop] = {}
    for rating in course.placed:
        drop = rating.told.drops.get(scale.id) if rating.told else None
        if drop is not None:
            latest[drop.started_by] = drop
    yield from latest.values()


def _shown(
    course: Course,
    drop: Drop,
    scale: Scale,
    raised: Mapping[tuple[UUID, str], UUID],
    *,
    ended: bool,
) -> DropInTrend:
    stream = course.stream
    places = {rating.place.response_id: rating.place for rating in course.placed}
    shown = drop_out(drop, scale, state_at_end(drop, ended=ended))
    return DropInTrend(
        **shown.model_dump(),
        rater=Rater(role=stream.rater_role, ref=stream.rater_ref, proxy_ref=stream.proxy_ref),
        about=Person(role=stream.about_role, ref=stream.about_ref),
        instrument=stream.instrument,
        form=stream.form,
        language=stream.language,
        component=scale.component,
        days_to_repair=_days_to_repair(drop, places),
        signal_id=raised.get((UUID(drop.started_by), scale.id)),
    )


def _days_to_repair(drop: Drop, places: Mapping[str, Place]) -> float | None:
    if drop.repaired_by is None or drop.repaired_by not in places:
        return None
    began, repaired = places.get(drop.started_by), places[drop.repaired_by]
    days = days_between(began, repaired)
    return None if days is None else round(days, 2)
