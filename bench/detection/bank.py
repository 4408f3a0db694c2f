"""The detector of app/measurement on arrays: many streams at once.

Apart from rounding it is the same detector; tests/measurement/test_detection.py holds the two to
one another. What each onset contributes is kept apart, so that alarms can be judged afterwards.
Arrays are nodes x streams unless said otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import log_ndtr

from app.measurement.detection import FIRST_KEPT, GROWTH_ENDS, LEAST_WEIGHT
from app.measurement.filter_bank import NODES, CourseParameters
from app.measurement.hypotheses import DECLINES, DIPS, STAYS, lasting_share
from app.measurement.person_filter import MEAN_ROOT, MOST_LEARNT
from app.measurement.watching import ROUNDING
from bench.detection.arrays import Flags, Floats
from bench.detection.simulate import Cases

LOG_ROOT_2_PI: Final = 0.5 * np.log(2 * np.pi)
LARGEST_EXPONENT: Final = 80.0
"""Single precision holds no more; no alarm turns on it."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of hypothesis: how it lowers the ratings since its onset, its size, its weights."""

    lowers: tuple[float, ...]
    size: float
    weights: tuple[float, ...]
    sudden: bool = True

    @property
    def dip(self) -> bool:
        """Whether the ratings after its onset are no lower."""
        return self.lowers[-1] == 0


def _shipped() -> tuple[Profile, ...]:
    dips = [Profile((1.0, 0.0), size, weights) for size, weights in DIPS]
    stay = Profile((1.0,) * len(STAYS[1]), *STAYS)
    lowers = tuple(float(age + 1) for age in range(len(DECLINES[1])))
    return (*dips, stay, Profile(lowers, *DECLINES, sudden=False))


SHIPPED: Final = _shipped()


@dataclass(frozen=True, slots=True)
class Step:
    """One rating of every stream, as the nodes saw it."""

    gain: tuple[Floats, Floats, Floats]
    sd: Floats
    expected: Floats
    innovation: Floats
    learnt: Floats
    log_likelihood: Floats
    z: Floats
    """The rating less what was expected, in SDs of that."""
    bends: Flags
    """Where skew says how likely a rating would be if another were expected: not at the maximum,
    and not where there is none. One row for all nodes."""


class Filters:
    """The filters of all streams and nodes, rating after rating."""

    def __init__(
        self, parameters: CourseParameters, count: int, nodes: Sequence[float] = NODES
    ) -> None:
        x = np.array(nodes)
        prior = np.exp(-x * x / 2)
        prior /= prior.sum()
        factor = np.exp(parameters.volatility_log_sd * x)
        factor /= np.sqrt((prior * factor**2).sum())
        zero = np.zeros((len(x), count))
        self.parameters = parameters
        self.unit = (parameters.within_sd * factor)[:, None]
        self.stationary = self.unit**2 * parameters.reliability
        self.weight = zero + prior[:, None]
        self.means = [zero + parameters.mean, zero + parameters.slope_mean, zero]
        between, slopes = zero + parameters.between_sd**2, zero + parameters.slope_sd**2
        self.variances = [between, zero, zero, slopes, zero, zero + self.stationary]

    def step(self, values: Floats, carry: Floats, growth: float) -> Step:
        """What one rating of every stream does; not a number: that stream has none."""
        v_l, c_ls, c_lt, v_s, c_st, v_t = self.variances
        level, slope, state = self.means
        state, c_lt, c_st = state * carry, c_lt * carry, c_st * carry
        v_t = carry * carry * (v_t - self.stationary) + self.stationary
        h = (
            v_l + growth * c_ls + c_lt,
            c_ls + growth * v_s + c_st,
            c_lt + growth * c_st + v_t,
        )
        error = self.unit**2 * (1 - self.parameters.reliability)
        variance = np.maximum(h[0] + growth * h[1] + h[2], 0) + error
        sd = np.sqrt(variance)
        expected = level + growth * slope + state
        innovation, learnt, log_likelihood = self._told(values, expected, sd)
        k = [one / variance for one in h]
        moved = sd * innovation
        self.means = [level + k[0] * moved, slope + k[1] * moved, state + k[2] * moved]
        gain = (learnt * k[0], learnt * k[1], learnt * k[2])
        self.variances = [
            v_l - gain[0] * h[0], c_ls - gain[0] * h[1], c_lt - gain[0] * h[2],
            v_s - gain[1] * h[1], c_st - gain[1] * h[2], v_t - gain[2] * h[2],
        ]  # fmt: skip
        at_maximum = values > self.parameters.high - self.parameters.step / 4
        bends = (self.parameters.skew != 0) & ~at_maximum & ~np.isnan(values)
        z = np.nan_to_num((values - expected) / sd)
        return Step(gain, sd, expected, innovation, learnt, log_likelihood, z, bends)

    def _told(self, values: Floats, expected: Floats, sd: Floats) -> tuple[Floats, Floats, Floats]:
        parameters = self.parameters
        innovation, log_stretch = normal((values - expected) / sd, parameters.skew)
        log_likelihood = -0.5 * innovation**2 + log_stretch - np.log(sd) - LOG_ROOT_2_PI
        learnt = np.ones_like(innovation)
        at_maximum = values > parameters.high - parameters.step / 4
        if at_maximum.any():
            ceiling = parameters.high - parameters.step / 2
            least, _ = normal((ceiling - expected) / sd, parameters.skew)
            log_tail = log_ndtr(-least)
            hazard = np.exp(-0.5 * least**2 - LOG_ROOT_2_PI - log_tail)
            innovation = np.where(at_maximum, hazard, innovation)
            log_likelihood = np.where(at_maximum, log_tail, log_likelihood)
            known = np.minimum(hazard * (hazard - least), MOST_LEARNT)
            learnt = np.where(at_maximum, known, learnt)
        missing = np.isnan(values)
        if missing.any():
            innovation = np.where(missing, 0.0, innovation)
            log_likelihood = np.where(missing, 0.0, log_likelihood)
            learnt = np.where(missing, 0.0, learnt)
        return innovation, learnt, log_likelihood

    def reweighted(self, log_likelihood: Floats) -> Floats:
        """Each stream's log-likelihood of the rating; the nodes' weights follow it."""
        best = log_likelihood.max(axis=0)
        products = self.weight * np.exp(log_likelihood - best)
        total = products.sum(axis=0)
        self.weight = np.maximum(products / total, LEAST_WEIGHT)
        return best + np.log(total)


def normal(innovation: Floats, skew: float) -> tuple[Floats, Floats]:
    """The standard normal value that is as probable, and the logarithm of its slope."""
    if not skew:
        return innovation, np.zeros_like(innovation)
    sine, cosine = np.sinh(skew), np.cosh(skew)
    sd = np.sqrt(cosine**2 + sine**2 * (2 - MEAN_ROOT**2))
    x = innovation * sd - sine * MEAN_ROOT
    root = np.sqrt(1 + x * x)
    return x * cosine + root * sine, np.log(sd * (cosine + sine * x / root))


def added(step: Step, shift: Floats, skew: float) -> Floats:
    """What a rating adds to the logarithm of a ratio if `shift` SDs less had been expected."""
    plain: Floats = -shift * (step.innovation + 0.5 * shift * step.learnt)
    if not skew:
        return plain
    expected, lowered = normal(step.z, skew), normal(step.z + shift, skew)
    exact = lowered[1] - expected[1] - 0.5 * (lowered[0] ** 2 - expected[0] ** 2)
    return np.where(step.bends, exact, plain)


def log_likelihood(cases: Cases, parameters: CourseParameters) -> float:
    """Of all ratings of all streams."""
    count, sessions = cases.values.shape
    filters = Filters(parameters, count)
    carries = np.exp(-parameters.decay_per_day * cases.days)
    carries[:, 0] = 1.0
    total = 0.0
    for t in range(sessions):
        step = filters.step(cases.values[:, t], carries[:, t], float(min(t, GROWTH_ENDS)))
        total += float(filters.reweighted(step.log_likelihood).sum())
    return total


@dataclass(frozen=True, slots=True)
class Evidence:
    """What each onset adds to the score of each rating: sessions x ages x streams."""

    sudden: Floats
    slow: Floats
    expected: Floats
    """Sessions x streams: what was expected of the rating."""
    present: Flags
    """Sessions x streams: whether there is a rating."""
    back: Flags
    """Sessions x streams: whether the rating stands at its rater's own mean so far, or above."""
    dipped: Flags
    """Sessions x streams: whether the rating before stands below that mean."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """What the detector says of each rating beside its score: sessions x streams."""

    z: Floats
    """The rating less what was expected, in SDs of that."""
    level: Floats
    """The person's own level after the rating, growth included."""
    level_sd: Floats


def foretold(cases: Cases, parameters: CourseParameters) -> Foretold:
    """As a Judgement of app/measurement/detection.py has it."""
    count, sessions = cases.values.shape
    filters = Filters(parameters, count)
    carries = np.exp(-parameters.decay_per_day * cases.days)
    carries[:, 0] = 1.0
    z, level, level_sd = (np.zeros((sessions, count)) for _ in range(3))
    for t in range(sessions):
        growth = float(min(t, GROWTH_ENDS))
        before = filters.weight
        step = filters.step(cases.values[:, t], carries[:, t], growth)
        z[t] = (before * step.innovation).sum(axis=0)
        filters.reweighted(step.log_likelihood)
        now = filters.means[0] + growth * filters.means[1]
        v_l, c_ls, _, v_s, _, _ = filters.variances
        square = now * now + v_l + growth * (2 * c_ls + growth * v_s)
        level[t] = (filters.weight * now).sum(axis=0)
        variance = (filters.weight * square).sum(axis=0) - level[t] ** 2
        level_sd[t] = np.sqrt(np.maximum(variance, 0))
    return Foretold(z, level, level_sd)


def evidence(
    cases: Cases,
    parameters: CourseParameters,
    profiles: Sequence[Profile] = SHIPPED,
    first_kept: int = FIRST_KEPT,
) -> Evidence:
    """The evidence of all streams. Missing ratings count as sessions here, nothing is learnt."""
    count, sessions = cases.values.shape
    filters = Filters(parameters, count)
    carries = np.exp(-parameters.decay_per_day * cases.days)
    ages = max(len(profile.lowers) for profile in profiles)
    sums = {kind: np.zeros((sessions, ages, count), np.float32) for kind in (True, False)}
    expected = np.zeros((sessions, count))
    hypotheses = [_Open(profile) for profile in profiles]
    for t in range(sessions):
        carry = carries[:, t] if t else np.ones(count)
        growth = float(min(t, GROWTH_ENDS))
        before = filters.weight
        step = filters.step(cases.values[:, t], carry, growth)
        expected[t] = (before * step.expected).sum(axis=0)
        filters.reweighted(step.log_likelihood)
        if t == 0:
            continue
        for one in hypotheses:
            for age, ratio in enumerate(one.followed(step, filters, carry, growth)):
                if ratio is not None:
                    sums[one.profile.sudden][t, age] += ratio
            if t < first_kept:
                one.close()
    present = ~np.isnan(cases.values.T)
    return Evidence(sums[True], sums[False], expected, present, *_returns(cases.values.T))


def _returns(values: Floats) -> tuple[Flags, Flags]:
    """(back, dipped) as Evidence has them; values: sessions x streams."""
    back, dipped = np.zeros(values.shape, bool), np.zeros(values.shape, bool)
    mean, last = np.zeros(values.shape[1]), np.full(values.shape[1], np.nan)
    count = np.zeros(values.shape[1])
    for t, value in enumerate(values):
        back[t] = (count > 0) & (value > mean - ROUNDING)
        dipped[t] = last <= mean - ROUNDING
        here = ~np.isnan(value)
        count += here
        mean = np.where(here, mean + (value - mean) / np.maximum(count, 1), mean)
        last = np.where(here, value, last)
    return back, dipped


class _Open:
    """The open hypotheses of one profile: per onset, newest first, three shifts and a ratio."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.kept: list[tuple[Floats, ...]] = []

    def close(self) -> None:
        self.kept = []

    def followed(
        self, step: Step, filters: Filters, carry: Floats, growth: float
    ) -> list[Floats | None]:
        """Per age the weighted likelihood ratio, summed over nodes; None where no weight is."""
        profile, zero, skew = self.profile, np.zeros_like(step.sd), filters.parameters.skew
        share = 1.0 if profile.dip else lasting_share(skew)
        found: list[Floats | None] = []
        after = []
        onsets = [(zero, zero, zero, zero), *self.kept]
        for age, (level, slope, state, ratio) in enumerate(onsets):
            state = state * carry  # noqa: PLW2901
            q = -profile.lowers[age] * filters.unit - level - growth * slope - state
            ratio = ratio + added(step, -profile.size * q / step.sd, skew)  # noqa: PLW2901
            shifts = [d + k * q for d, k in zip((level, slope, state), step.gain, strict=True)]
            after.append((*shifts, ratio))
            if profile.weights[age]:
                times = np.exp(np.minimum(ratio, LARGEST_EXPONENT))
                found.append(share * profile.weights[age] * (filters.weight * times).sum(axis=0))
            else:
                found.append(None)
        self.kept = after[: len(profile.lowers) - 1]
        return found
