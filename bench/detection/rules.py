"""The rules that the detector is compared with, on the same streams and at the same budgets.

Most stand in the literature by name; their exact criteria were not read in full, so each is an
approximation. Values are sessions x streams, higher is worse, minus infinity where there is none.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from app.measurement.filter_bank import CourseParameters
from bench.detection.arrays import Floats
from bench.detection.bank import Filters
from bench.detection.run_lengths import run_length_values
from bench.detection.simulate import Cases

PUBLISHED: Final = (
    "fixed level", "drop from previous", "drop from running peak", "drop from own mean",
    "individuals chart, own moving range",
)  # fmt: skip
"""Those that studies of alliance ratings used, in one form or another; the rest are charts of other
fields and rules of the house."""
CHANCE: Final = "chance"
"""Alarms at random: what a method must beat to be one. Draws from a seed of its own, the same for
streams with and without a drop."""
CHANCE_SEED: Final = 9001
SMOOTHING: Final = 0.3
ALLOWANCE: Final = 0.5
PRIOR_RATINGS: Final = 6.0
"""What the pooled SD counts for when a person's own is shrunk. House rule, by simulation."""
CLIP: Final = 2.5
MOVING_RANGE: Final = 1.128
"""Mean moving range of two normal values, in SDs (Shewhart charts' d2)."""
FIRST_CHART: Final = 3
"""Earlier ratings from which charts and sums of a person's own are judged. House rule."""


@dataclass(slots=True)
class _Course:
    """What is known of each stream before a rating."""

    count: Floats
    total: Floats
    previous: Floats
    peak: Floats
    moving: Floats
    squares: Floats
    smoothed: Floats
    smoothed_own: Floats
    summed: Floats


def rule_values(cases: Cases, parameters: CourseParameters) -> dict[str, Floats]:
    """Every rule's values of these streams, by the rule's name."""
    streams = cases.values.shape[0]
    known = _Course(*(np.zeros(streams) for _ in range(9)))
    known.peak = np.full(streams, -np.inf)
    found: dict[str, list[Floats]] = {}
    for t in range(cases.values.shape[1]):
        now = _judged(known, cases.values[:, t], parameters.within_sd)
        missing = np.isnan(cases.values[:, t])
        for name, values in now.items():
            left_out = missing | np.isnan(values)
            found.setdefault(name, []).append(np.where(left_out, -np.inf, values))
    by_name = {name: np.array(values) for name, values in found.items()}
    by_name["change points of own-mean deviations"] = run_length_values(
        -by_name["own mean / shrunk own SD"]
    )
    drawn = np.random.default_rng(CHANCE_SEED).random(cases.values.T.shape)
    chance = np.where(np.isnan(cases.values.T), -np.inf, drawn)
    return {CHANCE: chance} | by_name | _filter_values(cases, parameters)


def _judged(known: _Course, values: Floats, within_sd: float) -> dict[str, Floats]:
    """The rules' values of one rating; what is known is brought up to it."""
    n = known.count
    with np.errstate(divide="ignore", invalid="ignore"):
        own_mean = np.where(n > 0, known.total / n, np.nan)
        fall = own_mean - values
        spread = np.sqrt(1 + 1 / n)
        own_sd = within_sd * np.sqrt((PRIOR_RATINGS + known.squares) / (PRIOR_RATINGS + n))
        chart_sd = known.moving / (n - 1) / MOVING_RANGE
        drop = np.where(n > 0, known.previous, np.nan) - values
        charted = np.where(n >= FIRST_CHART, fall / np.maximum(chart_sd, 0.2 * within_sd), np.nan)
        z = np.clip(fall / (within_sd * spread), -CLIP, CLIP)
    here = ~np.isnan(values)
    later = here & (n > 0)
    keep = 1 - SMOOTHING
    smoothed = np.where(later, keep * known.smoothed + SMOOTHING * fall, known.smoothed)
    own = np.where(later, keep * known.smoothed_own + SMOOTHING * fall / own_sd, known.smoothed_own)
    summed = np.maximum(known.summed + fall / within_sd - ALLOWANCE, 0)
    summed = np.where(later, summed, known.summed)
    judged = {
        "fixed level": -values,
        "drop from previous": drop,
        "drop from running peak": np.where(n > 0, known.peak - values, np.nan),
        "drop from own mean": fall,
        "individuals chart, own moving range": charted,
        "EWMA .3 of own-mean deviations": np.where(n >= FIRST_CHART, smoothed, np.nan),
        "CUSUM .5 of own-mean deviations": np.where(n >= FIRST_CHART, summed, np.nan),
        "own mean / shrunk own SD": fall / own_sd / spread,
        "EWMA / shrunk own SD": np.where(n >= FIRST_CHART, own, np.nan),
    }
    known.moving = known.moving + np.where(later, np.abs(drop), 0)
    known.squares = known.squares + np.where(later, z * z, 0)
    known.smoothed, known.smoothed_own, known.summed = smoothed, own, summed
    known.total = known.total + np.where(here, values, 0)
    known.previous = np.where(here, values, known.previous)
    known.peak = np.where(here, np.fmax(known.peak, values), known.peak)
    known.count = n + here
    return judged


def _filter_values(cases: Cases, parameters: CourseParameters) -> dict[str, Floats]:
    """A filter's innovation, plain and by the person's shrunk volatility."""
    count, sessions = cases.values.shape
    filters = Filters(parameters, count, (0.0,))
    carries = np.exp(-parameters.decay_per_day * cases.days)
    plain = np.full((sessions, count), -np.inf)
    shrunk = plain.copy()
    squares, seen = np.zeros(count), np.zeros(count)
    for t in range(sessions):
        here = ~np.isnan(cases.values[:, t])
        carry = carries[:, t] if t else np.ones(count)
        step = filters.step(cases.values[:, t], carry, float(min(t, 11)))
        z = step.innovation[0]
        if t:
            own = np.sqrt((PRIOR_RATINGS + squares) / (PRIOR_RATINGS + seen))
            plain[t] = np.where(here, -z, -np.inf)
            shrunk[t] = np.where(here, -z / own, -np.inf)
            squares += np.where(here, np.clip(z, -CLIP, CLIP) ** 2, 0)
            seen += here
    return {"filter innovation": plain, "filter + shrunk volatility": shrunk}
