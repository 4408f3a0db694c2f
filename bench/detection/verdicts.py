"""What follows an alarm: repaired or not, and how often an alarm is right."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import numpy as np

from app.measurement.change import Observed
from app.measurement.course import Place, Point
from app.measurement.drops import Drop as Dropped
from app.measurement.filter_bank import CourseParameters
from app.measurement.watch import Limits, Rules, ScaleRule, Watch
from app.measurement.watching import watched
from bench.detection.bank import evidence
from bench.detection.experiment import RUPTURED, TEST, Experiment, Sizes
from bench.detection.main_tables import OURS
from bench.detection.policy import BUDGETS, alarms, hit
from bench.detection.simulate import Cases, Drop, simulated
from bench.detection.text import Lines, share, table

LARSSON: Final = {"none": 0.745, "repaired": 0.147, "unrepaired": 0.107}
"""Shares of cases without a rupture, with a repaired and with an unrepaired one (Larsson, 2018, 605
primary-care therapies; read in abstract only)."""
PLAIN_SHARE: Final = 4
"""One in so many cases is followed by the service's own code, which is slow on many."""
SCALE: Final = "total"
FIRST_DAY: Final = date(2026, 1, 1)
TRUTHS: Final = {
    "none": (None,),
    "repaired": (Drop("V", 2.0), Drop("U", 2.0)),
    "unrepaired": (Drop("S", 2.0), Drop("R", 0.3)),
}
STATES: Final = (
    "no alarm", "a dip, by its return", "repaired", "unrepaired", "open at the end",
)  # fmt: skip
NO_ALARM, BY_RETURN, REPAIRED, UNREPAIRED, OPEN = range(len(STATES))


def repair_states(cases: Cases, parameters: CourseParameters, limit: float) -> list[int]:
    """The state of each case after its first alarm, as a place in STATES, by the service's code."""
    limits = Limits(limit, limit, 0.0)
    rule = ScaleRule(parameters, limits, None, 1, as_sum=False, parameter_source="tenant")
    rules = Rules("", {SCALE: rule})
    pairs = zip(cases.values.tolist(), cases.days.tolist(), strict=True)
    return [_state(values, days, rules) for values, days in pairs]


def _state(values: list[float], days: list[float], rules: Rules) -> int:
    watch, previous, day = Watch(), None, FIRST_DAY
    first: str | None = None
    dropped: Dropped | None = None
    for number, (value, passed) in enumerate(zip(values, days, strict=True)):
        day += timedelta(days=passed if number else 0)
        place = Place(str(number), None, day, None, None)
        observed = Observed(Decimal(repr(value)), None)
        watch, told = watched(watch, Point(place, {SCALE: observed}), previous, rules)
        previous = place
        if first is None and told.findings:
            first = place.response_id
            if told.findings[0].about is not None:
                return BY_RETURN
        drop = told.drops.get(SCALE)
        if drop is not None and drop.started_by == first:
            dropped = drop
    if first is None or dropped is None:
        return NO_ALARM
    return {"repaired": REPAIRED, "unrepaired": UNREPAIRED, "open": OPEN}[dropped.state]


def repair_table(here: Experiment, sizes: Sizes, budget: float = 3.0) -> Lines:
    """True kinds of cases against what the first alarm and its sequel say."""
    rows = []
    for truth, drops in TRUTHS.items():
        states: list[int] = []
        for number, drop in enumerate(drops):
            seed = TEST if drop is None else RUPTURED + 60 + number
            count = sizes.ruptured // PLAIN_SHARE // len(drops)
            cases = simulated(here.population, count, seed, drop)
            states += repair_states(cases, here.parameters, here.thresholds[OURS, budget])
        rows.append([truth, *(share(states.count(n) / len(states)) for n in range(len(STATES)))])
    return table(["truth", *STATES], rows)


def predictive_table(here: Experiment, sizes: Sizes) -> Lines:
    """How many alarms, and how many alarmed cases, are right where ruptures are as common."""
    rows = []
    for budget in BUDGETS:
        right = wrong = cases_right = cases_alarmed = 0.0
        for truth, drops in TRUTHS.items():
            for number, drop in enumerate(drops):
                weight = LARSSON[truth] / len(drops)
                seed = TEST if drop is None else RUPTURED + 60 + number
                cases = simulated(here.population, sizes.ruptured // 2, seed, drop)
                limit = here.thresholds[OURS, budget]
                given = alarms(evidence(cases, here.parameters), limit)
                session = np.arange(given.shape[0])[:, None]
                window = 0 if drop is None else drop.window
                inside = (session >= cases.onset) & (session <= cases.onset + window)
                inside &= cases.onset >= 0
                right += weight * float((given & inside).sum(axis=0).mean())
                wrong += weight * float((given & ~inside).sum(axis=0).mean())
                found = hit(given, cases.onset, window) & (cases.onset >= 0)
                cases_right += weight * float(found.mean())
                cases_alarmed += weight * float(given.any(axis=0).mean())
        rows.append([
            f"{budget:g}", share(right / (right + wrong)), share(cases_right / cases_alarmed),
            share(cases_alarmed),
        ])  # fmt: skip
    head = ["budget", "alarms that are right", "alarmed cases found in time", "cases alarmed"]
    return table(head, rows)
