"""${message}.

Must work with the version of the code that is still running while it is applied: it adds, and
changes one table at a time. tests/migrations/refusals.py says what is refused. Its locks are given
up after half a second and it is begun anew, so what commits in between must stand being repeated.
"""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
