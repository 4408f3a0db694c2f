"""What Postgres itself lets the service do with tenants and keys, and its platform with data."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

from app.database import NO_TENANT, PLATFORM_ROLE, Database, Transaction
from app.errors import InternalError
from app.statements import Statement
from app.tenants.service import close_tenant, create_key, create_tenant, revoke_key
from app.tenants.verification import key_parts
from tests.conftest import Tenant

ITS_TABLES = {"tenants", "api_keys", "platform_keys", "merge_heads"}
GRANTED = {
    "tenants": {"SELECT", "INSERT", "UPDATE (closed_at)"},
    "api_keys": {"SELECT", "INSERT", "UPDATE (revoked_at)"},
    "platform_keys": {"SELECT", "INSERT", "UPDATE (revoked_at)"},
    "merge_heads": {"SELECT", "INSERT"},
}
EVERY_GRANT = """
SELECT c.relname AS on_what, g.privilege_type AS what
FROM pg_class c, aclexplode(c.relacl) g
WHERE c.relnamespace = 'public'::regnamespace AND g.grantee = $1::regrole
UNION ALL
SELECT c.relname, g.privilege_type || ' (' || a.attname || ')'
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) g
WHERE c.relnamespace = 'public'::regnamespace AND g.grantee = $1::regrole
"""
TABLES = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
)
RAW = ["SELECT * FROM {}", "SELECT 1 FROM {}", "DELETE FROM {}", "INSERT INTO {} DEFAULT VALUES",
       "SELECT 1 FROM {} FOR UPDATE", "TABLE {}", "TRUNCATE {}"]  # fmt: skip


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may read Postgres's catalogue."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def is_refused(opened: AbstractAsyncContextManager[Transaction], sql: str) -> None:
    """The statement is refused, and with it the transaction."""

    async def run() -> None:
        async with opened as transaction:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await transaction.rows(Statement(sql, (), {}))

    with pytest.raises(InternalError):
        await run()


async def test_the_platform_has_these_rights_and_no_other(owner: asyncpg.Connection) -> None:
    found: dict[str, set[str]] = {}
    for row in await owner.fetch(EVERY_GRANT, PLATFORM_ROLE):
        found.setdefault(row["on_what"], set()).add(row["what"])

    assert found == GRANTED


async def test_in_a_platform_transaction_no_table_with_data_opens(
    owner: asyncpg.Connection, database: Database, tenant: Tenant
) -> None:
    """Whatever the statement, with or without a tenant."""
    tables = {row["relname"] for row in await owner.fetch(TABLES)} - ITS_TABLES
    assert {"alliances", "responses", "occasions", "events", "event_queue"} < tables
    for table in tables:
        for statement in RAW:
            for tenant_id in (tenant.id, NO_TENANT):
                opened = database.platform_transaction(tenant_id)
                await is_refused(opened, statement.format(table))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenants SET name = 'x'",
        "UPDATE tenants SET default_notice = '{}'",
        "DELETE FROM tenants",
        "UPDATE api_keys SET scopes = '{}'",
        "UPDATE api_keys SET secret_sha256 = ''",
        "UPDATE api_keys SET expires_at = NULL",
        "DELETE FROM api_keys",
        "DELETE FROM platform_keys",
        "UPDATE platform_keys SET secret_sha256 = ''",
        "CREATE TABLE mine (a int)",
    ],
)
async def test_the_platform_changes_nothing_that_it_need_not(
    database: Database, tenant: Tenant, statement: str
) -> None:
    await is_refused(database.platform_transaction(tenant.id), statement)


async def test_the_platform_reads_keys_of_the_tenant_it_names_only(
    database: Database, tenant: Tenant
) -> None:
    keys = Statement("SELECT tenant_id FROM api_keys", (), {})
    async with database.platform_transaction() as transaction:
        assert await transaction.rows(keys) == []
    async with database.platform_transaction(tenant.id) as transaction:
        assert {row["tenant_id"] for row in await transaction.rows(keys)} == {tenant.id}


async def test_the_platform_closes_the_tenant_it_names_only(
    database: Database, tenant: Tenant
) -> None:
    close_all = Statement("UPDATE tenants SET closed_at = now() RETURNING tenant_id", (), {})
    async with database.platform_transaction() as transaction:
        assert await transaction.rows(close_all) == []
    async with database.platform_transaction(tenant.id) as transaction:
        assert [row["tenant_id"] for row in await transaction.rows(close_all)] == [tenant.id]


async def test_a_caller_of_a_tenant_makes_no_tenant(database: Database) -> None:
    with pytest.raises(InternalError):
        async with database.transaction(uuid4()) as transaction:
            await create_tenant(transaction, "Own", datetime.now(UTC))


async def test_a_caller_of_a_tenant_makes_and_revokes_no_key_and_closes_nothing(
    database: Database, tenant: Tenant
) -> None:
    now = datetime.now(UTC)

    async def makes(transaction: Transaction) -> None:
        await create_key(transaction, "mine", [], now)

    async def revokes(transaction: Transaction) -> None:
        await revoke_key(transaction, key_parts(tenant.key).key_id, now)

    async def closes(transaction: Transaction) -> None:
        await close_tenant(transaction, now)

    for does in (makes, revokes, closes):
        with pytest.raises(InternalError):
            async with database.transaction(tenant.id) as transaction:
                await does(transaction)


@pytest.mark.parametrize("statement", RAW)
async def test_a_caller_of_a_tenant_learns_nothing_of_platform_keys(
    database: Database, tenant: Tenant, statement: str
) -> None:
    await is_refused(database.transaction(tenant.id), statement.format("platform_keys"))


async def test_a_caller_of_a_tenant_sees_itself_only(database: Database, tenant: Tenant) -> None:
    for table in ("tenants", "api_keys"):
        statement = Statement(f"SELECT tenant_id FROM {table}", (), {})  # noqa: S608 - our own names
        async with database.transaction(tenant.id) as transaction:
            found = {row["tenant_id"] for row in await transaction.rows(statement)}
        assert found == {tenant.id}
