"""What may have begun at one of the last ratings, and how well each of it fits the ratings since.

A hypothesis says that from its onset on the ratings are lower than they would have been. What that
does to the filter's expectations follows from the filter alone (Willsky & Jones, 1976, IEEE
Transactions on Automatic Control 21(1), 108-112), so it needs a few numbers and no look back. A
drop that stays is a dip at every rating since its onset, and a slow decline is such a drop at every
rating, so the echo of one dip per onset serves them all.
"""

from math import copysign, exp
from typing import Final

from app.measurement.filter_bank import FILTER, SHIFTS
from app.measurement.person_filter import Filtered, Rating, log_densities

Sizes = tuple[float, tuple[float, ...]]

DIPS: Final = ((1.5, (0.16, 0.35)), (2.5, (0.31, 0.69)))
"""Depth of a dip in the person's own SDs, and its weights at its onset and one rating later. House
rule, tuned by simulation, as are STAYS and DECLINES. Weights need not add up to anything."""
STAYS: Final = (2.0, (0.0, 0.23, 0.09, 0.29))
"""The same for a drop that stays, to three ratings later. At its onset, where it is a dip like
others, it has no weight."""
DECLINES: Final = (0.45, (0.0, 0.0, 1.2, 0.4, 0.6, 0.4, 0.45))
"""The same for a slow decline, in own SDs per rating, to six ratings later. Its first two ratings
say too little."""
EXTREME: Final = 12.0
"""Surprises beyond so many SDs count as this. A rating then adds at most 72 to an exponent, so that
no number overflows. House rule; no alarm turns on it."""


LASTING: Final = 0.6
"""By how much the weights of lasting drops fall, in their logarithm, with each unit of skew. House
rule, tuned by simulation."""
MOST_ADDED: Final = EXTREME * EXTREME / 2
"""Most that a rating adds to an exponent."""
_FIRST_RATIO: Final = FILTER + SHIFTS
(_DIP, (_DIP_NOW, _DIP_BEFORE)), (_DEEP, (_DEEP_NOW, _DEEP_BEFORE)) = DIPS
_STAY, (_, _STAY_1, _STAY_2, _STAY_3) = STAYS
_DECLINE, (_, _, _DECLINE_2, _DECLINE_3, _DECLINE_4, _DECLINE_5, _DECLINE_6) = DECLINES
_DIP_SQUARE, _DEEP_SQUARE = _DIP * _DIP / 2, _DEEP * _DEEP / 2
_STAY_SQUARE, _DECLINE_SQUARE = _STAY * _STAY / 2, _DECLINE * _DECLINE / 2

Echoes = tuple[float, float, float, float, float, float]
Judged = tuple[tuple[float, ...], float, float]
"""A node's ratios after a rating, and its evidence for sudden and for slow drops."""


def lasting_share(skew: float) -> float:
    """What is left of the weights of drops that stay and of slow declines, given the skew."""
    return exp(-LASTING * skew) if skew > 0 else 1.0


def followed(values: tuple[float, ...], unit: float, rating: Rating, one: Filtered) -> Judged:
    """One node's hypotheses after the rating, and its evidence for sudden and for slow drops.

    values: the node's numbers before it. unit: the person's SD in points as the node guesses it.
    Written out onset by onset, as _judged is: this is met five times for every rating.
    """
    _, growth, carry, _, _, skew = rating
    _, (g_l, g_s, g_t), sd, _, innovation, learnt, _ = one
    (
        l_1, l_2, l_3, l_4, l_5, l_6, s_1, s_2, s_3, s_4, s_5, s_6, t_1, t_2, t_3, t_4, t_5, t_6,
    ) = values[FILTER:_FIRST_RATIO]  # fmt: skip
    t_1, t_2, t_3 = t_1 * carry, t_2 * carry, t_3 * carry
    t_4, t_5, t_6 = t_4 * carry, t_5 * carry, t_6 * carry
    # By so much each dip has already lowered what the filter expects now.
    e_1 = l_1 + growth * s_1 + t_1
    e_2 = l_2 + growth * s_2 + t_2
    e_3 = l_3 + growth * s_3 + t_3
    e_4 = l_4 + growth * s_4 + t_4
    e_5 = l_5 + growth * s_5 + t_5
    e_6 = l_6 + growth * s_6 + t_6
    echoes = (e_1, e_2, e_3, e_4, e_5, e_6)
    surprise = innovation if -EXTREME < innovation < EXTREME else copysign(EXTREME, innovation)
    ratios = values[_FIRST_RATIO:]
    if skew:
        judged = _judged_with_skew(ratios, unit, echoes, rating, one)
    else:
        judged = _judged(ratios, unit, echoes, surprise / sd, learnt / (sd * sd))
    shifts = (
        g_l * unit, l_1 - g_l * e_1, l_2 - g_l * e_2, l_3 - g_l * e_3, l_4 - g_l * e_4,
        l_5 - g_l * e_5, g_s * unit, s_1 - g_s * e_1, s_2 - g_s * e_2, s_3 - g_s * e_3,
        s_4 - g_s * e_4, s_5 - g_s * e_5, g_t * unit, t_1 - g_t * e_1, t_2 - g_t * e_2,
        t_3 - g_t * e_3, t_4 - g_t * e_4, t_5 - g_t * e_5,
    )  # fmt: skip
    return shifts + judged[0], judged[1], judged[2]


def _judged(
    ratios: tuple[float, ...],
    unit: float,
    echoes: Echoes,
    surprise: float,
    known: float,
) -> Judged:
    """The ratios with this rating's part added, and the weighted likelihoods.

    A drop that lowers the rating by x points adds -x * (a + b * x) to the logarithm of a ratio, a
    and b by its size. surprise, known: the innovation over the SD of what was expected, and how
    much the rating tells over its square.
    """
    dip, deep, r_1, r_2, r_3, d_1, d_2, d_3, d_4, d_5, d_6 = ratios
    e_1, e_2, e_3, e_4, e_5, e_6 = echoes
    a, b = _DIP * surprise, _DIP_SQUARE * known
    dip_now = -unit * (a + b * unit)
    sudden = _DIP_NOW * exp(dip_now) + _DIP_BEFORE * exp(dip + e_1 * (a - b * e_1))
    a, b = _DEEP * surprise, _DEEP_SQUARE * known
    deep_now = -unit * (a + b * unit)
    sudden += _DEEP_NOW * exp(deep_now) + _DEEP_BEFORE * exp(deep + e_1 * (a - b * e_1))
    a, b = _STAY * surprise, _STAY_SQUARE * known
    r_0 = -unit * (a + b * unit)
    r_1 -= (x_1 := unit - e_1) * (a + b * x_1)
    r_2 -= (x_2 := x_1 - e_2) * (a + b * x_2)
    r_3 -= (x_3 := x_2 - e_3) * (a + b * x_3)
    sudden += _STAY_1 * exp(r_1) + _STAY_2 * exp(r_2) + _STAY_3 * exp(r_3)
    a, b = _DECLINE * surprise, _DECLINE_SQUARE * known
    d_0 = -unit * (a + b * unit)
    # A decline lowers by as much as drops that began at its onset and at every rating since.
    d_1 -= (y := unit + x_1) * (a + b * y)
    d_2 -= (y := y + x_2) * (a + b * y)
    d_3 -= (y := y + x_3) * (a + b * y)
    d_4 -= (y := y + (x_4 := x_3 - e_4)) * (a + b * y)
    d_5 -= (y := y + (x_5 := x_4 - e_5)) * (a + b * y)
    d_6 -= (y := y + x_5 - e_6) * (a + b * y)
    slow = _DECLINE_2 * exp(d_2) + _DECLINE_3 * exp(d_3) + _DECLINE_4 * exp(d_4)
    slow += _DECLINE_5 * exp(d_5) + _DECLINE_6 * exp(d_6)
    return (dip_now, deep_now, r_0, r_1, r_2, d_0, d_1, d_2, d_3, d_4, d_5), sudden, slow


def _judged_with_skew(
    ratios: tuple[float, ...], unit: float, echoes: Echoes, rating: Rating, one: Filtered
) -> Judged:
    """The same where ratings have a longer lower tail; slower, as every ratio needs its densities.

    A low rating is then less of a surprise, and one above what was expected speaks more strongly
    against a drop that should have lowered it.
    """
    dip, deep, r_1, r_2, r_3, d_1, d_2, d_3, d_4, d_5, d_6 = ratios
    e_1, e_2, e_3, e_4, e_5, e_6 = echoes
    y_1 = unit + (x_1 := unit - e_1)
    y_2 = y_1 + (x_2 := x_1 - e_2)
    y_3 = y_2 + (x_3 := x_2 - e_3)
    y_4 = y_3 + (x_4 := x_3 - e_4)
    y_5 = y_4 + (x_5 := x_4 - e_5)
    y_6 = y_5 + x_5 - e_6
    dip_now, dip_more, deep_now, deep_more, r_0, s_1, s_2, s_3, *declines = _added_with_skew(
        (
            _DIP * unit, _DIP * -e_1, _DEEP * unit, _DEEP * -e_1,
            _STAY * unit, _STAY * x_1, _STAY * x_2, _STAY * x_3,
            _DECLINE * unit, _DECLINE * y_1, _DECLINE * y_2, _DECLINE * y_3,
            _DECLINE * y_4, _DECLINE * y_5, _DECLINE * y_6,
        ),
        rating, one,
    )  # fmt: skip
    d_0, f_1, f_2, f_3, f_4, f_5, f_6 = declines
    r_1, r_2, r_3 = r_1 + s_1, r_2 + s_2, r_3 + s_3
    d_1, d_2, d_3, d_4, d_5, d_6 = d_1 + f_1, d_2 + f_2, d_3 + f_3, d_4 + f_4, d_5 + f_5, d_6 + f_6
    sudden = _STAY_1 * exp(r_1) + _STAY_2 * exp(r_2) + _STAY_3 * exp(r_3)
    slow = _DECLINE_2 * exp(d_2) + _DECLINE_3 * exp(d_3) + _DECLINE_4 * exp(d_4)
    slow += _DECLINE_5 * exp(d_5) + _DECLINE_6 * exp(d_6)
    share = lasting_share(rating.skew)
    dips = _DIP_NOW * exp(dip_now) + _DIP_BEFORE * exp(dip + dip_more)
    dips += _DEEP_NOW * exp(deep_now) + _DEEP_BEFORE * exp(deep + deep_more)
    kept = (dip_now, deep_now, r_0, r_1, r_2, d_0, d_1, d_2, d_3, d_4, d_5)
    return kept, dips + share * sudden, share * slow


def _added_with_skew(points: tuple[float, ...], rating: Rating, one: Filtered) -> list[float]:
    """What the rating adds to a ratio's logarithm if so many points less were to be expected."""
    innovation, sd = one.innovation, one.sd
    if rating.ceiling is not None:
        surprise, half = min(innovation, EXTREME) / sd, one.learnt / (2 * sd * sd)
        return [-x * (surprise + x * half) for x in points]
    as_expected, *lowered = log_densities(rating.value - one.expected, points, sd, rating.skew)
    if innovation * innovation > EXTREME * EXTREME:
        return [min(each - as_expected, MOST_ADDED) for each in lowered]
    return [each - as_expected for each in lowered]
