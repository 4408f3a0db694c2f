"""What the row of a new mark is made of, and who may see a stored one. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.alliances.locked import LockedAlliance
from app.alliances.merged_refs import FormerRefs, present_ref
from app.alliances.raters import is_acting, named_ref
from app.errors import FieldError, InvalidRequest
from app.marks.schemas import MarkCreate, MarkSaid
from app.tenants.authentication import Actor, Caller
from app.tenants.notices import ITEMS, reader, readers, tells_the_same

Row = Mapping[str, Any]


def mark_rows(
    alliance: LockedAlliance,
    caller: Caller,
    said: Sequence[MarkSaid],
    recorded_at: datetime,
    *,
    source: str,
    notice: Mapping[str, Any],
    response_id: UUID | None = None,
    external_id: str | None = None,
    within: str = "",
) -> list[dict[str, Any]]:
    """The rows of marks, without their occasion: one for each, in their order, with new ids.

    notice: what those who noticed were told. response_id: the submission that they came with;
    external_id: only of a mark that comes by itself. within: the pointer to their list, where
    they stand in one. Raises InvalidRequest, pointing at everybody who is no member of the
    alliance, nor an observer or supervisor: by_not_member, by_ref_required.
    """
    noticed_by = _noticed_by(alliance, said, within)
    return [
        {
            "id": uuid7(),
            "alliance_id": alliance.id,
            "by_role": one.by.role,
            "by_ref": ref,
            "kind": one.kind,
            "note": one.note,
            "source": source,
            "external_id": external_id,
            "notice": notice,
            "response_id": response_id,
            "key_id": caller.key.key_id,
            "actor_role": caller.actor and caller.actor.role,
            "actor_ref": caller.actor and caller.actor.ref,
            "recorded_at": recorded_at,
        }
        for one, ref in zip(said, noticed_by, strict=True)
    ]


def says_the_same(row: Row, stored: Row, said: MarkCreate, former: FormerRefs) -> bool:
    """Whether a new mark says what a stored one with its external_id says.

    row and stored each with the occasion_key. A notice that is left to the default is no
    difference, for defaults move on; whoever a reference meant then, it means the same person.
    """
    if said.notice is not None and not tells_the_same(row["notice"], stored["notice"]):
        return False
    by = present_ref(former, stored["by_role"], stored["by_ref"])
    known = {**stored, "by_ref": by}
    names = ("alliance_id", "occasion_key", "by_role", "by_ref", "kind", "note")
    return all(row[name] == known[name] for name in names)


def is_shown(row: Row, actor: Actor | None, former: FormerRefs) -> bool:
    """Whether this reader sees that the mark is there; who noticed always does."""
    if is_acting(actor, row["by_role"], row["by_ref"], former):
        return True
    return reader(actor) in readers(row["notice"])


def is_note_shown(row: Row, actor: Actor | None, former: FormerRefs) -> bool:
    """Whether this reader sees the note too: of the audience only what is told to it in full."""
    if is_acting(actor, row["by_role"], row["by_ref"], former):
        return True
    return is_shown(row, actor, former) and row["notice"]["level"] == ITEMS


def _noticed_by(alliance: LockedAlliance, said: Sequence[MarkSaid], within: str) -> list[str]:
    """The present reference of each who noticed."""
    found: list[str] = []
    errors: list[FieldError] = []
    for index, one in enumerate(said):
        try:
            found.append(
                named_ref(alliance.members, alliance.former, one.by.role, one.by.ref, said_as="by")
            )
        except InvalidRequest as refused:
            errors += refused.faults(f"{within}/{index}" if within else "")
    if errors:
        raise InvalidRequest.of(*errors)
    return found
