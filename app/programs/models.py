"""Tables of what ratings add up to: by alliance, by week, and in the blocks that are shown."""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.statements import metadata

# A leaf group (programme and setting as stamped on the responses; empty: none) and a stream kind.
# Two rows are never pooled, but for those of several groups that a pooled one stands for.
program_series: Final = sa.Table(
    "program_series",
    metadata,
    sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenants.tenant_id"), primary_key=True),
    # Made from all the other columns.
    sa.Column("id", sa.Uuid, primary_key=True),
    # Small leaf groups taken together: it has blocks, and no contributions of its own.
    sa.Column("pooled", sa.Boolean, nullable=False),
    sa.Column("program_ref", sa.Text, nullable=False),
    sa.Column("setting", sa.Text, nullable=False),
    sa.Column("instrument", sa.Text, nullable=False),
    # The newest scoring, under which the values stand; before its dot, what was asked.
    sa.Column("revision", sa.Text, nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("rater_role", sa.Text, nullable=False),
    # Which ratings: first or later in their streams; those left out, by reason; or invited, held.
    sa.Column("stage", sa.Text, nullable=False),
)


def _amounts() -> tuple[sa.Column[Any], ...]:
    """What can be added: counts, and sums of the scale's sum, whatever its unit; so all exact."""
    return (
        sa.Column("ratings", sa.Integer, nullable=False),
        sa.Column("total", sa.Numeric, nullable=False),
        sa.Column("squares", sa.Numeric, nullable=False),
        # How many lie in each twentieth of the scale's possible range.
        sa.Column("bins", JSONB, nullable=False),
        # Ratings after the first of their streams, and what they differ from it.
        sa.Column("changes", sa.Integer, nullable=False),
        sa.Column("change_total", sa.Numeric, nullable=False),
        sa.Column("change_squares", sa.Numeric, nullable=False),
        # Drops by the week in which that came about.
        sa.Column("drops_opened", sa.Integer, nullable=False),
        sa.Column("drops_repaired", sa.Integer, nullable=False),
        sa.Column("drops_unrepaired", sa.Integer, nullable=False),
        sa.Column("drops_ended_open", sa.Integer, nullable=False),
        # How many repairs took that many full weeks, the last number for all that took longer.
        sa.Column("repair_weeks", JSONB, nullable=False),
    )


AMOUNTS: Final = tuple(column.name for column in _amounts())
"""The columns of what can be added, in order."""

# One alliance's share. The worker makes it anew, whole, whenever the alliance has changed.
program_contributions: Final = sa.Table(
    "program_contributions",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("alliance_id", sa.Uuid, primary_key=True),
    sa.Column("series_id", sa.Uuid, primary_key=True),
    sa.Column("client_ref", sa.Text, primary_key=True),
    sa.Column("professional_ref", sa.Text, primary_key=True),
    # The Monday of the ISO week of the occasion's local date.
    sa.Column("week", sa.Date, primary_key=True),
    sa.Column("scale", sa.Text, primary_key=True),
    # Whose references they are.
    sa.Column("source", sa.Text, nullable=False),
    # The ratings in it, each under the id of its record's first version.
    sa.Column("records", JSONB, nullable=False),
    *_amounts(),
    sa.ForeignKeyConstraint(["tenant_id", "alliance_id"], ["alliances.tenant_id", "alliances.id"]),
    sa.ForeignKeyConstraint(
        ["tenant_id", "series_id"], ["program_series.tenant_id", "program_series.id"]
    ),
    sa.Index(None, "tenant_id", "series_id", "week"),
)

# The sum of the contributions by professional.
program_weeks: Final = sa.Table(
    "program_weeks",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("series_id", sa.Uuid, primary_key=True),
    sa.Column("week", sa.Date, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("professional_ref", sa.Text, primary_key=True),
    sa.Column("scale", sa.Text, primary_key=True),
    # How many contributions; a client in two alliances counts in both.
    sa.Column("contributions", sa.Integer, nullable=False),
    *_amounts(),
    sa.ForeignKeyConstraint(
        ["tenant_id", "series_id"], ["program_series.tenant_id", "program_series.id"]
    ),
)

# Weeks of a series that changed, and when to look in which block they can be shown.
program_cells: Final = sa.Table(
    "program_cells",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("series_id", sa.Uuid, primary_key=True),
    sa.Column("week", sa.Date, primary_key=True),
    # 0: in one of the week, then 1: of its month, 2: of its quarter, 3: with other groups.
    sa.Column("step", sa.SmallInteger, nullable=False),
    sa.Column("look_at", sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(
        ["tenant_id", "series_id"], ["program_series.tenant_id", "program_series.id"]
    ),
    sa.Index(None, "tenant_id", "look_at"),
    postgresql_with={"fillfactor": "70"},
)

# What is shown of programmes: sums of blocks, as each was last released, and nothing else.
program_blocks: Final = sa.Table(
    "program_blocks",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("series_id", sa.Uuid, primary_key=True),
    # week, month or quarter; other: a quarter of small groups, of a pooled series.
    sa.Column("period", sa.Text, primary_key=True),
    # The Monday of its first week.
    sa.Column("starts_on", sa.Date, primary_key=True),
    sa.Column("releases", sa.Integer, nullable=False),
    sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("clients", sa.Integer, nullable=False),
    sa.Column("professionals", sa.Integer, nullable=False),
    # Scale -> amounts; exact numbers as text.
    sa.Column("figures", JSONB, nullable=False),
    sa.ForeignKeyConstraint(
        ["tenant_id", "series_id"], ["program_series.tenant_id", "program_series.id"]
    ),
    postgresql_with={"fillfactor": "70"},
)

# Ratings of which some version, in some block, was in what was shown.
program_released: Final = sa.Table(
    "program_released",
    metadata,
    sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenants.tenant_id"), primary_key=True),
    sa.Column("record_id", sa.Uuid, primary_key=True),
)

# How far each tenant's events are added up. Whoever adds up, or releases, holds its row.
program_heads: Final = sa.Table(
    "program_heads",
    metadata,
    sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenants.tenant_id"), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    # Definitions and signal settings under which the contributions stand.
    sa.Column("basis", sa.Text, nullable=False),
    # Whether all alliances are being made anew, in the order of ids, and which was the last.
    sa.Column("sweeping", sa.Boolean, nullable=False),
    sa.Column("swept_to", sa.Uuid, nullable=False),
    postgresql_with={"fillfactor": "70"},
)
