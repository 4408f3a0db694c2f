"""From evidence or scores to alarms, and from budgets to thresholds.

Alarms are arrays of sessions x streams.
"""

from collections.abc import Callable
from typing import Final, Literal

import numpy as np

from bench.detection.arrays import Flags, Floats, Indices
from bench.detection.bank import Evidence

BUDGETS: Final = (1.0, 2.0, 3.0, 5.0)
"""Alarmed sessions per 100 clean ones."""
ROUNDS: Final = 22
"""Of bisection."""

Alarming = Callable[[float], Flags]
"""Threshold -> alarms."""


Returns = Literal["shipped", "all", "none"]
"""Which ratings that are back at their rater's own mean alarm: as the service has it, every one
whose score exceeds the threshold, or none."""


def alarms(found: Evidence, threshold: float, returns: Returns = "shipped") -> Flags:
    """Where the service raises an alarm: the score exceeds the threshold and something fell.

    Either the rating itself is below its rater's own mean, or it is back there and shows that the
    one before was a dip; that one must not have been alarmed itself. Hypotheses are closed wherever
    the score exceeds the threshold. As app/measurement/watching.py has it.
    """
    total = np.cumsum(found.sudden + found.slow, axis=1)
    sessions, ages, count = total.shape
    limit = np.exp(threshold)
    given = np.zeros((sessions, count), bool)
    since = np.full(count, ages)
    streams = np.arange(count)
    itself = np.zeros(count, bool)
    for t in range(1, sessions):
        counted = np.minimum(since, ages) - 1
        over = (total[t, counted, streams] > limit) & found.present[t]
        allowed = found.dipped[t] & ~itself if returns == "shipped" else returns == "all"
        given[t] = over & (~found.back[t] | allowed)
        itself = np.where(found.present[t], over & ~found.back[t], itself)
        since = np.where(over, 1, since + found.present[t])
    return given


def scores(found: Evidence) -> Floats:
    """The score of each rating as if no alarm had come before; minus infinity where none is."""
    total = (found.sudden + found.slow).sum(axis=1, dtype=float)
    with np.errstate(divide="ignore"):
        return np.where(found.present & (total > 0), np.log(total), -np.inf)


def alarms_of_rule(values: Floats, threshold: float, quiet: int = 0) -> Flags:
    """Where a rule's values exceed the threshold, `quiet` sessions after an alarm left out."""
    over = values > threshold
    if not quiet:
        return over
    given = np.zeros_like(over)
    wait = np.zeros(over.shape[1], int)
    for t in range(over.shape[0]):
        given[t] = over[t] & (wait == 0)
        wait = np.where(given[t], quiet, np.maximum(wait - 1, 0))
    return given


def rate(given: Flags, ratings: int | None = None) -> float:
    """Alarms per 100 sessions."""
    return 100 * float(given.sum()) / (ratings or given.size)


def calibrated(alarming: Alarming, budget: float, low: float, high: float) -> float:
    """The threshold at which clean streams are alarmed `budget` times in 100 sessions."""
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        if rate(alarming(middle)) > budget:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def hit(given: Flags, onset: Indices, window: int) -> Flags:
    """Which streams are alarmed from the onset to `window` sessions later."""
    session = np.arange(given.shape[0])[:, None]
    return (given & (session >= onset) & (session <= onset + window)).any(axis=0)


def delays(given: Flags, onset: Indices) -> Floats:
    """Sessions from the onset to the first alarm since; infinite: none came."""
    session = np.arange(given.shape[0])[:, None]
    late = np.where(given & (session >= onset), session - onset, np.inf)
    return late.min(axis=0)
