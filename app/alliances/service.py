"""Finding, making and changing alliances. Members never change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from app.alliances import queries
from app.alliances.schemas import AllianceBody, AllianceCreate, AllianceInSubmission, AlliancePatch
from app.database import Row, Transaction
from app.errors import (
    AllianceConflict,
    FieldError,
    InvalidRequest,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
)

PAIR: Final = 2


@dataclass(frozen=True, slots=True)
class LockedAlliance:
    """An alliance whose state is locked for this transaction, as it stands in the database."""

    id: UUID
    members: frozenset[tuple[str, str]]
    setting: str | None
    program_ref: str | None
    ended_on: date | None
    last_received_at: datetime | None
    streams: Mapping[str, Any]

    @property
    def pair(self) -> bool:
        """One client and one professional, so that each is "the other" of the other."""
        return len(self.members) == PAIR


async def create(transaction: Transaction, body: AllianceCreate, now: datetime) -> tuple[Row, bool]:
    """The alliance as stored, and True if it is new.

    A known external_id with the same members gives the stored alliance, unaltered.
    Raises AllianceConflict when it is known with other members, NotFound for an unknown
    `continues`.
    """
    new_id = uuid7()
    made = await _insert(transaction, new_id, body.source, body, now)
    if made:
        return await get(transaction, new_id), True
    known = await queries.locked_by_external_id(transaction, body.source, body.external_id or "")
    if known is None:
        raise NotFound("The alliance went away.")
    _same_members(known, body)
    return await get(transaction, known["id"]), False


async def get(transaction: Transaction, alliance_id: UUID) -> Row:
    """An alliance with its members. Raises NotFound, also for another tenant's."""
    found = await queries.alliance(transaction, alliance_id)
    if found is None:
        raise NotFound("No such alliance.")
    return found


async def change(
    transaction: Transaction, alliance_id: UUID, patch: AlliancePatch, if_match: str | None
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
    if not _names(if_match, etag(stored)):
        raise PreconditionFailed("Read it again, then change what is there now.")
    sent = patch.model_dump(include=patch.model_fields_set)
    if not sent:
        return await get(transaction, alliance_id)
    values = {name: sent.get(name, stored[name]) for name in AlliancePatch.model_fields}
    if values["started_on"] and values["ended_on"] and values["ended_on"] < values["started_on"]:
        error = FieldError("/ended_on", "ends_before_start", "ended_on lies before started_on.")
        raise InvalidRequest.of(error)
    await _must_exist(transaction, patch.continues, but_not=alliance_id)
    await queries.update_alliance(transaction, alliance_id, values)
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
        if row is None:
            raise NotFound("No such alliance.")
        return _locked(row)
    external_id = named.external_id or ""
    row = await queries.locked_by_external_id(transaction, source, external_id)
    if row is None:
        if not named.member_set():
            detail = (
                "This source has no such alliance; to make it, give client_ref and "
                "professional_ref, or members."
            )
            error = FieldError("/alliance", "members_needed", detail)
            raise InvalidRequest.of(error)
        await _insert(transaction, uuid7(), source, named, now)
        row = await queries.locked_by_external_id(transaction, source, external_id)
    if row is None:
        raise NotFound("The alliance went away.")
    _same_members(row, named)
    return _locked(row)


def etag(alliance: Row) -> str:
    """The entity tag of an alliance's current version."""
    return f'"{alliance["version"]}"'


def _names(if_match: str, current: str) -> bool:
    """Whether an If-Match header (RFC 9110, section 13.1.1) names the current entity tag."""
    tags = [tag.strip().removeprefix("W/") for tag in if_match.split(",")]
    return "*" in tags or current in tags


async def _insert(
    transaction: Transaction, new_id: UUID, source: str, body: AllianceBody, now: datetime
) -> bool:
    await _must_exist(transaction, body.continues)
    values = body.model_dump(include=set(AlliancePatch.model_fields) | {"external_id"})
    alliance = {**values, "id": new_id, "source": source, "version": 1, "created_at": now}
    return await queries.insert_alliance(transaction, alliance, body.member_set())


async def _must_exist(
    transaction: Transaction, continues: UUID | None, but_not: UUID | None = None
) -> None:
    if continues is None:
        return
    if continues == but_not or await queries.alliance(transaction, continues) is None:
        raise NotFound("There is no such alliance to continue.")


def _same_members(stored: Row, body: AllianceBody) -> None:
    named = body.member_set()
    if named and named != _member_set(stored):
        raise AllianceConflict(
            "Members never change. Use another external_id for another relationship.",
            existing_id=str(stored["id"]),
        )


def _member_set(row: Row) -> frozenset[tuple[str, str]]:
    return frozenset((member["role"], member["ref"]) for member in row["members"])


def _locked(row: Row) -> LockedAlliance:
    return LockedAlliance(
        row["id"],
        _member_set(row),
        row["setting"],
        row["program_ref"],
        row["ended_on"],
        row["last_received_at"],
        row["streams"],
    )
