"""What may have begun at one of the last ratings, and how well each of it fits the ratings since.

A hypothesis says that from its onset on the ratings are lower than they would have been. What that
does to the filter's expectations follows from the filter alone (Willsky & Jones, 1976, IEEE
Transactions on Automatic Control 21(1), 108-112), so each needs five numbers and no look back.
"""

import math
from functools import lru_cache
from typing import Final

from app.measurement.filter_bank import HYPOTHESIS, RAMP, STEP, Filtered, Rating

Sizes = tuple[tuple[float, float], ...]
"""Sizes of a drop in the person's own SDs, each with its weight."""

DIP: Final = ((1.5, 1 / 3), (2.0, 1 / 3), (3.0, 1 / 3))
"""Depths of a dip in the person's own SDs, with their weights. House rule, tuned by simulation."""
STAYS: Final = ((2.0, 0.25),)
"""As DIP, for a drop that stays."""
DECLINE: Final = ((0.3, 0.25), (0.5, 0.25))
"""As DIP, for a slow decline: own SDs per rating."""
LARGEST_EXPONENT: Final = 60.0
"""Evidence beyond this changes no alarm; it only keeps the numbers finite."""

Slots = list[tuple[int, float, Sizes]]
CLOSED: Final = (0.0,) * HYPOTHESIS


@lru_cache(maxsize=RAMP)
def plan(still_open: int) -> tuple[Slots, Slots]:
    """What to do with the open hypotheses: (those kept, those that end with this rating).

    Each as the slot that it comes from (-1: none is open there), the drop that it expects of this
    rating, and its sizes. The newest slot serves all kinds, as they begin alike.
    """
    declines: Slots = [(age - 1, age + 1.0, DECLINE) for age in range(1, RAMP)]
    stays: Slots = [(0 if age == 1 else RAMP - 3 + age, 1.0, STAYS) for age in range(1, STEP)]
    alive = [source if age <= still_open else -1 for age, (source, _, _) in enumerate(declines, 1)]
    declines = [(alive[i], drop, sizes) for i, (_, drop, sizes) in enumerate(declines)]
    stays = [
        (source if age <= still_open else -1, drop, sizes)
        for age, (source, drop, sizes) in enumerate(stays, 1)
    ]
    ends = [declines.pop(), stays.pop(), (0 if still_open else -1, 0.0, DIP)]
    return declines + stays, [one for one in ends if one[0] >= 0]


def updated(
    values: tuple[float, ...], plan: tuple[Slots, Slots], unit: float, rating: Rating, one: Filtered
) -> tuple[list[float], float, float]:
    """One node's hypotheses after the rating, and its evidence for sudden and for slow drops.

    values: its hypotheses so far. unit: the person's SD as the node guesses it.
    """
    k_l, k_s, k_t = one.gain
    u = -unit / one.sd
    evidence, information = u * one.innovation, u * u
    numbers = [-k_l * unit, -k_s * unit, -k_t * unit, evidence, information]
    sudden = _ratio(DIP, evidence, information) + _ratio(STAYS, evidence, information)
    slow = _ratio(DECLINE, evidence, information)
    kept, ending = plan
    for number, (source, drop, sizes) in enumerate(kept + ending):
        if source < 0:
            numbers += CLOSED
            continue
        start = source * HYPOTHESIS
        d_l, d_s, d_t, evidence, information = values[start : start + HYPOTHESIS]
        d_t *= rating.carry
        q = -drop * unit - d_l - rating.growth * d_s - d_t
        u = q / one.sd
        evidence += u * one.innovation
        information += u * u
        if number < len(kept):
            numbers += (d_l + k_l * q, d_s + k_s * q, d_t + k_t * q, evidence, information)
        ratio = _ratio(sizes, evidence, information)
        if sizes is DECLINE:
            slow += ratio
        else:
            sudden += ratio
    return numbers, sudden, slow


def _ratio(sizes: Sizes, evidence: float, information: float) -> float:
    """Likelihood of the ratings under drops of these sizes, over that without, times weights."""
    total = 0.0
    for size, weight in sizes:
        exponent = size * (evidence - 0.5 * size * information)
        total += weight * math.exp(min(exponent, LARGEST_EXPONENT))
    return total
