"""Statements that count who rated, and when. Only counts leave them."""

from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from app.alliances.models import alliance_members, alliances, person_merges
from app.occasions.models import occasions
from app.responses.models import response_voids, responses
from app.statements import parameter

Filters: TypeAlias = frozenset[str]
_START: Final = sa.bindparam("start", type_=sa.Date)
_END: Final = sa.bindparam("end", type_=sa.Date)

TENANT: Final = parameter(alliances.c.tenant_id)
_SUCCESSOR: Final = responses.alias("successor")
CLIENT: Final = "client"
PROFESSIONAL: Final = "professional"
HOURS: Final = ("completion", "receipt")
"""What may come after an occasion, and when it came is told of."""
_BETWEEN_SOURCE_AND_REF: Final = "\x1f"
"""Stands in neither: references hold no control characters."""
_SCORED: Final = sa.func.jsonb_path_exists(
    responses.c.outcome,
    sa.literal_column("""CAST('$.scores[*] ? (@.status == "scored")' AS jsonpath)"""),
)


def local_day(table: sa.FromClause) -> sa.ColumnElement[Any]:
    """The local day of an occasion as its sender said it; null: it has no date."""
    minutes = table.c.occurred_at_offset * sa.literal_column("interval '1 minute'")
    local = sa.cast(sa.func.timezone("UTC", table.c.occurred_at) + minutes, sa.Date)
    return sa.func.coalesce(local, table.c.occurred_on)


def one_person(source: sa.ColumnElement[str], ref: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """One text for one person: references are unique within their source only."""
    return source.concat(_BETWEEN_SOURCE_AND_REF).concat(ref)


def _member(role: str) -> sa.ColumnElement[str]:
    """One member of an alliance with this role, so that several count as no more than one."""
    return (
        sa.select(one_person(alliances.c.source, sa.func.min(alliance_members.c.ref)))
        .where(
            alliance_members.c.tenant_id == alliances.c.tenant_id,
            alliance_members.c.alliance_id == alliances.c.id,
            alliance_members.c.role == role,
        )
        .correlate(alliances)
        .scalar_subquery()
    )


def _has_professional() -> sa.ColumnElement[bool]:
    """Whether the one who is asked for is among the professionals, also by a former reference."""
    ref = sa.bindparam("professional_ref", type_=sa.Text)
    renamed = sa.select(person_merges.c.current_ref).where(
        person_merges.c.tenant_id == alliances.c.tenant_id,
        person_merges.c.source == alliances.c.source,
        person_merges.c.role == PROFESSIONAL,
        person_merges.c.from_ref == ref,
    )
    return sa.exists().where(
        alliance_members.c.tenant_id == alliances.c.tenant_id,
        alliance_members.c.alliance_id == alliances.c.id,
        alliance_members.c.role == PROFESSIONAL,
        sa.or_(alliance_members.c.ref == ref, alliance_members.c.ref.in_(renamed)),
    )


def asked_about(filters: Filters) -> sa.CTE:
    """The alliances that are asked about, and whether each was going on in the window."""
    begun = sa.func.coalesce(
        alliances.c.started_on, sa.cast(sa.func.timezone("UTC", alliances.c.created_at), sa.Date)
    )
    on = sa.and_(
        begun <= _END, sa.or_(alliances.c.ended_on.is_(None), alliances.c.ended_on >= _START)
    )
    found = sa.select(
        alliances.c.id,
        alliances.c.source,
        alliances.c.ended_on,
        on.label("going_on"),
        _member(CLIENT).label("client"),
        _member(PROFESSIONAL).label("professional"),
    ).where(alliances.c.tenant_id == TENANT)
    for name in sorted(filters & {"program_ref", "setting", "source"}):
        found = found.where(alliances.c[name] == parameter(alliances.c[name]))
    if "professional_ref" in filters:
        found = found.where(_has_professional())
    # Once for each alliance, not for each of its invitations.
    return found.cte("asked_about").prefix_with("MATERIALIZED", dialect="postgresql")


def narrowed(statement: Any, table: sa.FromClause, filters: Filters) -> Any:  # noqa: ANN401 - any select
    """The statement, narrowed to the instrument, form and language that are asked for."""
    for name in sorted(filters & {"instrument", "form", "language"}):
        if name in table.c:
            statement = statement.where(table.c[name] == sa.bindparam(name, type_=sa.Text))
    return statement


def ratings_of(group: sa.CTE, filters: Filters) -> sa.CTE:
    """The ratings of these alliances that count, from the first that the window can hold.

    Those that count are the newest version, are not withdrawn, and could be scored. A rating is
    received after its occasion, or at most a day before it; and ids go by the time of receipt.
    """
    gone = (
        sa.exists().where(
            _SUCCESSOR.c.tenant_id == responses.c.tenant_id, _SUCCESSOR.c.amends == responses.c.id
        ),
        sa.exists().where(
            response_voids.c.tenant_id == responses.c.tenant_id,
            response_voids.c.response_id == responses.c.id,
        ),
    )
    found = (
        sa.select(
            *(responses.c[name] for name in ("alliance_id", "occasion_id", "rater_role")),
            *(responses.c[name] for name in ("occurred_at", "completed_at", "received_at")),
            responses.c.backfill,
            group.c.source,
            group.c.client,
            sa.func.coalesce(person_merges.c.current_ref, responses.c.rater_ref).label("rater_ref"),
            sa.func.coalesce(local_day(responses), _day_of_occasion()).label("day"),
        )
        .join(group, group.c.id == responses.c.alliance_id)
        .outerjoin(person_merges, renamed(group, responses))
        .where(
            responses.c.tenant_id == TENANT,
            responses.c.id >= sa.bindparam("floor", type_=sa.Uuid),
            *(~one.correlate(responses) for one in gone),
            _SCORED,
        )
    )
    return narrowed(found, responses, filters).cte("ratings")  # type: ignore[no-any-return]


def _day_of_occasion() -> sa.ScalarSelect[Any]:
    """The day that others gave the occasion of a rating, looked up where it has none itself."""
    own = sa.select(local_day(occasions)).where(of_occasion(responses))
    return own.correlate(responses).scalar_subquery()


def of_occasion(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """The occasion that a rating or an invitation belongs to."""
    return sa.and_(
        occasions.c.tenant_id == table.c.tenant_id,
        occasions.c.alliance_id == table.c.alliance_id,
        occasions.c.id == table.c.occasion_id,
    )


def renamed(group: sa.CTE, table: sa.FromClause) -> sa.ColumnElement[bool]:
    """The merge by which a rater has another reference now."""
    return sa.and_(
        person_merges.c.tenant_id == table.c.tenant_id,
        person_merges.c.source == group.c.source,
        person_merges.c.role == table.c.rater_role,
        person_merges.c.from_ref == table.c.rater_ref,
    )


def in_window(day: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether a day is one that is looked at; of one without a date that is not known."""
    return day.between(_START, _END)


def people(group: sa.CTE, ratings: sa.CTE) -> sa.Select[Any]:
    """clients, reached, deep and undated: who was there, who rated, who rated often enough."""
    rated = sa.select(ratings).where(in_window(ratings.c.day)).cte("rated")
    each = (
        sa.select(sa.func.count().label("ratings"))
        .select_from(rated)
        .where(rated.c.rater_role == CLIENT)
        .group_by(rated.c.source, rated.c.rater_ref)
        .cte("each")
    )
    undated = sa.select(sa.func.count()).select_from(ratings).where(ratings.c.day.is_(None))
    often = each.c.ratings >= sa.bindparam("deep", type_=sa.Integer)
    return sa.select(
        _clients(group, rated).label("clients"),
        sa.func.count().label("reached"),
        sa.func.count().filter(often).label("deep"),
        undated.scalar_subquery().label("undated"),
    ).select_from(each)


def _clients(group: sa.CTE, rated: sa.CTE) -> sa.ScalarSelect[Any]:
    """How many clients were there: whose alliance went on, met or was rated in the window."""
    # Of history the service may not know when it began, but that it was there.
    met = (
        sa.select(occasions.c.alliance_id)
        .where(occasions.c.tenant_id == TENANT, in_window(local_day(occasions)))
        .cte("met")
    )
    person = one_person(group.c.source, alliance_members.c.ref)
    return (
        sa.select(sa.func.count(person.distinct()))
        .select_from(group)
        .join(alliance_members, alliance_members.c.alliance_id == group.c.id)
        .where(
            alliance_members.c.tenant_id == TENANT,
            alliance_members.c.role == CLIENT,
            sa.or_(
                group.c.going_on,
                group.c.id.in_(sa.select(met.c.alliance_id)),
                group.c.id.in_(sa.select(rated.c.alliance_id)),
            ),
        )
        .scalar_subquery()
    )


def _timed_counts(each: sa.CTE) -> sa.Subquery:
    """Of each role: how many ratings, and clients, in all and of those with hours."""
    return (
        sa.select(
            each.c.rater_role,
            total(each.c.ratings).label("ratings"),
            sa.func.count(each.c.client).label("clients"),
            *(total(each.c[f"{name}_ratings"]).label(f"{name}_ratings") for name in HOURS),
            *(
                sa.func.count(each.c.client)
                .filter(each.c[f"{name}_ratings"] > 0)
                .label(f"{name}_clients")
                for name in HOURS
            ),
        )
        .group_by(each.c.rater_role)
        .subquery("counts")
    )


def _medians(known: sa.CTE) -> sa.Subquery:
    """Of each role: the median hours."""
    return (
        sa.select(
            known.c.rater_role,
            *(
                sa.func.percentile_cont(0.5).within_group(known.c[name]).label(f"{name}_hours")
                for name in HOURS
            ),
        )
        .group_by(known.c.rater_role)
        .subquery("medians")
    )


def times(ratings: sa.CTE) -> sa.Select[Any]:
    """Of each role: how long after its occasion a rating was completed and received."""
    timed = sa.select(
        ratings.c.rater_role,
        ratings.c.client,
        _hours(ratings.c.completed_at, ratings).label("completion"),
        # When history was handed over says nothing of how it came about.
        sa.case((~ratings.c.backfill, _hours(ratings.c.received_at, ratings))).label("receipt"),
    ).where(in_window(ratings.c.day))
    known = timed.cte("timed")
    # Clients are told apart among clients, not among all of their ratings.
    each = (
        sa.select(
            known.c.rater_role,
            known.c.client,
            sa.func.count().label("ratings"),
            *(sa.func.count(known.c[name]).label(f"{name}_ratings") for name in HOURS),
        )
        .group_by(known.c.rater_role, known.c.client)
        .cte("each_timed")
    )
    counts = _timed_counts(each)
    medians = _medians(known)
    return sa.select(*counts.c, *(medians.c[f"{name}_hours"] for name in HOURS)).join_from(
        counts, medians, medians.c.rater_role == counts.c.rater_role
    )


def _hours(at: sa.ColumnElement[Any], ratings: sa.CTE) -> sa.ColumnElement[Any]:
    """Hours from the occasion of a rating to this instant; null: one of them is not known."""
    return sa.cast(sa.func.extract("epoch", at - ratings.c.occurred_at) / 3600.0, sa.Float)


def total(count: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The sum of counts, which is one itself; of nothing 0."""
    return sa.func.coalesce(sa.cast(sa.func.sum(count), sa.BigInteger), 0)
