"""Statements on merged people."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

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

_TENANT: Final = person_merges.c.tenant_id == parameter(person_merges.c.tenant_id)
_FROM: Final = parameter(person_merges.c.from_ref)
_INTO: Final = parameter(person_merges.c.into_ref)
_ROLE: Final = parameter(person_merges.c.role)
_SOURCE: Final = parameter(person_merges.c.source)
_MERGED_AT: Final = parameter(person_merges.c.merged_at)
_TOUCHED: Final = (sa.Column("alliance_id", sa.Uuid), sa.Column("event_id", sa.Uuid))

_HEAD: Final = compiled(
    sa.select(merge_heads.c.tenant_id)
    .where(merge_heads.c.tenant_id == parameter(merge_heads.c.tenant_id))
    .with_for_update()
)
_MERGES_OF: Final = compiled(
    sa.select(person_merges).where(
        _TENANT,
        person_merges.c.source == _SOURCE,
        person_merges.c.role == _ROLE,
        person_merges.c.from_ref.in_([_FROM, _INTO]),
    )
)


def _of_person_statement(*, locked: bool) -> Statement:
    """The alliances with either reference, locked in the order of ids, as every lock of several."""
    of_person = (
        sa.select(
            alliance_members.c.alliance_id,
            sa.func.bool_or(alliance_members.c.ref == _FROM).label("has_from"),
            sa.func.bool_or(alliance_members.c.ref == _INTO).label("has_into"),
        )
        .where(
            alliance_members.c.tenant_id == parameter(alliance_members.c.tenant_id),
            alliance_members.c.role == _ROLE,
            alliance_members.c.ref.in_([_FROM, _INTO]),
        )
        .group_by(alliance_members.c.alliance_id)
        .cte("of_person")
    )
    found = (
        sa.select(alliances.c.id, of_person.c.has_from, of_person.c.has_into)
        .join(of_person, of_person.c.alliance_id == alliances.c.id)
        .join(
            alliance_state,
            sa.and_(
                alliance_state.c.tenant_id == alliances.c.tenant_id,
                alliance_state.c.alliance_id == alliances.c.id,
            ),
        )
        .where(
            alliances.c.tenant_id == parameter(alliances.c.tenant_id),
            alliances.c.source == _SOURCE,
        )
        .order_by(alliances.c.id)
    )
    lock = found.with_for_update(of=(alliance_state, alliances), key_share=True)
    return compiled(lock if locked else found)


_LOCK: Final = _of_person_statement(locked=True)
_LOOK: Final = _of_person_statement(locked=False)


def _moved(touched: sa.FromClause) -> list[sa.CTE]:
    """Members under the new reference; every alliance of the person knows the old one."""
    tenant_id = parameter(alliances.c.tenant_id)
    members = sa.update(alliance_members).where(
        alliance_members.c.tenant_id == tenant_id,
        alliance_members.c.alliance_id == touched.c.alliance_id,
        alliance_members.c.role == _ROLE,
        alliance_members.c.ref == _FROM,
    )
    former = sa.func.coalesce(alliances.c.former_refs, sa.literal([], alliances.c.former_refs.type))
    remembered = sa.update(alliances).where(
        alliances.c.tenant_id == tenant_id, alliances.c.id == touched.c.alliance_id
    )
    pair = sa.func.jsonb_build_array(sa.func.jsonb_build_array(_ROLE, _FROM, _INTO))
    return [
        members.values(ref=_INTO).cte("members_moved"),
        remembered.values(
            former_refs=former.op("||")(pair),
            version=alliances.c.version + sa.cast(touched.c.event_id.is_not(None), sa.Integer),
        ).cte("remembered"),
    ]


def _counted(touched: sa.FromClause) -> sa.CTE:
    """The states of the alliances whose members move, written once more."""
    tenant_id = parameter(alliance_state.c.tenant_id)
    return (
        sa.update(alliance_state)
        .where(
            alliance_state.c.tenant_id == tenant_id,
            alliance_state.c.alliance_id == touched.c.alliance_id,
            touched.c.event_id.is_not(None),
            alliances.c.tenant_id == tenant_id,
            alliances.c.id == touched.c.alliance_id,
        )
        .values(
            version=alliance_state.c.version + 1,
            last_received_at=sa.func.greatest(
                _MERGED_AT, alliance_state.c.last_received_at, alliances.c.created_at
            ),
        )
        .returning(
            alliance_state.c.alliance_id,
            alliance_state.c.version,
            alliance_state.c.last_received_at,
            touched.c.event_id,
        )
        .cte("counted")
    )


def _told(touched: sa.FromClause) -> sa.CTE:
    """An event for the merge, and one for each alliance whose member it moved."""
    tenant_id = parameter(event_queue.c.tenant_id)
    counted = _counted(touched)
    of_alliances = sa.select(
        tenant_id,
        counted.c.event_id,
        sa.literal("alliance.changed", sa.Text),
        counted.c.alliance_id,
        counted.c.alliance_id.label("subject_id"),
        counted.c.last_received_at,
        counted.c.version,
    )
    of_merge = sa.select(
        tenant_id,
        sa.bindparam("event_id_of_merge", type_=sa.Uuid),
        sa.literal("people.merged", sa.Text),
        sa.null().cast(sa.Uuid),
        parameter(person_merges.c.id).label("subject_id"),
        _MERGED_AT,
        sa.literal(0, sa.BigInteger),
    )
    return insert(event_queue).from_select(EVENT, sa.union_all(of_merge, of_alliances)).cte("told")


def _merge_statement() -> Statement:
    touched = unnested("touched", _TOUCHED)
    # Who was merged into `from` before is now merged on.
    onward = (
        sa.update(person_merges)
        .where(
            _TENANT,
            person_merges.c.source == _SOURCE,
            person_merges.c.role == _ROLE,
            person_merges.c.current_ref == _FROM,
        )
        .values(current_ref=_INTO)
        .cte("onward")
    )
    merge = (
        insert(person_merges)
        .values({c.name: parameter(c) for c in person_merges.c})
        .on_conflict_do_nothing()
        .returning(person_merges.c.id)
        .cte("merge")
    )
    return compiled(sa.select(merge.c.id).add_cte(onward, *_moved(touched), _told(touched)))


_MERGE: Final = _merge_statement()


async def locked_alliances(transaction: Transaction, person: Mapping[str, Any]) -> list[Row] | None:
    """The alliances with either reference, locked: id, has_from, has_into.

    person: source, role, from_ref, into_ref. No other merge goes on, and no alliance is made,
    until the end. None: others have come in before that, and the transaction must begin anew.
    """
    locked = await transaction.rows(_LOCK, **person)
    await transaction.row(_HEAD)
    found = await transaction.rows(_LOOK, **person)
    return found if {row["id"] for row in found} <= {row["id"] for row in locked} else None


async def merges_of(transaction: Transaction, person: Mapping[str, Any]) -> list[Row]:
    """The merges, if any, that put either reference out of use."""
    return await transaction.rows(_MERGES_OF, **person)


async def merge(
    transaction: Transaction,
    new: Mapping[str, Any],
    touched: Sequence[Mapping[str, Any]],
    event_id: UUID,
) -> bool:
    """Store a merge, move the members of the touched alliances and tell of it.

    touched: alliance_id and, where a member moves, event_id each. False: another caller has
    merged `from` already, and the transaction must not be committed.
    """
    stored = await transaction.row(
        _MERGE, **new, **arrays_of(touched, _TOUCHED), event_id_of_merge=event_id
    )
    return stored is not None
