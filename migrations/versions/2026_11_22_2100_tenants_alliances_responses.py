"""Tenants and keys, alliances with their state, occasions and responses."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from migrations.tables import APP_ROLE, make_app_role, make_tenant_table, one_table_at_a_time

revision = "2026_11_22_2100"
down_revision = None
branch_labels = None
depends_on = None


def _foreign_key(table: str, columns: list[str], target: str) -> sa.ForeignKeyConstraint:
    target_columns = ["tenant_id"] if columns == ["tenant_id"] else ["tenant_id", "id"]
    return sa.ForeignKeyConstraint(
        columns,
        [f"{target}.{column}" for column in target_columns],
        name=f"fk_{table}_{'_'.join(columns)}",
    )


def _id(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    one_table_at_a_time()
    make_app_role()
    _make_tenants()
    _make_alliances()
    _make_occasions()
    _make_responses()


def _make_tenants() -> None:
    make_tenant_table(
        "tenants",
        _id("tenant_id"),
        _text("name"),
        sa.Column("default_notice", JSONB(), nullable=False),
        _instant("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tenants"),
        grants="SELECT, INSERT",
    )
    make_tenant_table(
        "api_keys",
        _id("tenant_id"),
        _text("key_id"),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        _text("label"),
        sa.Column("scopes", ARRAY(sa.Text()), nullable=False),
        _instant("created_at"),
        _instant("expires_at", nullable=True),
        _instant("revoked_at", nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "key_id", name="pk_api_keys"),
        _foreign_key("api_keys", ["tenant_id"], "tenants"),
        grants="SELECT, INSERT, UPDATE (revoked_at)",
    )


def _make_alliances() -> None:
    make_tenant_table(
        "alliances",
        _id("tenant_id"),
        _id("id"),
        _text("source"),
        _text("external_id", nullable=True),
        _text("case_ref", nullable=True),
        _text("setting", nullable=True),
        _text("program_ref", nullable=True),
        sa.Column("started_on", sa.Date()),
        sa.Column("ended_on", sa.Date()),
        _text("end_reason", nullable=True),
        _id("continues", nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _instant("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_alliances"),
        sa.UniqueConstraint(
            "tenant_id", "source", "external_id", name="uq_alliances_tenant_id_source_external_id"
        ),
        _foreign_key("alliances", ["tenant_id"], "tenants"),
        _foreign_key("alliances", ["tenant_id", "continues"], "alliances"),
        grants="SELECT, INSERT, UPDATE",
    )
    op.create_index("ix_alliances_tenant_id_case_ref", "alliances", ["tenant_id", "case_ref"])
    op.create_index("ix_alliances_tenant_id_program_ref", "alliances", ["tenant_id", "program_ref"])
    make_tenant_table(
        "alliance_members",
        _id("tenant_id"),
        _id("alliance_id"),
        _text("role"),
        _text("ref"),
        sa.PrimaryKeyConstraint(
            "tenant_id", "alliance_id", "role", "ref", name="pk_alliance_members"
        ),
        _foreign_key("alliance_members", ["tenant_id", "alliance_id"], "alliances"),
        grants="SELECT, INSERT",
    )
    op.create_index(
        "ix_alliance_members_tenant_id_role_ref", "alliance_members", ["tenant_id", "role", "ref"]
    )
    make_tenant_table(
        "alliance_state",
        _id("tenant_id"),
        _id("alliance_id"),
        sa.Column("version", sa.BigInteger(), nullable=False),
        _instant("last_received_at", nullable=True),
        sa.Column("streams", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "alliance_id", name="pk_alliance_state"),
        _foreign_key("alliance_state", ["tenant_id", "alliance_id"], "alliances"),
        grants="SELECT, INSERT, UPDATE",
        fillfactor=70,
    )


def _make_occasions() -> None:
    make_tenant_table(
        "occasions",
        _id("tenant_id"),
        _id("alliance_id"),
        _id("id"),
        _text("occasion_key"),
        _instant("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "alliance_id", "id", name="pk_occasions"),
        sa.UniqueConstraint(
            "tenant_id",
            "alliance_id",
            "occasion_key",
            name="uq_occasions_tenant_id_alliance_id_occasion_key",
        ),
        _foreign_key("occasions", ["tenant_id", "alliance_id"], "alliances"),
        grants="SELECT, INSERT",
    )


def _response_columns() -> tuple[sa.Column[object], ...]:
    return (
        _id("tenant_id"),
        _id("id"),
        _id("alliance_id"),
        _id("occasion_id"),
        _text("source"),
        _text("external_id", nullable=True),
        sa.Column("external_version", sa.Integer(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        _id("amends", nullable=True),
        _text("amendment_reason", nullable=True),
        _text("instrument"),
        _text("instrument_revision"),
        _text("form_revision"),
        _text("definition_sha256"),
        _text("form"),
        _text("language"),
        _text("rater_role"),
        _text("rater_ref"),
        _text("about_role"),
        _text("about_ref", nullable=True),
        _text("proxy_ref", nullable=True),
        sa.Column("interpreter", sa.Boolean()),
        sa.Column("professional_present", sa.Boolean()),
        _text("mode"),
        _text("session_ref", nullable=True),
        sa.Column("session_number", sa.Integer()),
        _instant("occurred_at", nullable=True),
        sa.Column("occurred_at_offset", sa.SmallInteger()),
        sa.Column("occurred_on", sa.Date()),
        _instant("completed_at", nullable=True),
        sa.Column("completed_at_offset", sa.SmallInteger()),
        sa.Column("completed_on", sa.Date()),
        _text("setting", nullable=True),
        _text("program_ref", nullable=True),
        _text("record_kind"),
        sa.Column("answers", JSONB()),
        sa.Column("reported_scores", JSONB()),
        sa.Column("notice", JSONB(), nullable=False),
        sa.Column("backfill", sa.Boolean(), nullable=False),
        sa.Column("outcome", JSONB(), nullable=False),
        _text("key_id"),
        _text("actor_role", nullable=True),
        _text("actor_ref", nullable=True),
        _instant("received_at"),
    )  # type: ignore[return-value]


def _make_responses() -> None:
    make_tenant_table(
        "responses",
        *_response_columns(),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_responses"),
        sa.UniqueConstraint(
            "tenant_id",
            "source",
            "external_id",
            "external_version",
            name="uq_responses_tenant_id_source_external_id_external_version",
        ),
        sa.CheckConstraint(
            "(record_kind = 'answered' AND answers IS NOT NULL AND reported_scores IS NULL) OR "
            "(record_kind = 'scores_only' AND answers IS NULL AND reported_scores IS NOT NULL)",
            name="record_kind",
        ),
        sa.CheckConstraint(
            "occurred_at IS NOT NULL OR occurred_on IS NOT NULL OR session_number IS NOT NULL",
            name="has_occasion",
        ),
        sa.CheckConstraint(
            "(occurred_at IS NULL) = (occurred_at_offset IS NULL) AND "
            "(completed_at IS NULL) = (completed_at_offset IS NULL)",
            name="offsets",
        ),
        sa.CheckConstraint("external_version >= 1", name="external_version"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "alliance_id", "occasion_id"],
            ["occasions.tenant_id", "occasions.alliance_id", "occasions.id"],
            name="fk_responses_tenant_id_alliance_id_occasion_id",
        ),
        _foreign_key("responses", ["tenant_id", "amends"], "responses"),
        grants="SELECT, INSERT",
    )
    op.create_index(
        "uq_responses_first_of_external_id",
        "responses",
        ["tenant_id", "source", "external_id"],
        unique=True,
        postgresql_where=sa.text("amends IS NULL"),
    )
    op.create_index(
        "uq_responses_tenant_id_amends",
        "responses",
        ["tenant_id", "amends"],
        unique=True,
        postgresql_where=sa.text("amends IS NOT NULL"),
    )
    op.create_index("ix_responses_tenant_id_alliance_id", "responses", ["tenant_id", "alliance_id"])


def downgrade() -> None:
    one_table_at_a_time()
    for table in (
        "responses",
        "occasions",
        "alliance_state",
        "alliance_members",
        "alliances",
        "api_keys",
        "tenants",
    ):
        op.drop_table(table)
    # The role stays: other databases of the server may use it.
    op.execute(f"REVOKE ALL ON alembic_version FROM {APP_ROLE}")
