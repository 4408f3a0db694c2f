"""Twelve graded items, four each of bond, goals and tasks: rounding and ceiling arise in the items.

A graded-response model in its normal-ogive form with equal categories (Samejima, 1969): an item's
answer is the nearest category to the person's level, plus what all items of a session share
(halo), what the items of one component share, and what is the item's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bench.detection.arrays import Floats
from bench.detection.simulate import (
    SESSIONS,
    Cases,
    Drop,
    Population,
    drop_shift,
    latent_course,
)

ITEMS: Final = 12
COMPONENTS: Final = 3
HALO, COMPONENT, ITEM = 0.083, 0.35, 0.6
"""Session variances as shares of the total's within-person variance. With a state of .75 the mean
of the twelve has just that variance and reliability .75, and components go together at .62. House
choice."""
COMPONENT_LEVEL, ITEM_LEVEL = 0.3, 0.4
"""SDs of what a person keeps over sessions on a component and on an item, in points."""
COMPONENT_UNIT: Final = float(np.sqrt(0.75 + HALO + COMPONENT + ITEM / 4))
"""Within-person SD of a component in those of the total."""
DIFFICULTIES: Final = np.linspace(-0.4, 0.4, ITEMS)


@dataclass(frozen=True, slots=True)
class Answered:
    """The same cases by their total and by their three components."""

    total: Cases
    components: tuple[Cases, ...]


def answered(
    population: Population,
    count: int,
    seed: int,
    drop: Drop | None = None,
    fallen: Sequence[int] = (0, 1, 2),
) -> Answered:
    """`count` cases answering twelve items; the drop falls on the components named by number.

    On all three it is in SDs of the total, on fewer in those of a component.
    """
    share = np.sqrt(population.reliability)
    pure = replace(population, reliability=1.0, within_sd=population.within_sd * share)
    course = latent_course(pure, count, seed, SESSIONS)
    own_sd = course.own_sd / share
    shift, onset = drop_shift(drop, count, seed, SESSIONS)
    unit = own_sd * (1.0 if len(fallen) == COMPONENTS else COMPONENT_UNIT)
    random = np.random.default_rng((seed, 2))
    halo = random.standard_normal((count, SESSIONS)) * np.sqrt(HALO)
    scores = []
    for component in range(COMPONENTS):
        lowered = course.values - (shift * unit[:, None] if component in fallen else 0.0)
        together = halo + random.standard_normal((count, SESSIONS)) * np.sqrt(COMPONENT)
        level = random.standard_normal(count) * COMPONENT_LEVEL
        base = lowered + level[:, None] + own_sd[:, None] * together
        scores.append(_component(random, population, base, own_sd, component))
    total = np.mean(scores, axis=0)
    cases = replace(course, own_sd=own_sd, onset=onset, values=total)
    return Answered(cases, tuple(replace(cases, values=values) for values in scores))


def _component(
    random: np.random.Generator, population: Population, base: Floats, own_sd: Floats, number: int
) -> Floats:
    """The mean of four items."""
    each = ITEMS // COMPONENTS
    answers = np.zeros(base.shape)
    for item in range(each):
        level = random.standard_normal(len(own_sd)) * ITEM_LEVEL + DIFFICULTIES[3 * item + number]
        noise = own_sd[:, None] * random.standard_normal(base.shape) * np.sqrt(ITEM)
        values = np.round(base + level[:, None] + noise)
        answers += np.clip(values, population.low, population.high)
    return answers / each


def component_population(population: Population) -> Population:
    """The population with the grid of a component's mean."""
    return replace(population, step=COMPONENTS / ITEMS)
