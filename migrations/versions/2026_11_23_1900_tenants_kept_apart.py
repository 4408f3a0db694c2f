"""Row-level security on every table, a platform's keys, tenants that close, roles for each job."""

import sqlalchemy as sa
from alembic import op

from migrations.tables import (
    APP_ROLE,
    PLATFORM_ROLE,
    WORKER_ROLE,
    keep_apart,
    make_role,
    make_shared_table,
    one_table_at_a_time,
)

revision = "2026_11_23_1900"
down_revision = "2026_11_22_2100"
branch_labels = None
depends_on = None

TABLES = (
    "tenants",
    "api_keys",
    "alliances",
    "alliance_members",
    "alliance_state",
    "occasions",
    "responses",
)


def upgrade() -> None:
    one_table_at_a_time()
    make_role(PLATFORM_ROLE)
    make_role(WORKER_ROLE)
    op.add_column("tenants", sa.Column("closed_at", sa.DateTime(timezone=True)))
    for table in TABLES:
        keep_apart(table)
    make_shared_table(
        "platform_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("key_id", name="pk_platform_keys"),
        role=PLATFORM_ROLE,
        grants="SELECT, INSERT, UPDATE (revoked_at)",
    )
    # Tenants and keys are made by the platform, never by a caller of a tenant.
    op.execute(f"REVOKE INSERT ON tenants FROM {APP_ROLE}")
    op.execute(f"REVOKE INSERT, UPDATE (revoked_at) ON api_keys FROM {APP_ROLE}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE (closed_at) ON tenants TO {PLATFORM_ROLE}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE (revoked_at) ON api_keys TO {PLATFORM_ROLE}")
    # The platform lists its tenants; it has no right on any table with data of theirs.
    op.execute(f"CREATE POLICY listed ON tenants FOR SELECT TO {PLATFORM_ROLE} USING (true)")


def downgrade() -> None:
    one_table_at_a_time()
    op.execute("DROP POLICY listed ON tenants")
    for table in ("tenants", "api_keys", "platform_keys"):
        op.execute(f"REVOKE ALL ON {table} FROM {PLATFORM_ROLE}")
    op.execute(f"GRANT INSERT ON tenants TO {APP_ROLE}")
    op.execute(f"GRANT INSERT, UPDATE (revoked_at) ON api_keys TO {APP_ROLE}")
    op.drop_table("platform_keys")
    for table in TABLES:
        op.execute(f"DROP POLICY own_tenant ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.drop_column("tenants", "closed_at")
