"""The schema: what the migrations build is what the code describes, and nothing more is allowed."""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

import app.alliances.models
import app.responses.models
import app.tenants.models  # noqa: F401 - the three imports fill the metadata
from app.cli.migrate import alembic_config, migrate
from app.database import APP_ROLE, SCHEMA_REVISION, metadata
from app.settings import settings_from

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
ROOT = Path(__file__).parents[2]
MAY: dict[str, set[str]] = {
    "tenants": {"SELECT", "INSERT"},
    "api_keys": {"SELECT", "INSERT"},
    "alliances": {"SELECT", "INSERT", "UPDATE"},
    "alliance_members": {"SELECT", "INSERT"},
    "alliance_state": {"SELECT", "INSERT", "UPDATE"},
    "occasions": {"SELECT", "INSERT"},
    "responses": {"SELECT", "INSERT"},
    "alembic_version": {"SELECT"},
}
CITUS = """
CREATE TABLE distributed (id int GENERATED ALWAYS AS IDENTITY, line text);
CREATE FUNCTION create_distributed_table(name text, col text, colocate_with text DEFAULT 'none')
RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO distributed (line) SELECT format('%s by %s with %s, %s foreign keys', name, col,
    colocate_with, (SELECT count(*) FROM pg_constraint
                    WHERE conrelid = name::regclass AND contype = 'f'));
END $$
"""


@pytest.fixture
async def empty_database(postgres_server: str, database_url: str) -> AsyncIterator[str]:
    """The URL of a database without a schema."""
    name = f"rapport_test_{secrets.token_hex(6)}"
    old = make_url(database_url).database or ""
    server = await asyncpg.connect(postgres_server)
    await server.execute(f"CREATE DATABASE {name}")
    yield database_url.replace(old, name)
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


async def in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)


async def fetch(url: str, statement: str, *arguments: Any) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        found: list[asyncpg.Record] = await connection.fetch(statement, *arguments)
        return found
    finally:
        await connection.close()


async def catalogue(url: str) -> list[asyncpg.Record]:
    """Every column, constraint and index, comparable."""
    return await fetch(
        url,
        """
        SELECT table_name::text, column_name::text AS name,
               concat_ws(' ', data_type, is_nullable, column_default) AS what
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL
        SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL
        SELECT tablename::text, indexname::text, indexdef
        FROM pg_indexes WHERE schemaname = 'public'
        ORDER BY 1, 2, 3
        """,
    )


async def test_the_migrations_build_what_the_models_describe(database_url: str) -> None:
    def differences(connection: sa.Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    engine = create_async_engine(make_url(database_url).set(drivername="postgresql+asyncpg"))
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()
    assert found == []


async def test_names_and_checks_of_constraints_are_those_of_the_models(database_url: str) -> None:
    rows = await fetch(
        database_url,
        "SELECT conname::text FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
        " AND contype IN ('p', 'u', 'f', 'c') AND conrelid::regclass::text <> 'alembic_version'",
    )
    described = {
        DIALECT.identifier_preparer.format_constraint(constraint)
        for table in metadata.tables.values()
        for constraint in table.constraints
    }
    assert {row["conname"] for row in rows} == described


async def test_up_down_up_gives_the_same_schema(empty_database: str) -> None:
    settings = settings_from({"DATABASE_URL": empty_database})
    await in_thread(migrate, settings)
    first = await catalogue(empty_database)
    await in_thread(command.downgrade, alembic_config(empty_database), "base")
    left = {row["table_name"] for row in await catalogue(empty_database)}
    assert left == {"alembic_version"}
    await in_thread(migrate, settings)
    assert await catalogue(empty_database) == first


async def test_two_migrators_at_once_both_end_well(empty_database: str) -> None:
    environment = os.environ | {"DATABASE_URL": empty_database}
    migrators = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app.cli", "migrate", env=environment, cwd=ROOT
        )
        for _ in range(2)
    ]
    assert [await migrator.wait() for migrator in migrators] == [0, 0]
    rows = await fetch(empty_database, "SELECT version_num FROM alembic_version")
    assert [row["version_num"] for row in rows] == [SCHEMA_REVISION]


def test_the_code_knows_the_newest_migration() -> None:
    scripts = ScriptDirectory(str(ROOT / "migrations"))
    assert scripts.get_heads() == [SCHEMA_REVISION]


async def test_the_app_role_may_do_what_it_needs_and_no_more(database_url: str) -> None:
    rows = await fetch(
        database_url,
        "SELECT table_name::text, privilege_type::text FROM information_schema.role_table_grants"
        " WHERE grantee = $1 AND table_catalog = current_database()",
        APP_ROLE,
    )
    may: dict[str, set[str]] = {}
    for row in rows:
        may.setdefault(row["table_name"], set()).add(row["privilege_type"])
    assert may == MAY
    (role,) = await fetch(
        database_url,
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcanlogin FROM pg_roles"
        " WHERE rolname = $1",
        APP_ROLE,
    )
    assert set(role.values()) == {False}


async def test_tenant_id_leads_every_key_and_every_foreign_key_carries_it(
    database_url: str,
) -> None:
    rows = await fetch(
        database_url,
        """
        SELECT c.conname::text, c.contype::text, array_agg(a.attname::text ORDER BY k.n) AS columns
        FROM pg_constraint c, unnest(c.conkey) WITH ORDINALITY k(attnum, n)
        JOIN pg_attribute a ON a.attnum = k.attnum
        WHERE a.attrelid = c.conrelid AND c.connamespace = 'public'::regnamespace
          AND c.contype IN ('p', 'u', 'f') AND c.conrelid::regclass::text <> 'alembic_version'
        GROUP BY 1, 2
        """,
    )
    assert len(rows) >= len(metadata.tables)
    assert [row["conname"] for row in rows if row["columns"][0] != "tenant_id"] == []


async def test_where_citus_is_present_tables_are_distributed_before_their_foreign_keys(
    empty_database: str,
) -> None:
    connection = await asyncpg.connect(empty_database)
    await connection.execute(CITUS)
    await connection.close()
    await in_thread(migrate, settings_from({"DATABASE_URL": empty_database}))

    lines = [row["line"] for row in await fetch(empty_database, "SELECT line FROM distributed")]
    assert lines[0] == "tenants by tenant_id with none, 0 foreign keys"
    assert lines[1:] == [
        f"{name} by tenant_id with tenants, 0 foreign keys"
        for name in (
            "api_keys",
            "alliances",
            "alliance_members",
            "alliance_state",
            "occasions",
            "responses",
        )
    ]
