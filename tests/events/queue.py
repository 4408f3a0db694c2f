"""Events as writers leave them, and what stands in the tables of events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy.dialects.postgresql import insert

from app.database import Database, Transaction
from app.events.models import event_queue
from app.statements import compiled, parameter

TELL = compiled(insert(event_queue).values({c.name: parameter(c) for c in event_queue.c}))
START = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """An event on its way into the queue."""

    alliance_id: UUID | None = None
    sequence: int = 0
    minutes: float = 0
    """After START: when it was recorded."""
    type: str = "response.recorded"
    id: UUID = field(default_factory=uuid4)
    subject_id: UUID = field(default_factory=uuid4)

    def values(self) -> dict[str, Any]:
        recorded_at = START + timedelta(minutes=self.minutes)
        names = ("id", "type", "alliance_id", "subject_id", "sequence")
        return {name: getattr(self, name) for name in names} | {"recorded_at": recorded_at}


async def tell(transaction: Transaction, events: Iterable[Event]) -> None:
    """Leave events in the queue."""
    for event in events:
        await transaction.row(TELL, **event.values())


async def told(database: Database, tenant_id: UUID, events: Iterable[Event]) -> None:
    """Leave events in the queue, committed."""
    async with database.transaction(tenant_id) as transaction:
        await tell(transaction, events)


async def many_told(owner: asyncpg.Connection, tenant_id: UUID, events: Sequence[Event]) -> None:
    """Leave very many events in the queue at once."""
    columns = [column.name for column in event_queue.c]
    rows = [tuple({"tenant_id": tenant_id, **one.values()}[c] for c in columns) for one in events]
    await owner.copy_records_to_table("event_queue", records=rows, columns=columns)


async def logged(owner: asyncpg.Connection, tenant_id: UUID) -> list[tuple[int, UUID]]:
    """Position and id of everything in a tenant's log, in the order of positions."""
    rows = await owner.fetch(
        "SELECT position, id FROM events WHERE tenant_id = $1 ORDER BY position", tenant_id
    )
    return [(row["position"], row["id"]) for row in rows]


async def waiting(owner: asyncpg.Connection, tenant_id: UUID) -> int:
    """How many events stand in a tenant's queue."""
    found: int = await owner.fetchval(
        "SELECT count(*) FROM event_queue WHERE tenant_id = $1", tenant_id
    )
    return found


async def head(owner: asyncpg.Connection, tenant_id: UUID) -> int | None:
    """A tenant's last position; None when nothing was ever moved."""
    found: int | None = await owner.fetchval(
        "SELECT position FROM event_heads WHERE tenant_id = $1", tenant_id
    )
    return found


def in_places(events: Iterable[Event]) -> list[tuple[int, UUID]]:
    """These events in this order, each with its place from 1 on."""
    return [(place, event.id) for place, event in enumerate(events, 1)]
