"""Readers that follow each tenant's events as an integrator does, and what they saw."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from app.database import Database, connected
from app.events import service as events
from app.events.schemas import EventOut
from bench.events.workers import killed_workers
from bench.events.writers import LONGEST_DELAY_SECONDS, Followed, Written, new_tenant, write

TENANTS: Final = 3
READERS: Final = 2  # of each tenant
LONGEST_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """How much of what."""

    events: int
    writers: int
    seconds: float
    """When readers give up."""
    seed: int


@dataclass(slots=True)
class Figures:
    """What came of it."""

    written: int
    rolled_back: int
    seconds: float
    kills: int
    caught: int
    """How many rounds of killing came in the midst of a transaction."""
    read: int = 0
    """By all readers together."""
    gaps: int = 0
    repeats: int = 0
    missing: int = 0
    invented: int = 0
    reversed: int = 0

    def faults(self) -> int:
        """How much there is that should not be."""
        return self.gaps + self.repeats + self.missing + self.invented + self.reversed

    def count(self, tenant: Followed, seen: Sequence[EventOut]) -> None:
        """Add what one reader saw of a tenant."""
        ids = [item.id for item in seen]
        self.read += len(ids)
        self.gaps += sum(item.position != place for place, item in enumerate(seen, 1))
        self.repeats += len(ids) - len(set(ids))
        self.missing += len(tenant.committed.keys() - set(ids))
        self.invented += len(set(ids) - tenant.committed.keys())
        last: dict[UUID, int] = {}
        for alliance, sequence in (tenant.committed[one] for one in ids if one in tenant.committed):
            self.reversed += sequence <= last.get(alliance, 0)
            last[alliance] = sequence


async def figures(database_url: str, asked: Asked, log: Path) -> Figures:
    """What comes of writing, moving and following in a migrated database.

    log: a file for what the workers say.
    """
    draw = random.Random(asked.seed)  # noqa: S311 - to be drawn again alike
    written, started = Written(), time.monotonic()
    pool_size = asked.writers + TENANTS * READERS
    async with connected(database_url, pool_size=pool_size) as database:
        tenants = [await new_tenant(database) for _ in range(TENANTS)]
        async with killed_workers(database_url, log, draw) as kills:
            await _written_and_read(database, tenants, asked, written, draw)
    seconds = time.monotonic() - started
    found = Figures(written.committed, written.rolled_back, seconds, kills.all, kills.caught)
    for tenant in tenants:
        for seen in tenant.seen:
            found.count(tenant, seen)
    return found


async def _written_and_read(
    database: Database,
    tenants: Sequence[Followed],
    asked: Asked,
    written: Written,
    draw: random.Random,
) -> None:
    until = time.monotonic() + asked.seconds
    complete = asyncio.Event()
    async with asyncio.TaskGroup() as readers:
        for tenant in [*tenants] * READERS:
            readers.create_task(_read(database, tenant, complete, until, draw))
        async with asyncio.TaskGroup() as writers:
            for _ in range(asked.writers):
                writers.create_task(write(database, tenants, asked.events, written, draw))
        complete.set()


async def _read(
    database: Database,
    tenant: Followed,
    written: asyncio.Event,
    until: float,
    draw: random.Random,
) -> None:
    """Follow one tenant as an integrator does, until everything that was written is read."""
    seen: list[EventOut] = []
    tenant.seen.append(seen)
    while time.monotonic() < until:
        complete = written.is_set() and len(seen) >= len(tenant.committed)
        async with database.transaction(tenant.id) as transaction:
            position = seen[-1].position if seen else 0
            page = await events.after(transaction, position, draw.randint(1, LONGEST_PAGE))
        seen += page.items
        if complete and not page.items:
            return
        await asyncio.sleep(draw.uniform(0, LONGEST_DELAY_SECONDS))
