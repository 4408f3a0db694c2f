"""What a questionnaire is, as values: items, range, scales, rules. No wording."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

ItemKind = Literal["likert", "visual_analogue"]
Unit = Literal["sum", "mean"]
Use = Literal["decision", "descriptive"]
Component = Literal["bond", "goals", "tasks"]
KeyStatus = Literal["verified", "secondary", "provisional"]
"""How well the key of a scale is known: read on the form or in a primary source; read in a
secondary source; scored, but to be confirmed by the authors."""
Comparator = Literal["<", "<=", ">", ">="]

WHOLE: Final = "total"
"""What most forms call the scale that stands for the whole alliance."""
NON_ANSWERS: Final = ("declined", "not_applicable", "not_understood")
"""Answers of their own kind: the rater dealt with the item and gave no value."""


@dataclass(frozen=True, slots=True)
class MeasurementError:
    """Within-person spread and reliability of one scale, with where they come from.

    within_person_sd is in points of the scale's mean (the items' own units).
    """

    within_person_sd: Decimal
    within_person_reliability: Decimal
    source: Literal["published", "tenant", "assumed"]
    citation: str


@dataclass(frozen=True, slots=True)
class Scale:
    """One score of a form and the rules that belong to it."""

    id: str
    items: tuple[str, ...]
    unit: Unit
    use: Use
    component: Component | None
    min_answered: int
    """Fewest answered items with which the scale is scored (prorated if not all)."""
    measurement_error: MeasurementError | None = None
    """None: no published or tenant value; the house assumption is used and named."""


@dataclass(frozen=True, slots=True)
class CutCondition:
    """`scale comparator value`, or with scale None: any single item comparator value."""

    scale: str | None
    comparator: Comparator
    value: Decimal


@dataclass(frozen=True, slots=True)
class CutRule:
    """A published cut: met when any of its conditions is. The citation travels with it."""

    id: str
    default: bool
    any_of: tuple[CutCondition, ...]
    citation: str


@dataclass(frozen=True, slots=True)
class ScoringKey:
    """Everything needed to score one filled-in form of one instrument revision."""

    kind: ItemKind
    low: Decimal
    high: Decimal
    items: tuple[str, ...]
    reversed: frozenset[str]
    scales: tuple[Scale, ...]
    cuts: tuple[CutRule, ...] = ()


def whole_scale(scales: Sequence[Scale]) -> Scale:
    """The scale that stands for the whole alliance: total, else the first that is no component.

    Where a form has components alone, its first one. House rule.
    """
    whole = [scale for scale in scales if scale.component is None] or scales
    return next((scale for scale in whole if scale.id == WHOLE), whole[0])
