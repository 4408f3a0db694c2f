"""How client and professional agree over the occasions that both rated: compared, not averaged."""

from collections.abc import Iterable
from math import sqrt

from app.measurement.agreement import (
    LEAST_PAIRS,
    directional_gap,
    temporal_congruence,
    truth_and_bias,
)
from app.measurement.watch import ScaleRule
from app.responses.answer_schemas import NotComputed
from app.trends.course import Course
from app.trends.schemas import AgreementOut, CongruenceOut, GapOut, PairOut, TrackingOut

TOO_FEW = NotComputed(
    code="tracking",
    why=f"Tracking and congruence need {LEAST_PAIRS} occasions that both sides rated, and a side "
    "that varies.",
)


def agreement_out(courses: Iterable[Course], pairs: Iterable[PairOut]) -> list[AgreementOut]:
    """Gap, tracking and congruence of each scale and pair of people, over all their occasions.

    pairs: in the order of the client's ratings, in the scale's unit. A gap is read against the
    usual one between clients and professionals, not against 0; see measurement.agreement.
    """
    rules = {
        (course.stream.instrument, course.stream.rater_ref, scale): rule
        for course in courses
        if course.stream.rater_role == course.stream.form == "client"
        for scale, rule in course.rules.scales.items()
    }
    grouped: dict[tuple[str, str, str, str], list[PairOut]] = {}
    for pair in pairs:
        name = (pair.instrument, pair.scale, pair.client.ref, pair.professional.ref)
        grouped.setdefault(name, []).append(pair)
    return [
        _agreement(found, rules[instrument, client, scale])
        for (instrument, scale, client, _), found in grouped.items()
        if (instrument, client, scale) in rules
    ]


def _agreement(pairs: list[PairOut], rule: ScaleRule) -> AgreementOut:
    unit = rule.items if rule.as_sum else 1
    values = [(pair.client.value / unit, pair.professional.value / unit) for pair in pairs]
    reference_sd = sqrt(rule.parameters.between_sd**2 + rule.parameters.within_sd**2)
    gap = directional_gap(values, reference_sd)
    assert gap is not None  # noqa: S101 - a group has a pair
    tracking, congruence = truth_and_bias(values), temporal_congruence(values)
    error = gap.standard_error
    return AgreementOut(
        instrument=pairs[0].instrument,
        scale=pairs[0].scale,
        unit=pairs[0].unit,
        client_ref=pairs[0].client.ref,
        professional_ref=pairs[0].professional.ref,
        occasions=len(pairs),
        gap=GapOut(
            mean=round(gap.gap * unit, 4),
            standard_error=None if error is None else round(error * unit, 4),
            standardised=round(gap.standardised, 4),
        ),
        tracking=tracking
        and TrackingOut(
            tracking=round(tracking.tracking, 4),
            tracking_error=round(tracking.tracking_error, 4),
            bias=round(tracking.bias * unit, 4),
            bias_error=round(tracking.bias_error * unit, 4),
        ),
        congruence=congruence
        and CongruenceOut(
            correlation=round(congruence.correlation, 4),
            shrunk=round(congruence.shrunk, 4),
            low=round(congruence.low, 4),
            high=round(congruence.high, 4),
        ),
    )
