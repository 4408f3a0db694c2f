"""What follows from the kept figures of several units: deviations, limits, positions. Pure.

Everything is worked out from figures as they are shown, so it tells no more than they do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import fsum, sqrt
from typing import Final

from app.comparisons.figures import known_as
from app.measurement.funnel import (
    Funnel,
    Limits,
    Position,
    limits,
    over_dispersion,
    position,
)
from app.measurement.shrinkage import (
    DEPENDABLE,
    Components,
    Deviation,
    Group,
    clients_for,
    components,
    deviation,
)

GRID: Final = (10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200, 300, 500, 1000, 2000, 5000)
"""Numbers of clients for which the limits are told: the same for all, whoever is shown."""
LEAST_TOLD: Final = 100
"""The limits are told up to here at least."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A unit as it is kept: clients as rounded, and their mean in hundredths of the range."""

    clients: int
    at: int


@dataclass(frozen=True, slots=True)
class Compared:
    """What the units tell together, in hundredths of the scale's range, in their order."""

    found: Components
    funnel: Funnel
    deviations: tuple[Deviation, ...]
    positions: tuple[Position, ...]
    limits: tuple[Limits, ...]

    @property
    def dependable_from(self) -> int | None:
        """How many clients make a mean dependable; None: the units are not found to differ."""
        needed = clients_for(DEPENDABLE, self.found.share)
        return None if needed is None else round(needed)


@lru_cache(maxsize=2048)  # a function of what is kept, which never changes
def compared(units: tuple[Measured, ...], client_sd: float) -> Compared:
    """The units compared. client_sd: the spread of clients within a unit, above 0.

    Raises ValueError with fewer than two units.
    """
    known = [known_as(unit.clients, client_sd) for unit in units]
    groups = [
        Group(number, unit.at, client_sd**2 * (number - 1))
        for number, unit in zip(known, units, strict=True)
    ]
    found = components(groups)
    dispersion = over_dispersion([unit.at for unit in units], known, found.mean, client_sd)
    funnel = Funnel(found.mean, client_sd, dispersion)
    most = max(LEAST_TOLD, *(unit.clients for unit in units))
    told = [number for number in GRID if number <= most]
    return Compared(
        found,
        funnel,
        tuple(
            deviation(group, found, unit.clients) for group, unit in zip(groups, units, strict=True)
        ),
        tuple(
            position(unit.at, limits(funnel, number))
            for number, unit in zip(known, units, strict=True)
        ),
        tuple(_limits(funnel, number) for number in told),
    )


def pooled_sd(measured: Sequence[tuple[int, float]]) -> float:
    """The SD of clients within units that each have their own: (clients, SD) of each."""
    squares = fsum(clients * sd**2 for clients, sd in measured)
    return sqrt(squares / sum(clients for clients, _ in measured))


def _limits(funnel: Funnel, clients: int) -> Limits:
    """The limits for so many clients, whose mean goes in the step of so many."""
    at = limits(funnel, known_as(clients, funnel.client_sd))
    return Limits(clients, at.low_95, at.high_95, at.low_998, at.high_998)
