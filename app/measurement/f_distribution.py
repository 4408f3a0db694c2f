"""Quantiles of the F distribution, for intervals of reliabilities."""

from math import exp, lgamma, log, log1p
from typing import Final

TERMS: Final = 400
"""Terms of the fraction: more than it needs with some ten thousand degrees of freedom."""


def f_quantile(probability: float, above: float, below: float) -> float:
    """The value that an F variable with these degrees of freedom stays under so often.

    above, below: degrees of freedom of numerator and denominator. Found by halving an interval of
    the beta distribution, to about nine digits.
    Raises ValueError if the probability does not lie between 0 and 1 or a number of degrees is
    not positive.

    >>> round(f_quantile(0.975, 4, 11), 4)
    4.2751
    """
    if not 0 < probability < 1 or above <= 0 or below <= 0:
        raise ValueError("Expected a probability between 0 and 1 and degrees of freedom above 0.")
    # An upper quantile is the reciprocal of a lower one, where halving is precise.
    if probability > 1 - probability:
        return 1 / f_quantile(1 - probability, below, above)
    low, high = 0.0, 1.0
    while (middle := (low + high) / 2) not in {low, high}:
        if beta_share(middle, above / 2, below / 2) < probability:
            low = middle
        else:
            high = middle
    return below * high / (above * (1 - high))


def beta_share(x: float, a: float, b: float) -> float:
    """The share of a beta(a, b) distribution below x, for 0 < x < 1.

    The regularised incomplete beta function by its continued fraction (NIST Digital Library of
    Mathematical Functions, 8.17.22), worked out from its far end.

    >>> round(beta_share(0.5, 2, 2), 12)
    0.5
    """
    if x > (a + 1) / (a + b + 2):  # the fraction settles quickly only below this
        return 1 - beta_share(1 - x, b, a)
    fraction = 1.0
    for term in range(TERMS, 0, -1):
        m, odd = divmod(term, 2)
        share = -(a + m) * (a + b + m) if odd else m * (b - m)
        below = (a + 2 * m) * (a + 2 * m + 1) if odd else (a + 2 * m - 1) * (a + 2 * m)
        fraction = 1 + share * x / below / fraction
    size = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
    return exp(size) / a / fraction
