"""The one way in which migrations make roles and tables of tenant data."""

import sqlalchemy as sa
from alembic import op

APP_ROLE = "rapport_app"
PLATFORM_ROLE = "rapport_platform"
WORKER_ROLE = "rapport_worker"
# Null where no tenant is set: after a transaction that set one, the setting is an empty text.
TENANT_OF_TRANSACTION = "nullif(current_setting('app.tenant', true), '')::uuid"


def make_app_role() -> None:
    """Make the role that every service connection takes."""
    make_role(APP_ROLE)
    op.execute(f"GRANT SELECT ON alembic_version TO {APP_ROLE}")


def make_role(name: str) -> None:
    """Make a role without login.

    Roles belong to the whole server: it may be there already, or be made by another database's
    migration at this moment.
    """
    op.execute(
        f"""
        DO $$ BEGIN
          IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN
            BEGIN
              CREATE ROLE {name} NOLOGIN;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
            END;
          END IF;
        END $$
        """
    )


def make_tenant_table(
    name: str, *parts: sa.schema.SchemaItem, grants: str, fillfactor: int | None = None
) -> None:
    """Make a table led by tenant_id and grant the app role what it needs on it, no more.

    Where Citus is present the table is distributed before its foreign keys are added: the other
    way round Citus quietly keeps it on one node.
    """
    foreign_keys = [part for part in parts if isinstance(part, sa.ForeignKeyConstraint)]
    others = [part for part in parts if not isinstance(part, sa.ForeignKeyConstraint)]
    storage = {} if fillfactor is None else {"postgresql_with": {"fillfactor": str(fillfactor)}}
    op.create_table(name, *others, **storage)  # type: ignore[arg-type]
    if _citus():
        colocated = "" if name == "tenants" else ", colocate_with => 'tenants'"
        op.execute(f"SELECT create_distributed_table('{name}', 'tenant_id'{colocated})")
    for key in foreign_keys:
        columns = [column.name for column in key.columns] or list(key.column_keys)
        targets = [element.target_fullname.split(".") for element in key.elements]
        op.create_foreign_key(
            str(key.name), name, targets[0][0], columns, [column for _, column in targets]
        )
    op.execute(f"GRANT {grants} ON {name} TO {APP_ROLE}")


def keep_apart(table: str) -> None:
    """Force row-level security on a table: a transaction meets rows of its own tenant alone.

    Forced, so that it holds for the owner too.
    """
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_tenant ON {table} "
        f"USING (tenant_id = {TENANT_OF_TRANSACTION}) "
        f"WITH CHECK (tenant_id = {TENANT_OF_TRANSACTION})"
    )


def one_table_at_a_time() -> None:
    """Citus refuses to change several tables in one transaction unless it is told this."""
    if _citus():
        op.execute("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'")


def make_shared_table(name: str, *parts: sa.schema.SchemaItem, role: str, grants: str) -> None:
    """Make a small table that belongs to no tenant; on Citus every node has it."""
    op.create_table(name, *parts)
    if _citus():
        op.execute(f"SELECT create_reference_table('{name}')")
    op.execute(f"GRANT {grants} ON {name} TO {role}")


def _citus() -> bool:
    if op.get_context().as_sql:
        return False  # nobody is there to ask; what is written out is for a single Postgres
    found = op.get_bind().scalar(
        sa.text("SELECT to_regproc('create_distributed_table') IS NOT NULL")
    )
    return bool(found)
