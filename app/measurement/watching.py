"""What each new rating of a stream tells, judged against this rater's own past.

A fold: the watch after a rating follows from the watch before it and from that rating alone, is
bounded whatever the length of the stream, and is the same whether ratings came in order or the
stream was made anew after a late one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Final

from app.measurement.change import Observed, spearman_brown
from app.measurement.course import Place, Point
from app.measurement.detection import (
    UNKNOWN_DAYS,
    Bank,
    Judgement,
    observed,
    without_hypotheses,
)
from app.measurement.drops import Alarm, Drop, step
from app.measurement.manner import with_form
from app.measurement.standing import Standings, level_of, standing_after
from app.measurement.watch import (
    RECENT,
    UNWATCHED,
    Code,
    Finding,
    Readable,
    Recent,
    Rules,
    ScaleRule,
    ScaleWatch,
    Severity,
    Standing,
    Told,
    Watch,
    days_between,
)

ROUNDING: Final = 1e-9
"""Two means that differ by less are the same: sums of the same ratings end in other last bits."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One scale's rating as its detector saw it."""

    before: ScaleWatch
    bank: Bank
    judgement: Judgement
    value: float
    """In the scale's unit."""
    mean: float
    """In points of the scale's mean."""
    answered: int | None
    days: float | None
    severity: Severity | None
    """By the detector's score, whichever rating the evidence is about."""

    @property
    def standing(self) -> Standing:
        """How the rating stood; z None for the first one, of which nothing was expected."""
        z = None if self.judgement.score is None else round(self.judgement.z, 4)
        severity = None if self.is_back else self.severity
        return Standing(round(self.mean, 6), z, severity, self.judgement.kind)

    @property
    def is_back(self) -> bool:
        """Whether it stands where this rater usually is, or above: then it is no fall itself."""
        return self.mean > self.before.drop.mean - ROUNDING


def watched(watch: Watch, point: Point, previous: Place | None, rules: Rules) -> tuple[Watch, Told]:
    """The watch after a rating that follows all others of its stream, and what the rating tells.

    previous: the place of the rating before it; None: it is the first. Scales without a value at
    this rating stay as they were, but for the time that passes.
    """
    days = days_between(previous, point.place)
    seen = {
        scale: _seen(watch.scales.get(scale, UNWATCHED), value, days, rule)
        for scale, rule in rules.scales.items()
        if (value := point.values.get(scale)) is not None
    }
    scales = {scale: _missed(one, days) for scale, one in watch.scales.items() if scale not in seen}
    drops: dict[str, Drop] = {}
    for scale, one in seen.items():
        scales[scale], drop = _followed(watch, scale, one, point.place.response_id)
        if drop is not None:
            drops[scale] = drop
    manner, remarks = with_form(watch.manner, point.manner)
    alone = Readable(point.readers, point.signal_readers, point.item_readers)
    readable = alone.both(watch.readable)
    stood = {scale: one.standing for scale, one in seen.items()}
    recent = Recent(point.place.response_id, point.occasion, alone, readable, stood)
    judgements = {scale: one.judgement for scale, one in seen.items()}
    last = watch.recent[-1] if watch.recent else None
    told = Told(_findings(seen, last, rules), judgements, drops, remarks, readable)
    standings = {**watch.standings, **_standings(watch, scales, judgements, point.place, rules)}
    return Watch(scales, (*watch.recent, recent)[-RECENT:], manner, readable, standings), told


def _standings(
    before: Watch,
    after: Mapping[str, ScaleWatch],
    judgements: Mapping[str, Judgement],
    place: Place,
    rules: Rules,
) -> Standings:
    """Where the scales that were rated stand now."""
    found = {}
    for scale, judged in judgements.items():
        rule, known = rules.scales[scale], before.standings.get(scale)
        level = level_of(judged, rule.parameters, rule.unit)
        found[scale] = standing_after(known, level, after[scale].drop.open_drop, place, rule.unit)
    return found


def highest_raising(finding: Finding, rule: ScaleRule) -> float | None:
    """The highest value of the scale that would have raised as much, in the scale's unit.

    Looked for from this rater's own mean down, in the steps that so many answered items can give;
    the value itself where it lies between them, as a total of an older system may. None: it is
    about the rating before, which the newest has shown to be a dip.
    """
    if finding.about is not None:
        return None
    parameters, before = rule.parameters, finding.before
    as_much = {"alert"} if finding.severity == "alert" else {"alert", "watch"}
    unit = rule.items if rule.as_sum else 1
    step_size = parameters.step * rule.items / (finding.answered or rule.items)
    steps = int((before.drop.mean - parameters.low) / step_size + 1)
    while (mean := parameters.low + steps * step_size) > finding.value / unit + ROUNDING:
        if mean <= parameters.high + ROUNDING:
            _, judged = _observed(before, mean, finding.answered, finding.days, rule)
            if _severity(judged, rule) in as_much and mean < before.drop.mean - ROUNDING:
                return round(mean * unit, 6)
        steps -= 1
    return finding.value


def _missed(before: ScaleWatch, days: float | None) -> ScaleWatch:
    """A scale after a rating without a value of it."""
    passed = UNKNOWN_DAYS if days is None else days
    return replace(before, missed_days=before.missed_days + passed)


def _seen(before: ScaleWatch, value: Observed, days: float | None, rule: ScaleRule) -> Seen:
    number, answered = float(value.value), value.answered
    mean = number / rule.items if rule.as_sum else number
    if before.missed_days:
        days = before.missed_days + (UNKNOWN_DAYS if days is None else days)
    bank, judged = _observed(before, mean, answered, days, rule)
    severity = _severity(judged, rule)
    return Seen(before, bank, judged, number, mean, answered, days, severity)


def _observed(
    before: ScaleWatch, mean: float, answered: int | None, days: float | None, rule: ScaleRule
) -> tuple[Bank, Judgement]:
    reliability = None
    if answered is not None and answered < rule.items:
        reliability = _prorated(rule.parameters.reliability, rule.items, answered)
    return observed(before.bank, mean, days, rule.parameters, reliability)


def _severity(judged: Judgement, rule: ScaleRule) -> Severity | None:
    if judged.score is None or judged.score <= rule.limits.watch:
        return None
    return "alert" if judged.score > rule.limits.alert else "watch"


@lru_cache(maxsize=4096)
def _prorated(reliability: float, items: int, answered: int) -> float:
    """The reliability of a score from fewer items, which is lower (Spearman-Brown)."""
    return float(spearman_brown(Decimal(repr(reliability)), items, answered))


def _followed(
    watch: Watch, scale: str, one: Seen, response_id: str
) -> tuple[ScaleWatch, Drop | None]:
    """A scale after a rating, and the drop that the rating opened, changed or ended."""
    if one.severity != "alert":
        state, drop = step(one.before.drop, response_id, one.mean, None)
        return ScaleWatch(one.bank, state), drop
    alarm = (
        None if one.is_back else Alarm(one.judgement.kind, _ratings_back(one, watch.recent, scale))
    )
    state, drop = step(one.before.drop, response_id, one.mean, alarm)
    # Old evidence raises no second alarm.
    return ScaleWatch(without_hypotheses(one.bank), state), drop


def _ratings_back(rated: Seen, recent: tuple[Recent, ...], scale: str) -> int:
    """How many ratings ago a fall began: of a slow one the unbroken run below the expected."""
    if rated.judgement.kind == "sudden":
        return 0
    back = 0
    for earlier in reversed(recent):
        standing = earlier.scales.get(scale)
        if standing is None or standing.z is None or standing.z >= 0:
            break
        back += 1
    return back


def _findings(seen: Mapping[str, Seen], last: Recent | None, rules: Rules) -> tuple[Finding, ...]:
    """The signals of a rating: those of the whole; of its components only if that alarms not."""
    raising = {scale: one for scale, one in seen.items() if one.severity is not None}
    if not raising:
        return ()
    whole = {scale: one for scale, one in raising.items() if rules.scales[scale].component is None}
    alarmed = any(one.severity == "alert" for one in whole.values())
    found = (
        _returned(scale, one, one.severity, last, rules.scales[scale])
        if one.is_back
        else _finding(scale, one, one.severity, rules.scales[scale])
        for scale, one in (whole if alarmed else raising).items()
        if one.severity is not None
    )
    return tuple(one for one in found if one is not None)


def _returned(
    scale: str, one: Seen, severity: Severity, last: Recent | None, rule: ScaleRule
) -> Finding | None:
    """What a rating that is back says of the one before it: that this one was a dip.

    By itself the dip was not far enough out of line; the return tells it from a new level. None:
    the rating before was no fall either, it has alarmed already, or this is no alert either.
    """
    before = last.scales.get(scale) if last else None
    if last is None or before is None or severity != "alert" or before.severity == severity:
        return None
    if before.value > one.before.drop.mean - ROUNDING:
        return None
    finding = _finding(scale, one, severity, rule)
    value = before.value * (rule.items if rule.as_sum else 1)
    return replace(finding, about=last.response_id, value=round(value, 4))


def _finding(scale: str, one: Seen, severity: Severity, rule: ScaleRule) -> Finding:
    if rule.component is not None:
        code: Code = "component_drop"
    else:
        code = "sudden_drop" if one.judgement.kind == "sudden" else "slow_decline"
    critical = rule.limits.alert if severity == "alert" else rule.limits.watch
    return Finding(
        code, severity, scale, one.value, one.judgement, critical,
        one.before, one.days, one.answered,
    )  # fmt: skip
