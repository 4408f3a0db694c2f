"""How far one professional's clients lie from the rest, drawn towards the middle.

A professional's mean over a few clients is mostly chance, so it counts only as far as it can: a
random effect by its best linear unbiased prediction, with the variances by restricted maximum
likelihood (Patterson & Thompson, 1971, Biometrika 58(3), 545-554; Laird & Ware, 1982, Biometrics
38(4), 963-974). The one-way model y = mean + u(professional) + e(client) is exact from a number,
a mean and a sum of squares for each professional; nobody's own value is needed. Values are in the
scale's unit, high is a stronger alliance. The same holds for programmes.

The intervals count the uncertain mean, not the uncertain variances: with few professionals they
are somewhat too narrow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, exp, fsum, log, sqrt
from typing import Final

from app.measurement.change import Z_95
from app.measurement.small_groups import LEAST_CLIENTS

DEPENDABLE: Final = 0.8
"""The weight of the own mean from which it is called dependable. With a share of .06 that takes
some 60 clients, as published: Crits-Christoph et al. (2011)."""
CLEARLY_BELOW: Final = -0.25
"""In SDs between clients: how far below the middle matters. House rule."""
SURE: Final = 0.95
"""How probable that must be. House rule."""
_LOWEST: Final = -20
_HIGHEST: Final = 12
"""Between e to these the ratio of the variances is looked for, besides none."""
_STEPS: Final = 2
"""Looks for each unit of its logarithm, before the best is closed in on."""


@dataclass(frozen=True, slots=True)
class Group:
    """The clients of one professional, or of one programme."""

    clients: float
    """Their number; less than there are where the mean is known less well than so many tell."""
    mean: float
    squares: float
    """The sum of squared deviations from their own mean."""


@dataclass(frozen=True, slots=True)
class Components:
    """What the values of all groups are made of."""

    mean: float
    mean_variance: float
    """How uncertain the mean is, as a squared standard error."""
    between: float
    """Variance of the groups' true means; 0: they are not found to differ."""
    within: float
    """Variance of clients within a group."""

    @property
    def share(self) -> float:
        """The groups' share of all variance, 0 to 1."""
        return self.between / (self.between + self.within)

    @property
    def client_sd(self) -> float:
        """The SD of clients over all groups."""
        return sqrt(self.between + self.within)


@dataclass(frozen=True, slots=True)
class Deviation:
    """How far a group's true mean lies from the middle, with its 95 % interval.

    Positive is stronger. low and high are None where the groups are not found to differ: the
    deviation is then 0, and how sure that is cannot be said.
    """

    value: float
    low: float | None
    high: float | None
    weight: float
    """How much the own mean counts against the middle, 0 to 1."""
    clearly_below: bool
    """It is more than SURE probable that it lies under CLEARLY_BELOW, with LEAST_CLIENTS."""


def components(groups: Sequence[Group]) -> Components:
    """The variances between and within groups, by restricted maximum likelihood.

    Raises ValueError with fewer than two groups, a group of less than one client, no group of
    more, or when no client differs from the own group's mean.

    >>> found = components([Group(5, 4.0, 6.0), Group(5, 6.0, 6.0), Group(5, 5.0, 6.0)])
    >>> round(found.mean, 3), round(found.between, 3), round(found.within, 3)
    (5.0, 0.7, 1.5)
    """
    if len(groups) <= 1 or min(group.clients for group in groups) < 1:
        raise ValueError("Expected two groups or more, each with a client.")
    inside = fsum(group.squares for group in groups)
    if inside <= 0 or fsum(group.clients - 1 for group in groups) <= 0:
        raise ValueError("Expected clients who differ from the mean of their group.")
    at = min(
        (step / _STEPS for step in range(_LOWEST * _STEPS, _HIGHEST * _STEPS + 1)),
        key=lambda place: _deviance(groups, exp(place)),
    )
    ratio = exp(_lowest(groups, at - 1 / _STEPS, at + 1 / _STEPS))
    if _deviance(groups, 0.0) <= _deviance(groups, ratio):
        ratio = 0.0
    mean, weight, squares = _fit(groups, ratio)
    within = squares / (fsum(group.clients for group in groups) - 1)
    return Components(mean, within / weight, ratio * within, within)


def own_weight(clients: float, share: float) -> float:
    """How much a group's own mean counts, 0 to 1: n / (n + (1 - share) / share).

    share: the groups' share of all variance, 0 to 1; 0 gives 0.

    >>> round(own_weight(60, 0.06), 2)
    0.79
    """
    return clients * share / (clients * share + 1 - share)


def clients_for(weight: float, share: float) -> float | None:
    """How many clients give the own mean this weight, 0 to 1; None: however many would not.

    >>> round(clients_for(0.8, 0.06) or 0)
    63
    """
    return None if share <= 0 else weight / (1 - weight) * (1 - share) / share


def deviation(group: Group, found: Components, clients: int | None = None) -> Deviation:
    """How far the group lies from the middle of all, drawn towards it.

    clients: how many there are, where the group's number says how well the mean is known.
    The error is that of the prediction with the mean estimated too (Henderson, 1975, Biometrics
    31(2), 423-447).
    """
    weight = own_weight(group.clients, found.share)
    value = weight * (group.mean - found.mean)
    if found.between == 0:
        return Deviation(0.0, None, None, 0.0, clearly_below=False)
    error = sqrt(found.between * (1 - weight) + weight**2 * found.mean_variance)
    reach = float(Z_95) * error
    below = _share_below((CLEARLY_BELOW * found.client_sd - value) / error)
    return Deviation(
        value,
        value - reach,
        value + reach,
        weight,
        clearly_below=below > SURE and (clients or group.clients) >= LEAST_CLIENTS,
    )


def _fit(groups: Sequence[Group], ratio: float) -> tuple[float, float, float]:
    """Mean, sum of weights and weighted squares, when between is ratio times within."""
    weights = [group.clients / (1 + group.clients * ratio) for group in groups]
    total = fsum(weights)
    mean = fsum(w * group.mean for w, group in zip(weights, groups, strict=True)) / total
    away = fsum(w * (group.mean - mean) ** 2 for w, group in zip(weights, groups, strict=True))
    return mean, total, away + fsum(group.squares for group in groups)


def _deviance(groups: Sequence[Group], ratio: float) -> float:
    """Minus twice the restricted log likelihood, but for a constant, at the best within."""
    _, weight, squares = _fit(groups, ratio)
    degrees = fsum(group.clients for group in groups) - 1
    spread = fsum(log(1 + group.clients * ratio) for group in groups)
    return degrees * log(squares) + spread + log(weight)


def _lowest(groups: Sequence[Group], low: float, high: float) -> float:
    """Where the deviance is lowest between two logarithms of the ratio, by the golden section."""
    golden = (sqrt(5) - 1) / 2
    for _ in range(45):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if _deviance(groups, exp(left)) < _deviance(groups, exp(right)):
            high = right
        else:
            low = left
    return (low + high) / 2


def _share_below(z: float) -> float:
    """The share of a standard normal distribution below z."""
    return erfc(-z / sqrt(2)) / 2
