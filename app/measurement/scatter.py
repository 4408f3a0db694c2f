"""How far the items of one form lie apart, against this rater's own earlier forms.

A total hides a form whose items contradict each other. An et al. (2022): over 4,489 sessions of
135 clients, the alliance foretold how a client came to the next session only where the item
answers were consistent (abstract read: an approximation). Scatter is context, never an alarm.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite, sqrt
from typing import Final

from app.measurement.spread import PRIOR_RATINGS, sample_sd

LEAST_EARLIER_FORMS: Final = 4
"""House rule."""
UNUSUAL_SDS: Final = 2.0
"""SDs above the own mean from which scatter is unusual. House rule."""


@dataclass(frozen=True, slots=True)
class ScatterState:
    """The scatter of a rater's forms so far: their number, mean and sum of squares about it."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0


NEW_SCATTER: Final = ScatterState()


@dataclass(frozen=True, slots=True)
class ScatterStanding:
    """The scatter of a form among the rater's earlier ones, in points of an item."""

    scatter: float
    usual: float
    """The mean of the earlier forms."""
    limit: float
    """The scatter above which a form is unusual for this rater."""
    unusual: bool
    earlier: int


def form_scatter(keyed: Iterable[Decimal]) -> float | None:
    """The standard deviation (n - 1) of the keyed items of one form, in points of an item.

    None with fewer than two items.

    >>> form_scatter([Decimal(3), Decimal(5)])
    1.4142135623730951
    """
    return sample_sd([float(value) for value in keyed])


def with_form(state: ScatterState, scatter: float) -> ScatterState:
    """The state after one more form (Welford, 1962, Technometrics 4(3), 419-420).

    Raises ValueError for a scatter that is negative or not finite.
    """
    if not isfinite(scatter) or scatter < 0:
        raise ValueError("Expected a standard deviation.")
    count = state.count + 1
    away = scatter - state.mean
    mean = state.mean + away / count
    return ScatterState(count, mean, state.squares + away * (scatter - mean))


def scatter_standing(
    state: ScatterState, scatter: float, *, items: int, step: float
) -> ScatterStanding | None:
    """The standing of a form's scatter among the earlier forms in state.

    items: how many of them the scatter was taken over; step: the distance of neighbouring answers.
    None with fewer than LEAST_EARLIER_FORMS. The limit is the own mean + UNUSUAL_SDS of the own
    SD; that is drawn towards the spread which chance alone gives, usual / sqrt(2 (items - 1))
    (SD of the SD of that many normal values, to first order), with at least one step for usual:
    for a rater who always gave one answer, a first other answer is no contradiction (house rule).
    Raises ValueError with fewer than two items or a step that is not positive.

    >>> state = ScatterState(count=4, mean=1.0, squares=0.0)
    >>> scatter_standing(state, 1.4, items=9, step=1.0).unusual
    False
    >>> scatter_standing(state, 1.5, items=9, step=1.0).unusual
    True
    """
    if items <= 1 or step <= 0:
        raise ValueError("Expected at least two items and a step above 0.")
    if state.count < LEAST_EARLIER_FORMS:
        return None
    by_chance = max(state.mean, step) ** 2 / (2 * (items - 1))
    weight = PRIOR_RATINGS + state.count - 1
    sd = sqrt((PRIOR_RATINGS * by_chance + state.squares) / weight)
    limit = state.mean + UNUSUAL_SDS * sd
    return ScatterStanding(scatter, state.mean, limit, scatter > limit, state.count)
