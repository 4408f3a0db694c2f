"""Where one scale of a stream stands: the rater's own level and the drop that is open, if any.

Kept beside the watch as it is shown, in the scale's unit, so that what looks over many alliances
need not read how each of them is watched.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from app.measurement.course import Place
from app.measurement.detection import CourseParameters, Judgement
from app.measurement.drops import Drop

REACH: Final = 1.96
"""Of a 95 % interval, in posterior SDs."""


class Level(NamedTuple):
    """A rater's own level at a rating, in the scale's unit, to four decimals."""

    mean: float
    low: float
    """Of a 95 % interval, within the scale's range, as high."""
    high: float


@dataclass(frozen=True, slots=True)
class OpenDrop:
    """A drop that is open, in the scale's unit."""

    since_response: str
    """The response that raised the alarm."""
    since_at: datetime | None
    """When its occasion was; None: only its date is known, or nothing."""
    since_on: date | None
    """The local date of its occasion; None: not known."""
    reference: float
    """The rater's own mean before the fall."""
    lowest: float
    """The lowest value since the fall began."""


@dataclass(frozen=True, slots=True)
class ScaleStanding:
    """Where one scale stands after its newest scored rating."""

    level: Level
    drop: OpenDrop | None
    at: datetime | None
    """When that rating's occasion was; None: only its date is known, or nothing."""
    on: date | None
    """The local date of that occasion; None: not known."""


Standings = Mapping[str, ScaleStanding]
"""Scale -> where it stands; a scale without a scored rating is not among them."""


def level_of(judged: Judgement, parameters: CourseParameters, unit: int) -> Level:
    """The level at a rating as it is shown. unit: how many items a point of the mean stands for."""
    low, high = (judged.level_mean + reach * judged.level_sd for reach in (-REACH, REACH))
    return Level(
        _in_unit(judged.level_mean, unit),
        _in_unit(max(low, parameters.low), unit),
        _in_unit(min(high, parameters.high), unit),
    )


def standing_after(
    before: ScaleStanding | None, level: Level, drop: Drop | None, place: Place, unit: int
) -> ScaleStanding:
    """Where a scale stands after a rating at this place.

    before: where it stood; None: it is the scale's first. drop: the one that is open now.
    """
    return ScaleStanding(
        level, _open_drop(before, drop, place, unit), place.occurred_at, place.occurred_on
    )


def _open_drop(
    before: ScaleStanding | None, drop: Drop | None, place: Place, unit: int
) -> OpenDrop | None:
    if drop is None:
        return None
    known = before.drop if before else None
    at, on = place.occurred_at, place.occurred_on
    if known is not None and known.since_response == drop.started_by:
        at, on = known.since_at, known.since_on
    return OpenDrop(
        drop.started_by, at, on, _in_unit(drop.reference, unit), _in_unit(drop.lowest, unit)
    )


def _in_unit(value: float, unit: int) -> float:
    return round(value * unit, 4)
