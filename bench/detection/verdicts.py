"""What follows an alarm: repaired or not, and how often an alarm is right."""

from typing import Final

import numpy as np

from bench.detection.arrays import Flags, Floats, Indices
from bench.detection.bank import Evidence, evidence
from bench.detection.experiment import RUPTURED, TEST, Experiment, Sizes
from bench.detection.main_tables import OURS
from bench.detection.policy import BUDGETS, alarms, hit
from bench.detection.simulate import Cases, Drop, simulated
from bench.detection.text import Lines, share, table

LARSSON: Final = {"none": 0.745, "repaired": 0.147, "unrepaired": 0.107}
"""Shares of cases without a rupture, with a repaired and with an unrepaired one (Larsson, 2018, 605
primary-care therapies; read in abstract only)."""
RETURN: Final = 0.75
"""Share of the depth that must be regained. House rule."""
WITHIN: Final = 5
"""Sessions within which. House rule."""
TRUTHS: Final = {
    "none": (None,),
    "repaired": (Drop("V", 2.0), Drop("U", 2.0)),
    "unrepaired": (Drop("S", 2.0), Drop("R", 0.3)),
}
STATES: Final = ("no alarm", "repaired", "unrepaired", "open at the end")


def repair_states(cases: Cases, found: Evidence, given: Flags) -> Indices:
    """The state of each case after its first alarm, as a place in STATES."""
    sessions, count = given.shape
    values: Floats = cases.values.T
    first = np.where(given.any(axis=0), given.argmax(axis=0), -1)
    streams = np.arange(count)
    expected = found.expected[first, streams]
    needed = expected - (1 - RETURN) * (expected - values[first, streams])
    session = np.arange(sessions)[:, None]
    after = (session > first) & (session <= first + WITHIN)
    back = (after & (values >= needed)).any(axis=0)
    state = np.where(back, 1, np.where(first + WITHIN < sessions, 2, 3))
    return np.where(first < 0, 0, state)


def repair_table(here: Experiment, sizes: Sizes, budget: float = 3.0) -> Lines:
    """True kinds of cases against what the first alarm and its sequel say."""
    rows = []
    for truth, drops in TRUTHS.items():
        states = []
        for number, drop in enumerate(drops):
            seed = TEST if drop is None else RUPTURED + 60 + number
            cases = simulated(here.population, sizes.ruptured // len(drops), seed, drop)
            found = evidence(cases, here.parameters)
            given = alarms(found, here.thresholds[OURS, budget])
            states.append(repair_states(cases, found, given))
        all_states = np.concatenate(states)
        rows.append([truth, *(share(float((all_states == n).mean())) for n in range(len(STATES)))])
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
