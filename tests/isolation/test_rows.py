"""Row by row, table by table: what a transaction of one tenant can do to rows of another."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
import pytest
import sqlalchemy as sa

from app.database import NO_TENANT
from tests.isolation.rows import TABLES, become, fill, insert, role_for, row_of

KEYS = [
    pytest.param(table, key, id=str(key.name))
    for table in TABLES
    for key in table.foreign_key_constraints
    if len(key.columns) > 1
]
every_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
writable_tables = pytest.mark.parametrize(
    "table", [table for table in TABLES if table.name != "tenants"], ids=lambda table: table.name
)
Refused = asyncpg.InsufficientPrivilegeError


@dataclass(frozen=True)
class Twins:
    """Two tenants with a row in every table, all with one and the same id."""

    a: UUID
    b: UUID
    mark: UUID


@pytest.fixture
async def twins(as_app: asyncpg.Connection) -> Twins:
    made = Twins(uuid4(), uuid4(), uuid4())
    await fill(as_app, made.a, made.mark)
    await fill(as_app, made.b, made.mark)
    return made


@pytest.fixture
async def alone(as_app: asyncpg.Connection) -> Twins:
    """As twins, but b has a tenant's row and nothing else."""
    made = Twins(uuid4(), uuid4(), uuid4())
    await fill(as_app, made.a, made.mark)
    tenants = next(table for table in TABLES if table.name == "tenants")
    async with acting(as_app, made.b, tenants):
        await insert(as_app, tenants, row_of(tenants, made.b, made.mark))
    return made


@asynccontextmanager
async def acting(
    connection: asyncpg.Connection, tenant_id: UUID, table: sa.Table
) -> AsyncIterator[None]:
    """A transaction of the tenant, as the role that writes to the table."""
    async with connection.transaction():
        await become(connection, tenant_id)
        await connection.execute(f"SET LOCAL ROLE {role_for(table)}")
        yield


async def counts(connection: asyncpg.Connection) -> dict[str, int]:
    """How many rows of each table are seen."""
    return {
        table.name: await connection.fetchval(f"SELECT count(*) FROM {table.name}")  # noqa: S608
        for table in TABLES
    }


async def found_by(
    connection: asyncpg.Connection, tenant_id: UUID, statement: str, other: UUID
) -> list[object]:
    """What the statement finds for the tenant; "not granted" where it may not be run at all."""
    try:
        async with connection.transaction():
            await become(connection, tenant_id)
            found: list[object] = await connection.fetch(statement, other)
            return found
    except Refused as refused:
        return ["not granted"] if "permission denied" in str(refused) else [refused]


async def test_every_table_of_a_tenant_is_tried(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT table_name::text FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name = 'tenant_id'"
    )
    assert {row["table_name"] for row in rows} == {table.name for table in TABLES}


@pytest.mark.parametrize("tenant_id", [NO_TENANT, uuid4()], ids=["no tenant", "an unknown one"])
async def test_a_transaction_of_nobody_sees_no_row_of_any_table(
    as_app: asyncpg.Connection, twins: Twins, tenant_id: UUID
) -> None:
    async with as_app.transaction():
        await become(as_app, tenant_id)
        assert await counts(as_app) == {table.name: 0 for table in TABLES}


async def test_a_tenant_sees_its_own_row_of_every_table_and_no_other(
    as_app: asyncpg.Connection, twins: Twins
) -> None:
    async with as_app.transaction():
        await become(as_app, twins.b)
        assert await counts(as_app) == {table.name: 1 for table in TABLES}


@every_table
async def test_naming_another_tenant_finds_changes_locks_and_deletes_nothing(
    as_app: asyncpg.Connection, owner: asyncpg.Connection, twins: Twins, table: sa.Table
) -> None:
    name, where = table.name, "WHERE tenant_id = $1"
    before = await owner.fetch(f"SELECT * FROM {name} {where}", twins.a)  # noqa: S608
    for statement in (
        f"SELECT 1 FROM {name} {where}",  # noqa: S608
        f"SELECT 1 FROM {name} {where} FOR UPDATE",  # noqa: S608
        f"UPDATE {name} SET tenant_id = tenant_id {where} RETURNING 1",  # noqa: S608
        f"DELETE FROM {name} {where} RETURNING 1",  # noqa: S608
    ):
        assert await found_by(as_app, twins.b, statement, twins.a) in ([], ["not granted"])
    assert await owner.fetch(f"SELECT * FROM {name} {where}", twins.a) == before  # noqa: S608


@every_table
async def test_a_row_for_another_tenant_is_refused(
    as_app: asyncpg.Connection, alone: Twins, table: sa.Table
) -> None:
    with pytest.raises(Refused, match="row-level security"):
        async with acting(as_app, alone.b, table):
            await insert(as_app, table, row_of(table, alone.a, uuid4()))


@every_table
async def test_a_row_cannot_be_handed_to_another_tenant(
    as_app: asyncpg.Connection, alone: Twins, table: sa.Table
) -> None:
    with pytest.raises(Refused, match=r"row-level security|permission denied"):
        async with acting(as_app, alone.a, table):
            await as_app.execute(f"UPDATE {table.name} SET tenant_id = $1", alone.b)  # noqa: S608


@writable_tables
async def test_identifiers_of_another_tenant_are_free(
    as_app: asyncpg.Connection, alone: Twins, table: sa.Table
) -> None:
    """Neither a unique error nor a conflict tells that somebody else has them."""
    ending = "ON CONFLICT DO NOTHING RETURNING tenant_id"
    async with as_app.transaction():
        await become(as_app, alone.b)
        for needed in TABLES[: TABLES.index(table)]:
            if needed.name == "tenants":
                continue
            await as_app.execute(f"SET LOCAL ROLE {role_for(needed)}")
            await insert(as_app, needed, row_of(needed, alone.b, alone.mark))
        await as_app.execute(f"SET LOCAL ROLE {role_for(table)}")
        (made,) = await insert(as_app, table, row_of(table, alone.b, alone.mark), ending)
    assert made["tenant_id"] == alone.b


@pytest.mark.parametrize(
    "table", [one for one in TABLES if one.name in {"alliances", "idempotency_keys"}], ids=str
)
async def test_a_conflict_that_updates_meets_own_rows_only(
    as_app: asyncpg.Connection, owner: asyncpg.Connection, alone: Twins, table: sa.Table
) -> None:
    name = table.name
    before = await owner.fetch(f"SELECT * FROM {name} WHERE tenant_id = $1", alone.a)  # noqa: S608
    key = ", ".join(column.name for column in table.primary_key)
    ending = f"ON CONFLICT ({key}) DO UPDATE SET tenant_id = excluded.tenant_id RETURNING tenant_id"
    async with acting(as_app, alone.b, table):
        (made,) = await insert(as_app, table, row_of(table, alone.b, alone.mark), ending)
    assert made["tenant_id"] == alone.b
    assert await owner.fetch(f"SELECT * FROM {name} WHERE tenant_id = $1", alone.a) == before  # noqa: S608


@pytest.mark.parametrize(("table", "key"), KEYS)
async def test_a_foreign_key_finds_nothing_of_another_tenant(
    as_app: asyncpg.Connection, alone: Twins, table: sa.Table, key: sa.ForeignKeyConstraint
) -> None:
    """What points to a row of another tenant fails just as what points to nothing."""
    said = []
    for pointed_to in (alone.mark, uuid4()):
        row = row_of(table, alone.b, uuid4())
        row |= {column.name: pointed_to for column in key.columns if column.name != "tenant_id"}
        with pytest.raises(asyncpg.ForeignKeyViolationError) as refused:
            async with acting(as_app, alone.b, table):
                await insert(as_app, table, row)
        said.append((refused.value.table_name, refused.value.message))
    assert said[0] == said[1]


@every_table
async def test_copying_into_a_table_is_refused(
    as_app: asyncpg.Connection, alone: Twins, table: sa.Table
) -> None:
    """COPY FROM knows no policies: imports use the statements of the door."""
    with pytest.raises(asyncpg.FeatureNotSupportedError):
        async with acting(as_app, alone.b, table):
            await as_app.copy_records_to_table(
                table.name, records=[(alone.b,)], columns=["tenant_id"]
            )


@every_table
@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE {}",
        "CREATE TRIGGER spy AFTER INSERT ON {} EXECUTE FUNCTION lower(text)",
        "ALTER TABLE {} NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY own_tenant ON {}",
    ],
)
async def test_what_policies_do_not_cover_is_not_granted(
    as_app: asyncpg.Connection, table: sa.Table, statement: str
) -> None:
    with pytest.raises(Refused):
        async with acting(as_app, NO_TENANT, table):
            await as_app.execute(statement.format(table.name))


async def test_the_owner_of_the_tables_sees_and_changes_nothing_either(scratch: str) -> None:
    """An UPDATE of the owner changes 0 rows and raises nothing: migrations must not rely on it."""
    connection = await asyncpg.connect(scratch)
    a, mark = uuid4(), uuid4()
    await fill(connection, a, mark)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("CREATE ROLE rapport_test_owner")
    for table in TABLES:
        await connection.execute(f"ALTER TABLE {table.name} OWNER TO rapport_test_owner")
    await connection.execute("SET LOCAL ROLE rapport_test_owner")
    seen = await counts(connection)
    done = await connection.execute("UPDATE alliances SET case_ref = 'y'")
    await become(connection, a)
    own = await counts(connection)
    await transaction.rollback()
    await connection.close()
    assert (seen, done) == ({table.name: 0 for table in TABLES}, "UPDATE 0")
    assert own == {table.name: 1 for table in TABLES}
