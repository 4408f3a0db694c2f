"""Seeded streams of ratings, with and without a drop.

The population is a set of orders of magnitude from alliance studies (docs/reference/
detection-benchmark.md names them); no person's data went into it.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from bench.detection.arrays import Floats, Indices

SESSIONS: Final = 16
FIRST_ONSET, LAST_ONSET = 3, 10
"""Zero-based sessions between which a drop begins: the 4th and the 11th."""
GAP_SHARES: Final = (0.0, 0.05, 0.10, 0.28, 0.62, 0.75, 0.90, 0.97, 1.0)
GAP_DAYS: Final = (1.0, 2.0, 4.0, 7.0, 7.0, 14.0, 26.0, 56.0, 152.0)
"""Quantiles of the days between sessions of cognitive therapy in the ENRICHD trial's file: median
7, a tenth <= 4, three quarters <= 14, nine tenths <= 26, longest 152. Between those an
approximation."""
RAMP_PER_SESSION: Final = 0.3
U_SESSIONS: Final = 3

DropKind = Literal["V", "U", "S", "R"]
Noise = Literal["normal", "skewed", "t5"]


@dataclass(frozen=True, slots=True)
class Population:
    """How ratings go in the people simulated, in points of a mean from low to high."""

    mean: float = 5.6
    between_sd: float = 0.85
    slope_mean: float = 0.03
    slope_sd: float = 0.04
    within_sd: float = 0.55
    reliability: float = 0.75
    carry_over: float = 0.35
    """Autocorrelation after 7 days."""
    volatility_log_sd: float = 0.35
    low: float = 1.0
    high: float = 7.0
    step: float = 1 / 12
    noise: Noise = "normal"
    growth_ends: int = 11
    """Ratings after the first at which growth ends; a large number: it never does."""


@dataclass(frozen=True, slots=True)
class Drop:
    """What happens to a case. Depth in the person's own within-person SDs; per session for R."""

    kind: DropKind
    depth: float

    @property
    def name(self) -> str:
        """As the tables call it."""
        return f"{self.kind}{self.depth:g}".replace("R0.3", "R.3")

    @property
    def window(self) -> int:
        """Sessions after the onset at which an alarm still counts as found."""
        return {"V": 1, "U": 3, "S": 3, "R": 6}[self.kind]


@dataclass(frozen=True, slots=True)
class Cases:
    """Simulated cases: arrays of cases x sessions, and what is true of each case."""

    values: Floats
    """Ratings; not a number where one is missing."""
    days: Floats
    """Since the session before; the first column means nothing."""
    own_sd: Floats
    level: Floats
    slope: Floats
    onset: Indices
    """Zero-based session of the onset; -1 in a clean case."""


DROPS: Final = (
    Drop("V", 1.0), Drop("V", 1.5), Drop("V", 2.0), Drop("V", 3.0), Drop("U", 1.5), Drop("U", 2.0),
    Drop("S", 1.0), Drop("S", 1.5), Drop("S", 2.0), Drop("R", RAMP_PER_SESSION),
)  # fmt: skip


def simulated(
    population: Population,
    count: int,
    seed: int,
    drop: Drop | None = None,
    sessions: int = SESSIONS,
) -> Cases:
    """`count` cases; the same seed gives the same people, whatever drop is put into them."""
    latent = latent_course(population, count, seed, sessions)
    shift, onset = drop_shift(drop, count, seed, sessions)
    raw = latent.values - shift * latent.own_sd[:, None]
    return replace(latent, values=graded(raw, population), onset=onset)


def latent_course(population: Population, count: int, seed: int, sessions: int) -> Cases:
    """Ratings as they would be without drop, limits and rounding."""
    random = np.random.default_rng(seed)
    spread = population.volatility_log_sd
    own_sd = population.within_sd * np.exp(spread * random.standard_normal(count) - spread**2)
    level = population.mean + population.between_sd * random.standard_normal(count)
    slope = population.slope_mean + population.slope_sd * random.standard_normal(count)
    days = gaps(random, (count, sessions))
    carry = population.carry_over ** (days / 7.0)
    state = random.standard_normal(count)
    values = np.empty((count, sessions))
    for t in range(sessions):
        if t:
            fresh = noise(random, population.noise, count)
            state = carry[:, t] * state + np.sqrt(1 - carry[:, t] ** 2) * fresh
        error = noise(random, population.noise, count)
        departure = np.sqrt(population.reliability) * state
        departure = departure + np.sqrt(1 - population.reliability) * error
        growth = slope * min(t, population.growth_ends)
        values[:, t] = level + growth + own_sd * departure
    return Cases(values, days, own_sd, level, slope, np.full(count, -1))


def noise(random: np.random.Generator, kind: Noise, count: int) -> Floats:
    """Draws with mean 0 and SD 1; skewed: a reflected gamma with skewness -1.4."""
    if kind == "skewed":
        shape = (2 / 1.4) ** 2
        return (shape - random.standard_gamma(shape, count)) / np.sqrt(shape)
    if kind == "t5":
        return random.standard_t(5, count) / np.sqrt(5 / 3)
    return random.standard_normal(count)


def gaps(random: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Whole days between sessions, from the quantiles above."""
    drawn = np.interp(random.random(shape), GAP_SHARES, np.log(GAP_DAYS))
    return np.round(np.exp(drawn))


def drop_shift(drop: Drop | None, count: int, seed: int, sessions: int) -> tuple[Floats, Indices]:
    """How many own SDs each rating is lowered by, and the onset of each case."""
    shift = np.zeros((count, sessions))
    if drop is None:
        return shift, np.full(count, -1)
    random = np.random.default_rng((seed, 1))
    onset = random.integers(FIRST_ONSET, LAST_ONSET + 1, count)
    since = np.arange(sessions)[None, :] - onset[:, None]
    lasts = {"V": 1, "U": U_SESSIONS, "S": sessions, "R": sessions}[drop.kind]
    inside = (since >= 0) & (since < lasts)
    rise = since + 1.0 if drop.kind == "R" else np.ones_like(since, dtype=float)
    return np.where(inside, drop.depth * rise, 0.0), onset


def graded(raw: Floats, population: Population) -> Floats:
    """Ratings as the form gives them: within its limits and on its grid."""
    steps = np.round((raw - population.low) / population.step)
    return np.clip(population.low + steps * population.step, population.low, population.high)
