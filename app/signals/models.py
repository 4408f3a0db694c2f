"""Tables of signals and of what people did about them."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.statements import metadata

# Something in a stream that a person should see. Never deleted: what later data no longer support
# becomes superseded.
signals: Final = sa.Table(
    "signals",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("alliance_id", sa.Uuid, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("rule_version", sa.Text, nullable=False),
    sa.Column("scale", sa.Text),
    sa.Column("component", sa.Text),
    sa.Column("unit", sa.Text),
    sa.Column("rater_role", sa.Text, nullable=False),
    sa.Column("rater_ref", sa.Text, nullable=False),
    sa.Column("proxy_ref", sa.Text),
    sa.Column("about_role", sa.Text),
    sa.Column("about_ref", sa.Text),
    sa.Column("instrument", sa.Text),
    sa.Column("form", sa.Text),
    sa.Column("language", sa.Text),
    # The rating that it was raised at, and the other side's where it rests on both.
    sa.Column("response_id", sa.Uuid),
    sa.Column("other_response_id", sa.Uuid),
    sa.Column("mark_id", sa.Uuid),
    sa.Column("value", sa.Float),
    sa.Column("threshold", sa.Float),
    sa.Column("parameters", JSONB, nullable=False),
    sa.Column("parameter_source", sa.Text, nullable=False),
    # The kinds of readers who may see it, and those who may see its numbers as well.
    sa.Column("audience", ARRAY(sa.Text), nullable=False),
    sa.Column("number_audience", ARRAY(sa.Text), nullable=False),
    sa.Column("text_key", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    # open or recorded: where it stood at first.
    sa.Column("opened_as", sa.Text, nullable=False),
    sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
    # {"cause": response_amended | response_voided | response_late ..., "response_id": …}
    sa.Column("superseded_by", JSONB),
    sa.ForeignKeyConstraint(["tenant_id", "alliance_id"], ["alliances.tenant_id", "alliances.id"]),
    # An alliance's signals in the order in which they are listed.
    sa.Index("ix_signals_tenant_id_alliance_id", "tenant_id", "alliance_id", "id"),
    sa.Index(None, "tenant_id", "response_id"),
    sa.Index(
        "ix_signals_tenant_id_other_response_id",
        "tenant_id",
        "other_response_id",
        postgresql_where=sa.text("other_response_id IS NOT NULL"),
    ),
    sa.Index(
        "ix_signals_waiting",
        "tenant_id",
        "id",
        postgresql_where=sa.text("state IN ('open', 'acknowledged', 'discussed', 'step_tried')"),
    ),
)

# What was done about a signal, by people; and what it was superseded by.
signal_actions: Final = sa.Table(
    "signal_actions",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("signal_id", sa.Uuid, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("by_ref", sa.Text),
    sa.Column("at", sa.DateTime(timezone=True)),
    sa.Column("at_offset", sa.SmallInteger),
    sa.Column("note", sa.Text),
    # The state that it led to.
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("actor_role", sa.Text),
    sa.Column("actor_ref", sa.Text),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(["tenant_id", "signal_id"], ["signals.tenant_id", "signals.id"]),
    sa.Index(None, "tenant_id", "signal_id"),
)
