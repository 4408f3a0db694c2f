"""Bayesian online change-point detection, as one more method to compare with.

Adams & MacKay (2007), arXiv:0710.3742, on a person's ratings less the mean of all earlier ones, in
shrunk own SDs: normal with variance 1 about the mean of the present run, whose prior is normal
about 0. What is judged is how probable it is that a run below the own mean began at one of the
last three ratings. The numbers below are house rules.
"""

from typing import Final

import numpy as np
from scipy.special import ndtr

from bench.detection.arrays import Floats

HAZARD: Final = 1 / 20
"""Chance that a run begins at a rating."""
RUN_SD: Final = 2.0
"""Of the mean of a run, in own SDs: drops of one and a half to three are looked for."""
YOUNG: Final = 3
"""Ratings of a run at most for it to be new."""
LEAST: Final = 1e-12
"""Probabilities are kept so far from 0 and 1."""


def run_length_values(deviations: Floats) -> Floats:
    """Log-odds of a new, lower run at each rating; both arrays are sessions x streams.

    deviations: in own SDs, negative is below the own mean; not finite where there is none, which
    gives minus infinity and teaches nothing.
    """
    sessions, streams = deviations.shape
    found = np.full((sessions, streams), -np.inf)
    weight = np.zeros((sessions + 1, streams))
    weight[0] = 1.0  # place 0: the run that a stream begins with, as yet without a rating
    count = np.zeros((sessions + 1, streams))
    total = np.zeros((sessions + 1, streams))
    for t in range(sessions):
        here = np.isfinite(deviations[t])
        x = np.where(here, deviations[t], 0.0)
        prior = (1 - HAZARD) * weight
        prior[t + 1] = HAZARD
        precision = count + RUN_SD**-2
        variance = 1 + 1 / precision
        likelihood = np.exp(-0.5 * (x - total / precision) ** 2 / variance) / np.sqrt(variance)
        after = prior * likelihood
        after /= after.sum(axis=0)
        weight = np.where(here, after, weight)
        open_now = (np.arange(sessions + 1) <= t + 1)[:, None] & here
        count, total = count + open_now, total + np.where(open_now, x, 0.0)
        found[t] = np.where(here, _log_odds(weight, count, total), -np.inf)
    return found


def _log_odds(weight: Floats, count: Floats, total: Floats) -> Floats:
    """Of a young run with a mean below 0; that of the stream's beginning is no new one."""
    precision = count + RUN_SD**-2
    below = ndtr(-total / np.sqrt(precision))
    young = (count >= 1) & (count <= YOUNG)
    young[0] = False
    share = np.clip((weight * below * young).sum(axis=0), LEAST, 1 - LEAST)
    odds: Floats = np.log(share / (1 - share))
    return odds
