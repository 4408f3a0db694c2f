"""Reliable change between two times by the published methods, for batch reports.

The running service uses the within-person form in change.py. The methods here take a group's
figures and a reliability between people, as their authors do; for single sessions that error is
too small. A statistic is positive when the later score is higher; high is a stronger alliance.

An alliance has no functional population: nobody "recovers" from a weak one. So a change is called
stronger or weaker, never recovered, and the cut-offs below need two groups of a tenant's own data,
such as clients who completed and clients who dropped out.

All formulas as in R package clinicalsignificance 2.1.0.9000; the papers are named at each.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final, Literal

from app.measurement.change import Z_95
from app.measurement.spread import about_mean, correlation, mean_of, sample_sd

Method = Literal["jt", "en", "gln", "hll", "nk", "ha"]
Verdict = Literal["stronger", "no reliable change", "weaker"]

LIMITS: Final[Mapping[Method, float]] = {
    "jt": float(Z_95),
    "en": float(Z_95),
    "gln": float(Z_95),
    "hll": float(Z_95),
    "nk": float(Z_95),
    "ha": 1.65,
}
"""|statistic| above which a change is reliable; 1.65 for HA (Hageman & Arrindell, 1999)."""


@dataclass(frozen=True, slots=True)
class Group:
    """Mean, SD (n - 1) and correlation of a group's scores at two times, in the scores' unit."""

    mean_before: float
    sd_before: float
    mean_after: float
    sd_after: float
    correlation: float


def group_of(pairs: Sequence[tuple[float, float]]) -> Group:
    """The figures of a group from its (before, after) scores.

    Raises ValueError with fewer than two people or where the scores of one time are all the same.
    """
    before, after = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    sd_before, sd_after = sample_sd(before), sample_sd(after)
    if not sd_before or not sd_after:
        raise ValueError("Expected at least two people and scores that differ at both times.")
    r = correlation(about_mean(before), about_mean(after))
    return Group(mean_of(before), sd_before, mean_of(after), sd_after, r or 0.0)


def standard_error_of_measurement(sd: float, reliability: float) -> float:
    """The SD of the error in one score, sd sqrt(1 - r), in the score's unit.

    Raises ValueError if sd is not positive or the reliability does not lie between 0 and 1.

    >>> round(standard_error_of_measurement(5.0, 0.84), 3)
    2.0
    """
    _must_be_reliability(reliability)
    if sd <= 0:
        raise ValueError("Expected a spread above 0.")
    return sd * sqrt(1 - reliability)


def least_reliable_change(sd: float, reliability: float) -> float:
    """The smallest difference of two scores that JT calls reliable: 1.96 sqrt(2) SEM."""
    return float(Z_95) * sqrt(2) * standard_error_of_measurement(sd, reliability)


def jacobson_truax(before: float, after: float, group: Group, reliability: float) -> float:
    """JT: the difference over its standard error, (x2 - x1) / (sqrt(2) SEM).

    Jacobson & Truax (1991), Journal of Consulting and Clinical Psychology 59(1), 12-19, as
    corrected by Christensen & Mendoza (1986), Behavior Therapy 17(3), 305-308. This and the
    methods below raise ValueError as standard_error_of_measurement does.
    """
    return (after - before) / (
        sqrt(2) * standard_error_of_measurement(group.sd_before, reliability)
    )


def edwards_nunnally(before: float, after: float, group: Group, reliability: float) -> float:
    """EN: the later score about the earlier one drawn to the mean, over SEM.

    Speer (1992), Journal of Consulting and Clinical Psychology 60(3), 402-408. Not for repeated
    use: who starts far out is found changed by the drawing alone, by (1 - r)(x1 - M) / SEM.
    """
    error = standard_error_of_measurement(group.sd_before, reliability)
    return (after - _expected(before, group, reliability)) / error


def gulliksen_lord_novick(before: float, after: float, group: Group, reliability: float) -> float:
    """GLN: the later score about its prediction, over the error of prediction s1 sqrt(1 - r^2).

    Hsu (1989), Behavioral Assessment 11(4), 459-467, after Gulliksen, Lord and Novick.
    """
    return (after - _expected(before, group, reliability)) / _prediction_error(group, reliability)


def hsu_linn_lord(before: float, after: float, group: Group, reliability: float) -> float:
    """HLL: as GLN, with the later score about the group's later mean.

    Hsu (1989), as above. What the whole group gained counts as no one's change.
    """
    drawn = reliability * (before - group.mean_before)
    return (after - group.mean_after - drawn) / _prediction_error(group, reliability)


def nunnally_kotsch(
    before: float, after: float, group: Group, reliability: float, reliability_after: float
) -> float:
    """NK: as EN, over an error with a reliability of its own for the later score.

    sqrt(r1^2 s1^2 (1 - r1) + s1^2 (1 - r2)). Nunnally & Kotsch (1983), British Journal of
    Clinical Psychology 22(2), 83-93.
    """
    _must_be_reliability(reliability_after)
    drawn = reliability * standard_error_of_measurement(group.sd_before, reliability)
    error = sqrt(drawn**2 + group.sd_before**2 * (1 - reliability_after))
    return (after - _expected(before, group, reliability)) / error


def hageman_arrindell(before: float, after: float, group: Group, reliability: float) -> float:
    """HA: the difference drawn to the group's mean difference by its own reliability r_dd.

    [(x2 - x1) r_dd + (M2 - M1)(1 - r_dd)] / (sqrt(r_dd) sqrt(2) SEM). Hageman & Arrindell (1999),
    Behaviour Research and Therapy 37(12), 1169-1193. Raises ValueError also where r_dd is not
    positive: the differences are then all error.
    """
    error = sqrt(2) * standard_error_of_measurement(group.sd_before, reliability)
    reliable_share = difference_reliability(group, reliability)
    if reliable_share <= 0:
        raise ValueError("The differences of this group are not reliable.")
    drawn = (after - before) * reliable_share
    shift = (group.mean_after - group.mean_before) * (1 - reliable_share)
    return (drawn + shift) / (sqrt(reliable_share) * error)


def difference_reliability(group: Group, reliability: float) -> float:
    """r_dd, the reliability of the group's differences; below 0 where SEM exceeds their spread.

    (s1^2 r1 + s2^2 r2 - 2 s1 s2 r12) / (s1^2 + s2^2 - 2 s1 s2 r12), r_k = 1 - SEM^2 / s_k^2
    (Hageman & Arrindell, 1999). Raises ValueError where all differences are the same.
    """
    error = standard_error_of_measurement(group.sd_before, reliability) ** 2
    spread = (
        group.sd_before**2 + group.sd_after**2
        - 2 * group.sd_before * group.sd_after * group.correlation
    )  # fmt: skip
    if spread <= 0:
        raise ValueError("Expected differences that are not all the same.")
    return (spread - 2 * error) / spread


METHODS: Final[Mapping[Method, Callable[[float, float, Group, float], float]]] = {
    "jt": jacobson_truax,
    "en": edwards_nunnally,
    "gln": gulliksen_lord_novick,
    "hll": hsu_linn_lord,
    "ha": hageman_arrindell,
}
"""The methods that need one reliability only; nunnally_kotsch needs two."""


def verdict(statistic: float, method: Method) -> Verdict:
    """What a statistic says by its method's limit; stronger or weaker only beyond it.

    >>> verdict(1.96, "jt"), verdict(1.97, "jt"), verdict(-1.7, "ha")
    ('no reliable change', 'stronger', 'weaker')
    """
    if statistic > LIMITS[method]:
        return "stronger"
    return "weaker" if statistic < -LIMITS[method] else "no reliable change"


def cutoff_a(mean: float, sd: float) -> float:
    """Cut-off a: two SDs above the mean of the group with the weaker scores, in the scores' unit.

    Jacobson & Truax (1991). For the alliance it marks "beyond what clients who dropped out rate",
    nothing about health; see the module's words on populations.
    """
    return mean + 2 * sd


def cutoff_c(
    weaker_mean: float, weaker_sd: float, stronger_mean: float, stronger_sd: float
) -> float:
    """Cut-off c: where a score is as near to one group as to the other, in the scores' unit.

    (s_w M_s + s_s M_w) / (s_w + s_s); Jacobson & Truax (1991). Only with two groups of a tenant's
    own data. Raises ValueError if the SDs are not positive.

    >>> cutoff_c(3.0, 0.5, 4.0, 0.5)
    3.5
    """
    if min(weaker_sd, stronger_sd) <= 0:
        raise ValueError("Expected spreads above 0.")
    sds = weaker_sd + stronger_sd
    return (weaker_sd * stronger_mean + stronger_sd * weaker_mean) / sds


def _expected(before: float, group: Group, reliability: float) -> float:
    return reliability * (before - group.mean_before) + group.mean_before


def _prediction_error(group: Group, reliability: float) -> float:
    _must_be_reliability(reliability)
    return group.sd_before * sqrt(1 - reliability**2)


def _must_be_reliability(reliability: float) -> None:
    if not 0 < reliability < 1:
        raise ValueError("Expected a reliability between 0 and 1.")
