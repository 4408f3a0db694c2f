"""Voids, the event log, Idempotency-Key, merged people."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.tables import (
    APP_ROLE,
    PLATFORM_ROLE,
    WORKER_ROLE,
    keep_apart,
    make_tenant_table,
    one_table_at_a_time,
)

revision = "2026_11_23_1910"
down_revision = "2026_11_23_1900"
branch_labels = None
depends_on = None

TABLES = (
    "response_voids",
    "event_queue",
    "event_heads",
    "events",
    "idempotency_keys",
    "person_merges",
    "merge_heads",
)


def upgrade() -> None:
    one_table_at_a_time()
    op.add_column("alliances", sa.Column("former_refs", JSONB()))
    # Members never change, but the reference that names one may.
    op.execute(f"GRANT UPDATE (ref) ON alliance_members TO {APP_ROLE}")
    _make_response_voids()
    _make_events()
    _make_idempotency_keys()
    _make_person_merges()
    _make_merge_heads()
    for table in TABLES:
        keep_apart(table)
    # The worker asks which tenants have something waiting, and nothing else of them.
    op.execute(f"GRANT SELECT (tenant_id) ON event_queue TO {WORKER_ROLE}")
    op.execute(f"CREATE POLICY waiting ON event_queue FOR SELECT TO {WORKER_ROLE} USING (true)")


def downgrade() -> None:
    one_table_at_a_time()
    for table in TABLES:
        op.drop_table(table)
    op.execute(f"REVOKE UPDATE (ref) ON alliance_members FROM {APP_ROLE}")
    op.drop_column("alliances", "former_refs")


def _id(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _instant(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _who() -> tuple[sa.Column[str], ...]:
    return (_text("key_id"), _text("actor_role", nullable=True), _text("actor_ref", nullable=True))


def _make_response_voids() -> None:
    make_tenant_table(
        "response_voids",
        _id("tenant_id"),
        _id("response_id"),
        sa.Column("external_version", sa.Integer()),
        _text("reason"),
        *_who(),
        _instant("voided_at"),
        sa.CheckConstraint("external_version >= 1", name="external_version"),
        sa.PrimaryKeyConstraint("tenant_id", "response_id", name="pk_response_voids"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "response_id"],
            ["responses.tenant_id", "responses.id"],
            name="fk_response_voids_tenant_id_response_id",
        ),
        # A later version that says so again moves on which versions come too late.
        grants="SELECT, INSERT, UPDATE (external_version)",
    )


def _make_events() -> None:
    make_tenant_table(
        "event_queue",
        _id("tenant_id"),
        _id("id"),
        *_event_columns(),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        # In the order in which they are taken: a long queue costs no more than a short one.
        sa.PrimaryKeyConstraint(
            "tenant_id", "recorded_at", "sequence", "id", name="pk_event_queue"
        ),
        grants="SELECT, INSERT, DELETE",
    )
    # Rows come and go at once: without this the table would grow with what is no longer there.
    op.execute(
        "ALTER TABLE event_queue SET "
        "(autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000)"
    )
    make_tenant_table(
        "event_heads",
        _id("tenant_id"),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_event_heads"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_event_heads_tenant_id"
        ),
        grants="SELECT, INSERT, UPDATE",
        fillfactor=70,
    )
    make_tenant_table(
        "events",
        _id("tenant_id"),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        _id("id"),
        *_event_columns(),
        sa.PrimaryKeyConstraint("tenant_id", "position", name="pk_events"),
        grants="SELECT, INSERT",
    )


def _event_columns() -> tuple[sa.Column[object], ...]:
    return (
        _text("type"),
        _id("alliance_id", nullable=True),
        _id("subject_id"),
        _instant("recorded_at"),
    )  # type: ignore[return-value]


def _make_idempotency_keys() -> None:
    make_tenant_table(
        "idempotency_keys",
        _id("tenant_id"),
        _text("idempotency_key"),
        _text("key_id"),
        _text("operation"),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        _id("subject_id", nullable=True),
        _instant("expires_at"),
        sa.PrimaryKeyConstraint("tenant_id", "idempotency_key", name="pk_idempotency_keys"),
        grants="SELECT, INSERT, UPDATE, DELETE",
        fillfactor=80,
    )
    op.create_index(
        "ix_idempotency_keys_tenant_id_expires_at", "idempotency_keys", ["tenant_id", "expires_at"]
    )


def _make_merge_heads() -> None:
    make_tenant_table(
        "merge_heads",
        _id("tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_merge_heads"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_merge_heads_tenant_id"
        ),
        grants="SELECT, UPDATE",
    )
    op.execute(f"GRANT SELECT, INSERT ON merge_heads TO {PLATFORM_ROLE}")
    op.execute("ALTER TABLE tenants NO FORCE ROW LEVEL SECURITY")  # for its owner to read
    op.execute("INSERT INTO merge_heads (tenant_id) SELECT tenant_id FROM tenants")
    op.execute("ALTER TABLE tenants FORCE ROW LEVEL SECURITY")


def _make_person_merges() -> None:
    make_tenant_table(
        "person_merges",
        _id("tenant_id"),
        _id("id"),
        _text("source"),
        _text("role"),
        _text("from_ref"),
        _text("into_ref"),
        _text("current_ref"),
        *_who(),
        _instant("merged_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_person_merges"),
        sa.UniqueConstraint(
            "tenant_id",
            "source",
            "role",
            "from_ref",
            name="uq_person_merges_tenant_id_source_role_from_ref",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_person_merges_tenant_id"
        ),
        grants="SELECT, INSERT, UPDATE (current_ref)",
    )
    op.create_index(
        "ix_person_merges_tenant_id_source_role_current_ref",
        "person_merges",
        ["tenant_id", "source", "role", "current_ref"],
    )
