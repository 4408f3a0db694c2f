"""From what score on to alarm, so that ratings without a drop are alarmed as often as agreed.

The tables come from `python -m bench.detection`, that is from simulated streams; how often real
ones without a drop are alarmed is for each place to see.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

RATES: Final = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0)
"""Alarms per 100 ratings without a drop, for which the scores below were found."""
ONE_SCALE: Final = (4.39, 3.94, 3.46, 2.93, 2.59, 2.12, 1.31, 0.07)
"""For a scale that stands alone."""
TOTAL: Final = (4.59, 4.14, 3.67, 3.16, 2.83, 2.38, 1.65, 0.65)
"""For a total beside components: four fifths of the budget are its. House rule."""
COMPONENTS: Final = {
    2: (5.52, 5.11, 4.69, 4.21, 3.93, 3.55, 2.97, 2.23),
    3: (5.76, 5.33, 4.92, 4.48, 4.20, 3.84, 3.27, 2.55),
}
"""Number of component scores -> for each of them, of four items out of the total's twelve."""


def threshold(alarms_per_100: float) -> float:
    """The score above which to alarm, for so many alarms per 100 ratings without a drop.

    From simulation, for 0.25 to 20 per 100; between the tabled rates linear in their logarithm.
    Raises ValueError outside of that.
    """
    return _between(ONE_SCALE, alarms_per_100)


def set_thresholds(alarms_per_100: float, components: int) -> tuple[float, float]:
    """(total, component): the scores above which to alarm for a set judged side by side.

    alarms_per_100: ratings per 100 without a drop at which anything of the set alarms; a component
    counts only where the total does not, and every scale closes its own hypotheses when its score
    is above its threshold. components: 0, 2 or 3; with 0 the second threshold is infinite.
    Raises ValueError for another number, and outside of 0.25 to 20 per 100.
    """
    if components == 0:
        return threshold(alarms_per_100), math.inf
    if components not in COMPONENTS:
        raise ValueError("A set has a total and 0, 2 or 3 components.")
    scores = COMPONENTS[components]
    return _between(TOTAL, alarms_per_100), _between(scores, alarms_per_100)


def _between(scores: Sequence[float], alarms_per_100: float) -> float:
    for (fewer, higher), (more, lower) in pairwise(zip(RATES, scores, strict=True)):
        if fewer <= alarms_per_100 <= more:
            share = math.log(alarms_per_100 / fewer) / math.log(more / fewer)
            return higher + share * (lower - higher)
    raise ValueError("An alarm budget lies between 0.25 and 20 per 100.")
