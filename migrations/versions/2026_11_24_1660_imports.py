"""Imports, the names of their files, and their rows in chunks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from migrations.tables import WORKER_ROLE, keep_apart, make_tenant_table, one_table_at_a_time

revision = "2026_11_24_1660"
down_revision = "2026_11_24_1650"
branch_labels = None
depends_on = None

TABLES = ("imports", "import_names", "import_chunks")
# What changes while an import comes in and is worked off; who sent it, and as what, stays.
CHANGING = (
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


def upgrade() -> None:
    one_table_at_a_time()
    _make_imports()
    _make_names()
    _make_chunks()
    for table in TABLES:
        keep_apart(table)
    # The worker asks which tenants have something due, and nothing else of them.
    op.execute(f"GRANT SELECT (tenant_id, due_at) ON imports TO {WORKER_ROLE}")
    op.execute(f"CREATE POLICY waiting ON imports FOR SELECT TO {WORKER_ROLE} USING (true)")


def downgrade() -> None:
    one_table_at_a_time()
    for table in reversed(TABLES):
        op.drop_table(table)


def _id(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), autoincrement=False, nullable=False)


def _instant(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _make_imports() -> None:
    make_tenant_table(
        "imports",
        _id("tenant_id"),
        _id("id"),
        _text("source"),
        _text("external_id", nullable=True),
        _text("format"),
        sa.Column("defaults", JSONB(), nullable=False),
        _text("separator", nullable=True),
        sa.Column("columns", ARRAY(sa.Text()), nullable=True),
        _text("key_id"),
        _text("actor_role", nullable=True),
        _text("actor_ref", nullable=True),
        _text("purpose"),
        _text("state"),
        _text("failure", nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        *map(_number, ("rows", "chunks", "done_chunks", "succeeded", "failed")),
        sa.Column("failed_steps", sa.SmallInteger(), nullable=False),
        _instant("created_at", nullable=False),
        *map(_instant, ("uploaded_at", "finished_at", "expires_at", "due_at")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_imports"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_imports_tenant_id"),
        sa.CheckConstraint("(actor_role IS NULL) = (actor_ref IS NULL)", name="actor"),
        grants=f"SELECT, INSERT, UPDATE ({', '.join(CHANGING)})",
        fillfactor=70,
    )
    op.create_index("ix_imports_tenant_id_due_at", "imports", ["tenant_id", "due_at"])


def _make_names() -> None:
    make_tenant_table(
        "import_names",
        _id("tenant_id"),
        _text("source"),
        _text("external_id"),
        _id("import_id"),
        sa.PrimaryKeyConstraint("tenant_id", "source", "external_id", name="pk_import_names"),
        _of_import("import_names"),
        grants="SELECT, INSERT, DELETE",
    )


def _make_chunks() -> None:
    make_tenant_table(
        "import_chunks",
        _id("tenant_id"),
        _id("import_id"),
        _number("number"),
        sa.Column("lines", ARRAY(sa.Integer()), nullable=False),
        sa.Column("raw", ARRAY(sa.LargeBinary()), nullable=False),
        sa.Column("succeeded", JSONB(), nullable=True),
        sa.Column("failed", JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "import_id", "number", name="pk_import_chunks"),
        _of_import("import_chunks"),
        grants="SELECT, INSERT, DELETE, UPDATE (lines, raw, succeeded, failed)",
    )


def _of_import(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "import_id"],
        ["imports.tenant_id", "imports.id"],
        name=f"fk_{table}_tenant_id_import_id",
    )
