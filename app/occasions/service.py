"""Occasions as they are reported: decide, then one write."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.alliances.locked import LockedAlliance
from app.alliances.merged_refs import former_refs
from app.alliances.service import locked_for_submission
from app.database import Transaction
from app.instruments.definitions import Catalogue
from app.occasions import invited, queries
from app.occasions.identity import local_date, occasion_key, refuse_day_after_end
from app.occasions.invited import Asked, Invited
from app.occasions.rendering import occasion_record
from app.occasions.report import (
    FACTS,
    Row,
    answers_awaited_from,
    new_occasion,
    occasion_after,
)
from app.occasions.schemas import OccasionRecord, OccasionReport
from app.occasions.times import refuse_times_ahead
from app.tenants.authentication import Actor, Caller


def checked(catalogue: Catalogue, report: OccasionReport, now: datetime) -> tuple[Asked, ...]:
    """The invitations of a report, their forms found, before anything is looked up.

    Raises InvalidRequest, pointing at every time ahead, or every instrument and form to mend.
    """
    sent = report.invited or ()
    said = {"/occurred_at": report.occurred_at, "/occurred_on": report.occurred_on}
    refuse_times_ahead(
        said | {f"/invited/{index}/at": one.at for index, one in enumerate(sent)}, now
    )
    return invited.asked(catalogue, sent)


async def report(
    transaction: Transaction, caller: Caller, said: OccasionReport, sent: Sequence[Asked]
) -> tuple[OccasionRecord, bool]:
    """The occasion as it stands after a report, and True if it had been reported before.

    sent: what checked gave. One that says nothing new writes nothing. Raises OccasionConflict for
    another number, time or day than before, InvalidRequest for raters who are no members and for
    a new occasion after the alliance's end, and what locked_for_submission raises.
    """
    alliance = await locked_for_submission(transaction, said.source, said.alliance, caller.clock())
    named = invited.of_alliance(alliance, sent)
    key = occasion_key(said)
    stored = await queries.occasion(transaction, alliance.id, key)
    facts = occasion_after(stored, said)
    if stored is None:
        refuse_day_after_end(
            local_date(said),
            alliance.ended_on,
            "/occurred_at" if said.occurred_at else "/occurred_on",
        )
    # After the lock, so that what is received later is never marked as earlier.
    now = alliance.moment(caller.clock())
    known = await _invitations(transaction, alliance, stored)
    after = invited.invitations_after(
        known, named, await _answers(transaction, alliance, stored), now
    )
    changed = [row for name, row in after.items() if row is not known.get(name)]
    before = stored or new_occasion(uuid7(), alliance, key, now)
    row = {**before, **facts}
    if changed or stored is None or any(stored[name] != facts[name] for name in FACTS):
        row["reported_at"] = now
        due_at = invited.answer_due_at(changed, answers_awaited_from(facts, now), now)
        rows = [_without_occasion(one) for one in changed]
        await queries.report(transaction, row, rows, due_at, uuid7())
    shown = (after[name] for name in sorted(after))
    known_before = stored is not None and stored["reported_at"] is not None
    return occasion_record(row, shown, alliance.former, caller.actor), known_before


async def page(
    transaction: Transaction,
    actor: Actor | None,
    filters: Mapping[str, Any],
    after: UUID | None,
    limit: int,
) -> list[OccasionRecord]:
    """Up to limit occasions of one alliance as this reader sees them, in the order of their ids.

    filters: alliance_id, and any of status and occasion_key.
    """
    rows = await queries.occasions_after(transaction, filters, after, limit)
    found: dict[UUID, list[Row]] = {row["id"]: [] for row in rows}
    if rows:
        for one in await queries.invitations_of(transaction, filters["alliance_id"], found):
            found[one["occasion_id"]].append(one)
    return [
        occasion_record(row, found[row["id"]], former_refs(row["former_refs"]), actor)
        for row in rows
    ]


async def _invitations(
    transaction: Transaction, alliance: LockedAlliance, stored: Row | None
) -> dict[Invited, Row]:
    """What is stored of the occasion's invitations."""
    if stored is None:
        return {}
    rows = await queries.invitations_of(transaction, alliance.id, [stored["id"]])
    return {invited.invited_of(row, alliance.former): row for row in rows}


async def _answers(
    transaction: Transaction, alliance: LockedAlliance, stored: Row | None
) -> dict[Invited, UUID]:
    """The responses on the occasion that complete invitations."""
    if stored is None:
        return {}
    rows = await queries.answers_on(transaction, alliance.id, stored["id"])
    return invited.answers_by_invitation(rows, alliance.former)


def _without_occasion(row: Row) -> dict[str, Any]:
    of_occasion = {"tenant_id", "alliance_id", "occasion_id"}
    return {name: value for name, value in row.items() if name not in of_occasion}
