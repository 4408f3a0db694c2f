"""Statements on alliances, their members and their state."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by, insert

from app.alliances.models import alliance_members, alliance_state, alliances
from app.database import Row, Statement, Transaction, compiled, parameter

_MEMBERS: Final = (
    sa.select(
        sa.func.jsonb_agg(
            aggregate_order_by(
                sa.func.jsonb_build_object(
                    "role", alliance_members.c.role, "ref", alliance_members.c.ref
                ),
                alliance_members.c.role,
                alliance_members.c.ref,
            ),
            type_=JSONB,
        )
    )
    .where(
        alliance_members.c.tenant_id == alliances.c.tenant_id,
        alliance_members.c.alliance_id == alliances.c.id,
    )
    .correlate(alliances)
    .scalar_subquery()
    .label("members")
)
_TENANT: Final = alliances.c.tenant_id == parameter(alliances.c.tenant_id)
_BY_ID: Final = (_TENANT, alliances.c.id == parameter(alliances.c.id))
_BY_EXTERNAL_ID: Final = (
    _TENANT,
    alliances.c.source == parameter(alliances.c.source),
    alliances.c.external_id == parameter(alliances.c.external_id),
)
_LOCKED: Final = (
    sa.select(alliances, _MEMBERS, alliance_state.c.last_received_at, alliance_state.c.streams)
    .join(
        alliance_state,
        sa.and_(
            alliance_state.c.tenant_id == alliances.c.tenant_id,
            alliance_state.c.alliance_id == alliances.c.id,
        ),
    )
    # Both rows: after waiting for a lock, Postgres reads anew only what it has locked.
    .with_for_update(of=(alliance_state, alliances), key_share=True)
)
_LOCK_BY_ID: Final = compiled(_LOCKED.where(*_BY_ID))
_LOCK_BY_EXTERNAL_ID: Final = compiled(_LOCKED.where(*_BY_EXTERNAL_ID))
_GET: Final = compiled(sa.select(alliances, _MEMBERS).where(*_BY_ID))
_PATCHABLE: Final = (
    "case_ref",
    "setting",
    "program_ref",
    "started_on",
    "ended_on",
    "end_reason",
    "continues",
)
_UPDATE: Final = compiled(
    sa.update(alliances)
    .where(*_BY_ID)
    .values(
        {name: parameter(alliances.c[name]) for name in _PATCHABLE}
        | {"version": alliances.c.version + 1}
    )
    .returning(alliances.c.version)
)


def _insert_statement() -> Statement:
    """The alliance, its members and its empty state, all or (external_id known) nothing."""
    made = (
        insert(alliances)
        .values({c.name: parameter(c) for c in alliances.c})
        .on_conflict_do_nothing(index_elements=["tenant_id", "source", "external_id"])
        .returning(alliances.c.tenant_id, alliances.c.id)
        .cte("made")
    )
    member = (
        sa.func.unnest(
            sa.bindparam("member_roles", type_=ARRAY(sa.Text)),
            sa.bindparam("member_refs", type_=ARRAY(sa.Text)),
        )
        .table_valued("role", "ref", name="member")
        .render_derived()
    )
    members = (
        insert(alliance_members)
        .from_select(
            ["tenant_id", "alliance_id", "role", "ref"],
            sa.select(made.c.tenant_id, made.c.id, member.c.role, member.c.ref).join_from(
                made, member, sa.true()
            ),
        )
        .cte("members_made")
    )
    state = (
        insert(alliance_state)
        .from_select(
            ["tenant_id", "alliance_id", "version", "streams"],
            sa.select(made.c.tenant_id, made.c.id, sa.literal(0), sa.literal({}, JSONB)),
        )
        .cte("state_made")
    )
    return compiled(sa.select(made.c.id).add_cte(members, state))


_INSERT: Final = _insert_statement()


async def insert_alliance(
    transaction: Transaction,
    alliance: Mapping[str, Any],
    members: Iterable[tuple[str, str]],
) -> bool:
    """Store an alliance with members and empty state. False: its external_id is known already."""
    pairs = sorted(members)
    made = await transaction.row(
        _INSERT,
        **alliance,
        member_roles=[role for role, _ in pairs],
        member_refs=[ref for _, ref in pairs],
    )
    return made is not None


async def locked_by_id(transaction: Transaction, alliance_id: UUID) -> Row | None:
    """An alliance with members and state; its row and its state's are locked to the end."""
    return await transaction.row(_LOCK_BY_ID, id=alliance_id)


async def locked_by_external_id(
    transaction: Transaction, source: str, external_id: str
) -> Row | None:
    """As locked_by_id, found by the caller's id."""
    return await transaction.row(_LOCK_BY_EXTERNAL_ID, source=source, external_id=external_id)


async def alliance(transaction: Transaction, alliance_id: UUID) -> Row | None:
    """An alliance with its members, unlocked."""
    return await transaction.row(_GET, id=alliance_id)


async def update_alliance(
    transaction: Transaction, alliance_id: UUID, values: Mapping[str, Any]
) -> None:
    """Set every changeable field. The caller holds the lock."""
    await transaction.row(_UPDATE, id=alliance_id, **values)


async def alliances_after(
    transaction: Transaction, filters: Mapping[str, object], after: UUID | None, limit: int
) -> list[Row]:
    """Up to limit alliances that meet every filter, in the order of their ids.

    filters: any of source, external_id, case_ref, program_ref, client_ref, professional_ref; the
    last two match any member with that role.
    """
    statement = _list_statement(frozenset(filters), after is not None)
    return await transaction.rows(statement, **filters, after=after, limit=limit)


@cache
def _list_statement(filters: frozenset[str], continued: bool) -> Statement:  # noqa: FBT001 - cached
    statement = sa.select(alliances, _MEMBERS).where(_TENANT)
    for name in sorted(filters):
        if name in {"client_ref", "professional_ref"}:
            statement = statement.where(_has_member(name.removesuffix("_ref"), name))
        else:
            statement = statement.where(alliances.c[name] == sa.bindparam(name, type_=sa.Text))
    if continued:
        statement = statement.where(alliances.c.id > sa.bindparam("after", type_=sa.Uuid))
    return compiled(
        statement.order_by(alliances.c.id).limit(sa.bindparam("limit", type_=sa.Integer))
    )


def _has_member(role: str, ref_parameter: str) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        alliance_members.c.tenant_id == alliances.c.tenant_id,
        alliance_members.c.alliance_id == alliances.c.id,
        alliance_members.c.role == role,
        alliance_members.c.ref == sa.bindparam(ref_parameter, type_=sa.Text),
    )
