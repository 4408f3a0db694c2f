"""The statement that makes alliances."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from app.alliances.models import (
    alliance_members,
    alliance_state,
    alliances,
    merge_heads,
    person_merges,
)
from app.database import Row, Transaction
from app.events.models import EVENT, event_queue
from app.statements import Statement, arrays_of, compiled, parameter, unnested

_NEW: Final = tuple(c for c in alliances.c if c.name not in {"tenant_id", "former_refs"})
_NEW_EVENT: Final = sa.Column("event_id", sa.Uuid)
_NEW_MEMBER: Final = (
    sa.Column("member_of", sa.Uuid),
    sa.Column("role", sa.Text),
    sa.Column("ref", sa.Text),
)


def _new_member(given: sa.FromClause) -> sa.CTE:
    """The members of new alliances, with whom a reference that was merged away means by now."""
    named = unnested("named", _NEW_MEMBER)
    return (
        sa.select(
            named.c.member_of,
            given.c.source,
            named.c.role,
            named.c.ref.label("as_given"),
            person_merges.c.current_ref,
        )
        .select_from(named)
        .join(given, given.c.id == named.c.member_of)
        .outerjoin(
            person_merges,
            sa.and_(
                person_merges.c.tenant_id == parameter(alliances.c.tenant_id),
                person_merges.c.source == given.c.source,
                person_merges.c.role == named.c.role,
                person_merges.c.from_ref == named.c.ref,
            ),
        )
        .cte("member")
    )


def _present(member: sa.CTE) -> sa.ColumnElement[str]:
    return sa.func.coalesce(member.c.current_ref, member.c.as_given)


def _made(given: sa.FromClause, member: sa.CTE) -> sa.CTE:
    merges = person_merges.alias("merges")
    former_ref = sa.func.jsonb_build_array(merges.c.role, merges.c.from_ref, merges.c.current_ref)
    former = (
        sa.select(member.c.member_of, sa.func.jsonb_agg(former_ref).label("former_refs"))
        .join_from(
            member,
            merges,
            sa.and_(
                merges.c.tenant_id == parameter(alliances.c.tenant_id),
                merges.c.source == member.c.source,
                merges.c.role == member.c.role,
                merges.c.current_ref == _present(member),
            ),
        )
        .group_by(member.c.member_of)
        .cte("former")
    )
    # In the order of their external ids, so that two callers who make the same ones never wait
    # for each other in a ring.
    rows = (
        sa.select(
            parameter(alliances.c.tenant_id), *(given.c[c.name] for c in _NEW), former.c.former_refs
        )
        .select_from(given.outerjoin(former, former.c.member_of == given.c.id))
        .order_by(given.c.source, given.c.external_id)
    )
    return (
        insert(alliances)
        .from_select(["tenant_id", *(c.name for c in _NEW), "former_refs"], rows)
        .on_conflict_do_nothing(index_elements=["tenant_id", "source", "external_id"])
        .returning(alliances)
        .cte("made")
    )


def _insert_statement() -> Statement:
    """Alliances with members, empty state and event: each all or (external_id known) nothing."""
    given = unnested("given", (*_NEW, _NEW_EVENT))
    member = _new_member(given)
    made = _made(given, member)
    members = insert(alliance_members).from_select(
        ["tenant_id", "alliance_id", "role", "ref"],
        sa.select(
            made.c.tenant_id,
            made.c.id,
            member.c.role,
            _present(member),
        )
        .join_from(made, member, made.c.id == member.c.member_of)
        .distinct(),
    )
    state = insert(alliance_state).from_select(
        ["tenant_id", "alliance_id", "version", "streams"],
        sa.select(made.c.tenant_id, made.c.id, sa.literal(0), sa.literal({}, JSONB)),
    )
    told = insert(event_queue).from_select(
        EVENT,
        sa.select(
            made.c.tenant_id,
            given.c.event_id,
            sa.literal("alliance.created", sa.Text),
            made.c.id,
            made.c.id.label("subject_id"),
            made.c.created_at,
            sa.literal(0, sa.BigInteger),
        ).join_from(made, given, made.c.id == given.c.id),
    )
    return compiled(
        sa.select(made.c.id, made.c.former_refs).add_cte(
            members.cte("members_made"), state.cte("state_made"), told.cte("told")
        )
    )


_INSERT: Final = _insert_statement()


_REFS: Final = sa.bindparam("refs", type_=ARRAY(sa.Text))
_MERGES: Final = compiled(
    sa.select(person_merges).where(
        person_merges.c.tenant_id == parameter(person_merges.c.tenant_id),
        sa.or_(
            person_merges.c.from_ref == sa.func.any(_REFS),
            person_merges.c.current_ref == sa.func.any(_REFS),
        ),
    )
)


_SHARE_MERGES: Final = compiled(
    sa.select(merge_heads.c.tenant_id)
    .where(merge_heads.c.tenant_id == parameter(merge_heads.c.tenant_id))
    .with_for_update(read=True)
)


async def share_merges(transaction: Transaction) -> None:
    """Keep merges of people out until the end; to be done before alliances are made."""
    await transaction.row(_SHARE_MERGES)


async def merges_of(transaction: Transaction, refs: Iterable[str]) -> list[Row]:
    """Every merge of or into one of these references, of whatever source and role."""
    return await transaction.rows(_MERGES, refs=sorted(refs))


async def insert_alliances(
    transaction: Transaction,
    new: Sequence[Mapping[str, Any]],
    members: Mapping[UUID, Iterable[tuple[str, str]]],
) -> dict[UUID, Any]:
    """Store alliances with members and empty states: id -> former_refs of those that were stored.

    new: each with event_id, the id of the event that tells of it. members: id -> (role, ref)s;
    a reference that was merged away is replaced. Left out is what has a known external_id.
    """
    named = [
        {"member_of": alliance_id, "role": role, "ref": ref}
        for alliance_id, pairs in members.items()
        for role, ref in sorted(pairs)
    ]
    rows = await transaction.rows(
        _INSERT, **arrays_of(new, (*_NEW, _NEW_EVENT)), **arrays_of(named, _NEW_MEMBER)
    )
    return {row["id"]: row["former_refs"] for row in rows}
