"""What is said beside fitted parameters: how many ratings, how reliable, what they come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from app.fitting.sample import Courses, Sample
from app.measurement.course_fit import FEWEST_RATINGS, Fit
from app.measurement.filter_bank import WEEK
from app.measurement.reliability import (
    Interval,
    IntraclassCorrelation,
    alpha,
    change_reliability,
    intraclass_correlation,
    nested_components,
)
from app.measurement.watch import Watch
from app.measurement.watching import watched
from app.signals.rules import rules_for
from app.tenants.signal_settings import SignalSettings


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the streams that were read, and of the fit."""

    streams: int
    """With FEWEST_RATINGS values or more."""
    ratings: int
    """In those."""
    fitted_streams: int
    prorated: int
    intraclass: IntraclassCorrelation
    alpha: Interval | None
    """Over the first complete form of each stream; None: too few, or a scale of one item."""
    alpha_forms: int
    within_reliability: float | None
    """R_cn over the first complete forms of each stream; None: too few, or nothing varies."""
    within_streams: int
    alerted: int
    """Ratings of all streams that would have raised an alert under the settings with this set."""
    judged: int
    """Ratings of all streams."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a fit comes to."""

    settings: dict[str, Any]
    """A body for PUT /v1/signal-settings: those in force with the fitted set among them."""
    fit: Fit
    figures: Figures


def figures_of(
    sample: Sample, courses: Courses, fitted_streams: int, settings: SignalSettings
) -> Figures:
    """The figures. settings: with the fitted set among them."""
    several_items = len(sample.asked.scale.items) > 1
    firsts = [forms[0] for forms in sample.forms if forms] if several_items else []
    whole = [forms for forms in sample.forms if several_items and len(forms) >= FEWEST_RATINGS]
    judged = sum(len(points) for _, points in sample.streams)
    return Figures(
        streams=len(courses.all),
        ratings=courses.ratings,
        fitted_streams=fitted_streams,
        prorated=courses.prorated,
        intraclass=intraclass_correlation(
            [[value for value, _ in course] for course in courses.all]
        ),
        alpha=_alpha(firsts),
        alpha_forms=len(firsts),
        within_reliability=change_reliability(nested_components(whole)) if len(whole) > 1 else None,
        within_streams=len(whole),
        alerted=_alerted(sample, settings),
        judged=judged,
    )


def lines_of(fitted: Fitted) -> list[str]:
    """The figures as a person reads them; spreads in points of the scale's mean."""
    found, parameters = fitted.figures, fitted.fit.parameters
    one_way = found.intraclass
    carry = exp(-WEEK * parameters.decay_per_day)
    alerts = 100 * found.alerted / found.judged
    budget = fitted.settings["alerts_per_100_ratings"]
    lines = [
        (
            f"{found.streams} streams of {FEWEST_RATINGS} ratings or more, {found.ratings} "
            f"ratings; fitted on {found.fitted_streams} of the streams."
        ),
        f"{found.prorated} values left out, as not all items were answered.",
        (
            f"Within-person SD {parameters.within_sd:.3f}, between-person SD "
            f"{parameters.between_sd:.3f}, autocorrelation after a week {carry:.2f}."
        ),
        (
            f"Counted without a model: within-person SD {one_way.within_sd:.3f}, between-person "
            f"SD {one_way.between_sd:.3f}, ICC(1) {_with_interval(one_way.share)}."
        ),
        _alpha_line(found),
        _within_line(found, parameters.reliability),
        (
            f"With this set {found.alerted} of {found.judged} ratings would have raised an alert: "
            f"{alerts:.2f} per 100, drops included; the budget without drops is {budget:g}."
        ),
    ]
    if not fitted.fit.settled:
        lines.append("The search was cut off; a better fit may exist.")
    return lines


def _alpha(forms: Sequence[Sequence[float]]) -> Interval | None:
    if len(forms) <= 1 or len({sum(form) for form in forms}) == 1:
        return None
    return alpha(forms)


def _alpha_line(found: Figures) -> str:
    if found.alpha is None:
        return "Alpha: not computed, too few complete forms or a scale of one item."
    return (
        f"Alpha between people {_with_interval(found.alpha)}, first complete form of "
        f"{found.alpha_forms} streams. It is no measure of how far a person's ratings scatter."
    )


def _within_line(found: Figures, fitted: float) -> str:
    if found.within_reliability is None:
        return f"Within-person reliability {fitted:.2f} fitted; from items: not computed."
    return (
        f"Within-person reliability {fitted:.2f} fitted, where what passes with the days counts as "
        f"true; from items {found.within_reliability:.2f} (R_cn of {found.within_streams} streams)."
    )


def _with_interval(one: Interval) -> str:
    return f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})"


def _alerted(sample: Sample, settings: SignalSettings) -> int:
    """Ratings that an alert would have been about, each as the newest of its stream in turn."""
    found: set[str] = set()
    for stream, points in sample.streams:
        rules = rules_for(sample.asked.definition, sample.asked.form, stream.language, settings)
        watch, previous = Watch(), None
        for point in points:
            watch, told = watched(watch, point, previous, rules)
            previous = point.place
            found |= {
                one.about or point.place.response_id
                for one in told.findings
                if one.severity == "alert"
            }
    return len(found)
