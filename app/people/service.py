"""Merging two references into one person: references move, responses stay as they are."""

from collections.abc import Mapping
from typing import Any

from uuid_utils.compat import uuid7

from app.database import Transaction
from app.errors import MergeConflict, Overtaken
from app.people import queries
from app.people.schemas import MergeRequest
from app.tenants.authentication import Caller


async def merge(
    transaction: Transaction, caller: Caller, request: MergeRequest
) -> tuple[Mapping[str, Any], bool]:
    """The merge as it stands, with how many alliances it changed, and True if it was made before.

    From now on `from` means the person whom `into` names: in alliances, in streams, and in what
    is still sent with it. Raises MergeConflict when `from` is merged into someone else, when
    `into` leads to `from`, and when one alliance has both, which are then two people.
    """
    person = {
        "source": request.source,
        "role": request.role,
        "from_ref": request.from_ref,
        "into_ref": request.into_ref,
    }
    alliances = await queries.locked_alliances(transaction, person)
    if alliances is None:
        raise Overtaken("Another caller made an alliance of the same people.")
    merges = {row["from_ref"]: row for row in await queries.merges_of(transaction, person)}
    known = merges.get(request.from_ref)
    if known is not None and known["current_ref"] == _present(merges, request.into_ref):
        return {**known, "alliances": 0}, True
    _refuse_contradiction(request, merges)
    if any(row["has_from"] and row["has_into"] for row in alliances):
        raise MergeConflict("One alliance has both as members, so they are two people.")
    new = person | _as_made(caller, request)
    touched = [
        {"alliance_id": row["id"], "event_id": uuid7() if row["has_from"] else None}
        for row in alliances
    ]
    if not await queries.merge(transaction, new, touched, uuid7()):
        raise Overtaken("Another caller merged the same.")
    return new | {"alliances": sum(row["has_from"] for row in alliances)}, False


def _as_made(caller: Caller, request: MergeRequest) -> dict[str, Any]:
    actor = caller.actor
    return {
        "id": uuid7(),
        "current_ref": request.into_ref,
        "key_id": caller.key.key_id,
        "actor_role": actor and actor.role,
        "actor_ref": actor and actor.ref,
        "merged_at": caller.clock(),
    }


def _present(merges: Mapping[str, Any], ref: str) -> str:
    """Whom a reference means by now."""
    current: str = merges[ref]["current_ref"] if ref in merges else ref
    return current


def _refuse_contradiction(request: MergeRequest, merges: Mapping[str, Any]) -> None:
    """Raises MergeConflict when a merge that is stored says otherwise."""
    if request.from_ref in merges:
        raise MergeConflict(
            "`from` has been merged into another reference: merge that one, if they are the same."
        )
    if _present(merges, request.into_ref) == request.from_ref:
        raise MergeConflict("`into` has been merged into `from`: the merge the other way stands.")
    if request.into_ref in merges:
        raise MergeConflict("`into` has been merged on: merge into the one that took its place.")
