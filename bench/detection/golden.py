"""`python -m bench.detection.golden`: what the array version makes of some streams."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from app.measurement.alarm_budget import threshold
from app.measurement.filter_bank import CourseParameters, assumed_parameters
from bench.detection.bank import evidence, log_likelihood
from bench.detection.fit import fitted
from bench.detection.policy import alarms, scores
from bench.detection.simulate import DROPS, Population, simulated

FILE: Final = Path(__file__).parents[2] / "tests" / "measurement" / "detection_golden.json"
FIT_FILE: Final = FILE.with_name("fit_golden.json")
FIT_STREAMS, FIT_SESSIONS = 50, 8
EXACT: Final = 1e-13
STREAMS: Final = 20
BUDGET: Final = 5.0


def parameter_sets() -> list[CourseParameters]:
    """The house assumption, and one with other spreads, a longer lower tail and a high level."""
    assumed = assumed_parameters(1.0, 7.0, 1 / 12)
    other = replace(assumed, mean=6.2, volatility_log_sd=0.6, reliability=0.6, skew=0.35)
    return [assumed, other]


def golden() -> list[dict[str, Any]]:
    """Streams as twelfths above 1 and days, with the sessions alarmed and the last score."""
    found = []
    for number, parameters in enumerate(parameter_sets()):
        population = Population(
            mean=parameters.mean, volatility_log_sd=parameters.volatility_log_sd
        )
        for place, drop in enumerate((None, *DROPS)):
            cases = simulated(population, STREAMS, 900 + 20 * number + place, drop)
            seen = evidence(cases, parameters)
            given = alarms(seen, threshold(BUDGET))
            last = scores(seen)[-1]
            found += [
                {
                    "set": number,
                    "twelfths": [round((value - 1) * 12) for value in cases.values[stream]],
                    "days": [int(days) for days in cases.days[stream]],
                    "alarms": [int(t) for t in given[:, stream].nonzero()[0]],
                    "last_score": round(float(last[stream]), 4),
                }
                for stream in range(STREAMS)
            ]
    return found


def fit_golden() -> dict[str, Any]:
    """A few short streams with a longer lower tail, their fit, and how likely they are under it."""
    population = Population(noise="skewed", volatility_log_sd=0.6)
    cases = simulated(population, FIT_STREAMS, 990, sessions=FIT_SESSIONS)
    found = fitted(cases, population, tolerance=EXACT)
    return {
        "fitted": asdict(found),
        "log_likelihood": log_likelihood(cases, found),
        "streams": [
            {
                "twelfths": [round((value - 1) * 12) for value in cases.values[stream]],
                "days": [int(days) for days in cases.days[stream]],
            }
            for stream in range(FIT_STREAMS)
        ],
    }


def main() -> None:
    """Write both files."""
    fit = json.dumps(fit_golden(), separators=(",", ":")).replace('{"twelfths"', '\n{"twelfths"')
    FIT_FILE.write_text(fit + "\n", "utf-8")
    content = {
        "budget": BUDGET,
        "parameters": [asdict(one) for one in parameter_sets()],
        "streams": golden(),
    }
    text = json.dumps(content, separators=(",", ":")).replace('{"set"', '\n{"set"')
    FILE.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
