"""The setting that says whose rows are seen: each state it can be in, and where it ends."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.database import APP_ROLE, PLATFORM_ROLE, WORKER_ROLE, Database
from app.errors import InternalError
from app.statements import Statement
from tests.isolation.rows import TABLES, become, fill

ALL = " UNION ALL ".join(f"SELECT tenant_id FROM {table.name}" for table in TABLES)  # noqa: S608
IN_SETTING = "SELECT current_setting('app.tenant', true)"
NOTHING = Statement("SELECT $1::uuid", ("tenant_id",), {})
FAILS = Statement("SELECT 1 / 0 WHERE $1::uuid IS NOT NULL", ("tenant_id",), {})
SLEEPS = Statement("SELECT pg_sleep(5), $1::uuid", ("tenant_id",), {})


@pytest.fixture
async def tenant_id(owner: asyncpg.Connection) -> UUID:
    """A tenant with a row in every table."""
    made = uuid4()
    await fill(owner, made, uuid4())
    return made


async def test_before_any_transaction_nothing_is_seen(
    as_app: asyncpg.Connection, tenant_id: UUID
) -> None:
    assert await as_app.fetchval(IN_SETTING) is None
    assert await as_app.fetch(ALL) == []


async def test_after_a_transaction_the_setting_is_empty_and_nothing_is_seen(
    as_app: asyncpg.Connection, tenant_id: UUID
) -> None:
    """An empty text is no UUID: a policy that reads it without care would fail every statement."""
    async with as_app.transaction():
        await become(as_app, tenant_id)
        assert {row["tenant_id"] for row in await as_app.fetch(ALL)} == {tenant_id}
    assert await as_app.fetchval(IN_SETTING) == ""
    assert await as_app.fetch(ALL) == []


async def test_outside_a_transaction_the_setting_has_no_effect(
    as_app: asyncpg.Connection, tenant_id: UUID
) -> None:
    warned: list[str] = []
    as_app.add_log_listener(lambda _, message: warned.append(message.sqlstate))
    await become(as_app, tenant_id)
    await asyncio.sleep(0)
    assert warned == ["25P01"]
    assert await as_app.fetch(ALL) == []
    await as_app.reset()


async def test_a_setting_that_is_no_uuid_shows_nothing(
    as_app: asyncpg.Connection, tenant_id: UUID
) -> None:
    async def look() -> None:
        async with as_app.transaction():
            await as_app.execute("SET LOCAL app.tenant = '%'")
            await as_app.fetch(ALL)

    with pytest.raises(asyncpg.InvalidTextRepresentationError):
        await look()


async def test_a_rollback_to_a_savepoint_keeps_the_tenant_of_before(
    as_app: asyncpg.Connection, tenant_id: UUID
) -> None:
    async with as_app.transaction():
        await become(as_app, tenant_id)
        with suppress(ZeroDivisionError):
            async with as_app.transaction():
                await become(as_app, uuid4())
                assert await as_app.fetch(ALL) == []
                raise ZeroDivisionError
        assert await as_app.fetchval(IN_SETTING) == str(tenant_id)
        assert len(await as_app.fetch(ALL)) == len(TABLES)


async def test_a_second_setting_switches_the_tenant_so_it_is_no_secret(
    as_app: asyncpg.Connection, tenant_id: UUID
) -> None:
    """Whoever can put SQL into a statement passes every policy: no value may become SQL."""
    async with as_app.transaction():
        await become(as_app, uuid4())
        await as_app.execute("SELECT set_config('app.tenant', $1, true)", str(tenant_id))
        assert len(await as_app.fetch(ALL)) == len(TABLES)


@pytest.mark.parametrize("reset", ["RESET ALL", "RESET ROLE", "DISCARD ALL"])
async def test_the_role_of_a_connection_survives_a_reset(
    as_app: asyncpg.Connection, tenant_id: UUID, reset: str
) -> None:
    await as_app.execute(reset)
    who = await as_app.fetchrow(
        "SELECT current_user::text AS name, rolsuper, rolbypassrls"
        " FROM pg_roles WHERE rolname = current_user"
    )
    assert tuple(who) == (APP_ROLE, False, False)
    assert await as_app.fetch(ALL) == []


async def test_the_platform_lists_tenants_and_reads_nothing_of_them(
    as_app: asyncpg.Connection, tenant_id: UUID
) -> None:
    readable = []
    for table in TABLES:
        with suppress(asyncpg.InsufficientPrivilegeError):
            async with as_app.transaction():
                await as_app.execute(f"SET LOCAL ROLE {PLATFORM_ROLE}")
                rows = await as_app.fetch(f"SELECT tenant_id FROM {table.name}")  # noqa: S608
                readable.append((table.name, tenant_id in {row["tenant_id"] for row in rows}))
    own = [("api_keys", False), ("merge_heads", False), ("tenants", True)]
    assert sorted(readable) == own


async def test_the_worker_sees_whose_events_wait_and_what_is_due_and_nothing_else(
    as_app: asyncpg.Connection, tenant_id: UUID
) -> None:
    readable = []
    for table in TABLES:
        for column in table.c:
            with suppress(asyncpg.InsufficientPrivilegeError):
                async with as_app.transaction():
                    await as_app.execute(f"SET LOCAL ROLE {WORKER_ROLE}")
                    rows = await as_app.fetch(f"SELECT {column.name} FROM {table.name}")  # noqa: S608
                    readable.append((str(column), tenant_id in {row[0] for row in rows}))
    # False: no id at all.
    assert sorted(readable) == [
        ("comparison_heads.made_before", False),
        ("comparison_heads.tenant_id", True),
        ("event_heads.position", False),
        ("event_heads.tenant_id", True),
        ("event_queue.recorded_at", False),
        ("event_queue.tenant_id", True),
        ("exports.due_at", False),
        ("exports.tenant_id", True),
        ("imports.due_at", False),
        ("imports.tenant_id", True),
        ("program_cells.look_at", False),
        ("program_cells.tenant_id", True),
        ("program_heads.position", False),
        ("program_heads.sweeping", False),
        ("program_heads.tenant_id", True),
        ("silence_checks.due_at", False),
        ("silence_checks.tenant_id", True),
    ]


async def commits(database: Database) -> None:
    async with database.transaction(uuid4()) as transaction:
        await transaction.row(NOTHING)


async def raises(database: Database) -> None:
    with suppress(ZeroDivisionError):
        async with database.transaction(uuid4()):
            raise ZeroDivisionError


async def fails(database: Database) -> None:
    with suppress(InternalError):
        async with database.transaction(uuid4()) as transaction:
            await transaction.row(FAILS)


async def swallows(database: Database) -> None:
    with suppress(InternalError):
        async with database.transaction(uuid4()) as transaction:
            with suppress(asyncpg.DivisionByZeroError):
                await transaction.row(FAILS)


async def is_cancelled(database: Database) -> None:
    async def sleep() -> None:
        async with database.transaction(uuid4()) as transaction:
            await transaction.row(SLEEPS)

    task = asyncio.create_task(sleep())
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.wait([task])


async def takes_other_roles(database: Database) -> None:
    async with database.platform_transaction(uuid4()) as transaction:
        await transaction.row(NOTHING)
    async with database.worker_transaction() as transaction:
        await transaction.row(NOTHING)


@pytest.mark.parametrize(
    "ending", [commits, raises, fails, swallows, is_cancelled, takes_other_roles]
)
async def test_a_connection_comes_back_without_tenant_role_and_transaction(
    door: Database, tenant_id: UUID, ending: Callable[[Database], Awaitable[None]]
) -> None:
    await ending(door)
    async with door._pool.acquire() as connection:  # noqa: SLF001 - what is left on it
        assert not connection.is_in_transaction()
        assert not await connection.fetchval(IN_SETTING)
        assert await connection.fetchval("SELECT current_user::text") == APP_ROLE
        assert await connection.fetchval("SHOW lock_timeout") == "0"
        assert await connection.fetch(ALL) == []


async def test_the_door_never_runs_a_statement_outside_its_transaction(door: Database) -> None:
    for opened in (
        door.transaction(uuid4()),
        door.platform_transaction(),
        door.worker_transaction(),
    ):
        async with opened as transaction:
            connection = transaction._connection  # noqa: SLF001 - only it can tell
            assert connection.is_in_transaction()
        assert transaction.tenant_id


async def test_who_breaks_off_while_a_transaction_begins_leaves_none_open(
    door: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """The driver would end it and complain of it, aloud, where no log of ours is kept."""

    async def begin() -> None:
        async with door.transaction(uuid4()):
            pass

    for moment in range(60):
        task = asyncio.create_task(begin())
        await asyncio.sleep(0.00005 * moment)
        task.cancel()
        await asyncio.wait([task])
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []
