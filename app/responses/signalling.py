"""What a response raises: by itself, against its own stream's past, and beside the other side's."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from app.instruments.definitions import Form
from app.measurement.answers import item_values
from app.measurement.cuts import cut_finding
from app.measurement.key import CutRule, Scale
from app.measurement.scoring import Score, keyed_values
from app.measurement.sides import (
    SideFinding,
    between_guess_and_answer,
    between_views,
    rating_of,
)
from app.measurement.watch import Finding, Recent, Rules, ScaleRule, Told
from app.measurement.watching import highest_raising
from app.responses.facing import GUESS
from app.responses.fold import Courses
from app.responses.stream_state import Stream
from app.responses.subject import Subject
from app.responses.visibility import item_readers
from app.signals.rows import Raised, Readers
from app.signals.rules import shown_parameters

OWN_COURSE: Final = "own_course"
"""The rule that judges a rating against its own stream's past; see measurement.detection."""
FELL: Final = -1.645
"""From here on down a scale is named as fallen: one in fifteen ratings without a change lies below,
in simulation. House rule."""


def raised_by_form(subject: Subject) -> list[Raised]:
    """What the form raises by itself: published cuts in use that it meets. A screen, no drop."""
    chosen, content = subject.filled.chosen, subject.filled.content
    key, scores = chosen.form.key, subject.filled.scores
    keyed = keyed_values(item_values(content.answers, key), key) if content.answers else {}
    by_scale = {score.scale: score for score in scores}
    raised: list[Raised] = []
    for rule in key.cuts:
        if not rule.default:
            continue
        met_by = cut_finding(rule, scores, keyed).met_by
        scales = [name for name in met_by if name in by_scale]
        items = [name.removeprefix("item ") for name in met_by if name not in by_scale]
        raised += [_low_level(subject, rule, by_scale[name]) for name in scales]
        if items and not scales:
            # Below the total's cut an item adds nothing; above it a total can hide it.
            raised.append(_low_item(subject, rule, {item: keyed[item] for item in items}))
    return raised


def _low_level(subject: Subject, rule: CutRule, score: Score) -> Raised:
    scale = _scale(subject.filled.chosen.form, score.scale)
    limit = next(one for one in rule.any_of if one.scale == score.scale)
    return Raised(
        "low_level", "watch", rule.id, score.scale, scale.component, scale.unit,
        float(score.value or 0), float(limit.value),
        {"comparator": limit.comparator, "citation": rule.citation}, "published",
        Readers(subject.point.signal_readers, subject.point.readers),
    )  # fmt: skip


def _low_item(subject: Subject, rule: CutRule, items: Mapping[str, Any]) -> Raised:
    limit = next(one for one in rule.any_of if one.scale is None)
    parameters = {
        "comparator": limit.comparator, "citation": rule.citation, "items": sorted(items)
    }  # fmt: skip
    readers = Readers(subject.point.signal_readers, item_readers(subject.record["notice"]))
    return Raised(
        "low_item", "watch", rule.id, None, None, None,
        float(min(items.values())), float(limit.value), parameters, "published", readers,
    )  # fmt: skip


def raised_by_course(
    finding: Finding, told: Told, rules: Rules, units: Mapping[str, str]
) -> Raised:
    """A finding of a rating against its own stream's past. units: scale -> sum or mean."""
    rule, readable = rules.scales[finding.scale], told.readable
    highest = highest_raising(finding, rule)
    return Raised(
        finding.code, finding.severity, OWN_COURSE, finding.scale, rule.component,
        units[finding.scale], _shown(finding.value), None if highest is None else _shown(highest),
        _course_parameters(finding, told, rule), rule.parameter_source,
        Readers(readable.signals, readable.values), rule_version=rules.version,
    )  # fmt: skip


def _course_parameters(one: Finding, told: Told, rule: ScaleRule) -> dict[str, Any]:
    judged, unit = one.judgement, rule.items if rule.as_sum else 1
    return {
        "score": _shown(judged.score or 0.0),
        "critical_score": _shown(one.critical),
        "kind": judged.kind,
        "expected": _shown(judged.expected * unit),
        "z": _shown(judged.z),
        "alerts_per_100_ratings": rule.limits.alerts_per_100,
        "fell": _fell(told) if one.about is None else [one.scale],
        "shown_by_return": one.about is not None,
        "course": shown_parameters(rule),
    }


def _fell(told: Told) -> list[str]:
    """Every scale that lies clearly below what was expected of it, the furthest first."""
    by_z = sorted(told.judgements.items(), key=lambda one: one[1].z)
    return [scale for scale, judged in by_z if judged.score is not None and judged.z < FELL]


def raised_between_sides(
    sides: Mapping[Stream, Sequence[Recent]], courses: Courses
) -> Iterable[tuple[Raised, Stream, UUID]]:
    """What client and professional raise together on an occasion.

    sides: both streams with their last ratings up to the first one of the occasion; nothing is
    raised by later ones of it. Each signal comes with the stream and the response that it is
    about: the client's, or the guess.
    """
    (client,) = [one for one in sides if one.rater_role == "client"]
    (other,) = [one for one in sides if one.rater_role != "client"]
    if any(rating_of(recent, recent[-1].occasion) is not recent[-1] for recent in sides.values()):
        return
    rules, units = courses.rules(client), courses.units(client)
    answer, second = sides[client][-1], sides[other][-1]
    guessed = other.form == GUESS
    if guessed:
        findings = between_guess_and_answer(second, answer, rules)
        readable = answer.alone.both(second.alone)
    else:
        findings = between_views(sides[client], sides[other], rules)
        readable = answer.readable.both(second.readable)
    about, rests_on = (other, answer) if guessed else (client, second)
    raised_at = second if guessed else answer
    readers = Readers(readable.signals, readable.values)
    for finding in findings:
        raised = _of_sides(finding, rules, units, readers, UUID(rests_on.response_id))
        if raised.readers.signal:
            yield raised, about, UUID(raised_at.response_id)


def _of_sides(
    finding: SideFinding,
    rules: Rules,
    units: Mapping[str, str],
    readers: Readers,
    other_response_id: UUID,
) -> Raised:
    rule = rules.scales[finding.scale]
    code: str = finding.code
    if code == "both_drop":
        whole = "sudden_drop" if finding.details["kind"] == "sudden" else "slow_decline"
        code = "component_drop" if rule.component else whole
    seen_by = readers.only({"supervisor"}) if finding.code == "blind_spot" else readers
    details = {
        name: _shown(value) if isinstance(value, float) else value
        for name, value in finding.details.items()
    }
    return Raised(
        code, finding.severity, finding.rule, finding.scale, rule.component, units[finding.scale],
        _shown(finding.value), None if finding.threshold is None else _shown(finding.threshold),
        details | {"course": shown_parameters(rule)}, rule.parameter_source, seen_by,
        other_response_id, rules.version,
    )  # fmt: skip


def _scale(form: Form, name: str) -> Scale:
    return next(scale for scale in form.key.scales if scale.id == name)


def _shown(number: float) -> float:
    """A number as it is shown: at most four decimals."""
    return round(number, 4) + 0.0
