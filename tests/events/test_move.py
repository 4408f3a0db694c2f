"""Moving events from the queue into the log: all of them, once, in order, without gaps."""

import asyncio
import random
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.database import Database, connected
from app.errors import InternalError, Unavailable
from app.events import queries, service
from app.settings import Settings
from tests.conftest import Tenant
from tests.events.queue import Event, head, in_places, logged, many_told, tell, told, waiting


async def test_positions_begin_with_1_and_have_no_gaps(
    database: Database, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    alliance = uuid4()
    first = [Event(alliance, sequence, sequence) for sequence in (1, 2, 3)]
    later = [Event(alliance, 4, 4), Event(None, 0, 5, "people.merged")]
    await told(database, tenant.id, reversed(first))
    assert await service.move(database) == 3
    await told(database, tenant.id, later)
    assert await service.move(database) == 2

    assert await logged(owner, tenant.id) == in_places([*first, *later])
    assert (await waiting(owner, tenant.id), await head(owner, tenant.id)) == (0, 5)


async def test_an_event_arrives_as_it_was_left(database: Database, tenant: Tenant) -> None:
    event = Event(uuid4(), 7, 3, "response.amended")
    await told(database, tenant.id, [event])
    await service.move(database)
    async with database.transaction(tenant.id) as transaction:
        (row,) = await queries.events_after(transaction, 0, 10)

    expected = event.values() | {"position": 1}
    del expected["sequence"]
    assert dict(row) == expected


async def test_where_nothing_waits_nothing_is_moved(database: Database) -> None:
    await service.move(database)
    assert await service.move(database) == 0


async def test_more_than_a_batch_is_moved_to_the_end_in_order(
    database: Database, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    """One alliance, its events at few instants, so that its sequence decides; ids at random."""
    alliance = uuid4()
    events = [
        Event(alliance, sequence, sequence // 400)
        for sequence in range(1, 2 * queries.BATCH + queries.BATCH // 2)
    ]
    shuffled = random.sample(events, len(events))
    await many_told(owner, tenant.id, shuffled)

    assert await service.move(database) == len(events)
    assert await logged(owner, tenant.id) == in_places(events)


async def test_it_stops_between_two_transactions_when_told_so(
    database: Database, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    events = [Event(None, 0, number) for number in range(queries.BATCH + 1)]
    await many_told(owner, tenant.id, events)
    asked = 0

    def stopping() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2  # before the sweep and before its first tenant

    assert await service.move(database, stopping) == queries.BATCH
    assert await waiting(owner, tenant.id) == 1
    assert await service.move(database) == 1
    assert await logged(owner, tenant.id) == in_places(events)


async def test_what_is_not_committed_is_not_moved_and_comes_later(
    database: Database, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    early, late = Event(uuid4(), 1, minutes=1), Event(uuid4(), 1, minutes=2)
    async with database.transaction(tenant.id) as transaction:
        await tell(transaction, [early])
        await told(database, tenant.id, [late])
        assert await service.move(database) == 1
    assert await service.move(database) == 1

    assert await logged(owner, tenant.id) == in_places([late, early])


async def test_what_is_rolled_back_never_was(
    database: Database, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    class RolledBackError(Exception):
        pass

    async def write_and_roll_back() -> None:
        async with database.transaction(tenant.id) as transaction:
            await tell(transaction, [Event()])
            raise RolledBackError

    with pytest.raises(RolledBackError):
        await write_and_roll_back()
    await service.move(database)

    assert await logged(owner, tenant.id) == []


async def test_a_writer_that_commits_after_the_head_is_held_is_taken_along(
    database: Database, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    first, second = Event(uuid4(), 1, minutes=1), Event(uuid4(), 1, minutes=0)
    await told(database, tenant.id, [first])
    async with database.transaction(tenant.id) as transaction:
        assert await queries.make_head(transaction)
        await told(database, tenant.id, [second])
        moved = await queries.move_next(transaction)
        assert moved is not None
        assert moved["moved"] == 2

    assert await logged(owner, tenant.id) == in_places([second, first])


async def test_a_tenant_that_another_worker_holds_is_left_to_it(
    database: Database, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    events = [Event(uuid4(), 1, number) for number in range(3)]
    await told(database, tenant.id, events[:1])
    await service.move(database)
    await told(database, tenant.id, events[1:])
    async with database.transaction(tenant.id) as transaction:
        assert await queries.hold_head(transaction)
        assert await service.move(database) == 0
        moved = await queries.move_next(transaction)
        assert moved is not None
        assert moved["moved"] == 2

    assert await logged(owner, tenant.id) == in_places(events)


async def test_a_move_that_fails_has_moved_nothing(
    database: Database, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    events = [Event(uuid4(), 1, number) for number in range(3)]
    await told(database, tenant.id, events)
    async with owner.transaction():
        await owner.execute("LOCK TABLE events IN SHARE MODE")
        with pytest.raises(Unavailable):
            await service.move(database)
    assert (await waiting(owner, tenant.id), await head(owner, tenant.id)) == (3, 0)

    assert await service.move(database) == 3
    assert await logged(owner, tenant.id) == in_places(events)


async def test_a_tenant_that_fails_keeps_no_other_waiting(
    database: Database, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    """The events of nobody come first, and cannot be moved: there is no such tenant."""
    nobody = UUID(int=1)
    events = [Event(uuid4(), 1, number) for number in range(3)]
    await told(database, tenant.id, events)
    await told(database, nobody, [Event()])
    try:
        with pytest.raises(InternalError):
            await service.move(database)
    finally:
        await owner.execute("DELETE FROM event_queue WHERE tenant_id = $1", nobody)

    assert await logged(owner, tenant.id) == in_places(events)


async def test_many_workers_at_once_move_everything_once(
    settings: Settings, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    alliance = uuid4()
    events = [Event(alliance, sequence, 0) for sequence in range(1, 3 * queries.BATCH)]
    await many_told(owner, tenant.id, random.sample(events, len(events)))
    async with connected(settings.database_url, pool_size=6) as database:
        while await waiting(owner, tenant.id):
            async with asyncio.TaskGroup() as group:
                for _ in range(6):
                    group.create_task(service.move(database))

    assert await logged(owner, tenant.id) == in_places(events)
