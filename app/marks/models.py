"""Table of marks."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.statements import metadata

marks: Final = sa.Table(
    "marks",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("alliance_id", sa.Uuid, nullable=False),
    sa.Column("occasion_id", sa.Uuid, nullable=False),
    # Who noticed it.
    sa.Column("by_role", sa.Text, nullable=False),
    sa.Column("by_ref", sa.Text, nullable=False),
    # rupture or repair.
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("external_id", sa.Text),
    # What the one who noticed was told of who will see it.
    sa.Column("notice", JSONB, nullable=False),
    # The submission that it came with; null: it came by itself.
    sa.Column("response_id", sa.Uuid),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("actor_role", sa.Text),
    sa.Column("actor_ref", sa.Text),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(
        ["tenant_id", "alliance_id", "occasion_id"],
        ["occasions.tenant_id", "occasions.alliance_id", "occasions.id"],
    ),
    sa.ForeignKeyConstraint(["tenant_id", "response_id"], ["responses.tenant_id", "responses.id"]),
    sa.UniqueConstraint("tenant_id", "source", "external_id"),
    sa.Index(None, "tenant_id", "alliance_id", "id"),
)
