"""A tenant's own instruments, its wordings with their grants, and the use it declares."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from migrations.tables import keep_apart, make_tenant_table, one_table_at_a_time

revision = "2026_11_24_1630"
down_revision = "2026_11_24_1625"
branch_labels = None
depends_on = None

TABLES = ("own_instruments", "text_packs", "declared_uses")


def upgrade() -> None:
    one_table_at_a_time()
    # Of the text pack that was shown to the rater.
    op.add_column("responses", sa.Column("text_sha256", sa.Text()))
    _make_own_instruments()
    _make_text_packs()
    _make_declared_uses()
    for table in TABLES:
        keep_apart(table)


def downgrade() -> None:
    one_table_at_a_time()
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("responses", "text_sha256")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _tenant() -> sa.Column[object]:
    return sa.Column("tenant_id", sa.Uuid(), nullable=False)


def _of_a_tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id"], ["tenants.tenant_id"], name=f"fk_{table}_tenant_id"
    )


def _who() -> tuple[sa.Column[str], ...]:
    return (_text("key_id"), _text("actor_role", nullable=True), _text("actor_ref", nullable=True))


def _make_own_instruments() -> None:
    make_tenant_table(
        "own_instruments",
        _tenant(),
        *(_text(name) for name in ("instrument", "revision", "sha256")),
        sa.Column("document", JSONB(), nullable=False),
        _instant("made_at"),
        _instant("published_at", nullable=True),
        *_who(),
        sa.PrimaryKeyConstraint("tenant_id", "instrument", "revision", name="pk_own_instruments"),
        _of_a_tenant("own_instruments"),
        # Of drafts; no statement changes what is published.
        grants="SELECT, INSERT, UPDATE (sha256, document, made_at, published_at, key_id, "
        "actor_role, actor_ref)",
    )


def _make_text_packs() -> None:
    make_tenant_table(
        "text_packs",
        _tenant(),
        sa.Column("id", sa.Uuid(), nullable=False),
        *(_text(name) for name in ("instrument", "form", "form_revision", "language")),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        _text("sha256"),
        sa.Column("wording", JSONB()),
        sa.Column("licence", JSONB(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        _instant("put_at"),
        *_who(),
        _instant("ended_at", nullable=True),
        _text("ended_as", nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_text_packs"),
        sa.UniqueConstraint(
            "tenant_id", "instrument", "form", "form_revision", "language", "version",
            name="uq_text_packs_version",
        ),
        # What has ended is kept by its hash alone.
        sa.CheckConstraint(
            "(ended_at IS NULL) = (wording IS NOT NULL) AND "
            "(ended_at IS NULL) = (ended_as IS NULL)",
            name="ended",
        ),
        _of_a_tenant("text_packs"),
        grants="SELECT, INSERT, UPDATE (wording, ended_at, ended_as)",
    )  # fmt: skip
    # At most one is in use at a time.
    op.create_index(
        "uq_text_packs_in_use",
        "text_packs",
        ["tenant_id", "instrument", "form", "form_revision", "language"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _make_declared_uses() -> None:
    make_tenant_table(
        "declared_uses",
        _tenant(),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("uses", ARRAY(sa.Text()), nullable=False),
        *_who(),
        _instant("declared_at"),
        sa.PrimaryKeyConstraint("tenant_id", "version", name="pk_declared_uses"),
        _of_a_tenant("declared_uses"),
        grants="SELECT, INSERT",
    )
