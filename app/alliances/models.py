"""Tables of alliances, their members and their state."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.statements import metadata

alliances: Final = sa.Table(
    "alliances",
    metadata,
    sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenants.tenant_id"), primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("external_id", sa.Text),
    sa.Column("case_ref", sa.Text),
    sa.Column("setting", sa.Text),
    sa.Column("program_ref", sa.Text),
    sa.Column("started_on", sa.Date),
    sa.Column("ended_on", sa.Date),
    sa.Column("end_reason", sa.Text),
    sa.Column("continues", sa.Uuid),
    # [role, a reference that was merged away, the one that took its place] for each merge.
    sa.Column("former_refs", JSONB),
    # Counts changes by PATCH; the ETag.
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.UniqueConstraint("tenant_id", "source", "external_id"),
    sa.ForeignKeyConstraint(["tenant_id", "continues"], ["alliances.tenant_id", "alliances.id"]),
    sa.Index(None, "tenant_id", "case_ref"),
    sa.Index(None, "tenant_id", "program_ref"),
)

alliance_members: Final = sa.Table(
    "alliance_members",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("alliance_id", sa.Uuid, primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("ref", sa.Text, primary_key=True),
    sa.ForeignKeyConstraint(["tenant_id", "alliance_id"], ["alliances.tenant_id", "alliances.id"]),
    sa.Index(None, "tenant_id", "role", "ref"),
)

# Every write of an alliance locks its row here first. It can be made anew from the responses.
alliance_state: Final = sa.Table(
    "alliance_state",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("alliance_id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("last_received_at", sa.DateTime(timezone=True)),
    sa.Column("streams", JSONB, nullable=False),
    # The watches of the streams, one after another; their states say where each lies.
    sa.Column("watches", sa.LargeBinary),
    sa.ForeignKeyConstraint(["tenant_id", "alliance_id"], ["alliances.tenant_id", "alliances.id"]),
    # Rewritten by every submission: room on the page keeps the update in place.
    postgresql_with={"fillfactor": "70"},
)

# One row of each tenant. Who makes alliances shares it, who merges people has it alone: so a merge
# sees every alliance, and a new alliance every merge.
merge_heads: Final = sa.Table(
    "merge_heads",
    metadata,
    sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenants.tenant_id"), primary_key=True),
)

# Two references of one source that turned out to be one person.
person_merges: Final = sa.Table(
    "person_merges",
    metadata,
    sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenants.tenant_id"), primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("from_ref", sa.Text, nullable=False),
    sa.Column("into_ref", sa.Text, nullable=False),
    # Where from_ref leads by now: into_ref may have been merged on.
    sa.Column("current_ref", sa.Text, nullable=False),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("actor_role", sa.Text),
    sa.Column("actor_ref", sa.Text),
    sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
    sa.UniqueConstraint("tenant_id", "source", "role", "from_ref"),
    sa.Index(None, "tenant_id", "source", "role", "current_ref"),
)
