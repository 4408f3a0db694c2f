"""From the values of one filled-in form to the scores of its scales."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

from app.measurement.answers import item_values
from app.measurement.key import Scale, ScoringKey, Unit

ScoreStatus = Literal["scored", "not_scorable"]
DECIMALS: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Score:
    """One scale of one filled-in form, unrounded.

    sum and mean both stand on the full scale: with items missing the sum is mean x items,
    never the raw sum of what was answered. min and max are the scale's possible sums. value is
    the one that `unit` names. High is a stronger alliance. Not scorable: all numbers are None.
    """

    scale: str
    unit: Unit
    value: Decimal | None
    sum: Decimal | None
    mean: Decimal | None
    min: Decimal
    max: Decimal
    percent_of_range: Decimal | None
    items: int
    answered: int
    prorated: bool
    status: ScoreStatus
    reason: str | None


def scored(answers: Mapping[str, object], key: ScoringKey) -> tuple[Score, ...]:
    """The scores of one filled-in form, one for each scale, in the key's order.

    Raises AnswersRefused as item_values does.

    >>> bond = Scale("bond", ("1", "2"), "mean", "decision", "bond", 1)
    >>> key = ScoringKey(
    ...     "likert", Decimal(1), Decimal(5), ("1", "2"), frozenset({"2"}), (bond,)
    ... )
    >>> scored({"1": 4, "2": 1}, key)[0].value
    Decimal('4.5')
    >>> scored({"1": 4}, key)[0].sum
    Decimal('8')
    """
    keyed = keyed_values(item_values(answers, key), key)
    return tuple(scale_score(keyed, scale, key) for scale in key.scales)


def keyed_values(values: Mapping[str, Decimal], key: ScoringKey) -> dict[str, Decimal]:
    """The values with reversed items turned round (low + high - value): high is stronger."""
    mirror = key.low + key.high
    return {item: mirror - v if item in key.reversed else v for item, v in values.items()}


def scale_score(keyed: Mapping[str, Decimal], scale: Scale, key: ScoringKey) -> Score:
    """The score of one scale from keyed values; absent items are unknown, not zero.

    With at least scale.min_answered items the person's own mean stands for the missing ones
    (person-mean substitution after reversal); with fewer the scale is not scorable.
    """
    items = len(scale.items)
    present = [keyed[item] for item in scale.items if item in keyed]
    low, high = key.low * items, key.high * items
    if len(present) < scale.min_answered:
        reason = f"{len(present)} of {items} items answered, {scale.min_answered} needed"
        return Score(
            scale.id, scale.unit, None, None, None, low, high, None,
            items, len(present), prorated=False, status="not_scorable", reason=reason,
        )  # fmt: skip
    answered_sum = sum(present, Decimal(0))
    mean = answered_sum / len(present)
    total = answered_sum * items / len(present)
    return Score(
        scale.id, scale.unit, total if scale.unit == "sum" else mean, total, mean, low, high,
        100 * (total - low) / (high - low),
        items, len(present), prorated=len(present) < items, status="scored", reason=None,
    )  # fmt: skip


def reported_score(
    scale: Scale, key: ScoringKey, *, reported_sum: Decimal | None, reported_mean: Decimal | None
) -> Score:
    """A scale's score as an older system reported it: a total, never turned into items.

    Give one of the two, or both if they agree. answered is 0: no item is known.
    Raises ValueError when neither is given, when the value lies outside the scale's range, or
    when the two differ by more than half a point in the fourth decimal of the mean.
    """
    items = len(scale.items)
    low, high = key.low * items, key.high * items
    if reported_sum is None and reported_mean is None:
        raise ValueError("Give sum or mean.")
    if reported_sum is None:
        total, mean = (reported_mean or Decimal(0)) * items, reported_mean or Decimal(0)
    else:
        total, mean = reported_sum, reported_sum / items
        if reported_mean is not None and abs(reported_mean - mean) > DECIMALS / 2:
            raise ValueError("The sum and the mean do not agree.")
    if not low <= total <= high:
        raise ValueError(f"Expected a sum from {low} to {high}, or the mean of such a sum.")
    return Score(
        scale.id, scale.unit, total if scale.unit == "sum" else mean, total, mean, low, high,
        100 * (total - low) / (high - low),
        items, 0, prorated=False, status="scored", reason=None,
    )  # fmt: skip


def rounded(value: Decimal) -> Decimal:
    """The value as it is shown: at most four decimals, ROUND_HALF_UP. Cuts never use it."""
    return value.quantize(DECIMALS, ROUND_HALF_UP) + 0  # and never -0
