"""What a report makes of an occasion. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from app.alliances.locked import LockedAlliance
from app.errors import OccasionConflict
from app.occasions.identity import local_date
from app.occasions.schemas import OccasionReport
from app.occasions.times import local, offset_minutes

FACTS: Final = (
    "status",
    "session_ref",
    "session_number",
    "occurred_at",
    "occurred_at_offset",
    "occurred_on",
)
"""What a report says of an occasion."""
Row = Mapping[str, Any]


def occasion_after(stored: Row | None, report: OccasionReport) -> dict[str, Any]:
    """The FACTS of an occasion after a report: its status as sent; what else it adds is added.

    stored: the occasion with the report's key; None: it is new. Raises OccasionConflict when the
    report gives it another number, time or day than one before.
    """
    sent = {
        "status": report.status,
        "session_ref": report.session_ref,
        "session_number": report.session_number,
        "occurred_at": report.occurred_at,
        "occurred_at_offset": offset_minutes(report.occurred_at),
        "occurred_on": report.occurred_on,
    }
    if stored is None:
        return sent
    _refuse_contradiction(stored, report)
    kept = {name: stored[name] for name in FACTS if stored[name] is not None}
    return sent | kept | {"status": report.status}


def answers_awaited_from(facts: Row, now: datetime) -> datetime:
    """From when on answers about an occasion may be awaited: when it was, else now.

    Of one whose time is not known: from the end of its day in UTC.
    """
    if facts["occurred_at"] is not None:
        occurred_at: datetime = facts["occurred_at"]
        return occurred_at
    if facts["occurred_on"] is not None:
        return datetime.combine(facts["occurred_on"] + timedelta(days=1), time(), UTC)
    return now


def new_occasion(occasion_id: UUID, alliance: LockedAlliance, key: str, now: datetime) -> Row:
    """The row of an occasion that nobody has named before, without what was reported of it."""
    return {
        "id": occasion_id,
        "alliance_id": alliance.id,
        "occasion_key": key,
        "created_at": now,
        "reported_at": None,
    }


def _refuse_contradiction(stored: Row, report: OccasionReport) -> None:
    occurred_at = local(stored["occurred_at"], stored["occurred_at_offset"])
    day = occurred_at.date() if occurred_at else stored["occurred_on"]
    both_timed = occurred_at is not None and report.occurred_at is not None
    said = (
        (stored["session_number"], report.session_number),
        # The same instant may be another day elsewhere.
        (occurred_at, report.occurred_at) if both_timed else (day, local_date(report)),
    )
    if any(None not in pair and pair[0] != pair[1] for pair in said):
        raise OccasionConflict(
            "It was reported with another number, time or day. For another meeting give another "
            "session_ref.",
            existing_id=str(stored["id"]),
        )
