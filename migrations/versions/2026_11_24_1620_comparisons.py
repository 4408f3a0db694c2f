"""Comparisons of professionals and programmes, fixed once made, and how far they are made."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.tables import WORKER_ROLE, keep_apart, make_tenant_table, one_table_at_a_time

revision = "2026_11_24_1620"
down_revision = "2026_11_24_1610"
branch_labels = None
depends_on = None

KEY = (
    "program_ref",
    "setting",
    "instrument",
    "form_revision",
    "form",
    "language",
    "rater_role",
    "scale",
)


def upgrade() -> None:
    one_table_at_a_time()
    make_tenant_table(
        "program_comparisons",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in KEY),
        sa.Column("ends_before", sa.Date(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("coverage", sa.SmallInteger()),
        sa.Column("withheld", sa.Text()),
        sa.Column("figures", JSONB()),
        sa.Column("newest_record", sa.Text()),
        sa.PrimaryKeyConstraint("tenant_id", *KEY, "ends_before", name="pk_program_comparisons"),
        sa.CheckConstraint("(withheld IS NULL) = (figures IS NOT NULL)", name="figures"),
        sa.CheckConstraint(
            "(withheld IS NULL) = (newest_record IS NOT NULL)", name="newest_record"
        ),
        _of_tenant("program_comparisons"),
        grants="SELECT, INSERT",
    )
    make_tenant_table(
        "comparison_heads",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("made_before", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_comparison_heads"),
        _of_tenant("comparison_heads"),
        grants="SELECT, INSERT, UPDATE (made_before)",
    )
    for table in ("program_comparisons", "comparison_heads"):
        keep_apart(table)
    # The worker asks which tenants' comparisons are to be made, and nothing else.
    op.execute(f"GRANT SELECT (tenant_id, made_before) ON comparison_heads TO {WORKER_ROLE}")
    op.execute(
        f"CREATE POLICY waiting ON comparison_heads FOR SELECT TO {WORKER_ROLE} USING (true)"
    )


def downgrade() -> None:
    one_table_at_a_time()
    op.drop_table("comparison_heads")
    op.drop_table("program_comparisons")


def _of_tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id"], ["tenants.tenant_id"], name=f"fk_{table}_tenant_id"
    )
