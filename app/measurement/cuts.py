"""Published cuts, applied to unrounded scores. A cut is a screen, not a verdict."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.measurement.key import Comparator, CutCondition, CutRule
from app.measurement.scoring import Score

COMPARISONS: Final[Mapping[Comparator, Callable[[Decimal, Decimal], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class CutFinding:
    """How one cut rule came out. met is None when a score that it needs is not scorable."""

    rule: CutRule
    met: bool | None
    met_by: tuple[str, ...]
    """The scales and items that met it, as `total` or `item 3`."""


def cut_finding(rule: CutRule, scores: Sequence[Score], keyed: Mapping[str, Decimal]) -> CutFinding:
    """Whether the rule is met by these scores and keyed item values, and by which of them.

    A condition on items looks at answered items only. When no condition is met and one could
    not be judged, met is None: unknown is not "fine".
    """
    values = {score.scale: score.value for score in scores}
    met_by: list[str] = []
    unknown = False
    for condition in rule.any_of:
        if condition.scale is None:
            unknown = unknown or not keyed
            met_by += [f"item {i}" for i, value in keyed.items() if _holds(condition, value)]
            continue
        value = values.get(condition.scale)
        if value is None:
            unknown = True
        elif _holds(condition, value):
            met_by.append(condition.scale)
    met = True if met_by else None if unknown else False
    return CutFinding(rule, met, tuple(met_by))


def _holds(condition: CutCondition, value: Decimal) -> bool:
    return COMPARISONS[condition.comparator](value, condition.value)
