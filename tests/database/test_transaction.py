"""The door to Postgres: what it commits, what it refuses to call committed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from app.database import (
    APP_ROLE,
    NO_TENANT,
    PLATFORM_ROLE,
    TRIES,
    WORKER_ROLE,
    Database,
    Transaction,
    connected,
)
from app.errors import InternalError, Overtaken, Unavailable
from app.settings import Settings
from app.statements import Statement, compiled
from tests.conftest import Tenant
from tests.support.factories import submission

FAILS = Statement("SELECT 1 / 0 WHERE $1::uuid IS NOT NULL", ("tenant_id",), {})
SETTINGS = Statement(
    "SELECT current_user AS who, current_setting('app.tenant') AS tenant, $1::uuid AS named",
    ("tenant_id",),
    {},
)
NOTED = Statement(
    "INSERT INTO idempotency_keys VALUES ($1, gen_random_uuid(), 'x', 'x', '', NULL, now())",
    ("tenant_id",),
    {},
)


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may do what the app role may not."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def failing_commits(owner: asyncpg.Connection) -> AsyncIterator[None]:
    """Every transaction that stores a response fails when it commits."""
    await owner.execute(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
          AS 'BEGIN RAISE EXCEPTION ''too late''; END';
        CREATE CONSTRAINT TRIGGER refuse_at_commit AFTER INSERT ON responses
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();
        """
    )
    yield
    await owner.execute("DROP TRIGGER refuse_at_commit ON responses; DROP FUNCTION refuse()")


async def stored_rows(owner: asyncpg.Connection, tenant: Tenant) -> int:
    tables = ("responses", "alliances", "occasions", "alliance_state")
    return sum(
        [
            await owner.fetchval(
                f"SELECT count(*) FROM {table} WHERE tenant_id = $1",  # noqa: S608 - our own names
                tenant.id,
            )
            for table in tables
        ]
    )


async def noted(owner: asyncpg.Connection, tenant_id: UUID) -> int:
    """How often NOTED was stored."""
    found: int = await owner.fetchval(
        "SELECT count(*) FROM idempotency_keys WHERE tenant_id = $1", tenant_id
    )
    return found


@pytest.mark.usefixtures("failing_commits")
async def test_a_failed_commit_is_answered_5xx_and_nothing_is_stored(
    client: httpx.AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    answer = await client.post("/v1/responses", json=submission())

    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert await stored_rows(owner, tenant) == 0


async def test_a_swallowed_statement_error_is_not_called_committed(database: Database) -> None:
    async def swallow() -> None:
        async with database.transaction(uuid4()) as transaction:
            with contextlib.suppress(asyncpg.DivisionByZeroError):
                await transaction.row(FAILS)

    with pytest.raises(InternalError):
        await swallow()


async def test_what_is_answered_is_there_for_another_connection(
    tenant: Tenant, app: FastAPI, owner: asyncpg.Connection
) -> None:
    """At the first byte of the answer the row is visible elsewhere."""
    seen: list[int] = []

    async def watched(scope: dict, receive: object, send: object) -> None:  # type: ignore[type-arg]
        async def sending(message: dict) -> None:  # type: ignore[type-arg]
            if message["type"] == "http.response.start":
                seen.append(await stored_rows(owner, tenant))
            await send(message)  # type: ignore[operator]

        await app(scope, receive, sending)  # type: ignore[arg-type]

    headers = {"Authorization": f"Bearer {tenant.key}"}
    transport = httpx.ASGITransport(watched)  # type: ignore[arg-type]
    async with httpx.AsyncClient(
        transport=transport, base_url="http://service", headers=headers
    ) as client:
        answer = await client.post("/v1/responses", json=submission())
    assert answer.status_code == 201
    assert seen == [4]


async def test_an_exception_rolls_back(database: Database, owner: asyncpg.Connection) -> None:
    tenant_id = uuid4()

    async def insert_and_raise() -> None:
        async with database.transaction(tenant_id) as transaction:
            await transaction.rows(NOTED)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await insert_and_raise()
    assert await noted(owner, tenant_id) == 0


async def test_every_transaction_is_the_app_role_with_its_tenant(database: Database) -> None:
    tenant_id = uuid4()
    async with database.transaction(tenant_id) as transaction:
        row = await transaction.row(SETTINGS)
    assert row is not None
    assert (row["who"], row["tenant"], row["named"]) == (APP_ROLE, str(tenant_id), tenant_id)


async def test_a_role_does_not_outlive_its_transaction(settings: Settings) -> None:
    async with connected(settings.database_url, pool_size=1) as database:
        seen = []
        for opened in (
            database.platform_transaction(),
            database.worker_transaction(),
            database.transaction(NO_TENANT),
        ):
            async with opened as transaction:
                row = await transaction.row(SETTINGS)
            assert row is not None
            seen.append((row["who"], row["tenant"]))
    assert seen == [(who, str(NO_TENANT)) for who in (PLATFORM_ROLE, WORKER_ROLE, APP_ROLE)]


async def test_work_that_was_overtaken_is_begun_anew_and_nothing_of_it_stays(
    database: Database, owner: asyncpg.Connection
) -> None:
    tenant_id, begun = uuid4(), 0

    async def work(transaction: Transaction) -> int:
        nonlocal begun
        begun += 1
        await transaction.rows(NOTED)
        if begun < TRIES:
            raise Overtaken
        return begun

    assert await database.attempt(tenant_id, work) == TRIES
    assert await noted(owner, tenant_id) == 1


TERMINATE = "SELECT pg_terminate_backend($1)"


async def test_work_whose_connection_is_lost_is_begun_anew_and_stored_once(
    database: Database, owner: asyncpg.Connection
) -> None:
    tenant_id, begun = uuid4(), 0

    async def work(transaction: Transaction) -> int:
        nonlocal begun
        begun += 1
        await transaction.rows(NOTED)
        if begun == 1:
            await owner.execute(TERMINATE, transaction._connection.get_server_pid())  # noqa: SLF001
            await transaction.rows(NOTED)
        return begun

    assert await database.attempt(tenant_id, work) == 2
    assert await noted(owner, tenant_id) == 1


async def test_work_that_loses_one_connection_after_another_ends(
    database: Database, owner: asyncpg.Connection
) -> None:
    tenant_id, begun = uuid4(), 0

    async def work(transaction: Transaction) -> None:
        nonlocal begun
        begun += 1
        await owner.execute(TERMINATE, transaction._connection.get_server_pid())  # noqa: SLF001
        await transaction.rows(NOTED)

    with pytest.raises(Unavailable):
        await database.attempt(tenant_id, work)
    assert (begun, await noted(owner, tenant_id)) == (2, 0)


async def test_work_is_not_begun_anew_where_it_may_have_been_stored(
    database: Database, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant_id, begun = uuid4(), 0

    async def lost(connection: asyncpg.Connection) -> None:
        await connection.execute("COMMIT")
        raise asyncpg.ConnectionDoesNotExistError

    async def work(transaction: Transaction) -> None:
        nonlocal begun
        begun += 1
        await transaction.rows(NOTED)

    monkeypatch.setattr("app.database._commit", lost)
    with pytest.raises(Unavailable):
        await database.attempt(tenant_id, work)
    assert (begun, await noted(owner, tenant_id)) == (1, 1)


async def test_work_that_is_always_overtaken_ends(
    database: Database, owner: asyncpg.Connection
) -> None:
    tenant_id, begun = uuid4(), 0

    async def work(transaction: Transaction) -> None:
        nonlocal begun
        begun += 1
        await transaction.rows(NOTED)
        raise Overtaken

    with pytest.raises(Overtaken):
        await database.attempt(tenant_id, work)
    assert (begun, await noted(owner, tenant_id)) == (TRIES, 0)


async def test_the_tenant_does_not_outlive_its_transaction(settings: Settings) -> None:
    left = Statement(
        "SELECT current_setting('app.tenant', true) AS tenant, $1::uuid", ("tenant_id",), {}
    )
    async with connected(settings.database_url, pool_size=1) as database:
        first, second = uuid4(), uuid4()
        async with database.transaction(first) as transaction:
            await transaction.row(left)
        async with database.transaction(second) as transaction:
            row = await transaction.row(left)
        async with database._pool.acquire() as connection:  # noqa: SLF001 - what is left on it
            after = await connection.fetchval("SELECT current_setting('app.tenant', true)")
    assert row is not None
    assert (row["tenant"], after) == (str(second), "")


async def test_a_cancelled_caller_leaves_a_usable_connection(settings: Settings) -> None:
    sleep = Statement("SELECT pg_sleep(5), $1::uuid", ("tenant_id",), {})
    async with connected(settings.database_url, pool_size=1) as database:

        async def wait() -> None:
            async with database.transaction(uuid4()) as transaction:
                await transaction.row(sleep)

        task = asyncio.create_task(wait())
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with database.transaction(uuid4()) as transaction:
            row = await transaction.row(SETTINGS)
    assert row is not None


async def test_a_pool_without_room_is_unavailable_not_a_crash(settings: Settings) -> None:
    async with (
        connected(settings.database_url, pool_size=1) as database,
        database.transaction(uuid4()),
    ):
        with pytest.raises(Unavailable) as refused:
            async with database.transaction(uuid4()):
                pass
    assert refused.value.headers["Retry-After"] == "1"


def test_a_statement_without_its_tenant_is_refused() -> None:
    with pytest.raises(ValueError, match="tenant_id"):
        compiled(sa.select(sa.literal(1)))
