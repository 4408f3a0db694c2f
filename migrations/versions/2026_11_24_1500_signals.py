"""Signals, what people do about them, and each tenant's versioned signal settings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from migrations.tables import keep_apart, make_tenant_table, one_table_at_a_time

revision = "2026_11_24_1500"
down_revision = "2026_11_24_1400"
branch_labels = None
depends_on = None

TABLES = ("signals", "signal_actions", "signal_settings")


def upgrade() -> None:
    one_table_at_a_time()
    _make_signals()
    _make_actions()
    _make_settings()
    for table in TABLES:
        keep_apart(table)


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


def _texts(name: str) -> sa.Column[object]:
    return sa.Column(name, ARRAY(sa.Text()), nullable=False)


def _stream() -> tuple[sa.Column[str], ...]:
    """Whose rating of what a signal is about."""
    needed = ("rater_role", "rater_ref")
    others = ("proxy_ref", "about_role", "about_ref", "instrument", "form", "language")
    return (*map(_text, needed), *(_text(name, nullable=True) for name in others))


def _make_signals() -> None:
    make_tenant_table(
        "signals",
        _id("tenant_id"),
        _id("id"),
        _id("alliance_id"),
        *(_text(name) for name in ("code", "severity", "rule", "rule_version")),
        *(_text(name, nullable=True) for name in ("scale", "component", "unit")),
        *_stream(),
        *(_id(name, nullable=True) for name in ("response_id", "other_response_id", "mark_id")),
        sa.Column("value", sa.Float()),
        sa.Column("threshold", sa.Float()),
        sa.Column("parameters", JSONB(), nullable=False),
        _text("parameter_source"),
        _texts("audience"),
        _texts("number_audience"),
        _text("text_key"),
        _text("state"),
        _text("opened_as"),
        _instant("opened_at"),
        _instant("state_at"),
        sa.Column("superseded_by", JSONB()),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_signals"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "alliance_id"],
            ["alliances.tenant_id", "alliances.id"],
            name="fk_signals_tenant_id_alliance_id",
        ),
        # What was observed stays; where it stands, and who may see it, may change.
        grants="SELECT, INSERT, UPDATE (state, state_at, superseded_by, audience, number_audience)",
    )
    op.create_index(
        "ix_signals_tenant_id_alliance_id", "signals", ["tenant_id", "alliance_id", "id"]
    )
    op.create_index("ix_signals_tenant_id_response_id", "signals", ["tenant_id", "response_id"])
    op.create_index(
        "ix_signals_tenant_id_other_response_id",
        "signals",
        ["tenant_id", "other_response_id"],
        postgresql_where=sa.text("other_response_id IS NOT NULL"),
    )
    op.create_index(
        "ix_signals_waiting",
        "signals",
        ["tenant_id", "id"],
        postgresql_where=sa.text("state IN ('open', 'acknowledged', 'discussed', 'step_tried')"),
    )


def _make_actions() -> None:
    make_tenant_table(
        "signal_actions",
        _id("tenant_id"),
        _id("id"),
        _id("signal_id"),
        _text("kind"),
        _text("by_ref", nullable=True),
        _instant("at", nullable=True),
        sa.Column("at_offset", sa.SmallInteger()),
        _text("note", nullable=True),
        _text("state"),
        _text("key_id"),
        _text("actor_role", nullable=True),
        _text("actor_ref", nullable=True),
        _instant("recorded_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_signal_actions"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "signal_id"],
            ["signals.tenant_id", "signals.id"],
            name="fk_signal_actions_tenant_id_signal_id",
        ),
        grants="SELECT, INSERT",
    )
    op.create_index(
        "ix_signal_actions_tenant_id_signal_id", "signal_actions", ["tenant_id", "signal_id"]
    )


def _make_settings() -> None:
    make_tenant_table(
        "signal_settings",
        _id("tenant_id"),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("alerts_per_100_ratings", sa.Float(), nullable=False),
        sa.Column("parameter_sets", JSONB(), nullable=False),
        _text("reason", nullable=True),
        _text("key_id"),
        _text("actor_role", nullable=True),
        _text("actor_ref", nullable=True),
        _instant("accepted_at"),
        sa.PrimaryKeyConstraint("tenant_id", "version", name="pk_signal_settings"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name="fk_signal_settings_tenant_id"
        ),
        grants="SELECT, INSERT",
    )
