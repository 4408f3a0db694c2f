"""The streams of one alliance as they are added up: every rating, under the newest key."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from app.alliances.merged_refs import FormerRefs
from app.instruments.definitions import Catalogue, Definition
from app.measurement.course import Place, Point, in_order
from app.measurement.drops import Drop
from app.measurement.replay import Replay
from app.measurement.scoring import Score
from app.measurement.watch import Told, days_between
from app.responses.stream_state import (
    Stream,
    observed_values,
    place_of,
    record_scores,
    stream_of,
)
from app.signals.rules import rules_for
from app.tenants.signal_settings import SignalSettings

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rated:
    """A stored response, its scores, and the day that it is about; None: nobody said which."""

    row: Row
    place: Place
    scores: Mapping[str, Score]
    day: date | None

    @property
    def complete(self) -> bool:
        """Whether every scale rests on every one of its items.

        Then whatever holds between the scales of a form holds of every rating alike, and nothing
        is told by what one scale counts and another does not.
        """
        return bool(self.scores) and all(
            score.status == "scored" and not score.prorated for score in self.scores.values()
        )

    def days_until(self, later: "Rated") -> float | None:
        """Days to a later rating; None where the dates are not known."""
        return days_between(self.place, later.place)


@dataclass(frozen=True)
class Course:
    """One stream in the order of its occasions."""

    stream: Stream
    definition: Definition
    placed: Sequence[Rated]
    unplaced: Sequence[Rated]
    told: Mapping[str, Told]
    """Response id -> what it tells, of those that have a place."""

    @cached_property
    def first(self) -> Rated | None:
        """The first complete rating, with which later ones are compared; None: there is none."""
        complete = (rated for rated in self.placed if rated.complete and rated.row["answers"])
        return next(complete, None)

    @cached_property
    def placed_by_id(self) -> dict[str, Rated]:
        """Response id -> rating, of those that have a place."""
        return {rated.place.response_id: rated for rated in self.placed}

    @cached_property
    def drops(self) -> list[tuple[str, Drop]]:
        """Scale and drop, as each stands after the last rating."""
        latest: dict[tuple[str, str], Drop] = {}
        for rated in self.placed:
            for scale, drop in self._drops_at(rated).items():
                latest[scale, drop.started_by] = drop
        return [(scale, drop) for (scale, _), drop in latest.items()]

    def given_up_at(self, drop: Drop, scale: str) -> Rated:
        """The rating with which a drop came to an end without repair."""
        return next(
            rated
            for rated in self.placed
            if (at := self._drops_at(rated).get(scale)) is not None
            and (at.started_by, at.state) == (drop.started_by, "unrepaired")
        )

    def _drops_at(self, rated: Rated) -> dict[str, Drop]:
        drops = self.told[rated.place.response_id].drops
        return {scale: drop for scale, drop in drops.items() if drop is not None}


def courses(
    rows: Iterable[Row], catalogue: Catalogue, settings: SignalSettings, former: FormerRefs
) -> list[Course]:
    """The streams of one alliance's responses, in the order of their names."""
    by_stream: dict[Stream, list[Row]] = {}
    for row in rows:
        by_stream.setdefault(stream_of(row, former), []).append(row)
    return [
        _course(stream, by_stream[stream], catalogue, settings)
        for stream in sorted(by_stream, key=Stream.name)
    ]


def _course(
    stream: Stream, rows: Sequence[Row], catalogue: Catalogue, settings: SignalSettings
) -> Course:
    definition = catalogue.newest_key_of(stream.instrument, stream.form_revision, stream.form)
    rules = rules_for(definition, stream.form, stream.language, settings)
    rated = {str(row["id"]): _rated(row, definition) for row in rows}
    placed, unplaced = in_order([one.place for one in rated.values()])
    points = [
        Point(
            place,
            observed_values(tuple(rated[place.response_id].scores.values())),
            occasion=str(rated[place.response_id].row["occasion_id"]),
        )
        for place in placed
    ]
    told = {step.point.place.response_id: step.told for step in Replay(rules).steps(points)}
    return Course(
        stream,
        definition,
        [rated[place.response_id] for place in placed],
        [rated[place.response_id] for place in unplaced],
        told,
    )


def _rated(row: Row, definition: Definition) -> Rated:
    place = place_of(row)
    scores = {score.scale: score for score in record_scores(row, definition)}
    return Rated(row, place, scores, place.occurred_on)
