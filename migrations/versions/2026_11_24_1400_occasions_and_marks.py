"""Occasions as reported, invitations to rate, marks, and what is to be looked at by when."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.tables import (
    APP_ROLE,
    WORKER_ROLE,
    keep_apart,
    make_tenant_table,
    one_table_at_a_time,
)

revision = "2026_11_24_1400"
down_revision = "2026_11_23_1910"
branch_labels = None
depends_on = None

TABLES = ("marks", "invitations", "silence_checks")
REPORTED = (
    "status",
    "session_ref",
    "session_number",
    "occurred_at",
    "occurred_at_offset",
    "occurred_on",
    "reported_at",
)
# Named with what it belongs to, as the models' convention does.
REPORT_CHECK = "ck_occasions_reported"
OFFSET_CHECK = "ck_occasions_offsets"


def upgrade() -> None:
    one_table_at_a_time()
    _widen_occasions()
    # What a submission said of ruptures and repairs, as it was sent.
    op.add_column("responses", sa.Column("marks", JSONB()))
    _make_invitations()
    _make_marks()
    _make_silence_checks()
    for table in TABLES:
        keep_apart(table)
    # The worker asks which tenants have something due, and nothing else of them.
    op.execute(f"GRANT SELECT (tenant_id, due_at) ON silence_checks TO {WORKER_ROLE}")
    op.execute(f"CREATE POLICY waiting ON silence_checks FOR SELECT TO {WORKER_ROLE} USING (true)")


def downgrade() -> None:
    one_table_at_a_time()
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("responses", "marks")
    op.execute(f"REVOKE UPDATE ({', '.join(REPORTED)}) ON occasions FROM {APP_ROLE}")
    for column in reversed(REPORTED):
        op.drop_column("occasions", column)


def _id(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of_occasion(table: str) -> tuple[sa.ForeignKeyConstraint, ...]:
    """Through its occasion to its alliance, and to the response it goes with."""
    return (
        sa.ForeignKeyConstraint(
            ["tenant_id", "alliance_id", "occasion_id"],
            ["occasions.tenant_id", "occasions.alliance_id", "occasions.id"],
            name=f"fk_{table}_tenant_id_alliance_id_occasion_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "response_id"],
            ["responses.tenant_id", "responses.id"],
            name=f"fk_{table}_tenant_id_response_id",
        ),
    )


def _widen_occasions() -> None:
    """Rows that are there keep null: nobody has reported them."""
    op.add_column("occasions", _text("status", nullable=True))
    op.add_column("occasions", _text("session_ref", nullable=True))
    op.add_column("occasions", sa.Column("session_number", sa.Integer()))
    op.add_column("occasions", _instant("occurred_at", nullable=True))
    op.add_column("occasions", sa.Column("occurred_at_offset", sa.SmallInteger()))
    op.add_column("occasions", sa.Column("occurred_on", sa.Date()))
    op.add_column("occasions", _instant("reported_at", nullable=True))
    op.create_check_constraint(
        op.f(OFFSET_CHECK), "occasions", "(occurred_at IS NULL) = (occurred_at_offset IS NULL)"
    )
    op.create_check_constraint(
        op.f(REPORT_CHECK), "occasions", "(status IS NULL) = (reported_at IS NULL)"
    )
    op.execute(f"GRANT UPDATE ({', '.join(REPORTED)}) ON occasions TO {APP_ROLE}")


def _make_invitations() -> None:
    key = ("tenant_id", "alliance_id", "occasion_id", "rater_role", "rater_ref")
    make_tenant_table(
        "invitations",
        _id("tenant_id"),
        _id("alliance_id"),
        _id("occasion_id"),
        _text("rater_role"),
        _text("rater_ref"),
        _text("instrument"),
        _text("form"),
        _text("state"),
        _instant("at", nullable=True),
        sa.Column("at_offset", sa.SmallInteger()),
        _text("reason", nullable=True),
        _id("response_id", nullable=True),
        _instant("updated_at"),
        _instant("expires_at", nullable=True),
        sa.PrimaryKeyConstraint(*key, "instrument", "form", name="pk_invitations"),
        sa.CheckConstraint("(at IS NULL) = (at_offset IS NULL)", name="offsets"),
        sa.CheckConstraint("(state = 'completed') = (response_id IS NOT NULL)", name="completed"),
        *_of_occasion("invitations"),
        grants="SELECT, INSERT, "
        "UPDATE (state, at, at_offset, reason, response_id, updated_at, expires_at)",
    )


def _make_marks() -> None:
    make_tenant_table(
        "marks",
        _id("tenant_id"),
        _id("id"),
        _id("alliance_id"),
        _id("occasion_id"),
        _text("by_role"),
        _text("by_ref"),
        _text("kind"),
        _text("note", nullable=True),
        _text("source"),
        _text("external_id", nullable=True),
        sa.Column("notice", JSONB(), nullable=False),
        _id("response_id", nullable=True),
        _text("key_id"),
        _text("actor_role", nullable=True),
        _text("actor_ref", nullable=True),
        _instant("recorded_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_marks"),
        sa.UniqueConstraint(
            "tenant_id", "source", "external_id", name="uq_marks_tenant_id_source_external_id"
        ),
        *_of_occasion("marks"),
        grants="SELECT, INSERT",
    )
    op.create_index(
        "ix_marks_tenant_id_alliance_id_id", "marks", ["tenant_id", "alliance_id", "id"]
    )


def _make_silence_checks() -> None:
    make_tenant_table(
        "silence_checks",
        _id("tenant_id"),
        _id("alliance_id"),
        _instant("due_at"),
        sa.PrimaryKeyConstraint("tenant_id", "alliance_id", name="pk_silence_checks"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "alliance_id"],
            ["alliances.tenant_id", "alliances.id"],
            name="fk_silence_checks_tenant_id_alliance_id",
        ),
        grants="SELECT, INSERT, UPDATE (due_at), DELETE",
        fillfactor=70,
    )
    op.create_index("ix_silence_checks_tenant_id_due_at", "silence_checks", ["tenant_id", "due_at"])
