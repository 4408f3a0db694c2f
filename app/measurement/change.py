"""How far a difference between two ratings of one person stands out of the noise.

The error term is within-person: session-to-session spread and its reliability. The familiar one
built on between-person alpha is several times too small here (Cranford et al., 2006, Personality
and Social Psychology Bulletin 32(7), 917-929, on why the two reliabilities differ).
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal

from app.measurement.key import MeasurementError, Scale, ScoringKey
from app.measurement.scoring import Score

Z_95: Final = Decimal("1.96")
"""Two-sided 95 % point of the standard normal distribution."""

ASSUMED_SD_SHARE: Final = Decimal("0.55") / 6
"""Assumed within-person SD as a share of the item range: 0.55 points on a 1-7 scale."""
ASSUMED_RELIABILITY: Final = Decimal("0.75")
"""Assumed within-person reliability; textbook example .74: Shrout, P. E., & Lane, S. P. (2012), in
Mehl & Conner (Eds.), Handbook of research methods for studying daily life."""
ASSUMPTION: Final = (
    "House assumption, none is published: within-person SD 0.55 on a 1-7 scale, R_C .75 "
    "(coefficient: Shrout & Lane, 2012)."
)

Reference = Literal["previous", "first"]


@dataclass(frozen=True, slots=True)
class Observed:
    """One scored value of a stream: the value in the scale's unit and how many items gave it.

    answered is None when an older system reported the value and no item is known.
    """

    value: Decimal
    answered: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """A difference to an earlier rating, in the scale's unit; positive means stronger.

    reliable is None when the error term is only assumed: a threshold is shown, no verdict given.
    """

    reference: Reference
    difference: Decimal
    threshold: Decimal
    reliable: bool | None
    basis: MeasurementError


def measurement_error(scale: Scale, key: ScoringKey) -> MeasurementError:
    """The scale's own error term, or the house assumption scaled to the form's item range."""
    return scale.measurement_error or _assumed_error(key.high - key.low)


@lru_cache(maxsize=64)
def _assumed_error(item_range: Decimal) -> MeasurementError:
    return MeasurementError(
        ASSUMED_SD_SHARE * item_range, ASSUMED_RELIABILITY, "assumed", ASSUMPTION
    )


def error_sd(scale: Scale, key: ScoringKey, answered: int | None) -> Decimal:
    """Standard deviation of the error in one score, in the scale's unit.

    sigma_w * sqrt(1 - R_k), with R_k the reliability at the number of items answered
    (Spearman-Brown), so a prorated score carries a wider error. answered None: as if complete.
    """
    error = measurement_error(scale, key)
    items = len(scale.items)
    sd = _mean_error_sd(error, items, answered or items)
    return sd * items if scale.unit == "sum" else sd


# The roots below are the costliest step of a submission, and their few arguments recur.
@lru_cache(maxsize=4096)
def _mean_error_sd(error: MeasurementError, items: int, answered: int) -> Decimal:
    reliability = spearman_brown(error.within_person_reliability, items, answered)
    return error.within_person_sd * (1 - reliability).sqrt()


@lru_cache(maxsize=4096)
def _threshold(earlier_sd: Decimal, now_sd: Decimal) -> Decimal:
    return Z_95 * (earlier_sd**2 + now_sd**2).sqrt()


def spearman_brown(reliability: Decimal, items: int, answered: int) -> Decimal:
    """Reliability of `answered` parallel items when `items` of them have `reliability`.

    k r / (1 + (k - 1) r), r the reliability of one item (Spearman, 1910; Brown, 1910).

    >>> spearman_brown(Decimal("0.75"), 12, 12) == Decimal("0.75")
    True
    """
    one = reliability / (items - (items - 1) * reliability)
    return answered * one / (1 + (answered - 1) * one)


def change(
    reference: Reference, earlier: Observed, now: Observed, scale: Scale, key: ScoringKey
) -> Change:
    """The difference now - earlier with its 95 % threshold, sqrt of both error variances.

    Jacobson & Truax (1991), Journal of Consulting and Clinical Psychology 59(1), 12-19, with the
    within-person error in place of the between-person one. reliable: |difference| > threshold.
    """
    basis = measurement_error(scale, key)
    threshold = _threshold(
        error_sd(scale, key, earlier.answered), error_sd(scale, key, now.answered)
    )
    difference = now.value - earlier.value
    reliable = None if basis.source == "assumed" else abs(difference) > threshold
    return Change(reference, difference, threshold, reliable, basis)


def band(observed: Observed, scale: Scale, key: ScoringKey) -> tuple[Decimal, Decimal]:
    """The 95 % band about one score, +-1.96 error SDs, cut off at the scale's possible range."""
    half = Z_95 * error_sd(scale, key, observed.answered)
    count = len(scale.items) if scale.unit == "sum" else 1
    low, high = key.low * count, key.high * count
    return max(low, observed.value - half), min(high, observed.value + half)


def observed_from(score: Score) -> Observed | None:
    """The score as a value of its stream; None when it is not scorable."""
    if score.value is None:
        return None
    return Observed(score.value, score.answered or None)
