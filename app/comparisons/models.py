"""Tables of comparisons: figures fixed once made, and how far each tenant's are made."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.statements import metadata

# What is shown of one programme, scale and stream kind in one window of four quarters.
program_comparisons: Final = sa.Table(
    "program_comparisons",
    metadata,
    sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenants.tenant_id"), primary_key=True),
    sa.Column("program_ref", sa.Text, primary_key=True),
    # Empty: none was said.
    sa.Column("setting", sa.Text, primary_key=True),
    sa.Column("instrument", sa.Text, primary_key=True),
    # What was asked: the part of the revision before the dot.
    sa.Column("form_revision", sa.Text, primary_key=True),
    sa.Column("form", sa.Text, primary_key=True),
    sa.Column("language", sa.Text, primary_key=True),
    sa.Column("rater_role", sa.Text, primary_key=True),
    sa.Column("scale", sa.Text, primary_key=True),
    # The Monday after the window's last week.
    sa.Column("ends_before", sa.Date, primary_key=True),
    sa.Column("starts_on", sa.Date, nullable=False),
    # Under whose key the values stand.
    sa.Column("revision", sa.Text, nullable=False),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    # The share of invitations that were completed, in hundredths; null: none are known.
    sa.Column("coverage", sa.SmallInteger),
    # Why there are no figures; null: there are.
    sa.Column("withheld", sa.Text),
    sa.Column("figures", JSONB),
    # The newest record in the figures: none that came after it is in any made before.
    sa.Column("newest_record", sa.Text),
    sa.CheckConstraint("(withheld IS NULL) = (figures IS NOT NULL)", name="figures"),
    sa.CheckConstraint("(withheld IS NULL) = (newest_record IS NOT NULL)", name="newest_record"),
)

# The newest window of which a tenant's comparisons were made, where there was anything to make.
comparison_heads: Final = sa.Table(
    "comparison_heads",
    metadata,
    sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenants.tenant_id"), primary_key=True),
    sa.Column("made_before", sa.Date, nullable=False),
)
