"""Writers that leave events in the queue as the service does.

Several of one alliance never write at once, each has a clock that is a little off, and each commits
after a random delay, or not at all.
"""

import asyncio
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from app.database import Database
from app.events.models import event_queue
from app.events.schemas import EventOut
from app.statements import compiled, parameter
from app.tenants.service import create_tenant, new_tenant_id

ALLIANCES: Final = 6
LONGEST_DELAY_SECONDS: Final = 0.1
CLOCKS_DIFFER_SECONDS: Final = 0.05
ROLLED_BACK: Final = 0.05
MOST_AT_ONCE: Final = 3
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_TELL: Final = compiled(insert(event_queue).values({c.name: parameter(c) for c in event_queue.c}))


@dataclass(slots=True)
class Written:
    """How many events have been written so far, and how many were taken back."""

    committed: int = 0
    rolled_back: int = 0


@dataclass(slots=True)
class Alliance:
    """What its state row holds for the service: who writes to it, and when and what came last."""

    id: UUID
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    recorded_at: datetime = LONG_AGO
    sequence: int = 0


@dataclass(slots=True)
class Followed:
    """One tenant: its alliances, what was committed for it, and what each reader saw."""

    id: UUID
    alliances: list[Alliance]
    committed: dict[UUID, tuple[UUID, int]] = field(default_factory=dict)
    """Event id -> its alliance and its place there."""
    seen: list[list[EventOut]] = field(default_factory=list)


class NotCommitted(Exception):
    """A writer that thought better of it."""


async def new_tenant(database: Database) -> Followed:
    """A tenant with alliances to write about."""
    tenant_id = new_tenant_id()
    async with database.platform_transaction(tenant_id) as transaction:
        await create_tenant(transaction, "Followed", datetime.now(UTC))
    return Followed(tenant_id, [Alliance(uuid7()) for _ in range(ALLIANCES)])


async def write(
    database: Database,
    tenants: Sequence[Followed],
    wanted: int,
    written: Written,
    draw: random.Random,
) -> None:
    """Write, now here and now there, until as many are written as are wanted of all writers."""
    while written.committed < wanted:
        tenant = draw.choice(tenants)
        alliance = draw.choice(tenant.alliances)
        ids = [uuid7() for _ in range(draw.randint(1, MOST_AT_ONCE))]
        draw.shuffle(ids)  # the order within an alliance is that of its sequence alone
        written.committed += len(ids)
        try:
            async with alliance.lock:
                await _tell(database, tenant, alliance, ids, draw)
        except NotCommitted:
            written.committed -= len(ids)
            written.rolled_back += len(ids)


async def _tell(
    database: Database,
    tenant: Followed,
    alliance: Alliance,
    ids: Iterable[UUID],
    draw: random.Random,
) -> None:
    """One transaction of a writer. Raises NotCommitted when it is rolled back."""
    clock = timedelta(seconds=draw.uniform(-1, 1) * CLOCKS_DIFFER_SECONDS)
    recorded_at = max(alliance.recorded_at, datetime.now(UTC) + clock)
    told = {one: (alliance.id, alliance.sequence + n) for n, one in enumerate(ids, 1)}
    async with database.transaction(tenant.id) as transaction:
        for event_id, (alliance_id, sequence) in told.items():
            await transaction.row(
                _TELL,
                id=event_id,
                type="response.recorded",
                alliance_id=alliance_id,
                subject_id=event_id,
                recorded_at=recorded_at,
                sequence=sequence,
            )
        await asyncio.sleep(draw.uniform(0, LONGEST_DELAY_SECONDS))
        if draw.random() < ROLLED_BACK:
            raise NotCommitted
    alliance.recorded_at, alliance.sequence = recorded_at, alliance.sequence + len(told)
    tenant.committed |= told
