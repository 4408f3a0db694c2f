"""What is drawn, as values: no service, no wording of questionnaires, nothing to be looked up."""

from dataclasses import dataclass
from typing import Literal

Placed = Literal["dates", "sessions", "order"]
"""What the ratings stand along. dates: all have a day. sessions: all have a number. order: neither,
and each rater's ratings are counted by themselves."""


@dataclass(frozen=True, slots=True)
class Span:
    """From low to high, in the scale's unit."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Level:
    """The rater's own level with its 95 % interval, in the scale's unit."""

    mean: float
    span: Span


@dataclass(frozen=True, slots=True)
class Rating:
    """One rating on one scale."""

    x: float
    """Where it stands along the axis; without meaning for one that is unplaced."""
    place: str
    """The same in words."""
    value: float | None
    """In the scale's unit; None: see status."""
    status: str
    """`scored`, `not_scorable` or `withheld`."""
    band: Span | None
    level: Level | None
    prorated: bool
    reported: bool
    """A total of an older system."""
    corrected: str
    """By whom other than the rater, in words; empty: by nobody."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one rater said on one scale of one form in one language. Never joined with another."""

    label: str
    style: int
    """Which shape, dashes and colour; the same on every panel. 0: client, 1: professional."""
    ratings: tuple[Rating, ...]
    unplaced: tuple[Rating, ...]


@dataclass(frozen=True, slots=True)
class Fall:
    """A drop: where it began and ended along the axis, from which value down to which."""

    style: int
    start: float
    end: float
    """Where it was repaired or given up; for an open one, the end of the axis."""
    reference: float
    lowest: float
    state: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A signal, or a rupture or repair that somebody noticed."""

    x: float
    value: float | None
    """Of the rating that it was raised at; None: it stands on no line."""
    kind: str
    """`watch`, `alert`, `high`, `done`, `rupture` or `repair`."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One scale of one instrument, with everybody who rated it. Nothing on it is averaged."""

    title: str
    range_text: str
    unit: str
    span: Span
    """The full possible range of the scale."""
    main: bool
    """The whole of the alliance, drawn wide; the others are small multiples."""
    lines: tuple[Line, ...]
    falls: tuple[Fall, ...]
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One instrument."""

    heading: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """What a picture shows, to be read."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    roomy: bool = False
    """Whether cells hold so much that a phone had better scroll it than squeeze it."""


@dataclass(frozen=True, slots=True)
class Course:
    """The course of one alliance, as one reader may see it."""

    language: str
    placed: Placed
    span: Span | None
    """Of the axis along which ratings stand; None: no rating has a place."""
    sections: tuple[Section, ...]
    marks: tuple[Flag, ...]
    """Of the occasion rather than of one scale."""
    notes: tuple[str, ...]
    summary: tuple[str, ...]
    """What the picture tells, in sentences."""
