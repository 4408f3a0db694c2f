"""How much an alliance needs to be looked at, and the order that this gives. Pure."""

from collections.abc import Collection
from datetime import date
from typing import Final
from uuid import UUID

REASONS: Final = ("high", "alert", "drop", "silence", "watch")
"""What an alliance may need to be looked at for, the most pressing first: an open signal of
severity high, one of severity alert, an open drop, an unanswered invitation, an open signal of
severity watch. House rule."""
NEVER: Final = "~"
"""Stands where there is no day, and after every day."""


def need(severities: Collection[str], *, drop: bool, silence: bool) -> str | None:
    """The most pressing reason to look at an alliance; None: there is none that is known.

    severities: of its open signals. drop: one is open. silence: somebody leaves unanswered.

    >>> need(["watch", "alert"], drop=True, silence=False)
    'alert'
    >>> need(["watch"], drop=False, silence=True)
    'silence'
    """
    there = {*severities, *(["drop"] if drop else ()), *(["silence"] if silence else ())}
    return next((reason for reason in REASONS if reason in there), None)


def position(reason: str | None, last_rated_on: date | None, alliance_id: UUID) -> str:
    """Where an alliance stands in a caseload; positions stand in the order of their texts.

    By the reason; then by the day of the last rating, the longest ago first and those without any
    last; then by id, so that no two stand in one place.
    """
    rank = REASONS.index(reason) if reason else len(REASONS)
    day = last_rated_on.isoformat() if last_rated_on else NEVER
    return f"{rank}/{day}/{alliance_id}"
