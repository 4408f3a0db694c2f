"""What ratings add up to: by alliance, by week, and in the blocks that are shown of programmes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.tables import WORKER_ROLE, keep_apart, make_tenant_table, one_table_at_a_time

revision = "2026_11_24_1610"
down_revision = "2026_11_24_1500"
branch_labels = None
depends_on = None

TABLES = (
    "program_series",
    "program_contributions",
    "program_weeks",
    "program_cells",
    "program_blocks",
    "program_released",
    "program_heads",
)


def upgrade() -> None:
    one_table_at_a_time()
    _make_series()
    _make_contributions()
    _make_weeks()
    _make_cells()
    _make_blocks()
    _make_released()
    _make_heads()
    for table in TABLES:
        keep_apart(table)
    # The worker asks which tenants have something to add up or to look at, and nothing else.
    for table, columns in (
        ("event_heads", "tenant_id, position"),
        ("program_heads", "tenant_id, position, sweeping"),
        ("program_cells", "tenant_id, look_at"),
    ):
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO {WORKER_ROLE}")
        op.execute(f"CREATE POLICY waiting ON {table} FOR SELECT TO {WORKER_ROLE} USING (true)")


def downgrade() -> None:
    one_table_at_a_time()
    op.execute("DROP POLICY waiting ON event_heads")
    op.execute(f"REVOKE ALL (tenant_id, position) ON event_heads FROM {WORKER_ROLE}")
    for table in reversed(TABLES):
        op.drop_table(table)


def _id(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, JSONB(), nullable=False)


def _day(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=False)


def _instant(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _exact(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Numeric(), nullable=False)


def _amounts() -> tuple[sa.Column[object], ...]:
    return (
        _count("ratings"),
        _exact("total"),
        _exact("squares"),
        _json("bins"),
        _count("changes"),
        _exact("change_total"),
        _exact("change_squares"),
        _count("drops_opened"),
        _count("drops_repaired"),
        _count("drops_unrepaired"),
        _count("drops_ended_open"),
        _json("repair_weeks"),
    )  # type: ignore[return-value]


def _of_tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id"], ["tenants.tenant_id"], name=f"fk_{table}_tenant_id"
    )


def _of_series(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "series_id"],
        ["program_series.tenant_id", "program_series.id"],
        name=f"fk_{table}_tenant_id_series_id",
    )


def _make_series() -> None:
    make_tenant_table(
        "program_series",
        _id("tenant_id"),
        _id("id"),
        sa.Column("pooled", sa.Boolean(), nullable=False),
        *(_text(name) for name in ("program_ref", "setting", "instrument", "revision", "form")),
        *(_text(name) for name in ("language", "rater_role", "stage")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_program_series"),
        _of_tenant("program_series"),
        grants="SELECT, INSERT",
    )


def _make_contributions() -> None:
    key = ("tenant_id", "alliance_id", "series_id", "client_ref", "professional_ref", "week")
    make_tenant_table(
        "program_contributions",
        _id("tenant_id"),
        _id("alliance_id"),
        _id("series_id"),
        _text("client_ref"),
        _text("professional_ref"),
        _day("week"),
        _text("scale"),
        _text("source"),
        _json("records"),
        *_amounts(),
        sa.PrimaryKeyConstraint(*key, "scale", name="pk_program_contributions"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "alliance_id"],
            ["alliances.tenant_id", "alliances.id"],
            name="fk_program_contributions_tenant_id_alliance_id",
        ),
        _of_series("program_contributions"),
        grants="SELECT, INSERT, DELETE",
    )
    op.create_index(
        "ix_program_contributions_tenant_id_series_id_week",
        "program_contributions",
        ["tenant_id", "series_id", "week"],
    )


def _make_weeks() -> None:
    key = ("tenant_id", "series_id", "week", "source", "professional_ref", "scale")
    make_tenant_table(
        "program_weeks",
        _id("tenant_id"),
        _id("series_id"),
        _day("week"),
        _text("source"),
        _text("professional_ref"),
        _text("scale"),
        _count("contributions"),
        *_amounts(),
        sa.PrimaryKeyConstraint(*key, name="pk_program_weeks"),
        _of_series("program_weeks"),
        grants="SELECT, INSERT, UPDATE, DELETE",
    )


def _make_cells() -> None:
    make_tenant_table(
        "program_cells",
        _id("tenant_id"),
        _id("series_id"),
        _day("week"),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        _instant("look_at"),
        sa.PrimaryKeyConstraint("tenant_id", "series_id", "week", name="pk_program_cells"),
        _of_series("program_cells"),
        grants="SELECT, INSERT, UPDATE (step, look_at), DELETE",
        fillfactor=70,
    )
    op.create_index("ix_program_cells_tenant_id_look_at", "program_cells", ["tenant_id", "look_at"])


def _make_blocks() -> None:
    key = ("tenant_id", "series_id", "period", "starts_on")
    make_tenant_table(
        "program_blocks",
        _id("tenant_id"),
        _id("series_id"),
        _text("period"),
        _day("starts_on"),
        _count("releases"),
        _instant("released_at"),
        _count("clients"),
        _count("professionals"),
        _json("figures"),
        sa.PrimaryKeyConstraint(*key, name="pk_program_blocks"),
        _of_series("program_blocks"),
        grants="SELECT, INSERT, UPDATE (releases, released_at, clients, professionals, figures)",
        fillfactor=70,
    )


def _make_released() -> None:
    make_tenant_table(
        "program_released",
        _id("tenant_id"),
        _id("record_id"),
        sa.PrimaryKeyConstraint("tenant_id", "record_id", name="pk_program_released"),
        _of_tenant("program_released"),
        grants="SELECT, INSERT",
    )


def _make_heads() -> None:
    make_tenant_table(
        "program_heads",
        _id("tenant_id"),
        sa.Column("position", sa.BigInteger(), nullable=False),
        _text("basis"),
        sa.Column("sweeping", sa.Boolean(), nullable=False),
        _id("swept_to"),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_program_heads"),
        _of_tenant("program_heads"),
        grants="SELECT, INSERT, UPDATE (position, basis, sweeping, swept_to)",
        fillfactor=70,
    )
