"""An alliance that a transaction has locked, and which one a submission names."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from uuid_utils.compat import uuid7

from app.alliances.merged_refs import FormerRefs, former_refs, present_members
from app.alliances.schemas import AllianceBody, AllianceInSubmission
from app.errors import AllianceConflict, FieldError, InvalidRequest, NotFound


@dataclass(frozen=True, slots=True)
class LockedAlliance:
    """An alliance whose state is locked for this transaction, as it stands in the database."""

    id: UUID
    members: frozenset[tuple[str, str]]
    setting: str | None
    program_ref: str | None
    ended_on: date | None
    created_at: datetime
    last_received_at: datetime | None
    state_version: int
    """Counts the writes of the alliance."""
    streams: Mapping[str, Any]
    watches: bytes = b""
    """How its streams are watched; their states say where each one's lies."""
    former: FormerRefs = field(default_factory=dict)
    """References of members that were merged into others."""
    new: bool = False
    """Whether it is still to be made."""

    def moment(self, now: datetime) -> datetime:
        """When something was received that is written now: never before what was before it."""
        return max(now, self.created_at, self.last_received_at or now)

    def made(self, stored_former_refs: Any) -> Self:  # noqa: ANN401 - JSON
        """This new alliance as it was stored."""
        return replace(self.with_merges(former_refs(stored_former_refs)), new=False)

    def with_merges(self, former: FormerRefs) -> Self:
        """This new alliance without references that were merged away."""
        if not former:
            return self
        return replace(self, members=present_members(former, self.members), former=former)


def locked(row: Mapping[str, Any]) -> LockedAlliance:
    """A locked row as the alliance that it holds."""
    former = former_refs(row["former_refs"])
    # After waiting for a lock the members may be those from before a merge.
    members = ((member["role"], member["ref"]) for member in row["members"])
    return LockedAlliance(
        row["id"],
        present_members(former, members),
        row["setting"],
        row["program_ref"],
        row["ended_on"],
        row["created_at"],
        row["last_received_at"],
        row["state_version"],
        row["streams"],
        row["watches"] or b"",
        former,
    )


def named_alliance(
    found: LockedAlliance | None, named: AllianceInSubmission, now: datetime
) -> LockedAlliance:
    """The alliance that a submission names: found, or the new one that it describes.

    Raises NotFound for an unknown id, AllianceConflict for a known external_id with other
    members, InvalidRequest when a new alliance has no members.
    """
    if found is not None:
        same_members(found, named)
        return found
    if named.id is not None:
        raise NotFound("No such alliance.")
    if not named.member_set():
        detail = (
            "This source has no such alliance; to make it, give client_ref and "
            "professional_ref, or members."
        )
        raise InvalidRequest.of(FieldError("/alliance", "members_needed", detail))
    return LockedAlliance(
        uuid7(),
        named.member_set(),
        named.setting,
        named.program_ref,
        named.ended_on,
        now,
        None,
        0,
        {},
        new=True,
    )


def same_members(stored: LockedAlliance, body: AllianceBody) -> None:
    """Raises AllianceConflict when the body names other members than the stored ones."""
    named = present_members(stored.former, body.member_set())
    if named and named != stored.members:
        raise AllianceConflict(
            "Members never change. Use another external_id for another relationship.",
            existing_id=str(stored.id),
        )
