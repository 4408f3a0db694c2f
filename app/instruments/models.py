"""Tables of tenants' own instruments."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.statements import metadata

# One row for each revision. A draft may change; what is published never does.
own_instruments: Final = sa.Table(
    "own_instruments",
    metadata,
    sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenants.tenant_id"), primary_key=True),
    sa.Column("instrument", sa.Text, primary_key=True),
    sa.Column("revision", sa.Text, primary_key=True),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("document", JSONB, nullable=False),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    # Null: a draft, which scores nothing that is stored.
    sa.Column("published_at", sa.DateTime(timezone=True)),
    # Who made the draft, and from its publication on who published it.
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("actor_role", sa.Text),
    sa.Column("actor_ref", sa.Text),
)
