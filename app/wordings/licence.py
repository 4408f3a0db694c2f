"""Whether a wording may be shown: what the instrument's rights and the tenant's grant allow.

Nothing here looks at a clock or a database: the day is an argument. Unknown counts as not allowed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

Use = Literal["clinical", "commercial", "educational", "research"]
USES: Final[tuple[Use, ...]] = ("clinical", "commercial", "educational", "research")
COMMERCIAL: Final = "commercial"
ALLOWED: Final = "allowed"
FREE_OF_CHARGE: Final = {"open", "open_noncommercial"}
"""Rights that cover every use but perhaps the commercial one, without asking anybody."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a holder has allowed a tenant, as the tenant states it."""

    holder: str
    languages: frozenset[str]
    electronic: bool
    commercial: bool
    uses: frozenset[str]
    """clinical, educational, research: those that are covered."""
    valid_from: date
    valid_to: date | None
    """The last day, by UTC; None: no end is known."""
    reference: str
    attribution: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a wording may not be shown."""

    code: str
    detail: str


NO_PACK: Final = Refusal("no_text_pack", "There is no wording of this form here.")
USE_NOT_DECLARED: Final = Refusal(
    "use_not_declared",
    "The licence does not cover every use, and no use is declared: see PUT /v1/declared-use.",
)


def grant_from(stored: Mapping[str, Any]) -> Grant:
    """The grant that was stored with a text pack."""
    end = stored["valid_to"]
    return Grant(
        stored["holder"],
        frozenset(stored["languages"]),
        stored["electronic"],
        stored["commercial"],
        frozenset(stored["uses"]),
        date.fromisoformat(stored["valid_from"]),
        date.fromisoformat(end) if end else None,
        stored["reference"],
        stored["attribution"],
    )


def time_refusal(grant: Grant, today: date) -> Refusal | None:
    """Why the grant is not in force on a day: both of its days belong to it. None: it is."""
    if today < grant.valid_from:
        return Refusal("grant_not_begun", "The licence has not begun yet.")
    if grant.valid_to is not None and grant.valid_to < today:
        return Refusal("grant_expired", "The licence has expired.")
    return None


def refusal(
    rights: Mapping[str, Any],
    grant: Grant | None,
    language: str,
    declared: Collection[str],
    today: date,
) -> Refusal | None:
    """Why a wording in a language may not be shown on a day, the first reason; None: it may.

    rights: the block of the definition. grant None: a wording that the service ships, for which
    the rights alone speak. declared: the tenant's uses; empty: unknown, so each must be covered.
    """
    if grant is not None:
        late = time_refusal(grant, today)
        if late is not None:
            return late
        if language not in grant.languages:
            return Refusal("language_not_covered", "The licence does not cover this language.")
    electronic = grant is not None and grant.electronic
    if rights["electronic_use"] != ALLOWED and not electronic:
        return Refusal("electronic_not_covered", "The licence does not cover electronic use.")
    return _use_refusal(covered_uses(rights, grant), declared)


def _use_refusal(covered: Collection[str], declared: Collection[str]) -> Refusal | None:
    missing = [use for use in (declared or USES) if use not in covered]
    if not missing:
        return None
    if not declared:
        return USE_NOT_DECLARED
    if missing == [COMMERCIAL]:
        return Refusal("commercial_not_covered", "The licence does not cover commercial use.")
    detail = f"The licence does not cover the declared use: {', '.join(sorted(missing))}."
    return Refusal("use_not_covered", detail)


def covered_uses(rights: Mapping[str, Any], grant: Grant | None) -> frozenset[str]:
    """The uses that the rights allow everybody, or the grant allows this tenant."""
    covered = set(grant.uses) if grant is not None else set[str]()
    if rights["status"] in FREE_OF_CHARGE:
        covered |= set(USES) - {COMMERCIAL}
    if rights["commercial_use"] == ALLOWED or (grant is not None and grant.commercial):
        covered.add(COMMERCIAL)
    return frozenset(covered)
