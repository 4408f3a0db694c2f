"""Statements on responses."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from app.alliances.models import alliance_state, alliances
from app.database import Row, Transaction
from app.events.models import EVENT, event_queue
from app.marks.queries import MARK, mark_parameters, marked
from app.occasions.models import invitations
from app.occasions.queries import named_occasion
from app.responses.models import response_voids, responses
from app.signals.writing_queries import (
    SIGNAL,
    SIGNAL_EVENT,
    SUPERSEDED,
    SignalChanges,
    event_parameters,
    raised,
    signal_parameters,
    superseded,
    superseded_parameters,
    told,
)
from app.statements import Statement, compiled, parameter, unnested

INVITED: Final = (
    "tenant_id",
    "alliance_id",
    "occasion_id",
    "rater_role",
    "rater_ref",
    "instrument",
    "form",
)
"""What an invitation and the response that answers it share."""
_TENANT: Final = responses.c.tenant_id == parameter(responses.c.tenant_id)
_SUCCESSOR: Final = responses.alias("successor")
_SUCCEEDS: Final = (
    _SUCCESSOR.c.tenant_id == responses.c.tenant_id,
    _SUCCESSOR.c.amends == responses.c.id,
)
AMENDED_BY: Final = (
    sa.select(_SUCCESSOR.c.id)
    .where(*_SUCCEEDS)
    .correlate(responses)
    .scalar_subquery()
    .label("amended_by")
)
"""The version that replaced a response; None: it is the newest."""
RECORD: Final = (
    sa.select(
        responses,
        AMENDED_BY,
        response_voids.c.voided_at,
        response_voids.c.external_version.label("void_version"),
        response_voids.c.reason.label("void_reason"),
        response_voids.c.actor_role.label("voided_by_role"),
        response_voids.c.actor_ref.label("voided_by_ref"),
        alliances.c.former_refs,
        alliances.c.source.label("alliance_source"),
        alliances.c.external_id.label("alliance_external_id"),
    )
    .join(
        alliances,
        sa.and_(
            alliances.c.tenant_id == responses.c.tenant_id,
            alliances.c.id == responses.c.alliance_id,
        ),
    )
    .outerjoin(
        response_voids,
        sa.and_(
            response_voids.c.tenant_id == responses.c.tenant_id,
            response_voids.c.response_id == responses.c.id,
        ),
    )
)
"""A response with its successor, its void and the merged references of its alliance."""
_BY_ID: Final = compiled(RECORD.where(_TENANT, responses.c.id == parameter(responses.c.id)))
_NOTICES: Final = compiled(
    sa.select(responses.c.id, responses.c.notice, AMENDED_BY).where(
        _TENANT, responses.c.id == sa.func.any(sa.bindparam("ids", type_=ARRAY(sa.Uuid)))
    )
)
_VERSIONS: Final = compiled(
    RECORD.where(
        _TENANT,
        responses.c.source == parameter(responses.c.source),
        responses.c.external_id == parameter(responses.c.external_id),
    ).order_by(responses.c.external_version)
)


def _told(state: sa.CTE) -> sa.CTE:
    """The event of a response that was recorded."""
    return (
        insert(event_queue)
        .from_select(
            EVENT,
            sa.select(
                state.c.tenant_id,
                sa.bindparam("event_id", type_=sa.Uuid),
                sa.literal("response.recorded", sa.Text),
                parameter(responses.c.alliance_id),
                sa.bindparam("id", type_=sa.Uuid).label("subject_id"),
                sa.bindparam("received_at", type_=responses.c.received_at.type),
                state.c.version,
            ),
        )
        .cte("told")
    )


def completed(recorded: sa.CTE) -> sa.CTE:
    """The invitations that recorded responses have come to; of another version of one, too.

    recorded: with tenant_id, alliance_id, occasion_id, rater, instrument, form, id and
    received_at. Whoever filled it in, it is the rater's.
    """
    return (
        sa.update(invitations)
        .where(*(invitations.c[name] == recorded.c[name] for name in INVITED))
        .values(state="completed", response_id=recorded.c.id, updated_at=recorded.c.received_at)
        .returning(invitations.c.tenant_id)
        .cte("invitations_completed")
    )


def _beside(recorded: sa.CTE) -> list[sa.CTE]:
    """Marks, signals raised and superseded, and the events of them, if a response was recorded."""
    stored = sa.exists().where(recorded.c.tenant_id == parameter(responses.c.tenant_id))
    return [
        marked(unnested("mark_rows", MARK), recorded),
        raised(unnested("signal_rows", SIGNAL), stored),
        superseded(unnested("superseded_rows", SUPERSEDED), stored),
        told(unnested("signal_events", SIGNAL_EVENT), stored),
    ]


def _record_statement(*, with_signals: bool) -> Statement:
    """The response, its occasion if new, the alliance's state, the event: all, or none if known.

    One statement, so that a response can never stand without its state or be counted twice.
    """
    occasion = named_occasion()
    columns = [column for column in responses.c if column.name != "occasion_id"]
    recorded = (
        insert(responses)
        .from_select(
            [*(column.name for column in columns), "occasion_id"],
            sa.select(*(parameter(column) for column in columns), occasion.c.id),
        )
        .on_conflict_do_nothing()
        .returning(responses)
        .cte("recorded")
    )
    state = (
        sa.update(alliance_state)
        .where(
            alliance_state.c.tenant_id == recorded.c.tenant_id,
            alliance_state.c.alliance_id == recorded.c.alliance_id,
        )
        .values(
            version=alliance_state.c.version + 1,
            last_received_at=sa.bindparam("received_at", type_=responses.c.received_at.type),
            streams=parameter(alliance_state.c.streams),
            watches=parameter(alliance_state.c.watches),
        )
        .returning(alliance_state.c.tenant_id, alliance_state.c.version)
        .cte("state")
    )
    beside = [_told(state), completed(recorded), *(_beside(recorded) if with_signals else ())]
    return compiled(sa.select(recorded.c.occasion_id).add_cte(*beside))


_RECORD_RESPONSE: Final = _record_statement(with_signals=False)
_RECORD_WITH_SIGNALS: Final = _record_statement(with_signals=True)


async def record_response(  # noqa: PLR0917 - everything that one statement writes
    transaction: Transaction,
    response: Mapping[str, Any],
    occasion: Mapping[str, Any],
    state: Mapping[str, Any],
    event_id: UUID,
    signals: SignalChanges,
    marks: Sequence[Mapping[str, Any]],
) -> UUID | None:
    """Record a response with its occasion, its alliance's new state and its event; the occasion.

    occasion: occasion_key and new_occasion_id. state: streams and watches after this response. The
    caller holds the alliance's lock. None: the external_id is taken, and nothing at
    all was written but, perhaps, the occasion.
    """
    values = {**response, **occasion, **state, "event_id": event_id}
    statement = _RECORD_RESPONSE
    if signals.events:
        statement = _RECORD_WITH_SIGNALS
        values |= signal_parameters(signals.raised) | superseded_parameters(signals.superseded)
        values |= event_parameters(signals.events) | mark_parameters(marks)
    row = await transaction.row(statement, **values)
    return row and row["occasion_id"]


async def response(transaction: Transaction, response_id: UUID) -> Row | None:
    """One response with the id of the one that amends it."""
    return await transaction.row(_BY_ID, id=response_id)


async def versions(transaction: Transaction, source: str, external_id: str) -> list[Row]:
    """Every version of the caller's record, oldest first."""
    return await transaction.rows(_VERSIONS, source=source, external_id=external_id)


async def notices(transaction: Transaction, ids: Iterable[UUID]) -> list[Row]:
    """id, notice and amended_by of these responses."""
    return await transaction.rows(_NOTICES, ids=list(ids))


async def responses_after(
    transaction: Transaction, filters: Mapping[str, Any], after: UUID | None, limit: int
) -> list[Row]:
    """Up to limit responses that meet every filter, in the order of their ids.

    filters: any of external_id, source, alliance_id, instrument, form.
    """
    statement = _list_statement(frozenset(filters), after is not None)
    return await transaction.rows(statement, **filters, after=after, limit=limit)


@cache
def _list_statement(filters: frozenset[str], continued: bool) -> Statement:  # noqa: FBT001 - cached
    statement = RECORD.where(_TENANT)
    for name in sorted(filters):
        statement = statement.where(responses.c[name] == parameter(responses.c[name]))
    if continued:
        statement = statement.where(responses.c.id > sa.bindparam("after", type_=sa.Uuid))
    return compiled(
        statement.order_by(responses.c.id).limit(sa.bindparam("limit", type_=sa.Integer))
    )
