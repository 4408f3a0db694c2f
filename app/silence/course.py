"""How a rater has answered invitations so far, and whether they have fallen silent. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from app.alliances.merged_refs import FormerRefs
from app.occasions.invited import ANSWER_DAYS, AWAITED, COMPLETED, Invited, invited_of
from app.occasions.report import answers_awaited_from
from app.signals.reported import ANSWERED_BEFORE, UNANSWERED_IN_A_ROW

LAPSED: Final = "lapsed"
NOT_OFFERED: Final = "not_offered"
Row: TypeAlias = Mapping[str, Any]
"""An invitation with the facts of its occasion."""


@dataclass(frozen=True, slots=True)
class Silent:
    """A rater who has left the last invitations to a form unanswered."""

    invited: Invited
    occasion_ids: tuple[UUID, ...]
    """Of the unanswered ones that made it so, oldest first."""


def late_at(row: Row) -> datetime:
    """When an awaited answer is late: ANSWER_DAYS after its invitation, else its occasion."""
    since: datetime = row["at"] or answers_awaited_from(row, row["updated_at"])
    return since + ANSWER_DAYS


def lapsed_by(rows: Iterable[Row], now: datetime) -> list[Row]:
    """The invitations whose answer is awaited and late."""
    return [row for row in rows if row["state"] in AWAITED and late_at(row) <= now]


def next_due(rows: Iterable[Row], now: datetime) -> datetime | None:
    """When the next awaited answer will be late; None: none is awaited."""
    times = [late_at(row) for row in rows if row["state"] in AWAITED]
    return min((time for time in times if time > now), default=None)


def silent(rows: Iterable[Row], lapsed: Iterable[Row], former: FormerRefs) -> list[Silent]:
    """Who has left the last UNANSWERED_IN_A_ROW invitations or more to a form unanswered.

    Only who has answered ANSWERED_BEFORE of them before, or more: from others nothing was heard
    that could have fallen silent. A declined invitation is an answer of its own kind and ends a
    run. lapsed: those that lapse now.
    """
    lapsing = {_name(row) for row in lapsed}
    courses: dict[Invited, list[tuple[Row, str]]] = {}
    for row in sorted(rows, key=_order):
        state = LAPSED if _name(row) in lapsing else row["state"]
        if state not in AWAITED and state != NOT_OFFERED:
            courses.setdefault(invited_of(row, former), []).append((row, state))
    found = []
    for invited, course in courses.items():
        run = _unanswered(course)
        answered = sum(state == COMPLETED for _, state in course)
        if len(run) >= UNANSWERED_IN_A_ROW and answered >= ANSWERED_BEFORE:
            ids = tuple(row["occasion_id"] for row in run[:UNANSWERED_IN_A_ROW])
            found.append(Silent(invited, ids))
    return found


def _unanswered(course: Sequence[tuple[Row, str]]) -> list[Row]:
    """The run of unanswered invitations that the course ends with."""
    run: list[Row] = []
    for row, state in reversed(course):
        if state != LAPSED:
            break
        run.insert(0, row)
    return run


def _name(row: Row) -> tuple[Any, ...]:
    fields = ("occasion_id", "rater_role", "rater_ref", "instrument", "form")
    return tuple(row[name] for name in fields)


def _order(row: Row) -> tuple[Any, ...]:
    """The order of occasions: by time, then number, then the order in which they became known."""
    number = row["session_number"]
    return (
        answers_awaited_from(row, row["created_at"]),
        number is None,
        number or 0,
        row["occasion_id"],
    )
