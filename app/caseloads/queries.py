"""Statements that read one professional's alliances by index; never a response."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.alliances.models import alliance_members, alliance_state, alliances, person_merges
from app.alliances.queries import MEMBERS
from app.database import Row, Transaction
from app.occasions.invited import ANSWER_DAYS, AWAITED
from app.occasions.models import invitations, occasions
from app.statements import Statement, compiled, parameter

FILTERS: Final = ("professional_ref", "source", "setting", "program_ref")
"""What alliances are found by."""
_TENANT: Final = parameter(alliances.c.tenant_id)
_SOURCE: Final = parameter(alliances.c.source)
_PROFESSIONAL: Final = "professional"
_IDS: Final = sa.bindparam("ids", type_=ARRAY(sa.Uuid))
_NOW: Final = sa.bindparam("now", type_=sa.DateTime(timezone=True))


def _present(role: Any, ref: Any) -> sa.ColumnElement[str]:  # noqa: ANN401 - column or parameter
    """The reference that this one became by merges, in the source that is asked for."""
    merged = sa.select(person_merges.c.current_ref).where(
        person_merges.c.tenant_id == _TENANT,
        person_merges.c.source == _SOURCE,
        person_merges.c.role == role,
        person_merges.c.from_ref == ref,
    )
    return sa.func.coalesce(merged.scalar_subquery(), ref)


def _streams() -> sa.ColumnElement[Any]:
    """The streams of an alliance without how each is watched, which is the greater part."""
    each = (
        sa.func.jsonb_each(alliance_state.c.streams)
        .table_valued(sa.column("key", sa.Text), sa.column("value", JSONB))
        .lateral("each")
    )
    kept = each.c.value.op("-", return_type=JSONB)(sa.literal("watch", sa.Text))
    slim = sa.select(sa.func.jsonb_object_agg(each.c.key, kept, type_=JSONB)).select_from(each)
    return slim.correlate(alliance_state).scalar_subquery().label("streams")


@cache
def _caseload_statement(filters: frozenset[str]) -> Statement:
    ref = sa.bindparam("professional_ref", type_=sa.Text)
    # By itself first: compared with a sub-select, a reference is not looked up in the index.
    who = sa.select(_present(_PROFESSIONAL, ref).label("ref")).cte("who")
    who = who.prefix_with("MATERIALIZED", dialect="postgresql")
    statement = (
        sa.select(alliances, MEMBERS, _streams())
        .select_from(who)
        .join(alliance_members, alliance_members.c.ref == who.c.ref)
        .join(
            alliances,
            sa.and_(
                alliances.c.tenant_id == alliance_members.c.tenant_id,
                alliances.c.id == alliance_members.c.alliance_id,
            ),
        )
        .join(
            alliance_state,
            sa.and_(
                alliance_state.c.tenant_id == alliances.c.tenant_id,
                alliance_state.c.alliance_id == alliances.c.id,
            ),
        )
        .where(
            alliance_members.c.tenant_id == _TENANT,
            alliance_members.c.role == _PROFESSIONAL,
            alliances.c.source == _SOURCE,
            sa.or_(
                alliances.c.ended_on.is_(None),
                alliances.c.ended_on >= sa.bindparam("today", type_=sa.Date),
            ),
        )
    )
    for name in sorted(filters & {"setting", "program_ref"}):
        statement = statement.where(alliances.c[name] == parameter(alliances.c[name]))
    if "member_ref" in filters:
        statement = statement.where(_has_member())
    return compiled(statement)


def _has_member() -> sa.ColumnElement[bool]:
    """Whether the person acting is in the alliance themselves."""
    member = alliance_members.alias("member")
    role = sa.bindparam("member_role", type_=sa.Text)
    return sa.exists().where(
        member.c.tenant_id == alliances.c.tenant_id,
        member.c.alliance_id == alliances.c.id,
        member.c.role == role,
        member.c.ref == _present(role, sa.bindparam("member_ref", type_=sa.Text)),
    )


def _stands_at(states: Iterable[str]) -> sa.ColumnElement[bool]:
    return invitations.c.state.in_([sa.literal(state, sa.Text) for state in states])


def _asked() -> sa.Subquery:
    """Every invitation of these alliances that somebody was asked by, and what it came to."""
    next_day = sa.cast(occasions.c.occurred_on + sa.literal_column("1"), sa.DateTime)
    was = sa.func.coalesce(occasions.c.occurred_at, sa.func.timezone("UTC", next_day))
    asked_at = sa.func.coalesce(invitations.c.at, was, invitations.c.updated_at)
    days: sa.ColumnElement[Any] = sa.literal(ANSWER_DAYS, sa.Interval)
    return (
        sa.select(
            invitations.c.alliance_id,
            invitations.c.rater_role,
            _present(invitations.c.rater_role, invitations.c.rater_ref).label("rater_ref"),
            invitations.c.instrument,
            invitations.c.form,
            sa.func.coalesce(was, occasions.c.created_at).label("occasion_at"),
            asked_at.label("asked_at"),
            sa.or_(
                invitations.c.state == "lapsed",
                sa.and_(_stands_at(sorted(AWAITED)), asked_at + days <= _NOW),
            ).label("unanswered"),
            _stands_at(["completed", "declined"]).label("answered"),
        )
        .join(
            occasions,
            sa.and_(
                occasions.c.tenant_id == invitations.c.tenant_id,
                occasions.c.alliance_id == invitations.c.alliance_id,
                occasions.c.id == invitations.c.occasion_id,
            ),
        )
        .where(invitations.c.tenant_id == _TENANT, invitations.c.alliance_id == sa.func.any(_IDS))
        .subquery("asked")
    )


def _silent_statement() -> Statement:
    """Who has left the last invitations to a form unanswered, how many, since when."""
    asked = _asked()
    whom = ("alliance_id", "rater_role", "rater_ref", "instrument", "form")
    last_answer = (
        sa.func.max(asked.c.occasion_at)
        .filter(asked.c.answered)
        .over(partition_by=[asked.c[name] for name in whom])
    )
    seen = sa.select(asked, last_answer.label("last_answer")).subquery("seen")
    columns = [seen.c[name] for name in whom]
    return compiled(
        sa.select(
            *columns,
            sa.func.count().label("unanswered"),
            sa.func.min(seen.c.asked_at).label("since"),
        )
        .where(
            seen.c.unanswered,
            sa.or_(seen.c.last_answer.is_(None), seen.c.occasion_at > seen.c.last_answer),
        )
        .group_by(*columns)
        .order_by(*columns)
    )


_SILENT: Final = _silent_statement()


async def caseload(transaction: Transaction, filters: Mapping[str, Any]) -> list[Row]:
    """Every current alliance of a professional with members and streams, in no order.

    filters: professional_ref, source and today; any of setting and program_ref; member_role with
    member_ref: only alliances that this person is in. A stream comes without its watch; a new
    alliance has null streams.
    """
    return await transaction.rows(_caseload_statement(frozenset(filters)), **filters)


async def silent(
    transaction: Transaction, alliance_ids: Iterable[UUID], source: str, now: datetime
) -> list[Row]:
    """Who of these alliances of one source has left invitations unanswered since they answered.

    Of each rater and form: unanswered, how many, and since, when they were asked the first of them.
    One whose answer is late counts, whether or not it has been let lapse.
    """
    return await transaction.rows(_SILENT, ids=list(alliance_ids), source=source, now=now)
