"""Whether what is stated as a probability comes true: budgets, z, intervals; and what a score says.

The detector states no probability of a drop, as that turns on how common drops are. What is stated
is a budget (so many alerts per 100 ratings without a drop), each rating's z, and 95 % intervals of
level and slope.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from scipy.special import ndtr

from app.measurement.alarm_budget import RATES, threshold
from app.measurement.filter_bank import CourseParameters
from app.measurement.slope import SlopePrior, slope
from app.measurement.standing import REACH
from app.trends.levels import GROWTH_ENDS_AFTER, LEAST_SPREAD_OF_SLOPES
from bench.detection.arrays import Flags, Floats
from bench.detection.bank import foretold
from bench.detection.experiment import RUPTURED, TEST, Experiment, Sizes
from bench.detection.policy import alarms, rate, scores
from bench.detection.simulate import Cases, simulated
from bench.detection.text import Lines, share, table
from bench.detection.verdicts import LARSSON, TRUTHS

Z_LIMITS: Final = (-1.0, -1.645, -1.96, -2.5, -3.0)
LENGTHS: Final = (4, 8, 16)
"""Ratings after which intervals are looked at."""
SCORE_EDGES: Final = (-np.inf, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 6.0, np.inf)


def budget_table(experiments: Sequence[Experiment]) -> Lines:
    """Alarms per 100 clean ratings at each tabled threshold, beside the rate that it is for."""
    rows = []
    for stated in RATES:
        realised = [rate(alarms(here.clean.evidence, threshold(stated))) for here in experiments]
        rows.append([f"{stated:g}", *(f"{one:.2f}" for one in realised)])
    return table(["alarms per 100, stated", *_spreads(experiments, "realised")], rows)


def z_table(experiments: Sequence[Experiment]) -> Lines:
    """Shares of clean ratings, from the second on, with a z below some limits."""
    found = [foretold(here.clean.cases, here.parameters).z[1:] for here in experiments]
    rows = []
    for limit in Z_LIMITS:
        shares = (float(ndtr(limit)), *(float((z < limit).mean()) for z in found))
        rows.append([f"{limit:g}", *(share(one, 4) for one in shares)])
    return table(["z below", "normal", *_spreads(experiments, "found")], rows)


def interval_table(experiments: Sequence[Experiment], sizes: Sizes) -> Lines:
    """How often the 95 % intervals that a trend shows hold the person's true level and slope."""
    rows = []
    for length in LENGTHS:
        row = [str(length)]
        for here in experiments:
            cases = here.clean.cases
            row.append(share(float(_level_holds(cases, here.parameters)[length - 1].mean()), 3))
            row.append(share(_slope_holds(cases, here.parameters, length, sizes.clean // 5), 3))
        rows.append(row)
    head = [f"{what}, {here.population.volatility_log_sd:g}" for here in experiments
            for what in ("level held", "slope held")]  # fmt: skip
    return table(["ratings", *head], rows)


def _level_holds(cases: Cases, parameters: CourseParameters) -> Flags:
    """Sessions x streams."""
    found = foretold(cases, parameters)
    growth = np.minimum(np.arange(cases.values.shape[1]), GROWTH_ENDS_AFTER - 1)[:, None]
    held: Flags = np.abs(cases.level + cases.slope * growth - found.level) <= REACH * found.level_sd
    return held


def _slope_holds(cases: Cases, parameters: CourseParameters, length: int, count: int) -> float:
    """Share of the first `count` cases; the slope as a trend would show it."""
    spread = max(parameters.slope_sd, LEAST_SPREAD_OF_SLOPES * (parameters.high - parameters.low))
    prior = SlopePrior(
        parameters.slope_mean, spread, parameters.within_sd, parameters.mean, parameters.between_sd
    )
    held = 0
    for values, true in zip(cases.values[:count], cases.slope, strict=False):
        found = slope([float(one) for one in values[:length]], prior, flat_after=GROWTH_ENDS_AFTER)
        held += found is not None and found.low <= true <= found.high
    return held / count


def score_table(here: Experiment, sizes: Sizes) -> Lines:
    """Of all ratings with such a score: how many there are, and how many lie inside a drop."""
    inside = np.zeros(len(SCORE_EDGES) - 1)
    every = np.zeros(len(SCORE_EDGES) - 1)
    for truth, drops in TRUTHS.items():
        for number, drop in enumerate(drops):
            seed = TEST if drop is None else RUPTURED + 60 + number
            cases = simulated(here.population, sizes.ruptured // 2, seed, drop)
            found = scores(here.seen(cases).evidence)[1:]
            weight = LARSSON[truth] / len(drops)
            session = np.arange(1, found.shape[0] + 1)[:, None]
            window = 0 if drop is None else drop.window
            active = (cases.onset >= 0) & (session >= cases.onset)
            active &= session <= cases.onset + window
            every += weight * _counts(found)
            inside += weight * _counts(found[active])
    rows = [
        [_bin(low, high), f"{100 * some / every.sum():.1f}", share(within / some)]
        for (low, high), some, within in zip(pairwise(SCORE_EDGES), every, inside, strict=True)
    ]
    return table(["score", "of 100 ratings", "inside a drop"], rows)


def _counts(found: Floats) -> Floats:
    counts, _ = np.histogram(np.where(np.isfinite(found), found, -1e9).ravel(), SCORE_EDGES)
    return counts.astype(float)


def _bin(low: float, high: float) -> str:
    if low == -np.inf:
        return f"below {high:g}"
    return f"{low:g} and more" if high == np.inf else f"{low:g} to {high:g}"


def _spreads(experiments: Sequence[Experiment], what: str) -> list[str]:
    return [f"{what}, spread {share(here.population.volatility_log_sd)}" for here in experiments]
