"""Stored occasions as they are shown."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from app.alliances.merged_refs import FormerRefs, present_ref
from app.alliances.raters import is_acting
from app.occasions.schemas import InvitationOut, InvitedOut, OccasionRecord
from app.occasions.times import local
from app.tenants.authentication import Actor

Row = Mapping[str, Any]


def occasion_record(
    row: Row, invitations: Iterable[Row], former: FormerRefs, actor: Actor | None
) -> OccasionRecord:
    """An occasion with its invitations, raters under their present references.

    The reason of an invitation is shown to its rater and to the system, to no other person: why
    somebody did not wish to answer can say as much as an answer. A house rule.
    """
    said = named_by(row["occasion_key"]) if row["reported_at"] is None else row
    return OccasionRecord(
        id=row["id"],
        alliance_id=row["alliance_id"],
        session_ref=said["session_ref"],
        session_number=said["session_number"],
        occurred_at=local(row["occurred_at"], row["occurred_at_offset"]),
        occurred_on=said["occurred_on"],
        status=row["status"],
        invitations=[_invitation(one, former, actor) for one in invitations],
        created_at=row["created_at"],
        reported_at=row["reported_at"],
    )


def named_by(occasion_key: str) -> dict[str, Any]:
    """What the key itself says of an occasion: its reference, its number, or its local date."""
    kind, _, value = occasion_key.partition(":")
    return {
        "session_ref": value if kind == "ref" else None,
        "session_number": int(value) if kind == "number" else None,
        "occurred_on": date.fromisoformat(value) if kind == "date" else None,
    }


def _invitation(row: Row, former: FormerRefs, actor: Actor | None) -> InvitationOut:
    role = row["rater_role"]
    reason_shown = actor is None or is_acting(actor, role, row["rater_ref"], former)
    return InvitationOut(
        rater=InvitedOut(role=role, ref=present_ref(former, role, row["rater_ref"])),
        instrument=row["instrument"],
        form=row["form"],
        state=row["state"],
        at=local(row["at"], row["at_offset"]),
        reason=row["reason"] if reason_shown else None,
        response_id=row["response_id"],
        updated_at=row["updated_at"],
    )
