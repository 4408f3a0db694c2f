"""Finding, making and changing alliances. Members never change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.alliances import creation_queries, queries
from app.alliances.locked import LockedAlliance, locked, named_alliance, same_members
from app.alliances.schemas import AllianceBody, AllianceCreate, AllianceInSubmission, AlliancePatch
from app.database import Row, Transaction
from app.edge.entity_tags import names_current
from app.errors import (
    FieldError,
    InvalidRequest,
    NotFound,
    Overtaken,
    PreconditionFailed,
    PreconditionRequired,
)


async def create(transaction: Transaction, body: AllianceCreate, now: datetime) -> tuple[Row, bool]:
    """The alliance as stored, and True if it was known.

    A known external_id with the same members gives the stored alliance, unaltered.
    Raises AllianceConflict when it is known with other members, NotFound for an unknown
    `continues`.
    """
    new_id = uuid7()
    made = await _insert(transaction, new_id, body.source, body, now)
    if made:
        return await get(transaction, new_id), False
    known = await queries.locked_by_external_id(transaction, body.source, body.external_id or "")
    if known is None:
        raise Overtaken("The alliance went away.")
    same_members(locked(known), body)
    return await get(transaction, known["id"]), True


async def get(transaction: Transaction, alliance_id: UUID) -> Row:
    """An alliance with its members. Raises NotFound, also for another tenant's."""
    found = await queries.alliance(transaction, alliance_id)
    if found is None:
        raise NotFound("No such alliance.")
    return found


async def change(
    transaction: Transaction,
    alliance_id: UUID,
    patch: AlliancePatch,
    if_match: str | None,
    now: datetime,
) -> Row:
    """The alliance after the change, which acts forward only.

    if_match: the ETag that the caller read. Raises PreconditionRequired without it,
    PreconditionFailed when it is no longer current, InvalidRequest when the dates would
    contradict each other, NotFound for an unknown alliance or `continues`.
    """
    if if_match is None:
        raise PreconditionRequired("Send If-Match with the ETag that you read.")
    stored = await queries.locked_by_id(transaction, alliance_id)
    if stored is None:
        raise NotFound("No such alliance.")
    if not names_current(if_match, etag(stored)):
        raise PreconditionFailed("Read it again, then change what is there now.")
    sent = patch.model_dump(include=patch.model_fields_set)
    if not sent:
        return await get(transaction, alliance_id)
    values = {name: sent.get(name, stored[name]) for name in AlliancePatch.model_fields}
    if values["started_on"] and values["ended_on"] and values["ended_on"] < values["started_on"]:
        error = FieldError("/ended_on", "ends_before_start", "ended_on lies before started_on.")
        raise InvalidRequest.of(error)
    await _must_exist(transaction, patch.continues, but_not=alliance_id)
    await queries.update_alliance(
        transaction, alliance_id, values, uuid7(), locked(stored).moment(now)
    )
    return await get(transaction, alliance_id)


async def page(
    transaction: Transaction, filters: Mapping[str, object], after: UUID | None, limit: int
) -> list[Row]:
    """Up to limit alliances that meet every filter, oldest first."""
    return await queries.alliances_after(transaction, filters, after, limit)


async def locked_for_submission(
    transaction: Transaction, source: str, named: AllianceInSubmission, now: datetime
) -> LockedAlliance:
    """The alliance of a submission, locked; made first when the inline form is new.

    Raises NotFound for an unknown id, AllianceConflict for a known external_id with other
    members, InvalidRequest when a new alliance has no members.
    """
    if named.id is not None:
        row = await queries.locked_by_id(transaction, named.id)
        return named_alliance(row and locked(row), named, now)
    external_id = named.external_id or ""
    row = await queries.locked_by_external_id(transaction, source, external_id)
    found = named_alliance(row and locked(row), named, now)
    if not found.new:
        return found
    made = await _insert(transaction, found.id, source, named, now)
    if found.id in made:
        return found.made(made[found.id])
    row = await queries.locked_by_external_id(transaction, source, external_id)
    if row is None:
        raise Overtaken("The alliance went away.")
    return named_alliance(locked(row), named, now)


def etag(alliance: Mapping[str, Any]) -> str:
    """The entity tag of an alliance's current version."""
    return f'"{alliance["version"]}"'


async def _insert(
    transaction: Transaction, new_id: UUID, source: str, body: AllianceBody, now: datetime
) -> Mapping[UUID, Any]:
    """The id of the alliance with its former_refs; empty: its external_id is known."""
    await _must_exist(transaction, body.continues)
    await creation_queries.share_merges(transaction)
    new = new_row(new_id, source, body, now)
    return await creation_queries.insert_alliances(transaction, [new], {new_id: body.member_set()})


def new_row(new_id: UUID, source: str, body: AllianceBody, now: datetime) -> dict[str, Any]:
    """The row of a new alliance, with the id of the event that tells of it."""
    values = body.model_dump(include=set(AlliancePatch.model_fields) | {"external_id"})
    return {
        **values,
        "id": new_id,
        "source": source,
        "version": 1,
        "created_at": now,
        "event_id": uuid7(),
    }


async def _must_exist(
    transaction: Transaction, continues: UUID | None, but_not: UUID | None = None
) -> None:
    if continues is None:
        return
    if continues == but_not or await queries.alliance(transaction, continues) is None:
        raise NotFound("There is no such alliance to continue.")
