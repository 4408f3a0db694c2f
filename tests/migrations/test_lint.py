"""No migration stops or breaks the code that is still running while it is applied."""

from collections.abc import Callable
from types import ModuleType

import pytest
import sqlalchemy as sa
from alembic import op
from alembic.script import ScriptDirectory

from app.cli.migrate import ROOT
from tests.migrations.emitted import Emitted, all_emitted, emitted
from tests.migrations.refusals import refusals

FIRST_RELEASE_AFTER = "2026_11_24_1650"
"""Up to this revision nobody had the product: no older code ran beside these migrations."""
UNRELEASED = "no release had these tables"
EXCEPTIONS = {
    ("2026_11_23_1900", "row_level_security", "tenants"): UNRELEASED,
    ("2026_11_23_1900", "row_level_security", "api_keys"): UNRELEASED,
    ("2026_11_23_1900", "row_level_security", "alliances"): UNRELEASED,
    ("2026_11_23_1900", "row_level_security", "alliance_members"): UNRELEASED,
    ("2026_11_23_1900", "row_level_security", "alliance_state"): UNRELEASED,
    ("2026_11_23_1900", "row_level_security", "occasions"): UNRELEASED,
    ("2026_11_23_1900", "row_level_security", "responses"): UNRELEASED,
    ("2026_11_23_1900", "second_table", "api_keys"): UNRELEASED,
    ("2026_11_23_1900", "second_table", "alliances"): UNRELEASED,
    ("2026_11_23_1900", "second_table", "alliance_members"): UNRELEASED,
    ("2026_11_23_1900", "second_table", "alliance_state"): UNRELEASED,
    ("2026_11_23_1900", "second_table", "occasions"): UNRELEASED,
    ("2026_11_23_1900", "second_table", "responses"): UNRELEASED,
    ("2026_11_23_1900", "revoke", "tenants"): "making tenants became the platform's alone",
    ("2026_11_23_1900", "revoke", "api_keys"): "making keys became the platform's alone",
    ("2026_11_23_1910", "row_level_security", "tenants"): "for one statement, to list tenants",
    ("2026_11_23_1910", "second_table", "tenants"): UNRELEASED,
    ("2026_11_24_1400", "constraint_scans", "occasions"): UNRELEASED,
    ("2026_11_24_1400", "second_table", "responses"): UNRELEASED,
}
"""Revision, code of the refusal and table of what was refused and stays, and why."""


@pytest.mark.parametrize("migration", all_emitted(), ids=lambda one: str(one.revision))
def test_a_migration_lets_older_code_go_on(migration: Emitted) -> None:
    refused = [
        one
        for one in refusals(migration)
        if (migration.revision, one.code, one.table) not in EXCEPTIONS
    ]
    assert refused == []


def test_every_exception_is_needed_and_older_than_the_first_release() -> None:
    refused = {
        (migration.revision, one.code, one.table)
        for migration in all_emitted()
        for one in refusals(migration)
    }
    assert set(EXCEPTIONS) <= refused
    assert {revision for revision, _, _ in EXCEPTIONS if revision > FIRST_RELEASE_AFTER} == set()


def test_every_migration_is_looked_at_and_says_something() -> None:
    scripts = ScriptDirectory(str(ROOT / "migrations"))

    assert [one.revision for one in all_emitted()] == sorted(
        script.revision for script in scripts.walk_revisions()
    )
    assert [one.revision for one in all_emitted() if not one.statements] == []


def spoiled(upgrade: Callable[[], object]) -> Emitted:
    """A migration that nobody should write."""
    module = ModuleType("spoiled")
    module.revision, module.upgrade = "spoiled", upgrade  # type: ignore[attr-defined]
    return emitted(module)


def column(*parts: sa.schema.SchemaItem, **options: object) -> Callable[[], None]:
    return lambda: op.add_column("responses", sa.Column("c", sa.Text(), *parts, **options))  # type: ignore[arg-type]


def changes_two_tables() -> None:
    op.add_column("responses", sa.Column("c", sa.Text()))
    op.add_column("signals", sa.Column("c", sa.Text()))


def validates_at_once() -> None:
    op.execute("ALTER TABLE signals ADD CONSTRAINT ck CHECK (code <> '') NOT VALID")
    op.execute("ALTER TABLE signals VALIDATE CONSTRAINT ck")


def makes_a_table() -> None:
    op.create_table("new", sa.Column("tenant_id", sa.Uuid(), nullable=False))
    op.create_index("ix_new", "new", ["tenant_id"])
    op.create_foreign_key("fk_new", "new", "tenants", ["tenant_id"], ["tenant_id"])
    op.execute("ALTER TABLE new ENABLE ROW LEVEL SECURITY")


@pytest.mark.parametrize(
    ("upgrade", "codes"),
    [
        (column(nullable=False), ["not_null_without_default"]),
        (column(server_default=sa.text("clock_timestamp()::text")), ["default_is_computed"]),
        (column(sa.Computed("id::text")), ["column_rewrites"]),
        (lambda: op.drop_column("responses", "answers"), ["drop"]),
        (lambda: op.drop_table("responses"), ["drop"]),
        (lambda: op.drop_constraint("fk_responses_tenant_id_amends", "responses"), ["drop"]),
        (lambda: op.execute("DROP INDEX ix_signals_waiting"), ["drop"]),
        (lambda: op.execute("ALTER TABLE responses ADD COLUMN c text UNIQUE"),
         ["column_that_is_more"]),
        (lambda: op.alter_column("responses", "mode", type_=sa.LargeBinary()), ["type"]),
        (lambda: op.alter_column("responses", "mode", nullable=False), ["set_not_null"]),
        (lambda: op.alter_column("responses", "mode", server_default=None), ["drop"]),
        (lambda: op.alter_column("responses", "mode", new_column_name="manner"), ["rename"]),
        (lambda: op.rename_table("responses", "answers"), ["rename"]),
        (lambda: op.create_index("ix", "responses", ["mode"]), ["index_locks"]),
        (lambda: op.create_index("ix", "responses", ["mode"], unique=True), ["index_locks"]),
        (lambda: op.create_unique_constraint("uq", "responses", ["mode"]), ["index_locks"]),
        (lambda: op.create_check_constraint("ck", "responses", "mode <> ''"), ["constraint_scans"]),
        (lambda: op.create_foreign_key("fk", "responses", "tenants", ["tenant_id"], ["tenant_id"]),
         ["constraint_scans"]),
        (lambda: op.execute("UPDATE responses SET mode = 'unknown'"), ["data"]),
        (lambda: op.execute("DELETE FROM idempotency_keys"), ["data"]),
        (lambda: op.execute("INSERT INTO tenants DEFAULT VALUES"), ["data"]),
        (lambda: op.execute("REVOKE INSERT ON responses FROM rapport_app"), ["revoke"]),
        (lambda: op.execute("ALTER TABLE responses NO FORCE ROW LEVEL SECURITY"),
         ["row_level_security"]),
        (lambda: op.execute("CREATE POLICY p ON responses AS RESTRICTIVE USING (true)"),
         ["policy_takes_away"]),
        (lambda: op.execute("SET lock_timeout = '1h'"), ["own_timeout"]),
        (lambda: op.execute("SET LOCAL lock_timeout = 0"), ["own_timeout"]),
        (lambda: op.execute("VACUUM FULL responses"), ["unknown"]),
        (lambda: op.execute("CLUSTER responses"), ["unknown"]),
        (lambda: op.execute("LOCK TABLE responses"), ["unknown"]),
        (lambda: op.execute("ALTER TABLE responses SET TABLESPACE other"), ["unknown"]),
        (changes_two_tables, ["second_table"]),
        (validates_at_once, ["validated_at_once"]),
    ],
)  # fmt: skip
def test_a_spoiled_migration_is_refused(upgrade: Callable[[], object], codes: list[str]) -> None:
    assert [one.code for one in refusals(spoiled(upgrade))] == codes


@pytest.mark.parametrize(
    "upgrade",
    [
        column(),
        column(nullable=False, server_default="unknown"),
        lambda: op.create_table("new", sa.Column("tenant_id", sa.Uuid(), nullable=False)),
        makes_a_table,
        lambda: op.execute("CREATE INDEX CONCURRENTLY ix ON responses (tenant_id, mode)"),
        lambda: op.execute("ALTER TABLE signals ADD CONSTRAINT ck CHECK (code <> '') NOT VALID"),
        lambda: op.execute("ALTER TABLE signals VALIDATE CONSTRAINT ck"),
        lambda: op.execute("GRANT SELECT (recorded_at) ON event_queue TO rapport_worker"),
    ],
)
def test_what_older_code_does_not_feel_is_taken(upgrade: Callable[[], object]) -> None:
    assert refusals(spoiled(upgrade)) == []
