"""What two raters of one occasion tell together. They are compared, never averaged.

Client and professional each have a stream of their own; here the last ratings of both are laid
side by side. What is found rests on both sides' answers, and is for those who may see both.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final, Literal

from app.measurement.agreement import UNUSUAL_GAP, gap_standing, moves_apart, perception_gap
from app.measurement.watch import Recent, Rules, ScaleRule, Severity, Standing

NOT_SEEN: Final = -0.5
"""A professional's rating that lies no further below the expected has not gone along. House rule;
that professionals may miss what clients rate: Muran et al. (2009), Psychotherapy 46(2), 233-248."""

SideCode = Literal["dyad_gap", "blind_spot", "perception_gap", "both_drop"]


@dataclass(frozen=True, slots=True)
class SideFinding:
    """What stands out between two ratings of one occasion. Numbers in the scale's unit."""

    code: SideCode
    rule: str
    severity: Severity
    scale: str
    value: float
    threshold: float | None
    """The value from which on it would have been found; None: it has no single one."""
    details: dict[str, float | str]


def rating_of(recent: Sequence[Recent], occasion: str) -> Recent | None:
    """The first rating of an occasion among a stream's last ones; None: it is not among them."""
    return next((one for one in recent if one.occasion == occasion), None)


def between_views(
    client: Sequence[Recent], professional: Sequence[Recent], rules: Rules
) -> list[SideFinding]:
    """What client's and professional's own views of an occasion tell together.

    client, professional: the last ratings of both streams in order, up to those of the occasion,
    which end them. rules: of the client's stream. Components speak only where no whole scale of
    either side alarms.
    """
    now, other = client[-1], professional[-1]
    found: list[SideFinding] = []
    alarmed = any(
        one.scales[scale].severity == "alert"
        for one in (now, other)
        for scale, rule in rules.scales.items()
        if rule.component is None and scale in one.scales
    )
    for scale, rule in rules.scales.items():
        one, two = now.scales.get(scale), other.scales.get(scale)
        if one is None or two is None:
            continue
        if rule.component is None or not alarmed:
            found += _not_seen(scale, one, two, rule)
            found += _both_drop(scale, one, two, rule)
        if _is_whole(rule, rules):
            found += _gap(scale, _pairs(scale, client, professional), rule)
    return found


def between_guess_and_answer(guess: Recent, answer: Recent, rules: Rules) -> list[SideFinding]:
    """How far a professional's guess of the client's answers lies off, scale by whole scale.

    rules: of the client's stream.
    """
    found = []
    for scale, rule in rules.scales.items():
        one, two = guess.scales.get(scale), answer.scales.get(scale)
        if one is None or two is None or not _is_whole(rule, rules):
            continue
        error = rule.parameters.within_sd * sqrt(1 - rule.parameters.reliability)
        gap = perception_gap(one.value, two.value, error)
        if gap.beyond:
            found.append(
                SideFinding(
                    "perception_gap",
                    "guess_beyond_error",
                    "watch",
                    scale,
                    gap.difference * _unit(rule),
                    (gap.threshold if gap.difference > 0 else -gap.threshold) * _unit(rule),
                    {"guess": one.value * _unit(rule), "answer": two.value * _unit(rule)},
                )
            )
    return found


def _is_whole(rule: ScaleRule, rules: Rules) -> bool:
    """Whether a scale stands for the whole form: it has no component, or nothing has none."""
    return rule.component is None or all(one.component for one in rules.scales.values())


def _unit(rule: ScaleRule) -> int:
    return rule.items if rule.as_sum else 1


def _not_seen(
    scale: str, client: Standing, professional: Standing, rule: ScaleRule
) -> Iterator[SideFinding]:
    """The client's rating alarms and the professional's has not gone along."""
    if client.severity == "alert" and professional.z is not None and professional.z > NOT_SEEN:
        yield SideFinding(
            "blind_spot",
            "not_gone_along",
            "alert",
            scale,
            client.value * _unit(rule),
            None,
            {"client_z": client.z or 0.0, "professional_z": professional.z, "limit_z": NOT_SEEN},
        )


def _both_drop(
    scale: str, client: Standing, professional: Standing, rule: ScaleRule
) -> Iterator[SideFinding]:
    """One side alarms and the other stands out as well; either alone may be chance.

    An alarm is asked for, so that the alarm budget is not exceeded by what two watches add up to.
    """
    severities = {client.severity, professional.severity}
    if "alert" in severities and None not in severities:
        yield SideFinding(
            "both_drop",
            "both_sides",
            "high",
            scale,
            client.value * _unit(rule),
            None,
            {
                "kind": client.kind,
                "client": str(client.severity),
                "professional": str(professional.severity),
            },
        )


def _gap(
    scale: str, pairs: Sequence[tuple[float, float]], rule: ScaleRule
) -> Iterator[SideFinding]:
    """The newest gap against this pair's own, or the raters moving apart."""
    unit, spread = _unit(rule), rule.parameters.within_sd
    gaps = [one - two for one, two in pairs]
    standing = gap_standing(gaps, spread)
    if standing is not None and standing.unusual:
        reach = UNUSUAL_GAP * standing.sd * sqrt(1 + 1 / standing.earlier)
        limit = standing.expected + (reach if standing.z > 0 else -reach)
        details = {"z": standing.z, "expected": standing.expected * unit, "pairs": standing.earlier}
        yield SideFinding(
            "dyad_gap", "own_gap", "watch", scale, gaps[-1] * unit, limit * unit, {**details}
        )
    elif len(pairs) > 1:
        (one, two), (one_before, two_before) = pairs[-1], pairs[-2]
        if moves_apart(one - one_before, two - two_before, spread):
            moves = {"client_move": one - one_before, "professional_move": two - two_before}
            yield SideFinding(
                "dyad_gap",
                "moves_apart",
                "watch",
                scale,
                gaps[-1] * unit,
                None,
                {name: move * unit for name, move in moves.items()},
            )


def _pairs(
    scale: str, client: Sequence[Recent], professional: Sequence[Recent]
) -> list[tuple[float, float]]:
    """(client, professional) of each occasion that both rated, in the client's order."""
    pairs = []
    for one in client:
        other = rating_of(professional, one.occasion)
        if other is None or rating_of(client, one.occasion) is not one:
            continue
        if scale in one.scales and scale in other.scales:
            pairs.append((one.scales[scale].value, other.scales[scale].value))
    return pairs
