"""Statements on alliances, their members and their state."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by, insert

from app.alliances.models import alliance_members, alliance_state, alliances
from app.database import Row, Transaction
from app.events.models import EVENT, event_queue
from app.statements import Statement, arrays_of, compiled, parameter, unnested

MEMBERS: Final = (
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
"""The members of an alliance as [{role, ref}], in the order of both."""
_TENANT: Final = alliances.c.tenant_id == parameter(alliances.c.tenant_id)
_BY_ID: Final = (_TENANT, alliances.c.id == parameter(alliances.c.id))
_BY_EXTERNAL_ID: Final = (
    _TENANT,
    alliances.c.source == parameter(alliances.c.source),
    alliances.c.external_id == parameter(alliances.c.external_id),
)
_LOCKED: Final = (
    sa.select(
        alliances,
        MEMBERS,
        alliance_state.c.version.label("state_version"),
        alliance_state.c.last_received_at,
        alliance_state.c.streams,
        alliance_state.c.watches,
    )
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
_GET: Final = compiled(sa.select(alliances, MEMBERS).where(*_BY_ID))
_NAME: Final = (alliances.c.source, alliances.c.external_id)
_PATCHABLE: Final = (
    "case_ref",
    "setting",
    "program_ref",
    "started_on",
    "ended_on",
    "end_reason",
    "continues",
)


def _lock_many_statement() -> Statement:
    """Every lock of several is taken in the order of ids, so that no two callers wait in a ring."""
    named = unnested("named", _NAME)
    by_name = sa.select(alliances.c.id).join_from(
        named,
        alliances,
        sa.and_(
            _TENANT,
            alliances.c.source == named.c.source,
            alliances.c.external_id == named.c.external_id,
        ),
    )
    found = sa.func.array(by_name.scalar_subquery(), type_=ARRAY(sa.Uuid))
    given = sa.bindparam("ids", type_=ARRAY(sa.Uuid))
    wanted = sa.func.array_cat(given, found, type_=ARRAY(sa.Uuid))
    return compiled(
        _LOCKED.where(_TENANT, alliances.c.id == sa.func.any(wanted)).order_by(alliances.c.id)
    )


_LOCK_MANY: Final = _lock_many_statement()


def counted_and_told(changed: sa.CTE, kind: str) -> sa.CTE:
    """The event of a change to an alliance, which counts in the alliance's state.

    changed: tenant_id, alliance_id and, as id, the subject of each row that was written; none: no
    event. Its parameters: event_id and recorded_at.
    """
    recorded_at = parameter(event_queue.c.recorded_at)
    counted = (
        sa.update(alliance_state)
        .where(
            alliance_state.c.tenant_id == changed.c.tenant_id,
            alliance_state.c.alliance_id == changed.c.alliance_id,
        )
        .values(version=alliance_state.c.version + 1, last_received_at=recorded_at)
        .returning(
            alliance_state.c.tenant_id,
            alliance_state.c.alliance_id,
            changed.c.id,
            alliance_state.c.version,
        )
        .cte("counted")
    )
    event = sa.select(
        counted.c.tenant_id,
        sa.bindparam("event_id", type_=sa.Uuid),
        sa.literal(kind, sa.Text),
        counted.c.alliance_id,
        counted.c.id.label("subject_id"),
        recorded_at,
        counted.c.version,
    )
    return insert(event_queue).from_select(EVENT, event).cte("told")


def _update_statement() -> Statement:
    """The alliance after a change, which counts in its state and is told."""
    changed = (
        sa.update(alliances)
        .where(*_BY_ID)
        .values(
            {name: parameter(alliances.c[name]) for name in _PATCHABLE}
            | {"version": alliances.c.version + 1}
        )
        .returning(
            alliances.c.tenant_id, alliances.c.id.label("alliance_id"), alliances.c.id.label("id")
        )
        .cte("changed")
    )
    told = counted_and_told(changed, "alliance.changed")
    return compiled(sa.select(changed.c.id).add_cte(told))


_UPDATE: Final = _update_statement()


async def locked_by_id(transaction: Transaction, alliance_id: UUID) -> Row | None:
    """An alliance with members and state; its row and its state's are locked to the end."""
    return await transaction.row(_LOCK_BY_ID, id=alliance_id)


async def locked_by_external_id(
    transaction: Transaction, source: str, external_id: str
) -> Row | None:
    """As locked_by_id, found by the caller's id."""
    return await transaction.row(_LOCK_BY_EXTERNAL_ID, source=source, external_id=external_id)


async def locked_many(
    transaction: Transaction, ids: Iterable[UUID], names: Iterable[tuple[str, str]]
) -> list[Row]:
    """As locked_by_id, those of these ids or (source, external_id)s that there are."""
    named = [{"source": source, "external_id": external_id} for source, external_id in names]
    return await transaction.rows(_LOCK_MANY, ids=list(ids), **arrays_of(named, _NAME))


async def alliance(transaction: Transaction, alliance_id: UUID) -> Row | None:
    """An alliance with its members, unlocked."""
    return await transaction.row(_GET, id=alliance_id)


async def update_alliance(
    transaction: Transaction,
    alliance_id: UUID,
    values: Mapping[str, Any],
    event_id: UUID,
    recorded_at: datetime,
) -> None:
    """Set every changeable field, and tell of it. The caller holds the lock.

    recorded_at: not before anything that was recorded of the alliance.
    """
    await transaction.row(
        _UPDATE, id=alliance_id, **values, event_id=event_id, recorded_at=recorded_at
    )


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
    statement = sa.select(alliances, MEMBERS).where(_TENANT)
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
