"""Limits within which professionals or programmes lie by chance, wide for few clients.

A funnel shows how many clients stand behind each mean instead of ranking the means; Spiegelhalter
(2005), Statistics in Medicine 24(8), 1185-1202. Values are in the scale's unit, high is a stronger
alliance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, fsum, sqrt
from typing import Final, Literal

INNER: Final = 1.96
"""SDs to the inner limits: 95 % of those who differ by chance alone lie within."""
OUTER: Final = 3.09
"""SDs to the outer limits: 99.8 % lie within."""
DRAWN_IN: Final = 0.1
"""The share of scores at either end that is drawn in, so that a few who lie apart do not widen the
limits for all. Spiegelhalter (2005)."""

Position = Literal["inside", "outside_95", "outside_998"]


@dataclass(frozen=True, slots=True)
class Funnel:
    """What its limits are made of."""

    centre: float
    client_sd: float
    """SD of clients within a professional or programme."""
    over_dispersion: float
    """Variance between them that is taken as usual, on top of chance."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits for one number of clients."""

    clients: float
    low_95: float
    high_95: float
    low_998: float
    high_998: float


@dataclass(frozen=True, slots=True)
class Point:
    """One professional or programme that is shown."""

    name: str
    clients: int
    value: float
    position: str
    """A Position."""


@dataclass(frozen=True, slots=True)
class FunnelFigure:
    """All that a drawing needs: the points as shown, and the limits as curves by clients."""

    centre: float
    points: tuple[Point, ...]
    limits: tuple[Limits, ...]
    """In rising numbers of clients."""


def over_dispersion(
    means: Sequence[float], clients: Sequence[float], centre: float, client_sd: float
) -> float:
    """The variance between groups beyond chance: 0 or more, in squared units.

    The additive model's moment estimate from scores against the centre, the outermost tenth on
    either side drawn in (Spiegelhalter, 2005; DerSimonian & Laird, 1986, Controlled Clinical
    Trials 7(3), 177-188). Raises ValueError with fewer than two groups, a group without a client
    or an SD that is not positive.

    >>> over_dispersion([4.0, 5.0, 6.0], [25, 25, 25], centre=5.0, client_sd=1.0)
    0.96
    """
    if len(means) <= 1 or min(clients) <= 0 or client_sd <= 0:
        raise ValueError("Expected two groups or more, with clients, and an SD above 0.")
    precisions = [number / client_sd**2 for number in clients]
    scores = [
        (mean - centre) * sqrt(weight) for mean, weight in zip(means, precisions, strict=True)
    ]
    ranked, outer = sorted(scores), floor(DRAWN_IN * len(scores))
    low, high = ranked[outer], ranked[len(scores) - 1 - outer]
    total = fsum(min(max(score, low), high) ** 2 for score in scores)
    size = fsum(precisions) - fsum(weight**2 for weight in precisions) / fsum(precisions)
    return max(0.0, (total - (len(scores) - 1)) / size)


def limits(funnel: Funnel, clients: float) -> Limits:
    """The limits at centre ± z sqrt(client_sd² / clients + over_dispersion).

    Raises ValueError without clients.

    >>> limits(Funnel(5.0, 1.0, 0.0), 25).low_95
    4.608
    """
    if clients <= 0:
        raise ValueError("Expected clients.")
    error = sqrt(funnel.client_sd**2 / clients + funnel.over_dispersion)
    inner, outer = INNER * error, OUTER * error
    centre = funnel.centre
    return Limits(clients, centre - inner, centre + inner, centre - outer, centre + outer)


def position(value: float, at: Limits) -> Position:
    """Where a mean lies; on a limit is inside."""
    if at.low_95 <= value <= at.high_95:
        return "inside"
    return "outside_95" if at.low_998 <= value <= at.high_998 else "outside_998"
