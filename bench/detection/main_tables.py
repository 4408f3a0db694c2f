"""What is found, by kind and depth of drop: the detector, the rules and the oracles."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from bench.detection.experiment import (
    DETECTOR,
    Experiment,
    Method,
    Seen,
    Sizes,
    area,
    found,
    interval,
    ruptured,
)
from bench.detection.oracle import oracle_p, oracle_q
from bench.detection.policy import BUDGETS, delays, rate
from bench.detection.rules import PUBLISHED
from bench.detection.simulate import DROPS, Drop
from bench.detection.text import Lines, share, table

BUDGET: Final = 3.0
GOALS: Final = {
    0.35: {"V1.5": 0.30, "V2": 0.45, "V3": 0.75, "U2": 0.68, "S1.5": 0.60, "S2": 0.74, "R.3": 0.72},
    0.6: {"V1.5": 0.28, "V2": 0.41, "V3": 0.69, "U2": 0.60, "S1.5": 0.54, "S2": 0.66, "R.3": 0.67},
}
"""Shares found that the detector was to reach at 3 per 100, by volatility spread."""
LEADS: Final = {"V": 0.01, "U": 0.05, "S": 0.05, "R": 0.09}
"""By how much it was to be ahead of every rule."""
LEAST_LED: Final = 1.5
"""Shallowest dip, U or step for which that holds."""
SOON: Final = {0.35: 0.55, 0.6: 0.50}
"""Share of 2-SD steps that was to be alarmed by the session after the onset."""
MOST_ANY, MOST_VOLATILE = 0.41, 5.0
PARTIAL: Final = 0.05
OURS: Final[Method] = (DETECTOR, 0)


@dataclass(slots=True)
class Figures:
    """Of one population."""

    spread: float
    here: Experiment
    shares: dict[tuple[Method, str, float], float] = field(default_factory=dict)
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    areas: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    waits: dict[str, tuple[float, float, float, float]] = field(default_factory=dict)
    """Of the found: median and 90th percentile, in sessions and in days."""
    soon: dict[str, float] = field(default_factory=dict)
    oracles: dict[str, tuple[float, float, float]] = field(default_factory=dict)


def figures(spread: float, here: Experiment, sizes: Sizes) -> Figures:
    """Every figure of the main tables."""
    result = Figures(spread, here)
    for number, drop in enumerate(DROPS):
        cases = here.seen(ruptured(here.population, sizes, drop, number))
        for method in here.methods():
            for budget in BUDGETS:
                flags = found(here, cases, method, budget, drop)
                result.shares[method, drop.name, budget] = float(flags.mean())
                if method == OURS and budget == BUDGET:
                    result.intervals[drop.name] = interval(flags)
        _more(result, cases, drop)
        result.oracles[drop.name] = (
            *oracle_p(here.population, sizes, drop, number, BUDGET),
            oracle_q(here.population, sizes, drop, number, BUDGET),
        )
    return result


def _more(result: Figures, cases: Seen, drop: Drop) -> None:
    """Areas, delays and what is found at once."""
    here = result.here
    for name in (*here.clean.rules, DETECTOR):
        clean, worse = here.clean.scores(name)[3:], cases.scores(name)
        session = np.arange(worse.shape[0])[:, None] - cases.cases.onset
        active = worse[(session >= 0) & (session <= drop.window)]
        whole, part = area(clean.ravel(), active), area(clean.ravel(), active, PARTIAL)
        result.areas[name, drop.name] = (whole, part)
    given = cases.alarming(OURS)(here.thresholds[OURS, BUDGET])
    late = delays(given, cases.cases.onset)
    result.soon[drop.name] = float((late <= 1).mean())
    timely = late <= drop.window
    ends = cases.cases.onset[timely] + late[timely].astype(int)
    passed = np.cumsum(cases.cases.days, axis=1)
    days = passed[timely, ends] - passed[timely, cases.cases.onset[timely]]
    sessions = late[timely]
    result.waits[drop.name] = (
        float(np.median(sessions)), float(np.quantile(sessions, 0.9)),
        float(np.median(days)), float(np.quantile(days, 0.9)),
    )  # fmt: skip


def best_of(result: Figures, name: str, *, published: bool) -> tuple[str, float]:
    """The rule of the literature, or else the other method, that finds most of one kind of drop."""
    methods = [m for m in result.here.methods()[:-1] if (m[0] in PUBLISHED) == published]
    best = max(methods, key=lambda method: result.shares[method, name, BUDGET])
    return name_of(best), result.shares[best, name, BUDGET]


def name_of(method: Method) -> str:
    """As the tables call it."""
    name, quiet = method
    return f"{name}, {quiet} quiet" if quiet else name


def main_table(result: Figures) -> Lines:
    """Shares found at 3 per 100, with more budgets, areas and the share of clean cases alarmed."""
    names = [drop.name for drop in DROPS]
    head = ["at 3 per 100", *names, "V2 at 1 / 2 / 5", "S2 at 1 / 2 / 5", "AUC V2 / S2", "any"]
    rows = []
    for method in result.here.methods():
        given = result.here.clean.alarming(method)(result.here.thresholds[method, BUDGET])
        row = [f"**{DETECTOR}**" if method == OURS else name_of(method)]
        row += [share(result.shares[method, name, BUDGET]) for name in names]
        for name in ("V2", "S2"):
            row.append(" / ".join(share(result.shares[method, name, b]) for b in (1.0, 2.0, 5.0)))
        row.append(" / ".join(share(result.areas[method[0], name][0]) for name in ("V2", "S2")))
        rows.append([*row, share(float(given.any(axis=0).mean()))])
    for place, label in enumerate(("oracle P", "oracle P, any delay", "oracle Q, any delay")):
        shares = [share(result.oracles[name][place]) for name in names]
        rows.append([label, *shares, "", "", "", ""])
    return table(head, rows)


def goal_table(result: Figures) -> Lines:
    """The detector's shares with intervals, against its goals, the best rule and the oracle."""
    rows = []
    for drop in DROPS:
        name = drop.name
        ours = result.shares[OURS, name, BUDGET]
        rule, of_rule = best_of(result, name, published=True)
        other, of_other = best_of(result, name, published=False)
        low, high = result.intervals[name]
        lead, led = ours - of_rule, drop.kind == "R" or drop.depth >= LEAST_LED
        goal = GOALS[result.spread].get(name)
        median, ninth, days, ninth_days = result.waits[name]
        rows.append([
            name, f"{share(ours, 3)} ({share(low, 3)} to {share(high, 3)})",
            "" if goal is None else share(goal), "" if goal is None else verdict(ours >= goal),
            rule, f"{lead:+.3f}", verdict(lead >= LEADS[drop.kind]) if led else "",
            other, f"{ours - of_other:+.3f}",
            share(ours / result.oracles[name][0]), f"{median:.0f} / {ninth:.0f}",
            f"{days:.0f} / {ninth_days:.0f}", share(result.areas[DETECTOR, name][1]),
        ])  # fmt: skip
    head = ["", "found", "goal", "", "best rule of the literature", "lead", "as hoped",
            "best other method", "lead", "of oracle P",
            "delay, sessions", "delay, days", "partial AUC"]  # fmt: skip
    return table(head, rows)


def goal_lines(result: Figures) -> Lines:
    """The goals that are no row of the table."""
    here = result.here
    given = here.clean.alarming(OURS)(here.thresholds[OURS, BUDGET])
    own = here.clean.cases.own_sd
    thirds = np.digitize(own, np.quantile(own, (1 / 3, 2 / 3)))
    rates = [rate(given[:, thirds == third]) for third in range(3)]
    soon, any_alarm = result.soon["S2"], float(given.any(axis=0).mean())
    by_third = ", ".join(f"{one:.1f}" for one in rates)
    goal = SOON[result.spread]
    lines = (
        (
            f"2-SD steps alarmed by the session after the onset: {share(soon, 3)} "
            f"(goal {share(goal)}: {verdict(soon >= goal)})."
        ),
        (
            f"Clean cases of 16 sessions with any alarm: {share(any_alarm, 3)} "
            f"(goal at most {share(MOST_ANY)}: {verdict(any_alarm <= MOST_ANY)})."
        ),
        (
            f"Alarms per 100 clean sessions on the test seed: {rate(given):.2f}; by third of "
            f"volatility, calmest first: {by_third} (goal at most {MOST_VOLATILE:g} in the last: "
            f"{verdict(rates[2] <= MOST_VOLATILE)})."
        ),
    )
    return [f"- {line}" for line in lines]


def verdict(reached: bool) -> str:  # noqa: FBT001
    """A goal's outcome in a word."""
    return "reached" if reached else "missed"
