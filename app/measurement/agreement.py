"""How far client and professional see one alliance alike.

A pair of values is (client, professional) on the same occasion and scale, in points of the
scale's mean. The two are held against each other, never averaged. Some gap is usual: clients rate
higher by d = .63 (Tryon, Blackwell & Hammel, 2007, Psychotherapy Research 17(6), 629-642), or
g = .41 [.28, .53] (Lev Ari et al., 2025; both by their abstracts). So a gap is read against these
and against the pair's own past, not against 0. Which numbers of pairs are enough is a house rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import atanh, fsum, sqrt, tanh
from typing import Final

from app.measurement.change import Z_95
from app.measurement.spread import (
    about_mean,
    about_trend,
    correlation,
    mean_of,
    sample_sd,
    shrunk_sd,
)

Pairs = Sequence[tuple[float, float]]

LEAST_EARLIER_GAPS: Final = 3
EARLIER_GAPS: Final = 11
"""Newest earlier gaps that stand for a pair's own past. House rule."""
UNUSUAL_GAP: Final = 2.0
"""SDs from the own past beyond which a gap is unusual. House rule."""
LEAST_PAIRS: Final = 8
LEAST_ITEMS: Final = 6
CONGRUENCE_PRIOR_MEAN: Final = 0.25
CONGRUENCE_PRIOR_SD: Final = 0.25
"""Usual congruence and its spread between pairs, as Fisher's z. House rule."""
NEARLY_ONE: Final = 0.999
"""Fisher's z has no end at a correlation of 1, so none nearer to it is used. House rule."""


@dataclass(frozen=True, slots=True)
class DirectionalGap:
    """Client minus professional over the pairs; positive: the client sees a stronger alliance."""

    gap: float
    """In points of the scale's mean."""
    standard_error: float | None
    """None: a single pair."""
    standardised: float
    """In SDs of a reference group."""
    pairs: int


def directional_gap(pairs: Pairs, reference_sd: float) -> DirectionalGap | None:
    """The mean of client minus professional; None without a pair.

    Its standard error is SD / sqrt(n) of the differences, which takes the occasions as
    independent. reference_sd: the SD of single ratings in a reference group.
    Raises ValueError if it is not positive.

    >>> directional_gap([(5.0, 4.0), (6.0, 4.0)], reference_sd=0.75)
    DirectionalGap(gap=1.5, standard_error=0.5, standardised=2.0, pairs=2)
    """
    _must_be_positive(reference_sd)
    if not pairs:
        return None
    gaps = [client - professional for client, professional in pairs]
    gap, sd = mean_of(gaps), sample_sd(gaps)
    error = None if sd is None else sd / sqrt(len(gaps))
    return DirectionalGap(gap, error, gap / reference_sd, len(gaps))


@dataclass(frozen=True, slots=True)
class GapStanding:
    """The newest gap against those before it; z above 0: the client's side moved up on the other.

    unusual: z lies beyond +-UNUSUAL_GAP.
    """

    z: float
    expected: float
    """The mean of the earlier gaps, in points of the scale's mean."""
    sd: float
    """The SD of a gap of this pair, drawn towards sqrt(2) within-person SDs."""
    unusual: bool
    earlier: int


def gap_standing(gaps: Sequence[float], within_sd: float) -> GapStanding | None:
    """The standing of the newest gap among this pair's own; None with fewer than three earlier.

    gaps: each one client minus professional, in the occasions' order, the newest last; up to
    EARLIER_GAPS before it are used. z = (gap - mean) / (sd sqrt(1 + 1/n)). The spread that the
    sd is drawn to takes both raters to be equally and independently variable (house rule).
    Raises ValueError if within_sd is not positive.
    """
    _must_be_positive(within_sd)
    earlier = gaps[-1 - EARLIER_GAPS : -1]
    if len(earlier) < LEAST_EARLIER_GAPS:
        return None
    mean = mean_of(earlier)
    sd = shrunk_sd(about_mean(earlier), sqrt(2) * within_sd)
    z = (gaps[-1] - mean) / (sd * sqrt(1 + 1 / len(earlier)))
    return GapStanding(z, mean, sd, abs(z) > UNUSUAL_GAP, len(earlier))


def moves_apart(client_move: float, professional_move: float, within_sd: float) -> bool:
    """Whether the raters move in opposite directions by more than one within-person SD each.

    A move is the newest value minus the one before it, of one rater. House rule.

    >>> moves_apart(-0.6, 0.6, within_sd=0.55)
    True
    """
    up, down = max(client_move, professional_move), min(client_move, professional_move)
    return up > within_sd and down < -within_sd


@dataclass(frozen=True, slots=True)
class Congruence:
    """How far the two ratings rise and fall together, from -1 to 1, with a 95 % interval."""

    correlation: float
    """As the pairs have it."""
    shrunk: float
    """Drawn towards what is usual, by as much as the pairs leave open."""
    low: float
    high: float
    pairs: int


def temporal_congruence(pairs: Pairs) -> Congruence | None:
    """The correlation of both raters' courses after removing each one's mean and linear trend.

    pairs: in the occasions' order, taken as evenly spaced. None with fewer than LEAST_PAIRS, or
    when one rater does not vary about the trend. Fisher's z (1921, Metron 1, 3-32) has the
    variance 1 / (n - 4), one pair less for the trend, and a normal prior.
    """
    if len(pairs) < LEAST_PAIRS:
        return None
    client = about_trend([pair[0] for pair in pairs])
    professional = about_trend([pair[1] for pair in pairs])
    r = correlation(client, professional)
    if r is None:
        return None
    data, prior = len(pairs) - 4, CONGRUENCE_PRIOR_SD**-2
    z = atanh(max(-NEARLY_ONE, min(NEARLY_ONE, r)))
    shrunk = (data * z + prior * CONGRUENCE_PRIOR_MEAN) / (data + prior)
    reach = float(Z_95) / sqrt(data + prior)
    return Congruence(r, tanh(shrunk), tanh(shrunk - reach), tanh(shrunk + reach), len(pairs))


@dataclass(frozen=True, slots=True)
class Tracking:
    """How the professional follows the client's ratings.

    tracking: points by which the professional's rating moves for one of the client's; 1: fully,
    0: not at all. bias: how much higher (positive) the professional rates on the whole.
    """

    tracking: float
    tracking_error: float
    bias: float
    bias_error: float
    pairs: int


def truth_and_bias(pairs: Pairs) -> Tracking | None:
    """Tracking and bias of the professional about one client, with standard errors.

    professional - m = bias + tracking (client - m), m the client's mean, by least squares within
    this one pair: the truth-and-bias model with the client's rating as truth (West & Kenny, 2011,
    Psychological Review 118(2), 357-378). None with fewer than LEAST_PAIRS, or when the client's
    ratings do not vary.
    """
    if len(pairs) < LEAST_PAIRS:
        return None
    client = about_mean([pair[0] for pair in pairs])
    mean = mean_of([pair[0] for pair in pairs])
    about_client = [professional - mean for _, professional in pairs]
    squares = fsum(value * value for value in client)
    if squares == 0:
        return None
    bias = mean_of(about_client)
    tracking = fsum(x * y for x, y in zip(client, about_client, strict=True)) / squares
    misses = [y - bias - tracking * x for x, y in zip(client, about_client, strict=True)]
    left = fsum(miss * miss for miss in misses) / (len(pairs) - 2)
    return Tracking(tracking, sqrt(left / squares), bias, sqrt(left / len(pairs)), len(pairs))


@dataclass(frozen=True, slots=True)
class ProfileAgreement:
    """Two forms item by item. The correlation alone would ignore the level."""

    correlation: float | None
    """From -1 to 1; None: one of the two gave every item the same value."""
    mean_absolute_gap: float
    """In points of an item."""
    items: int


def profile_agreement(
    client: Mapping[str, Decimal], professional: Mapping[str, Decimal]
) -> ProfileAgreement | None:
    """Agreement over the items that both answered; None with fewer than LEAST_ITEMS.

    client, professional: item -> keyed value, of forms whose items mirror each other by id.
    """
    both = [item for item in client if item in professional]
    if len(both) < LEAST_ITEMS:
        return None
    one, other = ([float(form[item]) for item in both] for form in (client, professional))
    gap = mean_of([abs(a - b) for a, b in zip(one, other, strict=True)])
    r = correlation(about_mean(one), about_mean(other))
    return ProfileAgreement(r, gap, len(both))


@dataclass(frozen=True, slots=True)
class PerceptionGap:
    """A guess of the other's answers against the answers; positive: guessed stronger than said."""

    difference: float
    threshold: float
    beyond: bool
    """Whether the difference is more than the error of both forms explains at 95 %."""


def perception_gap(guess: float, own: float, error_sd: float) -> PerceptionGap:
    """The gap between a guess of a rater's value and the rater's own value, in the scale's points.

    error_sd: the SD of the error in one score; the threshold is 1.96 sqrt(2) of it (Jacobson &
    Truax, 1991, with two forms in place of two times).

    >>> perception_gap(4.5, 3.5, error_sd=0.275).beyond
    True
    """
    threshold = float(Z_95) * sqrt(2) * error_sd
    return PerceptionGap(guess - own, threshold, abs(guess - own) > threshold)


@dataclass(frozen=True, slots=True)
class ResponseSurface:
    """Slope and curvature of an outcome along agreement (client = professional) and disagreement.

    Disagreement runs from professional above client to client above professional.
    """

    agreement_slope: float
    agreement_curvature: float
    disagreement_slope: float
    disagreement_curvature: float


def response_surface(b1: float, b2: float, b3: float, b4: float, b5: float) -> ResponseSurface:
    """The figures a1 to a4 of outcome = b0 + b1 c + b2 p + b3 c^2 + b4 c p + b5 p^2.

    c, p: client and professional, centred on one common value. For programmes with at least 200
    pairs (house rule), never for one. Edwards (2002), in Drasgow & Schmitt (Eds.), Measuring and
    analyzing behavior in organizations, as in Shanock et al. (2010), Journal of Business and
    Psychology 25(4), 543-554.
    """
    return ResponseSurface(b1 + b2, b3 + b4 + b5, b1 - b2, b3 - b4 + b5)


def _must_be_positive(spread: float) -> None:
    if spread <= 0:
        raise ValueError("Expected a spread above 0.")
