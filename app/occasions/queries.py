"""Statements on occasions and invitations."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from app.alliances.models import alliances
from app.alliances.queries import counted_and_told
from app.database import Row, Transaction
from app.occasions.models import answers, invitations, occasions, silence_checks, withdrawn
from app.statements import Statement, arrays_of, compiled, parameter, unnested

_TENANT: Final = occasions.c.tenant_id == parameter(occasions.c.tenant_id)
_ALLIANCE: Final = occasions.c.alliance_id == parameter(occasions.c.alliance_id)
_OF_OCCASION: Final = ("tenant_id", "alliance_id", "occasion_id")
_INVITATION: Final = tuple(
    sa.Column(f"invitation_{c.name}", c.type) for c in invitations.c if c.name not in _OF_OCCASION
)
_REPORTED: Final = (
    "status",
    "session_ref",
    "session_number",
    "occurred_at",
    "occurred_at_offset",
    "occurred_on",
    "reported_at",
)
_DUE_AT: Final = parameter(silence_checks.c.due_at)

_BY_KEY: Final = compiled(
    sa.select(occasions).where(
        _TENANT, _ALLIANCE, occasions.c.occasion_key == parameter(occasions.c.occasion_key)
    )
)
_INVITATIONS: Final = compiled(
    sa.select(invitations)
    .where(
        invitations.c.tenant_id == parameter(invitations.c.tenant_id),
        invitations.c.alliance_id == parameter(invitations.c.alliance_id),
        invitations.c.occasion_id == sa.func.any(sa.bindparam("ids", type_=ARRAY(sa.Uuid))),
    )
    .order_by(*invitations.primary_key.columns)
)


def _answers_statement() -> Statement:
    """The responses on one occasion that count: neither amended nor withdrawn, as received."""
    successor = answers.alias("successor")
    tenant_id = parameter(occasions.c.tenant_id)
    gone = (
        sa.exists().where(
            successor.c.tenant_id == answers.c.tenant_id, successor.c.amends == answers.c.id
        ),
        sa.exists().where(
            withdrawn.c.tenant_id == answers.c.tenant_id,
            withdrawn.c.response_id == answers.c.id,
        ),
    )
    return compiled(
        sa.select(
            *(answers.c[name] for name in ("id", "rater_role", "rater_ref", "instrument", "form"))
        )
        .where(
            answers.c.tenant_id == tenant_id,
            answers.c.alliance_id == parameter(occasions.c.alliance_id),
            answers.c.occasion_id == sa.bindparam("occasion_id", type_=sa.Uuid),
            *(~one.correlate(answers) for one in gone),
        )
        .order_by(answers.c.received_at, answers.c.id)
    )


_ANSWERS: Final = _answers_statement()


def named_occasion() -> sa.CTE:
    """The id of the occasion with a key, made if it is new; for a statement that writes with it.

    Its parameters: alliance_id, occasion_key, new_occasion_id, received_at.
    """
    made = (
        insert(occasions)
        .values(
            {
                "tenant_id": parameter(occasions.c.tenant_id),
                "id": sa.bindparam("new_occasion_id", type_=sa.Uuid),
                "alliance_id": parameter(occasions.c.alliance_id),
                "occasion_key": parameter(occasions.c.occasion_key),
                "created_at": sa.bindparam("received_at", type_=occasions.c.created_at.type),
            }
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "alliance_id", "occasion_key"])
        .returning(occasions.c.id)
        .cte("occasion_made")
    )
    known = sa.select(occasions.c.id).where(
        _TENANT, _ALLIANCE, occasions.c.occasion_key == parameter(occasions.c.occasion_key)
    )
    return sa.union_all(sa.select(made.c.id), known).cte("occasion")


def _occasion() -> sa.CTE:
    """The occasion as it is reported now."""
    row = insert(occasions).values({c.name: parameter(c) for c in occasions.c})
    return (
        row.on_conflict_do_update(
            index_elements=["tenant_id", "alliance_id", "occasion_key"],
            set_={name: row.excluded[name] for name in _REPORTED},
        )
        .returning(occasions.c.tenant_id, occasions.c.alliance_id, occasions.c.id)
        .cte("occasion")
    )


def _invited(occasion: sa.CTE) -> sa.CTE:
    """The invitations that are new or have changed."""
    given = unnested("given", _INVITATION)
    names = [column.name.removeprefix("invitation_") for column in _INVITATION]
    row = insert(invitations).from_select(
        [*_OF_OCCASION, *names],
        sa.select(
            occasion.c.tenant_id,
            occasion.c.alliance_id,
            occasion.c.id,
            *(given.c[c.name] for c in _INVITATION),
        ),
    )
    changing = [name for name in names if name not in invitations.primary_key.columns]
    return row.on_conflict_do_update(
        index_elements=[c.name for c in invitations.primary_key.columns],
        set_={name: row.excluded[name] for name in changing},
    ).cte("invited")


def _due(occasion: sa.CTE) -> sa.CTE:
    """When the alliance is to be looked at; never later than it was to be anyway."""
    check = insert(silence_checks).from_select(
        ["tenant_id", "alliance_id", "due_at"],
        sa.select(occasion.c.tenant_id, occasion.c.alliance_id, _DUE_AT).where(
            _DUE_AT.is_not(None)
        ),
    )
    earlier = sa.func.least(silence_checks.c.due_at, check.excluded.due_at)
    return check.on_conflict_do_update(
        index_elements=["tenant_id", "alliance_id"], set_={"due_at": earlier}
    ).cte("due")


def _report_statement() -> Statement:
    """The occasion, its invitations, the alliance's state, the event and what is due."""
    occasion = _occasion()
    told = counted_and_told(occasion, "occasion.recorded")
    return compiled(sa.select(occasion.c.id).add_cte(_invited(occasion), _due(occasion), told))


_REPORT: Final = _report_statement()


async def occasion(transaction: Transaction, alliance_id: UUID, key: str) -> Row | None:
    """The occasion of an alliance that has this key."""
    return await transaction.row(_BY_KEY, alliance_id=alliance_id, occasion_key=key)


async def invitations_of(
    transaction: Transaction, alliance_id: UUID, occasion_ids: Iterable[UUID]
) -> list[Row]:
    """The invitations to rate these occasions of an alliance, in the order of their keys."""
    return await transaction.rows(_INVITATIONS, alliance_id=alliance_id, ids=list(occasion_ids))


async def answers_on(transaction: Transaction, alliance_id: UUID, occasion_id: UUID) -> list[Row]:
    """id, rater, instrument and form of the responses on an occasion that count, as received."""
    return await transaction.rows(_ANSWERS, alliance_id=alliance_id, occasion_id=occasion_id)


async def report(
    transaction: Transaction,
    occasion: Mapping[str, Any],
    invited: Sequence[Mapping[str, Any]],
    due_at: datetime | None,
    event_id: UUID,
) -> None:
    """Store an occasion as it is reported, and tell of it. The caller holds the alliance's lock.

    invited: the invitations that are new or have changed. due_at: when answers are late; None:
    none is awaited. The occasion's reported_at is the time of all of it.
    """
    rows = [{f"invitation_{name}": value for name, value in row.items()} for row in invited]
    await transaction.row(
        _REPORT,
        **occasion,
        **arrays_of(rows, _INVITATION),
        due_at=due_at,
        recorded_at=occasion["reported_at"],
        event_id=event_id,
    )


async def occasions_after(
    transaction: Transaction, filters: Mapping[str, Any], after: UUID | None, limit: int
) -> list[Row]:
    """Up to limit occasions of one alliance with its former_refs, in the order of their ids.

    filters: alliance_id, and any of status and occasion_key.
    """
    statement = _list_statement(frozenset(filters), after is not None)
    return await transaction.rows(statement, **filters, after=after, limit=limit)


@cache
def _list_statement(filters: frozenset[str], continued: bool) -> Statement:  # noqa: FBT001 - cached
    statement = (
        sa.select(occasions, alliances.c.former_refs)
        .join(
            alliances,
            sa.and_(
                alliances.c.tenant_id == occasions.c.tenant_id,
                alliances.c.id == occasions.c.alliance_id,
            ),
        )
        .where(_TENANT)
    )
    for name in sorted(filters):
        statement = statement.where(occasions.c[name] == parameter(occasions.c[name]))
    if continued:
        statement = statement.where(occasions.c.id > sa.bindparam("after", type_=sa.Uuid))
    return compiled(
        statement.order_by(occasions.c.id).limit(sa.bindparam("limit", type_=sa.Integer))
    )
