"""A tenant's signal settings as values: how many alerts it wants, and its own parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

DEFAULT_ALERTS: Final = 3.0
"""Alerts per 100 ratings of a drop-free stream, until a tenant says otherwise. House rule."""


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """How ratings of one scale go in this tenant's own population, as it was accepted.

    language None: in all languages that have no set of their own.
    """

    instrument: str
    form: str
    scale: str
    language: str | None
    values: tuple[tuple[str, float], ...]
    """Name and value of each parameter, in points of the scale's mean; see CourseParameters."""
    cases: int
    ratings: int
    method: str


@dataclass(frozen=True, slots=True)
class SignalSettings:
    """The settings in force. Version 0: the service's own, before a tenant has set any."""

    version: int = 0
    alerts_per_100_ratings: float = DEFAULT_ALERTS
    parameter_sets: tuple[ParameterSet, ...] = ()

    def parameters(
        self, instrument: str, form: str, scale: str, language: str
    ) -> ParameterSet | None:
        """The set for a scale, that of the language before that of all; None: there is none."""
        named = [
            one
            for one in self.parameter_sets
            if (one.instrument, one.form, one.scale) == (instrument, form, scale)
            and one.language in {language, None}
        ]
        return min(named, key=lambda one: one.language is None, default=None)


def signal_settings_from(
    version: int | None, alerts: float | None, sets: list[Mapping[str, Any]] | None
) -> SignalSettings:
    """The settings that a row holds; the service's own where there is none."""
    if version is None or alerts is None:
        return SignalSettings()
    return SignalSettings(version, alerts, tuple(map(_set_from, sets or ())))


def _set_from(stored: Mapping[str, Any]) -> ParameterSet:
    return ParameterSet(
        stored["instrument"],
        stored["form"],
        stored["scale"],
        stored["language"],
        tuple(sorted(stored["parameters"].items())),
        stored["cases"],
        stored["ratings"],
        stored["method"],
    )
