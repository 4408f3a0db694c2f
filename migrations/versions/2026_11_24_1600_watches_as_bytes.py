"""The watches of an alliance's streams in a column of their own.

What an earlier release has kept in `streams` stays there unread: the next rating of a stream makes
its watch anew from the responses, which are the truth. So no row has to be rewritten here, and a
process of that release that is still running does no harm.
"""

import sqlalchemy as sa
from alembic import op

from migrations.tables import one_table_at_a_time

revision = "2026_11_24_1600"
down_revision = "2026_11_24_1500"
branch_labels = None
depends_on = None


def upgrade() -> None:
    one_table_at_a_time()
    op.add_column("alliance_state", sa.Column("watches", sa.LargeBinary()))
    # Filters do not get smaller by compression; looking for it costs time at every submission.
    op.execute("ALTER TABLE alliance_state ALTER COLUMN watches SET STORAGE EXTERNAL")


def downgrade() -> None:
    one_table_at_a_time()
    op.drop_column("alliance_state", "watches")
