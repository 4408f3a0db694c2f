"""What may have begun at one of the last ratings, and how well each of it fits the ratings since.

A hypothesis says that from its onset on the ratings are lower than they would have been. What that
does to the filter's expectations follows from the filter alone (Willsky & Jones, 1976, IEEE
Transactions on Automatic Control 21(1), 108-112), so it needs a few numbers and no look back. A
drop that stays is a dip at every rating since its onset, and a slow decline is such a drop at every
rating, so the echo of one dip per onset serves them all.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import exp
from typing import Final

from app.measurement.filter_bank import LONGEST_DECLINE as DECLINE
from app.measurement.filter_bank import LONGEST_STAY as STAY
from app.measurement.filter_bank import parts
from app.measurement.person_filter import Filtered, Rating

Sizes = tuple[float, tuple[float, ...]]

DIPS: Final = ((1.5, (0.19, 0.33)), (2.5, (0.37, 0.66)))
"""Depth of a dip in the person's own SDs, and its weights at its onset and one rating later. House
rule, tuned by simulation, as are STAYS and DECLINES. Weights need not add up to anything."""
STAYS: Final = (2.0, (0.0, 0.19, 0.09, 0.24))
"""The same for a drop that stays, to three ratings later. At its onset, where it is a dip like
others, it has no weight."""
DECLINES: Final = (0.45, (0.0, 0.0, 1.2, 0.4, 0.6, 0.4, 0.45))
"""The same for a slow decline, in own SDs per rating, to six ratings later. Its first two ratings
say too little."""
EXTREME: Final = 12.0
"""Surprises beyond so many SDs count as this. A rating then adds at most 72 to an exponent, so that
no number overflows. House rule; no alarm turns on it."""


def followed(
    values: Sequence[float], onsets: int, unit: float, rating: Rating, one: Filtered
) -> tuple[list[float], float, float]:
    """One node's hypotheses after the rating, and its evidence for sudden and for slow drops.

    values: the node's numbers before it, with `onsets` open hypotheses, the newest first. unit:
    the person's SD in points as the node guesses it.
    """
    at = parts(onsets)
    numbers, lowers = _echoed(values, at, unit, rating, one.gain)
    surprise = max(-EXTREME, min(one.innovation, EXTREME)) / one.sd
    known = one.learnt / (one.sd * one.sd)
    stay, stay_known, sudden = _judged(STAYS, values[at[3]], values[at[4]], lowers, surprise, known)
    decline, decline_known, slow = _judged(
        DECLINES, values[at[5]], values[at[6]], list(accumulate(lowers)), surprise, known
    )
    numbers += stay[:STAY]
    numbers += stay_known[:STAY]
    numbers += decline[:DECLINE]
    numbers += decline_known[:DECLINE]
    a, b = stay[0], stay_known[0]
    for size, weights in DIPS:
        sudden += weights[0] * exp(size * (a - 0.5 * size * b))
        if onsets:
            low = lowers[1] - unit
            before = values[at[3]][0] - low * surprise
            before_known = values[at[4]][0] + low * low * known
            sudden += weights[1] * exp(size * (before - 0.5 * size * before_known))
    return numbers, sudden, slow


def _echoed(
    values: Sequence[float],
    at: Sequence[slice],
    unit: float,
    rating: Rating,
    gain: tuple[float, float, float],
) -> tuple[list[float], list[float]]:
    """(how a dip at each onset shifts the filter, by how much a drop since then lowers ratings).

    The shifts are of level, growth and state, positive where lower, one onset after the other.
    """
    gain_l, gain_s, gain_t = gain
    carry, growth = rating.carry, rating.growth
    levels, slopes, states = [gain_l * unit], [gain_s * unit], [gain_t * unit]
    lower = unit
    lowers = [unit]
    for level, slope, state in zip(values[at[0]], values[at[1]], values[at[2]]):  # noqa: B905 - as long as each other, and met for every node of every rating
        passed = state * carry
        # By so much the dip has already lowered what the filter expects now.
        echo = level + growth * slope + passed
        levels.append(level - gain_l * echo)
        slopes.append(slope - gain_s * echo)
        states.append(passed - gain_t * echo)
        lower -= echo
        lowers.append(lower)
    return levels[:DECLINE] + slopes[:DECLINE] + states[:DECLINE], lowers


def _judged(  # noqa: PLR0917 - numbers, for every node of every rating
    sizes: Sizes,
    evidence: Sequence[float],
    information: Sequence[float],
    lowers: Sequence[float],
    surprise: float,
    known: float,
) -> tuple[list[float], list[float], float]:
    """One kind of drop: evidence and information with this rating's added, and its likelihood.

    The likelihood is that of the ratings under such drops over that without, weighted and summed.
    lowers: by how many points a drop of size 1 since each onset lowers what is to be expected.
    surprise, known: what the rating adds to evidence and information for each point lowered.
    """
    size, weights = sizes
    half = size / 2
    low = lowers[0]
    found, found_known, total = [-low * surprise], [low * low * known], 0.0
    for low, a, b, weight in zip(lowers[1:], evidence, information, weights[1:]):  # noqa: B905 - the kinds are kept for so long as they have weights
        gathered = a - low * surprise
        learnt = b + low * low * known
        found.append(gathered)
        found_known.append(learnt)
        if weight:
            total += weight * exp(size * (gathered - half * learnt))
    return found, found_known, total
