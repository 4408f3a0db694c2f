"""`python -m bench.detection.calibrate`: the threshold tables of app/measurement/alarm_budget.py.

Half of the streams are of volatility spread .35, half of .6, judged with parameters fitted to 300
cases of their kind, eight such training sets of each. Takes about five minutes.
"""

from itertools import product

import numpy as np

from app.measurement.alarm_budget import RATES
from bench.detection.bank import Evidence, evidence
from bench.detection.experiment import TRAINING_CASES
from bench.detection.fit import fitted
from bench.detection.graded import answered
from bench.detection.policy import alarms, calibrated
from bench.detection.sets import model, pooled, set_evidence, set_thresholds_for
from bench.detection.simulate import Population, simulated

TRAININGS = tuple(range(701, 709))
CALIBRATION = 41
"""Seeds."""
SPREADS = (0.35, 0.6)
ONE_SCALE_CASES, SET_CASES = 6_000, 3_000


def one_scale() -> list[float]:
    """The thresholds of a scale that stands alone, by rate."""
    parts: list[Evidence] = []
    for number, (spread, training_seed) in enumerate(product(SPREADS, TRAININGS)):
        population = Population(volatility_log_sd=spread)
        training = simulated(population, TRAINING_CASES, training_seed)
        clean = simulated(population, ONE_SCALE_CASES, CALIBRATION + number)
        parts.append(evidence(clean, fitted(training, population)))

    def given(threshold: float) -> np.ndarray:
        return np.concatenate([alarms(part, threshold) for part in parts], axis=1)

    return [calibrated(given, each, -2, 16) for each in RATES]


def sets() -> dict[int, list[tuple[float, float]]]:
    """(total, component) thresholds by number of components and rate."""
    parts = []
    for number, (spread, training_seed) in enumerate(product(SPREADS, TRAININGS)):
        population = Population(volatility_log_sd=spread)
        parameters = model(population, TRAINING_CASES, training_seed)
        clean = answered(population, SET_CASES, CALIBRATION + number)
        parts.append(set_evidence(clean, parameters))
    both = pooled(parts)
    return {n: [set_thresholds_for(both, each, n) for each in RATES] for n in (2, 3)}


def main() -> None:
    """Print the tables."""
    print("ONE_SCALE", tuple(round(one, 2) for one in one_scale()))
    for components, found in sets().items():
        print("SETS", components, tuple(round(total, 2) for total, _ in found))
        print("COMPONENTS", components, tuple(round(part, 2) for _, part in found))


if __name__ == "__main__":
    main()
