"""By which rules a stream is watched: parameters with their source, limits from the budget."""

from functools import lru_cache
from typing import Any, Final

from app.instruments.definitions import Definition
from app.measurement.detection import (
    ASSUMPTION,
    CourseParameters,
    assumed_parameters,
    set_thresholds,
    threshold,
)
from app.measurement.key import Component, MeasurementError, Scale, ScoringKey
from app.measurement.watch import Limits, Rules, ScaleRule
from app.tenants.signal_settings import ParameterSet, SignalSettings

RULE_VERSION: Final = "2"
"""Raised with every change of a rule that could change a signal."""
WATCH_FACTOR: Final = 3.0
"""A watch comes this many times as often as the budget for alerts says. House rule."""
FEWEST_PARTS: Final = 2
MOST_PARTS: Final = 3
LINE_STEP: Final = 0.1
"""Grid of an item on a visual analogue line."""


@lru_cache(maxsize=1024)
def rules_for(definition: Definition, form: str, language: str, settings: SignalSettings) -> Rules:
    """How a stream of this form is watched: its decision scales, under the settings in force.

    The budget is that of the whole set: shared between the scales without a component, and the
    components, which speak only where those do not.
    """
    key = definition.forms[form].key
    watched = [scale for scale in key.scales if scale.use == "decision"]
    whole = [scale for scale in watched if scale.component is None] or watched
    parts = len(watched) - len(whole)
    scales = {}
    for scale in watched:
        alerts = settings.alerts_per_100_ratings / len(whole)
        component = scale.component if parts else None
        limits = Limits(
            _threshold(alerts * WATCH_FACTOR, parts, component),
            _threshold(alerts, parts, component),
            settings.alerts_per_100_ratings,
        )
        own = settings.parameters(definition.instrument, form, scale.id, language)
        parameters, source = _parameters(scale, key, own)
        scales[scale.id] = ScaleRule(
            parameters, limits, scale.component, len(scale.items), scale.unit == "sum", source
        )
    return Rules(f"{RULE_VERSION}/{definition.revision}/{settings.version}", scales)


def _threshold(alerts: float, parts: int, component: Component | None) -> float:
    """That of a scale beside parts components; there are tables for two and for three.

    More of them share what three would have; a single one has what either of two would.
    """
    if parts == 0:
        return threshold(alerts)
    total, _ = set_thresholds(alerts, MOST_PARTS)
    share = alerts * min(1.0, MOST_PARTS / parts)
    _, part = set_thresholds(share, min(max(parts, FEWEST_PARTS), MOST_PARTS))
    return total if component is None else part


def step_of(scale: Scale, key: ScoringKey) -> float:
    """The distance of neighbouring means of the scale, all items answered."""
    return (LINE_STEP if key.kind == "visual_analogue" else 1.0) / len(scale.items)


def _parameters(
    scale: Scale, key: ScoringKey, own: ParameterSet | None
) -> tuple[CourseParameters, str]:
    """The parameters of a scale and where they come from: `tenant`, `published`, `assumed`."""
    assumed = assumed_parameters(float(key.low), float(key.high), step_of(scale, key))
    if own is not None:
        return _replaced(assumed, dict(own.values)), "tenant"
    error = scale.measurement_error
    if error is None:
        return assumed, "assumed"
    return _replaced(assumed, _published(error)), "published"


def _published(error: MeasurementError) -> dict[str, float]:
    return {
        "within_sd": float(error.within_person_sd),
        "reliability": float(error.within_person_reliability),
    }


def _replaced(assumed: CourseParameters, values: dict[str, float]) -> CourseParameters:
    known = {name: getattr(assumed, name) for name in CourseParameters.__slots__}
    return CourseParameters(**known | values)


def shown_parameters(rule: ScaleRule) -> dict[str, Any]:
    """The parameters as a signal shows them, with the assumption where there is one."""
    shown: dict[str, Any] = {
        name: round(getattr(rule.parameters, name), 6) for name in CourseParameters.__slots__
    }
    return shown if rule.parameter_source == "tenant" else shown | {"assumption": ASSUMPTION}
