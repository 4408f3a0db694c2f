"""Rules at thresholds that their sources name, or come near to: what they cost and find."""

import numpy as np

from bench.detection.arrays import Floats
from bench.detection.experiment import RUPTURED, Experiment, Sizes
from bench.detection.policy import alarms_of_rule, hit, rate
from bench.detection.simulate import Drop, simulated
from bench.detection.text import Lines, share, table

DIP = Drop("V", 2.0)
BETWEEN_ALPHA = 0.93
"""Between-person alpha, as printed in manuals; the noise from session to session is larger."""


def limits(here: Experiment) -> dict[str, tuple[str, float]]:
    """The rule's own threshold -> which of our rules it is, and that threshold in its unit."""
    p = here.parameters
    total_sd = float(np.hypot(p.between_sd, p.within_sd))
    error = 1.96 * np.sqrt(2 * (1 - BETWEEN_ALPHA)) * total_sd
    within = 1.96 * np.sqrt(2 * (1 - p.reliability)) * p.within_sd
    clean: Floats = -here.clean.rules["fixed level"]
    return {
        "level below the 24th percentile (srs36-like)": (
            "fixed level", -float(np.quantile(clean, 0.24)),
        ),
        "reliable drop from previous, alpha .93 (jt_previous)": ("drop from previous", error),
        "reliable drop from previous, within-person": ("drop from previous", within),
        "1 total SD below previous (sd_previous)": ("drop from previous", total_sd),
        "1 total SD below running peak (v_peak)": ("drop from running peak", total_sd),
        "2 within-person SD below own mean": ("drop from own mean", 2 * p.within_sd),
        "individuals chart, 2 SD (individuals_2s)": ("individuals chart, own moving range", 2.0),
        "individuals chart, 3 SD (individuals_3s)": ("individuals chart, own moving range", 3.0),
        "filter innovation 1.645": ("filter innovation", 1.645),
        "filter innovation 1.96": ("filter innovation", 1.96),
    }  # fmt: skip


def own_table(here: Experiment, sizes: Sizes) -> Lines:
    """Alarms per 100 clean sessions, clean cases with any alarm, 2-SD dips found."""
    cases = here.seen(simulated(here.population, sizes.ruptured, RUPTURED + 90, DIP))
    rows = []
    for name, (rule, limit) in limits(here).items():
        clean = alarms_of_rule(here.clean.rules[rule], limit)
        found = hit(alarms_of_rule(cases.rules[rule], limit), cases.cases.onset, DIP.window)
        row = [name, f"{rate(clean):.1f}", share(float(clean.any(axis=0).mean()))]
        rows.append([*row, share(float(found.mean()))])
    return table(["rule at its own threshold", "alarms per 100", "any", "V2"], rows)
