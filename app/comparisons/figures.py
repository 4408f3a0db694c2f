"""The few figures that are kept of a programme's clients, so coarse that no one shows. Pure.

All are whole hundredths of the scale's possible range. A mean goes in steps that are at least
what one client alone can move it by: who knows all the others learns of the last one no more than
on which side of one point that client lies.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import ceil, floor, fsum, sqrt
from typing import Final

from app.comparisons.parting import Course, Name, parts, shown, together
from app.measurement.case_mix import adjusted_means, growth
from app.measurement.small_groups import COUNTED_TO, LEAST_CLIENTS, rounded_count

SD_STEP: Final = 2
"""Hundredths of the range to which the spread between clients is rounded up. House rule."""
LEAST_SD: Final = 6
"""The spread is taken for no less, in hundredths of the range: alike answers of a few clients would
narrow the limits to nothing. House rule."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is shown of one professional."""

    name: Name
    clients: int
    at: int
    """The mean of the clients, in hundredths of the scale's range above its least."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is shown of a programme."""

    clients: int
    at: int
    """The mean of the clients, in hundredths of the scale's range above its least.

    Who is with several professionals counts with each: so it is the sum of its parts, and nothing
    is left of it when they are taken off.
    """
    client_sd: int
    """The spread of clients within a professional, rounded up; hundredths of the range."""
    adjusted: bool
    """Whether the stage of each course is set against the usual growth."""
    units: tuple[Unit, ...]
    """The professionals who are shown, in order; empty: none can be."""
    others: bool
    """Whether there are professionals who are not shown."""


def figures(courses: Sequence[Course], kept_back: Collection[Name] = ()) -> Figures | None:
    """What is shown of these clients; None: they are too few to be told of together.

    courses: of one programme, scale and stream kind in one window, each client once with each
    professional; totals in hundredths of the range. kept_back: professionals not to be shown.
    """
    if not together(courses):
        return None
    stages = [one.stages for one in courses]
    growing = growth(stages)
    values = adjusted_means(stages, growing)
    names = shown(courses, kept_back)
    by_name: dict[Name, list[float]] = {name: [] for name in names}
    for one, value in zip(courses, values, strict=True):
        if one.professional in by_name:
            by_name[one.professional].append(value)
    return Figures(
        clients=rounded_count(len({one.client for one in courses})),
        at=coarse(values, _most_of_one_client(courses)),
        client_sd=_coarse_sd(courses, values),
        adjusted=growing is not None,
        units=tuple(
            Unit(name, rounded_count(len(own)), coarse(own)) for name, own in by_name.items()
        ),
        others=len(names) < len(parts(courses)),
    )


def step(clients: int) -> int:
    """The step in which a mean goes, in hundredths of the range; clients as rounded.

    It is what one client can move the mean by, or one hundredth where that is less.

    >>> [step(clients) for clients in (10, 15, 20, 50, 100, 1000)]
    [10, 8, 6, 3, 2, 1]
    """
    return ceil(100 / max(LEAST_CLIENTS, clients - COUNTED_TO // 2))


def coarse(values: Sequence[float], of_one: int = 1) -> int:
    """The mean of the values, in the step of so many. of_one: how many can be one client's.

    >>> coarse([50.0] * 9 + [80.0])
    50
    """
    by = step(rounded_count(len(values) // of_one))
    return by * floor(fsum(values) / len(values) / by + 0.5)


def known_as(clients: int, client_sd: float) -> float:
    """How many clients tell a mean as well as so many tell it in its step.

    A step adds its own error, of a twelfth of its square, to that of the clients.
    """
    return 1 / (1 / clients + step(clients) ** 2 / 12 / client_sd**2)


def _most_of_one_client(courses: Sequence[Course]) -> int:
    """With how many professionals one client is at most."""
    return max(Counter(one.client for one in courses).values())


def _coarse_sd(courses: Sequence[Course], values: Sequence[float]) -> int:
    """The SD within professionals, over all of them, in its step."""
    by_professional: dict[Name, list[float]] = {}
    for one, value in zip(courses, values, strict=True):
        by_professional.setdefault(one.professional, []).append(value)
    degrees = len(courses) - len(by_professional)
    if degrees == 0:
        return 100 // 2  # nobody has two clients: as wide as a scale can be
    squares = fsum(
        (value - fsum(own) / len(own)) ** 2 for own in by_professional.values() for value in own
    )
    return max(LEAST_SD, SD_STEP * ceil(sqrt(squares / degrees) / SD_STEP))
