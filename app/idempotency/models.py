"""Table of Idempotency-Keys."""

from typing import Final

import sqlalchemy as sa

from app.statements import metadata

idempotency_keys: Final = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("idempotency_key", sa.Text, primary_key=True),
    # Who used it, for which operation, with which content: all three must be the same again.
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("content_sha256", sa.LargeBinary, nullable=False),
    # What the call made; it is shown again, not a stored answer.
    sa.Column("subject_id", sa.Uuid),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Index(None, "tenant_id", "expires_at"),
    postgresql_with={"fillfactor": "80"},
)
