"""The worker's role may ask how long events have waited, of no tenant in particular."""

from alembic import op

from migrations.tables import WORKER_ROLE, one_table_at_a_time

revision = "2026_11_24_1650"
down_revision = "2026_11_24_1630"
branch_labels = None
depends_on = None


def upgrade() -> None:
    one_table_at_a_time()
    op.execute(f"GRANT SELECT (recorded_at) ON event_queue TO {WORKER_ROLE}")


def downgrade() -> None:
    one_table_at_a_time()
    op.execute(f"REVOKE SELECT (recorded_at) ON event_queue FROM {WORKER_ROLE}")  # noqa: S608 - ours
