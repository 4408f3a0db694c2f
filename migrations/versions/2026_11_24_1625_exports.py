"""Exports that the worker makes, and their files in pieces."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from migrations.tables import WORKER_ROLE, keep_apart, make_tenant_table, one_table_at_a_time

revision = "2026_11_24_1625"
down_revision = "2026_11_24_1620"
branch_labels = None
depends_on = None

TABLES = ("exports", "export_chunks")
# What changes while an export is made; what was asked for, and by whom, stays.
CHANGING = (
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


def upgrade() -> None:
    one_table_at_a_time()
    _make_exports()
    _make_chunks()
    for table in TABLES:
        keep_apart(table)
    # The worker asks which tenants have something due, and nothing else of them.
    op.execute(f"GRANT SELECT (tenant_id, due_at) ON exports TO {WORKER_ROLE}")
    op.execute(f"CREATE POLICY waiting ON exports FOR SELECT TO {WORKER_ROLE} USING (true)")


def downgrade() -> None:
    one_table_at_a_time()
    for table in reversed(TABLES):
        op.drop_table(table)


def _id(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _make_exports() -> None:
    make_tenant_table(
        "exports",
        _id("tenant_id"),
        _id("id"),
        sa.Column("request", JSONB(), nullable=False),
        sa.Column("columns", ARRAY(sa.Text()), nullable=False),
        _text("key_id"),
        _text("actor_role", nullable=True),
        _text("actor_ref", nullable=True),
        _text("purpose"),
        sa.Column("supervision", sa.Boolean(), nullable=False),
        _text("state"),
        _text("failure", nullable=True),
        _id("position", nullable=True),
        _id("writer", nullable=True),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("failed_steps", sa.SmallInteger(), nullable=False),
        _instant("as_of"),
        _instant("created_at"),
        _instant("finished_at", nullable=True),
        _instant("expires_at", nullable=True),
        _instant("due_at", nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_exports"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_exports_tenant_id"),
        sa.CheckConstraint("(actor_role IS NULL) = (actor_ref IS NULL)", name="actor"),
        grants=f"SELECT, INSERT, UPDATE ({', '.join(CHANGING)})",
        fillfactor=70,
    )
    op.create_index("ix_exports_tenant_id_due_at", "exports", ["tenant_id", "due_at"])


def _make_chunks() -> None:
    make_tenant_table(
        "export_chunks",
        _id("tenant_id"),
        _id("export_id"),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "export_id", "number", name="pk_export_chunks"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "export_id"],
            ["exports.tenant_id", "exports.id"],
            name="fk_export_chunks_tenant_id_export_id",
        ),
        grants="SELECT, INSERT, DELETE",
    )
