"""Tables of occasions, invitations to rate, and what is to be looked at by when."""

from typing import Final

import sqlalchemy as sa

from app.statements import metadata

occasions: Final = sa.Table(
    "occasions",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("alliance_id", sa.Uuid, primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    # ref:<session_ref>, else number:<session_number>, else date:<local date>.
    sa.Column("occasion_key", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    # What was reported of it: held, cancelled or missed. Null: it is known from forms or marks
    # only, and so are the columns below.
    sa.Column("status", sa.Text),
    sa.Column("session_ref", sa.Text),
    sa.Column("session_number", sa.Integer),
    sa.Column("occurred_at", sa.DateTime(timezone=True)),
    sa.Column("occurred_at_offset", sa.SmallInteger),
    sa.Column("occurred_on", sa.Date),
    # The newest report that changed something.
    sa.Column("reported_at", sa.DateTime(timezone=True)),
    sa.UniqueConstraint("tenant_id", "alliance_id", "occasion_key"),
    sa.ForeignKeyConstraint(["tenant_id", "alliance_id"], ["alliances.tenant_id", "alliances.id"]),
    sa.CheckConstraint("(occurred_at IS NULL) = (occurred_at_offset IS NULL)", name="offsets"),
    sa.CheckConstraint("(status IS NULL) = (reported_at IS NULL)", name="reported"),
)

# Who was asked to rate an occasion, on which form; one row whatever it comes to.
invitations: Final = sa.Table(
    "invitations",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("alliance_id", sa.Uuid, primary_key=True),
    sa.Column("occasion_id", sa.Uuid, primary_key=True),
    sa.Column("rater_role", sa.Text, primary_key=True),
    sa.Column("rater_ref", sa.Text, primary_key=True),
    sa.Column("instrument", sa.Text, primary_key=True),
    sa.Column("form", sa.Text, primary_key=True),
    # invited, opened, declined, not_offered, lapsed or, by a response, completed.
    sa.Column("state", sa.Text, nullable=False),
    # When it came to this state, if its sender said so.
    sa.Column("at", sa.DateTime(timezone=True)),
    sa.Column("at_offset", sa.SmallInteger),
    sa.Column("reason", sa.Text),
    sa.Column("response_id", sa.Uuid),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True)),
    sa.ForeignKeyConstraint(
        ["tenant_id", "alliance_id", "occasion_id"],
        ["occasions.tenant_id", "occasions.alliance_id", "occasions.id"],
    ),
    sa.ForeignKeyConstraint(["tenant_id", "response_id"], ["responses.tenant_id", "responses.id"]),
    sa.CheckConstraint("(at IS NULL) = (at_offset IS NULL)", name="offsets"),
    sa.CheckConstraint("(state = 'completed') = (response_id IS NOT NULL)", name="completed"),
)

# When an alliance is to be looked at for answers that did not come; the worker does.
silence_checks: Final = sa.Table(
    "silence_checks",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("alliance_id", sa.Uuid, primary_key=True),
    sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(["tenant_id", "alliance_id"], ["alliances.tenant_id", "alliances.id"]),
    sa.Index(None, "tenant_id", "due_at"),
    # Written anew by every report that invites.
    postgresql_with={"fillfactor": "70"},
)

# What an invitation asks of responses, whose package stands above this one: described by name
# alone, and never written here.
answers: Final = sa.table(
    "responses",
    sa.column("tenant_id", sa.Uuid),
    sa.column("id", sa.Uuid),
    sa.column("alliance_id", sa.Uuid),
    sa.column("occasion_id", sa.Uuid),
    sa.column("amends", sa.Uuid),
    sa.column("instrument", sa.Text),
    sa.column("form", sa.Text),
    sa.column("rater_role", sa.Text),
    sa.column("rater_ref", sa.Text),
    sa.column("received_at", sa.DateTime(timezone=True)),
)
withdrawn: Final = sa.table(
    "response_voids", sa.column("tenant_id", sa.Uuid), sa.column("response_id", sa.Uuid)
)
