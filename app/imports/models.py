"""Tables of imports: what was asked for, the names of files, the rows in chunks."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.statements import metadata

imports: Final = sa.Table(
    "imports",
    metadata,
    sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenants.tenant_id"), primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("external_id", sa.Text),
    # csv or ndjson.
    sa.Column("format", sa.Text, nullable=False),
    # What holds for every row that does not say it itself.
    sa.Column("defaults", JSONB, nullable=False),
    # Of a CSV file: what stands between its cells, and the names of its columns.
    sa.Column("separator", sa.Text),
    sa.Column("columns", ARRAY(sa.Text)),
    # Who sent it, and so whose its responses are and who may look at it.
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("actor_role", sa.Text),
    sa.Column("actor_ref", sa.Text),
    sa.Column("purpose", sa.Text, nullable=False),
    # incomplete, queued, running, done, cancelled, failed or expired.
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("failure", sa.Text),
    # Of every byte; null: not all of them have come.
    sa.Column("sha256", sa.LargeBinary),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("chunks", sa.Integer, nullable=False),
    # Chunks that are worked off: all before this number.
    sa.Column("done_chunks", sa.Integer, nullable=False),
    sa.Column("succeeded", sa.Integer, nullable=False),
    sa.Column("failed", sa.Integer, nullable=False),
    # Steps that failed since the last one that did not.
    sa.Column("failed_steps", sa.SmallInteger, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("uploaded_at", sa.DateTime(timezone=True)),
    sa.Column("finished_at", sa.DateTime(timezone=True)),
    sa.Column("expires_at", sa.DateTime(timezone=True)),
    # When the worker has something to do for it; null: nothing any more.
    sa.Column("due_at", sa.DateTime(timezone=True)),
    sa.Index(None, "tenant_id", "due_at"),
    sa.CheckConstraint("(actor_role IS NULL) = (actor_ref IS NULL)", name="actor"),
    # Rewritten with every chunk.
    postgresql_with={"fillfactor": "70"},
)

# The callers' own names of files, each for the import that has come whole under it.
import_names: Final = sa.Table(
    "import_names",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("external_id", sa.Text, primary_key=True),
    sa.Column("import_id", sa.Uuid, nullable=False),
    sa.ForeignKeyConstraint(["tenant_id", "import_id"], ["imports.tenant_id", "imports.id"]),
)

import_chunks: Final = sa.Table(
    "import_chunks",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("import_id", sa.Uuid, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    # Of rows that wait; once the chunk is done, of those alone that failed: the line in the file
    # that each begins at, and its bytes as they came.
    sa.Column("lines", ARRAY(sa.Integer), nullable=False),
    sa.Column("raw", ARRAY(sa.LargeBinary), nullable=False),
    # The verdicts; null while it waits.
    sa.Column("succeeded", JSONB),
    sa.Column("failed", JSONB),
    sa.ForeignKeyConstraint(["tenant_id", "import_id"], ["imports.tenant_id", "imports.id"]),
)
