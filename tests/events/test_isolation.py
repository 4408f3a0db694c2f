"""Whose events: each tenant its own, and the worker's role nothing but whose they are."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.database import WORKER_ROLE, Database, Transaction
from app.errors import InternalError
from app.events import queries, service
from app.statements import Statement
from tests.conftest import Tenant
from tests.events.queue import Event, told

NewTenant = Callable[..., Awaitable[Tenant]]
FOREIGN_STATEMENTS = {
    "a column": "SELECT id FROM event_queue",
    "a type": "SELECT type FROM event_queue",
    "a condition": "SELECT tenant_id FROM event_queue WHERE alliance_id IS NULL",
    "a row": "SELECT event_queue FROM event_queue",
    "a lock": "SELECT tenant_id FROM event_queue FOR UPDATE",
    "out": "DELETE FROM event_queue",
    "in": "INSERT INTO event_queue (tenant_id) VALUES ('00000000-0000-0000-0000-000000000000')",
    "other": "UPDATE event_queue SET tenant_id = tenant_id",
    "log": "SELECT tenant_id FROM events",
    "heads": "SELECT tenant_id FROM event_heads FOR UPDATE",
    "another head": "UPDATE event_heads SET position = position",
    "sums": "SELECT series_id FROM program_cells",
    "responses": "SELECT tenant_id FROM responses",
    "tenants": "SELECT tenant_id FROM tenants",
}


async def test_each_tenant_reads_its_own_events_with_positions_of_its_own(
    database: Database, new_tenant: NewTenant
) -> None:
    tenants = [await new_tenant() for _ in range(3)]
    events = {tenant.id: [Event(uuid4(), 1, n) for n in range(3)] for tenant in tenants}
    for tenant_id, own in events.items():
        await told(database, tenant_id, own)
    await service.move(database)

    for tenant in tenants:
        async with tenant.client() as client:
            items = (await client.get("/v1/events")).json()["items"]
        assert [(item["position"], item["id"]) for item in items] == [
            (place, str(event.id)) for place, event in enumerate(events[tenant.id], 1)
        ]


@pytest.mark.parametrize("table", ["event_queue", "event_heads", "events"])
async def test_a_statement_that_forgets_the_tenant_finds_only_its_own(
    database: Database, new_tenant: NewTenant, table: str
) -> None:
    tenants = [await new_tenant() for _ in range(2)]
    for tenant in tenants:
        await told(database, tenant.id, [Event()])
    await service.move(database)
    for tenant in tenants:
        await told(database, tenant.id, [Event()])
    everything = Statement(f"SELECT tenant_id FROM {table}", (), {})  # noqa: S608 - our own name
    async with database.transaction(tenants[0].id) as transaction:
        found = {row["tenant_id"] for row in await transaction.rows(everything)}

    assert found == {tenants[0].id}
    await service.move(database)


async def test_the_worker_sees_every_tenant_with_events_waiting(
    database: Database, new_tenant: NewTenant
) -> None:
    await service.move(database)
    tenants = sorted([(await new_tenant()).id for _ in range(3)])
    for tenant_id in tenants[:2]:
        await told(database, tenant_id, [Event(), Event()])
    async with database.worker_transaction() as transaction:
        found = await queries.tenants_with_events_waiting(transaction, UUID(int=0))
        rest = await queries.tenants_with_events_waiting(transaction, tenants[0])
    await service.move(database)

    assert (found, rest) == (tenants[:2], tenants[1:2])


@pytest.mark.parametrize("sql", FOREIGN_STATEMENTS.values(), ids=list(FOREIGN_STATEMENTS))
async def test_the_worker_may_do_nothing_else(database: Database, tenant: Tenant, sql: str) -> None:
    async def as_worker(transaction: Transaction) -> None:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await transaction.rows(Statement(sql, (), {}))

    await told(database, tenant.id, [Event()])
    with pytest.raises(InternalError):  # a transaction that met an error is never called committed
        async with database.worker_transaction() as transaction:
            await as_worker(transaction)
    await service.move(database)


async def test_the_worker_has_these_rights_in_the_whole_catalogue(
    owner: asyncpg.Connection,
) -> None:
    rights = await owner.fetch(
        "SELECT table_name::text, column_name::text, privilege_type::text"
        " FROM information_schema.column_privileges WHERE grantee = $1"
        " UNION ALL SELECT table_name::text, NULL, privilege_type::text"
        " FROM information_schema.table_privileges WHERE grantee = $1",
        WORKER_ROLE,
    )

    assert sorted(tuple(right) for right in rights) == [
        ("comparison_heads", "made_before", "SELECT"),
        ("comparison_heads", "tenant_id", "SELECT"),
        ("event_heads", "position", "SELECT"),
        ("event_heads", "tenant_id", "SELECT"),
        ("event_queue", "recorded_at", "SELECT"),
        ("event_queue", "tenant_id", "SELECT"),
        ("exports", "due_at", "SELECT"),
        ("exports", "tenant_id", "SELECT"),
        ("imports", "due_at", "SELECT"),
        ("imports", "tenant_id", "SELECT"),
        ("program_cells", "look_at", "SELECT"),
        ("program_cells", "tenant_id", "SELECT"),
        ("program_heads", "position", "SELECT"),
        ("program_heads", "sweeping", "SELECT"),
        ("program_heads", "tenant_id", "SELECT"),
        ("silence_checks", "due_at", "SELECT"),
        ("silence_checks", "tenant_id", "SELECT"),
    ]
