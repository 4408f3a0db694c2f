"""Who is shown, so that neither what is shown nor what is left tells of a few. Pure.

A programme's clients are parted into those of each professional shown and the rest. Each part
holds LEAST_CLIENTS clients with ratings that no figures of the programme have told of before. Of
whatever figures are added or subtracted, the last then have ratings that are in no others, so
what is left tells of no fewer: as with program summaries, see app.measurement.small_groups.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from app.measurement.case_mix import Stages
from app.measurement.small_groups import LEAST_CLIENTS, LEAST_PROFESSIONALS

LEAST_UNITS: Final = 5
"""Fewest professionals, or programmes, that are compared: fewer tell next to nothing of how they
usually differ, and each would see through the others. House rule."""

Name: TypeAlias = tuple[str, str]
"""Whose reference it is, and the reference; the empty text is nobody's."""


@dataclass(frozen=True, slots=True)
class Course:
    """One client's ratings with one professional in a window."""

    professional: Name
    client: Name
    stages: Stages
    fresh: bool
    """Whether one of them is in no figures of the programme that were made before."""


def together(courses: Collection[Course]) -> bool:
    """Whether these clients may be told of together, of several professionals."""
    several = {one.professional for one in courses if one.professional[1]}
    return enough(courses) and len(several) >= LEAST_PROFESSIONALS


def enough(courses: Collection[Course]) -> bool:
    """Whether LEAST_CLIENTS different clients among these have ratings not told of before."""
    return len({one.client for one in courses if one.fresh}) >= LEAST_CLIENTS


def shown(courses: Sequence[Course], kept_back: Collection[Name] = ()) -> tuple[Name, ...]:
    """The professionals who are shown, in order; none where fewer than LEAST_UNITS would be.

    kept_back: who is not shown for another reason. While those who are not shown are too few to
    be told of together, the one with the fewest clients among those shown joins them.
    """
    by_professional = parts(courses)
    fit = [
        name
        for name, part in by_professional.items()
        if name[1] and name not in kept_back and enough(part)
    ]
    # The smallest last, from where it joins those who are not shown.
    fit.sort(key=lambda name: (-_clients(by_professional[name]), name))
    while fit and not _rest_is_safe([one for one in courses if one.professional not in fit]):
        fit.pop()
    return tuple(sorted(fit)) if len(fit) >= LEAST_UNITS else ()


def parts(courses: Sequence[Course]) -> Mapping[Name, list[Course]]:
    """The courses of each professional."""
    found: dict[Name, list[Course]] = {}
    for one in courses:
        found.setdefault(one.professional, []).append(one)
    return found


def _rest_is_safe(rest: Collection[Course]) -> bool:
    return not rest or together(rest)


def _clients(courses: Collection[Course]) -> int:
    return len({one.client for one in courses})
