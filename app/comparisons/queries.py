"""Statements on comparisons: what they are made of, making them, and reading them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on, insert

from app.comparisons.models import comparison_heads, program_comparisons
from app.database import Row, Transaction
from app.events.models import event_heads
from app.measurement.case_mix import STAGES
from app.programs.models import program_contributions, program_heads, program_series
from app.statements import Statement, compiled, parameter

LOOKED_AT: Final = 500
"""How many tenants are looked up at a time."""
KEY: Final = (
    "program_ref",
    "setting",
    "instrument",
    "form_revision",
    "form",
    "language",
    "rater_role",
    "scale",
)
"""What is compared apart, in the order in which it is listed."""
OF_PROGRAMMES: Final = KEY[1:]
"""As KEY, where the programmes are what is compared."""
_PERSON: Final = ("source", "professional_ref", "client_ref", "scale")
"""One client with one professional, on one scale."""
_MADE: Final = program_comparisons.c
_FROM: Final = sa.bindparam("starts_on", type_=sa.Date)
_BEFORE: Final = sa.bindparam("ends_before", type_=sa.Date)
_SERIES: Final = sa.bindparam("series", type_=ARRAY(sa.Uuid))


def _due_statement() -> Statement:
    """Tenants whose ratings are added up, and whose comparisons end before the newest window."""
    head = comparison_heads
    return compiled(
        sa.select(program_heads.c.tenant_id)
        .outerjoin(head, head.c.tenant_id == program_heads.c.tenant_id)
        .where(
            program_heads.c.tenant_id > sa.bindparam("after", type_=sa.Uuid),
            sa.or_(head.c.made_before.is_(None), head.c.made_before < _BEFORE),
        )
        .order_by(program_heads.c.tenant_id)
        .limit(LOOKED_AT),
        of_one_tenant=False,
    )


_DUE: Final = _due_statement()
_ADDED_UP: Final = compiled(
    sa.select(program_heads.c.tenant_id)
    .join(event_heads, event_heads.c.tenant_id == program_heads.c.tenant_id)
    .where(
        program_heads.c.tenant_id == parameter(program_heads.c.tenant_id),
        program_heads.c.position == event_heads.c.position,
        sa.not_(program_heads.c.sweeping),
    )
)
_ALL_SERIES: Final = compiled(
    sa.select(program_series)
    .where(
        program_series.c.tenant_id == parameter(program_series.c.tenant_id),
        program_series.c.program_ref != sa.literal("", sa.Text),
        sa.not_(program_series.c.pooled),
    )
    .order_by(program_series.c.id)
)


def _weekly() -> sa.Subquery:
    """Each client's ratings with each professional, week by week, with the newest record."""
    each = program_contributions
    person = [each.c[name] for name in _PERSON]
    newest = (
        sa.select(sa.func.max(sa.column("value", sa.Text)))
        .select_from(sa.func.jsonb_array_elements_text(each.c.records).alias("record"))
        .correlate(each)
        .scalar_subquery()
    )
    return (
        sa.select(
            *person,
            each.c.week,
            sa.func.sum(each.c.ratings).label("ratings"),
            sa.func.sum(each.c.total).label("total"),
            sa.func.max(newest).label("newest"),
        )
        .where(
            each.c.tenant_id == parameter(each.c.tenant_id),
            each.c.series_id == sa.func.any(_SERIES),
            each.c.week < _BEFORE,
            each.c.ratings > sa.literal(0, sa.Integer),
        )
        .group_by(*person, each.c.week)
        .subquery("weekly")
    )


def _courses_statement() -> Statement:
    """The weeks of the window by stage of the course; what lies before only counts on."""
    weekly = _weekly()
    until = sa.func.sum(weekly.c.ratings).over(
        partition_by=[weekly.c[name] for name in _PERSON], order_by=weekly.c.week
    )
    numbered = sa.select(weekly, (until - weekly.c.ratings + 1).label("number")).subquery()
    stages = reversed(tuple(enumerate(STAGES)))
    stage = sa.case(
        *(
            (numbered.c.number >= sa.literal(first, sa.Integer), sa.literal(place, sa.Integer))
            for place, first in stages
        )
    )
    staged = sa.select(numbered, stage.label("stage")).where(numbered.c.week >= _FROM).subquery()
    by = [staged.c[name] for name in (*_PERSON, "stage")]
    return compiled(
        sa.select(
            *by,
            sa.cast(sa.func.sum(staged.c.ratings), sa.Integer).label("ratings"),
            sa.func.sum(staged.c.total).label("total"),
            sa.func.max(staged.c.newest).label("newest"),
        )
        .group_by(*by)
        .order_by(*by)
    )


_COURSES: Final = _courses_statement()
_INVITED: Final = compiled(
    sa.select(
        program_contributions.c.source,
        program_contributions.c.professional_ref,
        sa.cast(sa.func.sum(program_contributions.c.ratings), sa.Integer).label("invited"),
        sa.cast(sa.func.sum(program_contributions.c.total), sa.Integer).label("completed"),
    )
    .where(
        program_contributions.c.tenant_id == parameter(program_contributions.c.tenant_id),
        program_contributions.c.series_id == sa.func.any(_SERIES),
        program_contributions.c.week >= _FROM,
        program_contributions.c.week < _BEFORE,
    )
    .group_by(program_contributions.c.source, program_contributions.c.professional_ref)
)
_BEFORE_NOW: Final = compiled(
    sa.select(_MADE.scale, _MADE.ends_before, _MADE.newest_record.label("newest"))
    .where(
        *(_MADE[name] == parameter(_MADE[name]) for name in ("tenant_id", *KEY[:-1])),
        _MADE.withheld.is_(None),
    )
    .order_by(_MADE.scale, _MADE.ends_before)
)
_KEEP: Final = compiled(
    insert(program_comparisons)
    .values({column.name: parameter(column) for column in _MADE})
    .on_conflict_do_nothing()
    .returning(_MADE.ends_before)
)


def _done_statement() -> Statement:
    head = insert(comparison_heads).values(
        tenant_id=parameter(comparison_heads.c.tenant_id), made_before=_BEFORE
    )
    return compiled(
        head.on_conflict_do_update(
            index_elements=["tenant_id"],
            set_={
                "made_before": sa.func.greatest(
                    comparison_heads.c.made_before, head.excluded.made_before
                )
            },
        ).returning(comparison_heads.c.made_before)
    )


_DONE: Final = _done_statement()


@cache
def _page_statement(
    groups: tuple[str, ...], filters: frozenset[str], *, continued: bool
) -> Statement:
    """The newest figures of every group of a page, else why there are none."""
    newest = (
        sa.select(program_comparisons)
        .where(
            _MADE.tenant_id == parameter(_MADE.tenant_id),
            _MADE.ends_before > sa.bindparam("oldest", type_=sa.Date),
            *(_MADE[name] == parameter(_MADE[name]) for name in sorted(filters)),
        )
        .ext(distinct_on(*(_MADE[name] for name in KEY)))
        .order_by(
            *(_MADE[name] for name in KEY), _MADE.withheld.is_not(None), _MADE.ends_before.desc()
        )
        .cte("newest")
    )
    names = [newest.c[name] for name in groups]
    group = sa.select(*names).distinct().order_by(*names)
    if continued:
        after = (sa.bindparam(f"after_{name}", type_=sa.Text) for name in groups)
        group = group.where(sa.tuple_(*names) > sa.tuple_(*after))
    page = group.limit(sa.bindparam("limit", type_=sa.Integer)).subquery("page")
    return compiled(
        sa.select(newest)
        .join(page, sa.and_(*(newest.c[name] == page.c[name] for name in groups)))
        .order_by(*names, newest.c.program_ref)
    )


async def tenants_due(transaction: Transaction, after: UUID, ends_before: date) -> list[UUID]:
    """Tenants after this one whose comparisons are to be made. Needs a worker's transaction."""
    rows = await transaction.rows(_DUE, after=after, ends_before=ends_before)
    return [row["tenant_id"] for row in rows]


async def added_up(transaction: Transaction) -> bool:
    """Whether everything is added up that the tenant's events tell of."""
    return await transaction.row(_ADDED_UP) is not None


async def series_of_programmes(transaction: Transaction) -> list[Row]:
    """Every series of a named programme."""
    return await transaction.rows(_ALL_SERIES)


async def courses(
    transaction: Transaction, series: Sequence[UUID], starts_on: date, ends_before: date
) -> list[Row]:
    """Number and total of the ratings of each client with each professional.

    By scale and stage of the course; newest: the newest record among them.
    """
    return await transaction.rows(
        _COURSES, series=series, starts_on=starts_on, ends_before=ends_before
    )


async def invited(
    transaction: Transaction, series: Sequence[UUID], starts_on: date, ends_before: date
) -> list[Row]:
    """How many were invited by each professional, and completed it."""
    return await transaction.rows(
        _INVITED, series=series, starts_on=starts_on, ends_before=ends_before
    )


async def made_before(transaction: Transaction, key: Mapping[str, str]) -> dict[str, list[Row]]:
    """The figures that were made of a programme before, scale by scale, oldest first."""
    found: dict[str, list[Row]] = {}
    for row in await transaction.rows(_BEFORE_NOW, **{name: key[name] for name in KEY[:-1]}):
        found.setdefault(row["scale"], []).append(row)
    return found


async def keep(transaction: Transaction, rows: Iterable[Mapping[str, Any]]) -> int:
    """How many of the comparisons were kept; one that is there already stays as it is."""
    kept = [await transaction.row(_KEEP, **row) for row in rows]
    return sum(one is not None for one in kept)


async def done(transaction: Transaction, ends_before: date) -> None:
    """Remember that the tenant's comparisons are made of the window that ends before this day."""
    await transaction.row(_DONE, ends_before=ends_before)


async def page(
    transaction: Transaction,
    groups: tuple[str, ...],
    filters: Mapping[str, Any],
    *,
    oldest: date,
    after: Sequence[str] | None,
    limit: int,
) -> list[Row]:
    """The comparisons of up to limit groups in the order of their names, the newest of each key.

    Only such as end after oldest. Rows of one group follow one another.
    """
    statement = _page_statement(groups, frozenset(filters), continued=after is not None)
    position = dict(zip((f"after_{name}" for name in groups), after or (), strict=False))
    return await transaction.rows(statement, **filters, **position, oldest=oldest, limit=limit)
