"""Looking, on the clock, at alliances whose answers are late. Any number of workers may."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from app.alliances.locked import LockedAlliance, locked
from app.alliances.queries import locked_by_id
from app.database import NO_TENANT, Database, Transaction
from app.errors import Problem
from app.responses.stream_state import Stream, has_open_drop, streams_of
from app.signals.reported import opened, silence
from app.signals.writing_queries import raise_signals
from app.silence import queries
from app.silence.course import Silent, lapsed_by, next_due, silent
from app.tenants.notices import readers

_log = structlog.get_logger("rapport.silence")


async def look(
    database: Database, now: datetime, stopping: Callable[[], bool] = lambda: False
) -> int:
    """How many alliances were looked at: all that were due, of every tenant.

    An alliance with which something is wrong, or that is locked, does not keep the others waiting;
    it is looked at the next time. Raises Unavailable and the like when Postgres cannot be asked.
    """
    looked = 0
    after = NO_TENANT
    while not stopping():
        async with database.worker_transaction() as transaction:
            tenants = await queries.tenants_due(transaction, after, now)
        if not tenants:
            break
        for tenant_id in tenants:
            looked += await _look_at_tenant(database, tenant_id, now, stopping)
        after = tenants[-1]
    return looked


async def _look_at_tenant(
    database: Database, tenant_id: UUID, now: datetime, stopping: Callable[[], bool]
) -> int:
    looked, after = 0, NO_TENANT
    while not stopping():
        async with database.transaction(tenant_id) as transaction:
            due = await queries.alliances_due(transaction, after, now)
        if not due:
            break
        for alliance_id in due:
            if stopping():
                return looked
            try:
                async with database.transaction(tenant_id) as transaction:
                    await look_at(transaction, alliance_id, now)
            except Problem as problem:
                _log.warning("silence_not_looked_at", tenant=str(tenant_id), code=problem.code)
            else:
                looked += 1
        after = due[-1]
    return looked


async def look_at(transaction: Transaction, alliance_id: UUID, now: datetime) -> None:
    """Let late invitations of one alliance lapse, and raise a signal where a rater is silent."""
    row = await locked_by_id(transaction, alliance_id)
    if row is None:
        return
    alliance = locked(row)
    rows = await queries.invitations_of(transaction, alliance_id)
    lapsed = lapsed_by(rows, now)
    at = alliance.moment(now)
    if lapsed:
        await queries.lapse(transaction, alliance_id, lapsed, uuid7(), at)
    found = silent(rows, lapsed, alliance.former)
    if found:
        await _raise(transaction, alliance, found, at, written=bool(lapsed))
    await queries.look_again(transaction, alliance_id, next_due(rows, now))


async def _raise(
    transaction: Transaction,
    alliance: LockedAlliance,
    found: list[Silent],
    at: datetime,
    *,
    written: bool,
) -> None:
    """Raise what was not raised before. written: the alliance's state was counted already."""
    before = await queries.raised_before(transaction, alliance.id)
    known = set(before["raised"])
    rows = [
        _signal(alliance, one, readers(before["default_notice"]), at)
        for one in found
        if str(one.occasion_ids[0]) not in known
    ]
    if not rows:
        return
    if not written:
        await queries.lapse(transaction, alliance.id, (), uuid7(), at)
    await raise_signals(transaction, opened(rows, at, alliance.state_version + 1))


def _signal(
    alliance: LockedAlliance, one: Silent, seen_by: frozenset[str], at: datetime
) -> dict[str, Any]:
    rater = (one.invited.rater_role, one.invited.rater_ref)
    open_drop = any(
        has_open_drop(state)
        for name, state in streams_of(alliance).items()
        if (Stream.named(name).rater_role, Stream.named(name).rater_ref) == rater
    )
    asked = {
        "instrument": one.invited.instrument,
        "form": one.invited.form,
        "occasion_ids": one.occasion_ids,
        "open_drop": open_drop,
    }
    return silence(alliance.id, rater, alliance.members, asked, seen_by, at)
