"""Tables of responses and their voids."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.statements import metadata

responses: Final = sa.Table(
    "responses",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("alliance_id", sa.Uuid, nullable=False),
    sa.Column("occasion_id", sa.Uuid, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("external_id", sa.Text),
    sa.Column("external_version", sa.Integer, nullable=False),
    # What the record says, by meaning: a retry has the same, other content has not.
    sa.Column("content_sha256", sa.LargeBinary, nullable=False),
    # The record that this one replaces; a record has at most one successor.
    sa.Column("amends", sa.Uuid),
    sa.Column("amendment_reason", sa.Text),
    sa.Column("instrument", sa.Text, nullable=False),
    sa.Column("instrument_revision", sa.Text, nullable=False),
    sa.Column("form_revision", sa.Text, nullable=False),
    sa.Column("definition_sha256", sa.Text, nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("rater_role", sa.Text, nullable=False),
    sa.Column("rater_ref", sa.Text, nullable=False),
    # role "group" has no ref.
    sa.Column("about_role", sa.Text, nullable=False),
    sa.Column("about_ref", sa.Text),
    # Who answered in the rater's place: a stream of its own.
    sa.Column("proxy_ref", sa.Text),
    sa.Column("interpreter", sa.Boolean),
    sa.Column("professional_present", sa.Boolean),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("session_ref", sa.Text),
    sa.Column("session_number", sa.Integer),
    sa.Column("occurred_at", sa.DateTime(timezone=True)),
    sa.Column("occurred_at_offset", sa.SmallInteger),
    sa.Column("occurred_on", sa.Date),
    sa.Column("completed_at", sa.DateTime(timezone=True)),
    sa.Column("completed_at_offset", sa.SmallInteger),
    sa.Column("completed_on", sa.Date),
    # As they stood for the alliance when the response came.
    sa.Column("setting", sa.Text),
    sa.Column("program_ref", sa.Text),
    sa.Column("record_kind", sa.Text, nullable=False),
    sa.Column("answers", JSONB),
    sa.Column("reported_scores", JSONB),
    sa.Column("notice", JSONB, nullable=False),
    sa.Column("backfill", sa.Boolean, nullable=False),
    # What was answered to the submission; a replay gives just that.
    sa.Column("outcome", JSONB, nullable=False),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("actor_role", sa.Text),
    sa.Column("actor_ref", sa.Text),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
    # Ruptures and repairs that were noticed, as they were sent with it.
    sa.Column("marks", JSONB),
    # Of the text pack that the rater was shown, as its sender says.
    sa.Column("text_sha256", sa.Text),
    # Through its occasion to its alliance: both in one check, and never of two alliances.
    sa.ForeignKeyConstraint(
        ["tenant_id", "alliance_id", "occasion_id"],
        ["occasions.tenant_id", "occasions.alliance_id", "occasions.id"],
    ),
    sa.ForeignKeyConstraint(["tenant_id", "amends"], ["responses.tenant_id", "responses.id"]),
    sa.UniqueConstraint("tenant_id", "source", "external_id", "external_version"),
    # A record has at most one successor.
    sa.Index(
        "uq_responses_tenant_id_amends",
        "tenant_id",
        "amends",
        unique=True,
        postgresql_where=sa.text("amends IS NOT NULL"),
    ),
    # One external_id has one first record, whatever its version: chains cannot fork at the root.
    sa.Index(
        "uq_responses_first_of_external_id",
        "tenant_id",
        "source",
        "external_id",
        unique=True,
        postgresql_where=sa.text("amends IS NULL"),
    ),
    sa.Index(None, "tenant_id", "alliance_id"),
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
)

# Withdrawn for good: a version that never should have been. Only a higher one revives its record.
response_voids: Final = sa.Table(
    "response_voids",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("response_id", sa.Uuid, primary_key=True),
    # The sender's version of the record that says so, where it counts its versions.
    sa.Column("external_version", sa.Integer),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("actor_role", sa.Text),
    sa.Column("actor_ref", sa.Text),
    sa.Column("voided_at", sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(["tenant_id", "response_id"], ["responses.tenant_id", "responses.id"]),
    sa.CheckConstraint("external_version >= 1", name="external_version"),
)
