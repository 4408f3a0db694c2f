"""Tables of tenants and their API keys."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.statements import metadata

tenants: Final = sa.Table(
    "tenants",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("default_notice", JSONB, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    # From then on none of its keys opens anything; its data stay.
    sa.Column("closed_at", sa.DateTime(timezone=True)),
)

api_keys: Final = sa.Table(
    "api_keys",
    metadata,
    sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenants.tenant_id"), primary_key=True),
    sa.Column("key_id", sa.Text, primary_key=True),
    # SHA-256 of the secret part. The secret has 192 random bits, so no slow hash is needed.
    sa.Column("secret_sha256", sa.LargeBinary, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("scopes", ARRAY(sa.Text), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True)),
    sa.Column("revoked_at", sa.DateTime(timezone=True)),
)

# Keys of those who host tenants. They belong to none, and reach no tenant's data.
platform_keys: Final = sa.Table(
    "platform_keys",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("secret_sha256", sa.LargeBinary, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True)),
    sa.Column("revoked_at", sa.DateTime(timezone=True)),
)

# How signals are raised: the newest version is in force, the older ones say what was.
signal_settings: Final = sa.Table(
    "signal_settings",
    metadata,
    sa.Column("tenant_id", sa.Uuid, sa.ForeignKey("tenants.tenant_id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("alerts_per_100_ratings", sa.Float, nullable=False),
    sa.Column("parameter_sets", JSONB, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("actor_role", sa.Text),
    sa.Column("actor_ref", sa.Text),
    sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
)
