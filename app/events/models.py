"""Tables of events: the queue that writers fill, and the log that readers follow."""

from typing import Final

import sqlalchemy as sa

from app.statements import metadata

# Filled by each write in its own transaction; emptied by the worker.
event_queue: Final = sa.Table(
    "event_queue",
    metadata,
    sa.Column("tenant_id", sa.Uuid, nullable=False),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("alliance_id", sa.Uuid),
    # What the event is about: a response, an alliance, an occasion, a mark, a merge.
    sa.Column("subject_id", sa.Uuid, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    # The version of the alliance's state that the write made: the order within an alliance.
    sa.Column("sequence", sa.BigInteger, nullable=False),
    # In the order in which they are taken, so that a long queue costs no more than a short one.
    sa.PrimaryKeyConstraint("tenant_id", "recorded_at", "sequence", "id"),
)

EVENT: Final = tuple(column.name for column in event_queue.c)
"""The columns of an event on its way into the queue, in order."""

# The last position of each tenant. Whoever moves events holds its row.
event_heads: Final = sa.Table(
    "event_heads",
    metadata,
    sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenants.tenant_id"), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    postgresql_with={"fillfactor": "70"},
)

# Positions begin with 1 and have no gaps.
events: Final = sa.Table(
    "events",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("alliance_id", sa.Uuid),
    sa.Column("subject_id", sa.Uuid, nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
)
