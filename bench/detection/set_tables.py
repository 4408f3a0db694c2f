"""Twelve graded items: the total alone, and the set of total and components."""

from dataclasses import replace
from functools import partial
from itertools import product
from typing import Final

from app.measurement.alarm_budget import set_thresholds, threshold
from bench.detection.departures import TRAINING_SETS, best_rule
from bench.detection.experiment import (
    CALIBRATION,
    HIGH,
    LOW,
    RUPTURED,
    TEST,
    TRAINING,
    TRAINING_CASES,
    Sizes,
    seen,
)
from bench.detection.graded import answered
from bench.detection.policy import BUDGETS, alarms, calibrated, hit, rate
from bench.detection.sets import Parameters, model, set_alarms, set_evidence
from bench.detection.simulate import Drop, Population
from bench.detection.text import Lines, share, table

BUDGET: Final = 3.0
SPREADS: Final = (0.35, 0.6)
DROPS: Final = (Drop("V", 1.5), Drop("V", 2.0), Drop("V", 3.0), Drop("U", 2.0), Drop("S", 2.0),
                Drop("R", 0.3))  # fmt: skip
PART_DROPS: Final = (Drop("V", 2.0), Drop("V", 3.0), Drop("S", 2.0), Drop("S", 3.0))


def models() -> dict[float, tuple[Population, Parameters]]:
    """Populations with their fitted parameters, by volatility spread."""
    found = {}
    for spread in SPREADS:
        population = replace(Population(), volatility_log_sd=spread)
        found[spread] = (population, model(population, TRAINING_CASES, TRAINING))
    return found


def total_table(sizes: Sizes) -> Lines:
    """The total of graded items at its own thresholds, with the best rule."""
    rows = []
    for spread, (population, parameters) in models().items():
        clean = answered(population, sizes.clean // 2, CALIBRATION).total
        calibration = seen(clean, parameters[0])
        limit = calibrated(partial(alarms, calibration.evidence), BUDGET, LOW, HIGH)
        shipped = rate(alarms(calibration.evidence, threshold(BUDGET)))
        ours, rules = [], []
        for number, drop in enumerate(DROPS):
            cases = answered(population, sizes.ruptured // 2, RUPTURED + 70 + number, drop).total
            judged = seen(cases, parameters[0])
            given = alarms(judged.evidence, limit)
            ours.append(share(float(hit(given, cases.onset, drop.window).mean())))
            rules.append(share(best_rule(calibration, judged, cases, drop)))
        rows += [[f"detector, spread {share(spread)}", f"{shipped:.1f}", *ours]]
        rows += [[f"best rule, spread {share(spread)}", "", *rules]]
    head = ["12 graded items", "rate at 3", *(drop.name for drop in DROPS)]
    return table(head, rows)


def rate_table(sizes: Sizes) -> Lines:
    """Alarmed ratings per 100 clean ones of the whole set at the shipped thresholds."""
    rows: dict[tuple[int, float], list[str]] = {}
    for spread in SPREADS:
        population = replace(Population(), volatility_log_sd=spread)
        clean = answered(population, sizes.clean // 4, TEST)
        sets = [
            set_evidence(clean, model(population, TRAINING_CASES, TRAINING + number))
            for number in range(TRAINING_SETS)
        ]
        for components, budget in product((2, 3), BUDGETS):
            limits = set_thresholds(budget, components)
            rates = []
            for found in sets:
                total, part = set_alarms(found, *limits, components)
                rates.append(rate(total | part))
            text = f"{sum(rates) / len(rates):.2f} ({min(rates):.2f} to {max(rates):.2f})"
            rows.setdefault((components, budget), []).append(text)
    head = ["components", "budget", *(f"spread {share(spread)}" for spread in SPREADS)]
    return table(head, [[str(n), f"{b:g}", *texts] for (n, b), texts in rows.items()])


def gain_table(sizes: Sizes) -> Lines:
    """What the total loses by sharing its budget, and what single components' drops gain."""
    rows = []
    for spread, (population, parameters) in models().items():
        cells: list[tuple[str, tuple[int, ...], Drop]] = [
            ("all three", (0, 1, 2), drop) for drop in DROPS[1:]
        ]
        cells += [("one", (1,), drop) for drop in PART_DROPS]
        calibration = set_evidence(answered(population, sizes.clean // 2, CALIBRATION), parameters)
        alone = calibrated(partial(alarms, calibration.total), BUDGET, LOW, HIGH)
        for number, (label, fallen, drop) in enumerate(cells):
            seed = RUPTURED + 80 + number
            cases = answered(population, sizes.ruptured // 2, seed, drop, fallen)
            found = set_evidence(cases, parameters)
            total, part = set_alarms(found, *set_thresholds(BUDGET, 3))
            ways = (alarms(found.total, alone), total, total | part)
            shares = [float(hit(g, cases.total.onset, drop.window).mean()) for g in ways]
            rows.append([f"{share(spread)}", label, drop.name, *(share(one) for one in shares)])
    head = ["spread", "components that fall", "drop", "total with the whole budget",
            "total within the set", "the set"]  # fmt: skip
    return table(head, rows)
