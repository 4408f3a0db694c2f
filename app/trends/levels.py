"""Level and slope of a stream as they are shown, in the scale's unit."""

from collections.abc import Sequence

from app.measurement.key import Scale
from app.measurement.slope import SlopePrior, slope
from app.measurement.standing import level_of
from app.measurement.watch import Rules, ScaleRule, Told
from app.trends.schemas import LevelOut, SlopeOut

LEAST_SPREAD_OF_SLOPES: float = 0.1 / 6
"""Of the scale's range, as the SD of slopes between people. House rule: with the detector's own,
narrower spread (0.04 on 1 to 7) a true fall of 0.3 within-person SDs a rating is called falling
in none of eight-rating courses in simulation, with this one in a quarter of them."""
GROWTH_ENDS_AFTER: int = 12
"""Ratings up to which growth is expected, as in the detector."""


def level_out(told: Told | None, scale: Scale, rules: Rules) -> LevelOut | None:
    """The rater's own level after a rating; None where the scale was not judged at it."""
    judged = told.judgements.get(scale.id) if told else None
    if judged is None:
        return None
    rule = rules.scales[scale.id]
    return LevelOut(**level_of(judged, rule.parameters, rule.unit)._asdict())


def slope_out(means: Sequence[float], scale: Scale, rules: Rules) -> SlopeOut | None:
    """The slope of a stream's values; None with fewer than four, or on a descriptive scale."""
    rule = rules.scales.get(scale.id)
    if rule is None:
        return None
    given = rule.parameters
    spread = max(given.slope_sd, LEAST_SPREAD_OF_SLOPES * (given.high - given.low))
    prior = SlopePrior(given.slope_mean, spread, given.within_sd, given.mean, given.between_sd)
    found = slope(means, prior, flat_after=GROWTH_ENDS_AFTER)
    if found is None:
        return None
    return SlopeOut(
        per_rating=_in_unit(found.per_rating, rule),
        low=_in_unit(found.low, rule),
        high=_in_unit(found.high, rule),
        label=found.label.replace(" ", "_"),
        shape=found.shape,
        ratings=found.ratings,
    )


def _in_unit(value: float, rule: ScaleRule) -> float:
    return round(value * rule.unit, 4)
