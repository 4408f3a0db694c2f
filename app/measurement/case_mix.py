"""What of a difference between caseloads comes from how far the courses are.

An alliance usually grows over its first meetings, so who has many new clients has lower ratings
for that reason alone. The usual growth is estimated from the same clients at several stages of
their course, and each client's ratings are set against it. Values are in the scale's unit.
"""

from collections.abc import Mapping, Sequence
from math import fsum
from typing import Final

STAGES: Final = (1, 3, 6, 11)
"""The rating numbers with which the stages of a course begin: 1-2, 3-5, 6-10, 11 and on. House
rule."""
LEAST_FOLLOWED: Final = 10
"""Fewest clients with ratings in several stages from which growth is estimated. House rule."""
PULL: Final = 10
"""How many ratings without growth each stage's estimate counts on top. House rule."""

Stages = Mapping[int, tuple[int, float]]
"""stage -> number and sum of one client's ratings in it."""


def stage_of(rating_number: int) -> int:
    """The stage of a course that its first, second, ... rating lies in: 0 and up.

    >>> [stage_of(number) for number in (1, 2, 3, 5, 6, 10, 11, 40)]
    [0, 0, 1, 1, 2, 2, 3, 3]
    """
    return sum(rating_number >= first for first in STAGES) - 1


def growth(clients: Sequence[Stages]) -> tuple[float, ...] | None:
    """How much higher than in the first stage the same client usually rates in each.

    Least squares with a level for each client, each stage drawn towards no growth by PULL ratings
    (ridge regression: Hoerl & Kennard, 1970, Technometrics 12(1), 55-67). None with fewer than
    LEAST_FOLLOWED clients in several stages: nothing is adjusted then.
    """
    followed = [one for one in clients if len(one) > 1]
    if len(followed) < LEAST_FOLLOWED:
        return None
    later = range(1, len(STAGES))
    left = [[_together(followed, a, b) + (PULL if a == b else 0) for b in later] for a in later]
    right = [fsum(_above_own_mean(one, stage) for one in followed) for stage in later]
    return (0.0, *_solved(left, right))


def adjusted_means(clients: Sequence[Stages], growing: Sequence[float] | None) -> list[float]:
    """Each client's mean as it would be at the stages that all the clients have on average.

    The mean of all stays what it is. growing: of growth; None: the plain means. Raises
    ZeroDivisionError for a client without a rating.
    """
    means = [fsum(total for _, total in one.values()) / _ratings(one) for one in clients]
    if growing is None:
        return means
    grown = [fsum(n * growing[s] for s, (n, _) in one.items()) / _ratings(one) for one in clients]
    usual = fsum(grown) / len(grown) if grown else 0.0
    return [mean - own + usual for mean, own in zip(means, grown, strict=True)]


def _ratings(one: Stages) -> int:
    return sum(number for number, _ in one.values())


def _together(followed: Sequence[Stages], a: int, b: int) -> float:
    """The normal equations' entry for two stages, each client about the own level."""
    entries = []
    for one in followed:
        in_a, in_b = (one.get(stage, (0, 0.0))[0] for stage in (a, b))
        entries.append((in_a if a == b else 0) - in_a * in_b / _ratings(one))
    return fsum(entries)


def _above_own_mean(one: Stages, stage: int) -> float:
    number, total = one.get(stage, (0, 0.0))
    return total - number * fsum(each for _, each in one.values()) / _ratings(one)


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """The solution of a positive definite system, by elimination."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for pivot, row in enumerate(rows):
        for other in rows:
            if other is not row:
                share = other[pivot] / row[pivot]
                other[:] = [one - share * own for one, own in zip(other, row, strict=True)]
    return [row[-1] / row[place] for place, row in enumerate(rows)]
