"""Rules that find a drop by a plain comparison: one family, each rule a configuration of it.

They are the baselines that a detector has to beat, and can be chosen by name. Values are points
of the scale's mean, one stream in its order; high is a stronger alliance. A rule sees only what
came before: the alarm at a rating never depends on later ones.

reference - value is the fall. A rule alarms when its fall, or the running sum of its falls, is
more than size units. How often each alarms in a course without any drop differs by a factor of
ten, so a rule's name says nothing about its worth.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, sqrt
from typing import Final, Literal

from app.measurement.drops import REPAIR_WINDOW, RETURN_SHARE, Drop, continued
from app.measurement.spread import OUTLIER, PRIOR_RATINGS

Reference = Literal["level", "previous", "peak", "own_mean"]
"""level: a fixed place in the scale's range. previous, peak, own_mean: of all earlier values."""
Unit = Literal[
    "points", "total_sd", "within_sd", "own_sd", "moving_range", "score_error", "within_error"
]
"""points: of the scale's mean. total_sd: of single ratings over people and times. within_sd: usual
within one person. own_sd: this person's, drawn to within_sd. moving_range: the mean absolute move
between neighbours over 1.128. score_error, within_error: standard error of a difference by the
reliability between people, by that within a person."""
Statistic = Literal["fall", "ewma", "cusum"]
"""fall: of this rating alone. ewma: (1 - weight) of the sum so far + weight of the fall (Roberts,
1959, Technometrics 1(3), 239-250). cusum: the sum of what each fall exceeds weight by, never
below 0, and 0 again after an alarm (Page, 1954, Biometrika 41(1/2), 100-115)."""

RANGE_TO_SD: Final = 1.128
"""d2 for two values, from the mean absolute move to an SD under normality (Shewhart, 1931)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule for finding drops, with where it comes from.

    Raises ValueError for a running statistic in moving ranges: a course that never moved has a
    range of 0, and one fall in units of 0 would stay in the sum for ever.
    """

    id: str
    reference: Reference
    size: float
    unit: Unit
    citation: str
    approximation: bool
    """Whether the published criteria were not read in full."""
    min_history: int = 1
    """Scored values needed before the first alarm."""
    statistic: Statistic = "fall"
    weight: float = 0.0
    level: float = 0.0
    """With the reference "level": its place in the scale's range, from 0 to 1."""
    quiet: int = 0
    """Ratings after an alarm in which none is raised again."""
    window: int = REPAIR_WINDOW
    return_share: float = RETURN_SHARE
    version: int = 1

    def __post_init__(self) -> None:
        if self.statistic != "fall" and self.unit == "moving_range":
            raise ValueError("Expected another unit than moving ranges for a running statistic.")


@dataclass(frozen=True, slots=True)
class RuleParameters:
    """The scale's range and the usual spreads of its ratings, in points of its mean.

    score_reliability: of one rating, between people. within_reliability: of changes within one.
    """

    low: float
    high: float
    between_sd: float
    within_sd: float
    score_reliability: float
    within_reliability: float


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a rule keeps of the values before the present one; count 0: nothing yet."""

    count: int = 0
    mean: float = 0.0
    peak: float = -inf
    previous: float = 0.0
    moves: float = 0.0
    """Sum of the absolute moves between neighbours."""
    squares: float = 0.0
    """Sum of squared deviations from the mean before each, outliers cut off."""
    running: float = 0.0
    alarms_ago: int = 0
    """Ratings since the last alarm, counting from it; 0: none yet."""


def rule_alarms(rule: Rule, values: Sequence[float], parameters: RuleParameters) -> list[bool]:
    """Whether the rule alarms at each value; as long as values, and the same when more follow.

    >>> parameters = RuleParameters(1, 5, 0.6, 0.4, 0.93, 0.75)
    >>> rule_alarms(PUBLISHED["sd_previous"], [4.0, 4.1, 3.0, 3.1], parameters)
    [False, False, True, False]
    """
    return [alarm for alarm, _ in _judged(rule, values, parameters)]


def rule_drops(rule: Rule, values: Sequence[float], parameters: RuleParameters) -> list[Drop]:
    """The drops that the rule finds, each as it ended; the last may be open.

    Their ids are the indices of the values as text, their reference the rule's own. A drop ends as
    in drops.py, by the rule's return_share and window; an alarm in an open drop opens no second.
    """
    drops: list[Drop] = []
    for index, (alarm, reference) in enumerate(_judged(rule, values, parameters)):
        value = values[index]
        if drops and drops[-1].state == "open":
            drops[-1] = continued(
                drops[-1], str(index), value, alarmed=alarm,
                return_share=rule.return_share, window=rule.window,
            )  # fmt: skip
        elif alarm and value < reference:
            drops.append(
                Drop(
                    str(index), "sudden", str(index), reference, value, reference - value,
                    ratings_since=0, state="open",
                    repaired_by=None, ratings_to_repair=None, shape=None,
                )
            )  # fmt: skip
    return drops


def _judged(
    rule: Rule, values: Sequence[float], parameters: RuleParameters
) -> list[tuple[bool, float]]:
    """(alarm, reference) at each value."""
    seen = _Seen()
    judged = []
    for value in values:
        reference = _reference(rule, seen, parameters)
        running = _running(rule, seen, reference - value, parameters)
        quiet = 0 < seen.alarms_ago <= rule.quiet
        alarm = seen.count >= rule.min_history and not quiet and running > rule.size
        judged.append((alarm, reference))
        seen = _with_value(seen, value, parameters.within_sd)
        seen = replace(
            seen,
            running=0.0 if alarm and rule.statistic == "cusum" else running,
            alarms_ago=1 if alarm else seen.alarms_ago and seen.alarms_ago + 1,
        )
    return judged


def _reference(rule: Rule, seen: _Seen, parameters: RuleParameters) -> float:
    if rule.reference == "level":
        return parameters.low + rule.level * (parameters.high - parameters.low)
    if rule.reference == "previous":
        return seen.previous
    return seen.peak if rule.reference == "peak" else seen.mean


def _running(rule: Rule, seen: _Seen, fall: float, parameters: RuleParameters) -> float:
    """The rule's statistic at this value, in its units."""
    if seen.count == 0 and rule.reference != "level":
        return 0.0
    unit = _unit(rule.unit, seen, parameters)
    # A spread of none: any fall is beyond every size, as on a chart whose limits coincide.
    falls = fall / unit if unit > 0 else inf if fall > 0 else 0.0
    if rule.statistic == "ewma":
        return (1 - rule.weight) * seen.running + rule.weight * falls
    if rule.statistic == "cusum":
        return max(0.0, seen.running + falls - rule.weight)
    return falls


def _unit(unit: Unit, seen: _Seen, parameters: RuleParameters) -> float:
    """One unit in points of the scale's mean."""
    within = parameters.within_sd
    if unit == "own_sd":
        prior = PRIOR_RATINGS * within**2
        return sqrt((prior + seen.squares) / (PRIOR_RATINGS + seen.count - 1))
    if unit == "moving_range":
        return seen.moves / max(seen.count - 1, 1) / RANGE_TO_SD
    total = sqrt(parameters.between_sd**2 + within**2)
    return {
        "points": 1.0,
        "total_sd": total,
        "within_sd": within,
        "score_error": sqrt(2 * (1 - parameters.score_reliability)) * total,
        "within_error": sqrt(2 * (1 - parameters.within_reliability)) * within,
    }[unit]


def _with_value(seen: _Seen, value: float, within_sd: float) -> _Seen:
    """What is kept after one more value."""
    if seen.count == 0:
        return replace(seen, count=1, mean=value, peak=value, previous=value)
    count = seen.count + 1
    cut = OUTLIER * within_sd
    # Over this root the deviations from the means before them are alike in spread.
    deviation = max(-cut, min(cut, (value - seen.mean) / sqrt(1 + 1 / seen.count)))
    return replace(
        seen,
        count=count,
        mean=seen.mean + (value - seen.mean) / count,
        peak=max(seen.peak, value),
        previous=value,
        moves=seen.moves + abs(value - seen.previous),
        squares=seen.squares + deviation**2,
    )


_RULES: Final = (
    Rule(
        "srs36", "level", 0.0, "points",
        "Total below 36 of 40: Duncan et al. (2003), Journal of Brief Therapy 3(1), 3-12, by a "
        "secondary source; for the Session Rating Scale only. Its low single item is left out.",
        approximation=True, min_history=0, level=0.9,
    ),
    Rule(
        "jt_previous", "previous", 1.96, "score_error",
        "Jacobson & Truax (1991), Journal of Consulting and Clinical Psychology 59(1), 12-19, "
        "applied from one rating to the next.",
        approximation=True,
    ),
    Rule(
        "sd_previous", "previous", 1.0, "total_sd",
        "A fall by one standard deviation from one rating to the next, a common reading of a drop "
        "without one source.",
        approximation=True,
    ),
    Rule(
        "v_peak", "peak", 1.0, "total_sd",
        "In the style of Stiles et al. (2004), Journal of Consulting and Clinical Psychology "
        "72(1), 81-92, and Strauss et al. (2006), same journal 74(2), 337-345.",
        approximation=True,
    ),
    Rule(
        "individuals_2s", "own_mean", 2.0, "moving_range",
        "Individuals chart, two sigma: Eubanks-Carter, Gorman & Muran (2012), Psychotherapy "
        "Research 22(6), 621-637.",
        approximation=True, min_history=4,
    ),
    Rule(
        "individuals_3s", "own_mean", 3.0, "moving_range",
        "Individuals chart, three sigma: Eubanks-Carter, Gorman & Muran (2012), Psychotherapy "
        "Research 22(6), 621-637.",
        approximation=True, min_history=4,
    ),
    Rule(
        "larsson_like", "own_mean", 1.96, "within_error",
        "In the style of Larsson, Falkenström, Andersson & Holmqvist (2018), Psychotherapy "
        "Research 28(1), 123-136: a fall beyond a reliable size.",
        approximation=True, min_history=2,
    ),
    Rule(
        "own_mean", "own_mean", 2.0, "within_sd",
        "House rule: two within-person SDs below the mean of all earlier ratings.",
        approximation=False, min_history=2,
    ),
    Rule(
        "ewma", "own_mean", 0.9, "own_sd",
        "House rule for slow declines; the average of Roberts (1959), Technometrics 1(3), 239-250.",
        approximation=False, min_history=3, statistic="ewma", weight=0.3,
    ),
    Rule(
        "cusum", "own_mean", 3.0, "within_sd",
        "House rule; the sum of Page (1954), Biometrika 41(1/2), 100-115, with k = .5 and h = 3.",
        approximation=False, statistic="cusum", weight=0.5,
    ),
)  # fmt: skip
PUBLISHED: Final = {rule.id: rule for rule in _RULES}
"""The baselines by name. Sizes, histories and windows are those read or, where they were not read
in full, the nearest guess: see citation and approximation of each."""
