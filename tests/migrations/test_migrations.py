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
import app.comparisons.models
import app.events.models
import app.idempotency.models
import app.instruments.models
import app.marks.models
import app.occasions.models
import app.programs.models
import app.responses.models
import app.tenants.models
import app.wordings.models  # noqa: F401 - the imports fill the metadata
from app.cli.migrate import alembic_config, migrate
from app.database import APP_ROLE, PLATFORM_ROLE, SCHEMA_REVISION, WORKER_ROLE
from app.settings import settings_from
from app.statements import metadata

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
ROOT = Path(__file__).parents[2]
READS_AND_ADDS = {"SELECT", "INSERT"}
CHANGES_TOO = READS_AND_ADDS | {"UPDATE"}
MAY: dict[str, dict[str, set[str]]] = {
    APP_ROLE: {
        "alembic_version": {"SELECT"},
        "tenants": {"SELECT"},
        "api_keys": {"SELECT"},
        "alliances": CHANGES_TOO,
        "alliance_members": READS_AND_ADDS | {"UPDATE (ref)"},
        "alliance_state": CHANGES_TOO,
        "occasions": READS_AND_ADDS
        | {
            f"UPDATE ({column})"
            for column in (
                "status",
                "session_ref",
                "session_number",
                "occurred_at",
                "occurred_at_offset",
                "occurred_on",
                "reported_at",
            )
        },
        "invitations": READS_AND_ADDS
        | {
            f"UPDATE ({column})"
            for column in (
                "state",
                "at",
                "at_offset",
                "reason",
                "response_id",
                "updated_at",
                "expires_at",
            )
        },
        "marks": READS_AND_ADDS,
        "silence_checks": READS_AND_ADDS | {"UPDATE (due_at)", "DELETE"},
        "signals": READS_AND_ADDS
        | {
            f"UPDATE ({column})"
            for column in ("state", "state_at", "superseded_by", "audience", "number_audience")
        },
        "signal_actions": READS_AND_ADDS,
        "signal_settings": READS_AND_ADDS,
        "exports": READS_AND_ADDS
        | {
            f"UPDATE ({column})"
            for column in (
                "state",
                "failure",
                "position",
                "writer",
                "chunks",
                "rows",
                "bytes",
                "failed_steps",
                "finished_at",
                "expires_at",
                "due_at",
            )
        },
        "export_chunks": READS_AND_ADDS | {"DELETE"},
        "imports": READS_AND_ADDS
        | {
            f"UPDATE ({column})"
            for column in (
                "state",
                "failure",
                "sha256",
                "bytes",
                "rows",
                "chunks",
                "done_chunks",
                "succeeded",
                "failed",
                "failed_steps",
                "uploaded_at",
                "finished_at",
                "expires_at",
                "due_at",
            )
        },
        "import_names": READS_AND_ADDS | {"DELETE"},
        "import_chunks": READS_AND_ADDS
        | {"DELETE"}
        | {f"UPDATE ({column})" for column in ("lines", "raw", "succeeded", "failed")},
        "own_instruments": READS_AND_ADDS
        | {
            f"UPDATE ({column})"
            for column in (
                "sha256",
                "document",
                "made_at",
                "published_at",
                "key_id",
                "actor_role",
                "actor_ref",
            )
        },
        "text_packs": READS_AND_ADDS
        | {f"UPDATE ({column})" for column in ("wording", "ended_at", "ended_as")},
        "declared_uses": READS_AND_ADDS,
        "responses": READS_AND_ADDS,
        "response_voids": READS_AND_ADDS | {"UPDATE (external_version)"},
        "event_queue": READS_AND_ADDS | {"DELETE"},
        "event_heads": CHANGES_TOO,
        "events": READS_AND_ADDS,
        "idempotency_keys": CHANGES_TOO | {"DELETE"},
        "person_merges": READS_AND_ADDS | {"UPDATE (current_ref)"},
        "merge_heads": {"SELECT", "UPDATE"},
        "program_series": READS_AND_ADDS,
        "program_contributions": READS_AND_ADDS | {"DELETE"},
        "program_weeks": CHANGES_TOO | {"DELETE"},
        "program_cells": READS_AND_ADDS | {"UPDATE (step)", "UPDATE (look_at)", "DELETE"},
        "program_blocks": READS_AND_ADDS
        | {
            f"UPDATE ({column})"
            for column in ("releases", "released_at", "clients", "professionals", "figures")
        },
        "program_released": READS_AND_ADDS,
        "program_heads": READS_AND_ADDS
        | {f"UPDATE ({column})" for column in ("position", "basis", "sweeping", "swept_to")},
        "program_comparisons": READS_AND_ADDS,
        "comparison_heads": READS_AND_ADDS | {"UPDATE (made_before)"},
    },
    PLATFORM_ROLE: {
        "tenants": READS_AND_ADDS | {"UPDATE (closed_at)"},
        "api_keys": READS_AND_ADDS | {"UPDATE (revoked_at)"},
        "platform_keys": READS_AND_ADDS | {"UPDATE (revoked_at)"},
        "merge_heads": READS_AND_ADDS,
    },
    WORKER_ROLE: {
        "event_queue": {"SELECT (tenant_id)", "SELECT (recorded_at)"},
        "silence_checks": {"SELECT (tenant_id)", "SELECT (due_at)"},
        "event_heads": {"SELECT (tenant_id)", "SELECT (position)"},
        "program_heads": {"SELECT (tenant_id)", "SELECT (position)", "SELECT (sweeping)"},
        "program_cells": {"SELECT (tenant_id)", "SELECT (look_at)"},
        "comparison_heads": {"SELECT (tenant_id)", "SELECT (made_before)"},
        "exports": {"SELECT (tenant_id)", "SELECT (due_at)"},
        "imports": {"SELECT (tenant_id)", "SELECT (due_at)"},
    },
}
GRANTED = """
SELECT relation.relname::text AS on_table, given.privilege_type AS what
FROM pg_class relation, aclexplode(relation.relacl) given
WHERE relation.relnamespace = 'public'::regnamespace AND given.grantee = $1::text::regrole
UNION ALL
SELECT relation.relname::text, format('%s (%s)', given.privilege_type, part.attname)
FROM pg_class relation JOIN pg_attribute part ON part.attrelid = relation.oid,
     aclexplode(part.attacl) given
WHERE relation.relnamespace = 'public'::regnamespace AND given.grantee = $1::text::regrole
"""
STAND_IN_FOR_CITUS = """
CREATE TABLE placed (id int GENERATED ALWAYS AS IDENTITY, line text);
CREATE FUNCTION create_distributed_table(name text, col text, colocate_with text DEFAULT 'none')
RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO placed (line) SELECT format('%s by %s with %s, %s foreign keys', name, col,
    colocate_with, (SELECT count(*) FROM pg_constraint
                    WHERE conrelid = name::regclass AND contype = 'f'));
END $$;
CREATE FUNCTION create_reference_table(name text) RETURNS void LANGUAGE sql AS
  'INSERT INTO placed (line) VALUES (name || '' on every node'')';
"""
ONE_AT_A_TIME = """
CREATE FUNCTION one_at_a_time() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM placed)
     AND current_setting('citus.multi_shard_modify_mode', true) IS DISTINCT FROM 'sequential' THEN
    RAISE 'parallel operation on a distributed table';
  END IF;
END $$;
CREATE EVENT TRIGGER refuse_in_parallel ON ddl_command_end EXECUTE FUNCTION one_at_a_time();
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


async def run(url: str, script: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(script)
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


@pytest.mark.parametrize("role", MAY)
async def test_a_role_may_do_what_it_needs_and_no_more(database_url: str, role: str) -> None:
    may: dict[str, set[str]] = {}
    for row in await fetch(database_url, GRANTED, role):
        may.setdefault(row["on_table"], set()).add(row["what"])

    assert may == MAY[role]


async def test_where_citus_is_present_every_table_is_placed_before_its_foreign_keys(
    empty_database: str,
) -> None:
    await run(empty_database, STAND_IN_FOR_CITUS)
    await in_thread(migrate, settings_from({"DATABASE_URL": empty_database}))

    rows = await fetch(empty_database, "SELECT line FROM placed ORDER BY id")
    first, *others = (row["line"] for row in rows)
    assert first == "tenants by tenant_id with none, 0 foreign keys"
    assert sorted(others) == sorted(
        f"{table.name} by tenant_id with tenants, 0 foreign keys"
        if "tenant_id" in table.c
        else f"{table.name} on every node"
        for table in metadata.tables.values()
        if table.name != "tenants"
    )


@pytest.mark.parametrize(
    "command_tags",
    [
        "'CREATE POLICY', 'DROP POLICY'",
        "'GRANT', 'REVOKE'",
    ],
)
async def test_where_citus_is_present_tables_are_changed_one_at_a_time(
    empty_database: str, command_tags: str
) -> None:
    """Citus refuses a second table in a transaction that was not told to be sequential."""
    only = f"ddl_command_end WHEN TAG IN ({command_tags}) EXECUTE"
    stand_in = STAND_IN_FOR_CITUS + ONE_AT_A_TIME.replace("ddl_command_end EXECUTE", only)
    await run(empty_database, stand_in)

    await in_thread(migrate, settings_from({"DATABASE_URL": empty_database}))
    await in_thread(command.downgrade, alembic_config(empty_database), "base")
