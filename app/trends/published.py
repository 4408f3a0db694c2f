"""What published rules would have said of a stream: for comparison, they raise no signal."""

from collections.abc import Iterable, Sequence

from app.measurement.key import Scale
from app.measurement.rules import PUBLISHED, RuleParameters, rule_alarms
from app.measurement.watch import ScaleRule
from app.responses.answer_schemas import Rater
from app.trends.course import Course
from app.trends.schemas import PublishedRuleOut

ASSUMED_SCORE_RELIABILITY: float = 0.93
"""Between people, of one score: the alpha by which such rules are usually used. House assumption
after the range of .92 to .97 that She et al. (2023) report for one scale."""
ONLY_OF: dict[str, str] = {"srs36": "srs-3"}
"""A rule whose cut belongs to one instrument."""


def published_out(
    courses: Iterable[Course], scale: str | None, rules: Sequence[str]
) -> list[PublishedRuleOut]:
    """The ratings at which each of these rules alarms, stream by stream, on every watched scale."""
    return [
        _alarms(course, one, course.rules.scales[one.id], name)
        for course in courses
        for one in course.form.key.scales
        if scale in {None, one.id} and one.id in course.rules.scales
        for name in rules
        if ONLY_OF.get(name, course.stream.instrument) == course.stream.instrument
        and not (name in ONLY_OF and one.component is not None)
    ]


def _alarms(course: Course, scale: Scale, watched: ScaleRule, name: str) -> PublishedRuleOut:
    rule, given = PUBLISHED[name], watched.parameters
    scored = [
        (rating.row["id"], float(score.mean))
        for rating in course.placed
        if (score := rating.scores.get(scale.id)) is not None and score.mean is not None
    ]
    parameters = RuleParameters(
        given.low,
        given.high,
        given.between_sd,
        given.within_sd,
        ASSUMED_SCORE_RELIABILITY,
        given.reliability,
    )
    alarms = rule_alarms(rule, [value for _, value in scored], parameters)
    stream = course.stream
    return PublishedRuleOut(
        rule=name,
        citation=rule.citation,
        approximation=rule.approximation,
        rater=Rater(role=stream.rater_role, ref=stream.rater_ref, proxy_ref=stream.proxy_ref),
        instrument=stream.instrument,
        form=stream.form,
        language=stream.language,
        scale=scale.id,
        ratings=len(scored),
        response_ids=[one for (one, _), alarm in zip(scored, alarms, strict=True) if alarm],
    )
