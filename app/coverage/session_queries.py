"""Statements on sessions, who was asked to rate them, and what those who were asked said last.

Only counts and averages leave them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, distinct_on

from app.alliances.models import alliance_state, person_merges
from app.coverage.queries import (
    CLIENT,
    PROFESSIONAL,
    TENANT,
    Filters,
    asked_about,
    in_window,
    local_day,
    narrowed,
    of_occasion,
    one_person,
    people,
    ratings_of,
    renamed,
    times,
    total,
)
from app.database import Row, Transaction
from app.measurement.coverage import DEEP
from app.occasions.invited import COMPLETED, SETTLED, STATES
from app.occasions.models import invitations, occasions
from app.statements import Statement, compiled

PARTS: Final = (
    "rater_role",
    "rater_ref",
    "proxy_ref",
    "about_role",
    "about_ref",
    "instrument",
    "form",
    "form_revision",
    "language",
)
"""Of a stream's name, in its order."""
KIND: Final = ("instrument", "form", "form_revision", "language", "scale")
"""By what last values are told apart."""
_TODAY: Final = sa.bindparam("today", type_=sa.Date)
_READER: Final = sa.bindparam("reader", type_=sa.Text)


@dataclass(frozen=True, slots=True)
class Counted:
    """What Postgres counted, before it is said who may see it."""

    people: Row
    """clients, reached, deep and undated."""
    sessions: Row
    """Those held, and by whom they were rated."""
    invited: Sequence[Row]
    """Invitations by where they stand, role by role."""
    times: Sequence[Row]
    """Hours from occasions to completion and receipt, role by role."""
    last_said: Sequence[Row]
    """What clients said last who answered the last time they were asked, and who did not.

    One row of each KIND and `answered`: how many clients, of how many professionals, and the
    average of their last values in the scale's unit. Of current alliances, each client's own
    answers, as far as this kind of reader may see them.
    """


def _sessions(group: sa.CTE, ratings: sa.CTE) -> sa.Select[Any]:
    """Of the sessions that were held: how many were rated by whom, and of how many clients."""
    rated = _rated_by(ratings)
    day = local_day(occasions)
    dated = day.is_not(None)
    by_client, by_professional = rated.c[CLIENT], rated.c[PROFESSIONAL]
    each = (
        sa.select(
            occasions.c.alliance_id,
            sa.func.count().filter(dated).label("held"),
            sa.func.count().filter(dated, by_client).label("by_client"),
            sa.func.count().filter(dated, by_professional).label("by_professional"),
            sa.func.count().filter(dated, by_client, by_professional).label("both_sides"),
            sa.func.count().filter(~dated).label("undated"),
        )
        .select_from(occasions)
        .outerjoin(
            rated,
            sa.and_(
                rated.c.alliance_id == occasions.c.alliance_id,
                rated.c.occasion_id == occasions.c.id,
            ),
        )
        .where(
            occasions.c.tenant_id == TENANT,
            occasions.c.status == "held",
            sa.or_(in_window(day), ~dated),
        )
        .group_by(occasions.c.alliance_id)
        .cte("each_held")
    )
    sums = ("held", "by_client", "by_professional", "both_sides", "undated")
    return sa.select(
        *(total(each.c[name]).label(name) for name in sums),
        sa.func.count(group.c.client.distinct()).filter(each.c.held > 0).label("clients"),
    ).join_from(each, group, group.c.id == each.c.alliance_id)


def _rated_by(ratings: sa.CTE) -> sa.CTE:
    """By whom each occasion was rated."""
    return (
        sa.select(
            ratings.c.alliance_id,
            ratings.c.occasion_id,
            sa.func.bool_or(ratings.c.rater_role == CLIENT).label(CLIENT),
            sa.func.bool_or(ratings.c.rater_role == PROFESSIONAL).label(PROFESSIONAL),
        )
        .group_by(ratings.c.alliance_id, ratings.c.occasion_id)
        .cte("rated_by")
    )


def _invitations(group: sa.CTE, filters: Filters) -> sa.Select[Any]:
    """Of each role: how many invitations stand in each state, and of how many clients they are."""
    in_state = (
        sa.func.count().filter(invitations.c.state == state).label(state) for state in STATES
    )
    counted = (
        sa.select(invitations.c.alliance_id, invitations.c.rater_role, *in_state)
        .join(occasions, of_occasion(invitations))
        .where(invitations.c.tenant_id == TENANT, in_window(local_day(occasions)))
    )
    counted = narrowed(counted, invitations, filters)
    each = counted.group_by(invitations.c.alliance_id, invitations.c.rater_role).cte("each_invited")
    return (
        sa.select(
            each.c.rater_role,
            *(total(each.c[state]).label(state) for state in STATES),
            sa.func.count(group.c.client.distinct()).label("clients"),
        )
        .join(group, group.c.id == each.c.alliance_id)
        .group_by(each.c.rater_role)
    )


def _last_settled(group: sa.CTE, filters: Filters) -> sa.CTE:
    """Of each client of a current alliance the last invitation that came to something."""
    ref = sa.func.coalesce(person_merges.c.current_ref, invitations.c.rater_ref)
    found = (
        sa.select(
            invitations.c.alliance_id,
            ref.label("rater_ref"),
            group.c.source,
            group.c.professional,
            (invitations.c.state == COMPLETED).label("answered"),
        )
        .ext(distinct_on(invitations.c.alliance_id, ref))
        .join(group, group.c.id == invitations.c.alliance_id)
        .join(occasions, of_occasion(invitations))
        .outerjoin(person_merges, renamed(group, invitations))
        .where(
            invitations.c.tenant_id == TENANT,
            invitations.c.rater_role == CLIENT,
            invitations.c.state.in_([sa.literal_column(f"'{state}'") for state in SETTLED]),
            sa.or_(group.c.ended_on.is_(None), group.c.ended_on >= _TODAY),
        )
    )
    when = sa.func.coalesce(
        occasions.c.occurred_at,
        sa.func.timezone("UTC", sa.cast(occasions.c.occurred_on, sa.DateTime)),
        occasions.c.created_at,
    )
    order = (invitations.c.alliance_id, ref, when.desc(), occasions.c.id.desc())
    found = narrowed(found, invitations, filters)
    # Of two on one occasion an answer counts: who filled in one form has not fallen silent.
    found = found.order_by(*order, (invitations.c.state == COMPLETED).desc())
    return found.cte("settled")  # type: ignore[no-any-return]


def _last_said(settled: sa.CTE, filters: Filters) -> sa.CTE:
    """What each of these clients said last, scale by scale, as far as this reader may see it."""
    stream = _each(alliance_state.c.streams, "stream")
    name = sa.cast(stream.c.key, JSONB)
    parts = {part: name[number].astext for number, part in enumerate(PARTS)}
    scale = _each(stream.c.value["latest"], "latest")
    merged = person_merges.alias("merged")
    found = (
        sa.select(
            *(parts[p].label(p) for p in ("instrument", "form", "form_revision", "language")),
            scale.c.key.label("scale"),
            settled.c.answered,
            one_person(settled.c.source, settled.c.rater_ref).label("client"),
            settled.c.professional,
            sa.cast(scale.c.value[1].astext, sa.Float).label("value"),
        )
        .select_from(settled)
        .join(alliance_state, alliance_state.c.alliance_id == settled.c.alliance_id)
        .join(stream, sa.true())
        .outerjoin(
            merged,
            sa.and_(
                merged.c.tenant_id == alliance_state.c.tenant_id,
                merged.c.source == settled.c.source,
                merged.c.role == CLIENT,
                merged.c.from_ref == parts["rater_ref"],
            ),
        )
        .join(scale, sa.true())
        .where(
            alliance_state.c.tenant_id == TENANT,
            parts["rater_role"] == CLIENT,
            parts["proxy_ref"].is_(None),
            sa.func.coalesce(merged.c.current_ref, parts["rater_ref"]) == settled.c.rater_ref,
            scale.c.value[3].has_key(_READER),
        )
    )
    for part in sorted(filters & {"instrument", "form", "language"}):
        found = found.where(parts[part] == sa.bindparam(part, type_=sa.Text))
    return found.cte("last_said")


def _each(object_: sa.ColumnElement[Any], name: str) -> sa.FromClause:
    """The names and values of a JSON object, as rows."""
    pairs = sa.func.jsonb_each(object_)
    return pairs.table_valued(sa.column("key", sa.Text), sa.column("value", JSONB)).lateral(name)


def _non_response(group: sa.CTE, filters: Filters) -> sa.Select[Any]:
    """What was said last, of each instrument, form, language, scale and `answered`."""
    said = _last_said(_last_settled(group, filters), filters)
    kind = [said.c[n] for n in KIND]
    each = (
        sa.select(
            *kind, said.c.answered, said.c.client,
            sa.func.min(said.c.professional).label("professional"),
            sa.func.avg(said.c.value).label("value"),
        )
        .group_by(*kind, said.c.answered, said.c.client)
        .cte("each_client")
    )  # fmt: skip
    kind = [each.c[name] for name in KIND]
    return sa.select(
        *kind, each.c.answered,
        sa.func.count().label("clients"),
        sa.func.count(each.c.professional.distinct()).label("professionals"),
        sa.func.avg(each.c.value).label("value"),
    ).group_by(*kind, each.c.answered)  # fmt: skip


@cache
def _statement(filters: Filters) -> Statement:
    """All of it at once, so that alliances and ratings are gathered once."""
    group = asked_about(filters)
    ratings = ratings_of(group, filters)
    told = {
        "people": people(group, ratings),
        "sessions": _sessions(group, ratings),
        "invited": _invitations(group, filters),
        "times": times(ratings),
        "last_said": _non_response(group, filters),
    }
    return compiled(sa.select(*(_as_json(name, each) for name, each in told.items())))


def _as_json(name: str, select: sa.Select[Any]) -> sa.ColumnElement[Any]:
    """The rows of a statement as one value."""
    rows = select.subquery(f"{name}_rows")
    gathered = sa.func.jsonb_agg(rows.table_valued(), type_=JSONB)
    return sa.select(gathered).select_from(rows).scalar_subquery().label(name)


async def counted(
    transaction: Transaction, filters: Mapping[str, Any], window: Mapping[str, Any], reader: str
) -> Counted:
    """Everything that coverage counts, in one statement.

    filters: any of program_ref, setting, source, professional_ref, instrument, form, language.
    window: start, end, floor, today. reader: as which kind of reader last values are looked at.
    """
    given = {**filters, **window, "reader": reader, "deep": DEEP}
    (row,) = await transaction.rows(_statement(frozenset(filters)), **given)
    (of_people,), (of_sessions,) = row["people"], row["sessions"]
    return Counted(
        of_people,
        of_sessions,
        sorted(row["invited"] or (), key=itemgetter("rater_role")),
        sorted(row["times"] or (), key=itemgetter("rater_role")),
        sorted(row["last_said"] or (), key=itemgetter(*KIND, "answered")),
    )
