"""Tables of tenants' text packs and of the use they declare."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.statements import metadata

# One row for each version that was put. What has ended is known by its hash and grant alone.
text_packs: Final = sa.Table(
    "text_packs",
    metadata,
    sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenants.tenant_id"), primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("instrument", sa.Text, nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("form_revision", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    # Null once it has ended: whoever has no licence any more keeps no copy.
    sa.Column("wording", JSONB(none_as_null=True)),
    # The grant: its holder, languages, what it covers, and for how long.
    sa.Column("licence", JSONB, nullable=False),
    # The last day of the grant, once more, to find those that expire. Null: no end is known.
    sa.Column("valid_to", sa.Date),
    sa.Column("put_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("actor_role", sa.Text),
    sa.Column("actor_ref", sa.Text),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    # withdrawn, or replaced by the next version.
    sa.Column("ended_as", sa.Text),
    sa.UniqueConstraint(
        "tenant_id",
        "instrument",
        "form",
        "form_revision",
        "language",
        "version",
        name="uq_text_packs_version",
    ),
    sa.Index(
        "uq_text_packs_in_use",
        "tenant_id",
        "instrument",
        "form",
        "form_revision",
        "language",
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
    sa.CheckConstraint(
        "(ended_at IS NULL) = (wording IS NOT NULL) AND (ended_at IS NULL) = (ended_as IS NULL)",
        name="ended",
    ),
)

# What a tenant does with instruments: the newest version is in force.
declared_uses: Final = sa.Table(
    "declared_uses",
    metadata,
    sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenants.tenant_id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("uses", ARRAY(sa.Text), nullable=False),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("actor_role", sa.Text),
    sa.Column("actor_ref", sa.Text),
    sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
)
