"""How a stream is watched, the watch that is kept of it, and what one rating tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from app.measurement.course import Place
from app.measurement.detection import EMPTY, Bank, CourseParameters, Judgement, Kind
from app.measurement.drops import NEW_STATE, Drop, DropState
from app.measurement.key import Component
from app.measurement.manner import NO_FORMS, MannerState
from app.measurement.quality import QualityNote
from app.measurement.standing import Standings

Severity = Literal["watch", "alert", "high"]
Code = Literal["sudden_drop", "slow_decline", "component_drop"]
RECENT: Final = 12
"""How many ratings back the two sides of an alliance are compared. House rule."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From which score of the detector on a rating is a signal."""

    watch: float
    alert: float
    alerts_per_100: float
    """The budget that they come from, of the whole set of signals."""


@dataclass(frozen=True, slots=True)
class ScaleRule:
    """How one scale of a form is watched."""

    parameters: CourseParameters
    limits: Limits
    component: Component | None
    items: int
    as_sum: bool
    """Whether the scale's unit is the sum of its items; the detector works on their mean."""
    parameter_source: str
    """`published`, `tenant` or `assumed`."""

    @property
    def unit(self) -> int:
        """How many of the scale's unit a point of its mean is."""
        return self.items if self.as_sum else 1


@dataclass(frozen=True, slots=True)
class Rules:
    """How a stream is watched: one version of scoring, parameters and alarm budget."""

    version: str
    scales: Mapping[str, ScaleRule]


class Standing(NamedTuple):
    """How one scale of one rating stood in its own stream. A tuple, as a watch holds dozens."""

    value: float
    """In points of the scale's mean."""
    z: float | None
    """Against what was expected, in standard deviations; None for the first rating."""
    severity: Severity | None
    kind: Kind
    """Which sort of drop it would be, or is."""


@dataclass(frozen=True, slots=True)
class Readable:
    """The kinds of readers who may see what rests on ratings: never more than the narrowest."""

    values: frozenset[str] = frozenset()
    """Their scores."""
    signals: frozenset[str] = frozenset()
    """Signals that rest on them, if not their scores."""
    items: frozenset[str] = frozenset()
    """Their single answers."""

    def both(self, other: "Readable | None") -> "Readable":
        """Those who may see what rests on both; other None: there is nothing else."""
        if other is None:
            return self
        return Readable(
            self.values & other.values, self.signals & other.signals, self.items & other.items
        )


@dataclass(frozen=True, slots=True)
class Recent:
    """One of the last ratings, for the comparison with the other side's."""

    response_id: str
    occasion: str
    alone: Readable
    """Who may see what rests on it alone."""
    readable: Readable
    """Who may see what rests on it and on all before it."""
    scales: Mapping[str, Standing]


@dataclass(frozen=True, slots=True)
class ScaleWatch:
    """One scale of a stream: the detector's filters, and where its drop stands."""

    bank: Bank
    drop: DropState
    missed_days: float = 0.0
    """Days that passed since its last rating, up to the stream's newest, which has no value."""


UNWATCHED: Final = ScaleWatch(EMPTY, NEW_STATE)
"""A scale without ratings."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What the next rating of a stream is judged with."""

    scales: Mapping[str, ScaleWatch] = field(default_factory=dict)
    recent: tuple[Recent, ...] = ()
    """Up to RECENT, oldest first."""
    manner: MannerState = NO_FORMS
    readable: Readable | None = None
    """Who may see what rests on all ratings so far; None: there is none."""
    standings: Standings = field(default_factory=dict)
    """Where each scale stands, for those who may see the values of all ratings so far."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A signal that one rating of a stream raises by itself; see watching.highest_raising."""

    code: Code
    severity: Severity
    scale: str
    value: float
    """In the scale's unit."""
    judgement: Judgement
    critical: float
    """The detector's score from which on this severity is given."""
    before: ScaleWatch
    """The scale before the rating."""
    days: float | None
    """Since the scale's rating before; None: not known."""
    answered: int | None
    """Items with a value; None: an older system reported the score."""
    about: str | None = None
    """The response that it is about, where that is the one before; None: the rating itself."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one rating tells, beside the watch after it."""

    findings: tuple[Finding, ...] = ()
    judgements: Mapping[str, Judgement] = field(default_factory=dict)
    drops: Mapping[str, Drop] = field(default_factory=dict)
    """Scale -> the drop that this rating opened, changed or ended."""
    remarks: tuple[QualityNote, ...] = ()
    """What stands out against how this rater filled in earlier forms."""
    readable: Readable = Readable()
    """Who may see what rests on this rating and on all before it."""


def days_between(earlier: Place | None, later: Place) -> float | None:
    """Days from one rating to the next, never below 0; None where one of them has no date."""
    if earlier is None:
        return None
    if earlier.occurred_at is not None and later.occurred_at is not None:
        return max(0.0, (later.occurred_at - earlier.occurred_at).total_seconds() / 86400)
    if earlier.occurred_on is None or later.occurred_on is None:
        return None
    return max(0.0, float((later.occurred_on - earlier.occurred_on).days))
