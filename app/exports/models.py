"""Tables of exports that the worker makes, and of their files."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.statements import metadata

exports: Final = sa.Table(
    "exports",
    metadata,
    sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenants.tenant_id"), primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    # What was asked for, as sent.
    sa.Column("request", JSONB, nullable=False),
    # The names of its columns: a file never changes them on its way.
    sa.Column("columns", ARRAY(sa.Text), nullable=False),
    # For whom its rows are judged, and who may fetch it.
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("actor_role", sa.Text),
    sa.Column("actor_ref", sa.Text),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("supervision", sa.Boolean, nullable=False),
    # queued, running, ready, failed, cancelled or expired.
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("failure", sa.Text),
    # The last record that was looked at; null: none so far.
    sa.Column("position", sa.Uuid),
    # Of a Parquet file: who writes it. Its end can be written only by who wrote all of it.
    sa.Column("writer", sa.Uuid),
    sa.Column("chunks", sa.Integer, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    # Steps that failed since the last one that did not.
    sa.Column("failed_steps", sa.SmallInteger, nullable=False),
    sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("finished_at", sa.DateTime(timezone=True)),
    sa.Column("expires_at", sa.DateTime(timezone=True)),
    # When the worker has something to do for it; null: nothing any more.
    sa.Column("due_at", sa.DateTime(timezone=True)),
    sa.Index(None, "tenant_id", "due_at"),
    sa.CheckConstraint("(actor_role IS NULL) = (actor_ref IS NULL)", name="actor"),
    # Rewritten with every chunk.
    postgresql_with={"fillfactor": "70"},
)

# The file in pieces. Postgres compresses long values by itself.
export_chunks: Final = sa.Table(
    "export_chunks",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("export_id", sa.Uuid, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sha256", sa.LargeBinary, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.ForeignKeyConstraint(["tenant_id", "export_id"], ["exports.tenant_id", "exports.id"]),
)
