"""Statements on occasions and responses."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from app.alliances.models import alliance_state
from app.database import Row, Statement, Transaction, compiled, parameter
from app.responses.models import occasions, responses
from app.responses.stream_state import Stream

_TENANT: Final = responses.c.tenant_id == parameter(responses.c.tenant_id)
_SUCCESSOR: Final = responses.alias("successor")
_SUCCEEDS: Final = (
    _SUCCESSOR.c.tenant_id == responses.c.tenant_id,
    _SUCCESSOR.c.amends == responses.c.id,
)
_AMENDED_BY: Final = (
    sa.select(_SUCCESSOR.c.id)
    .where(*_SUCCEEDS)
    .correlate(responses)
    .scalar_subquery()
    .label("amended_by")
)
_RECORD: Final = sa.select(responses, _AMENDED_BY)
_BY_ID: Final = compiled(_RECORD.where(_TENANT, responses.c.id == parameter(responses.c.id)))
_NEWEST_BY_EXTERNAL_ID: Final = compiled(
    _RECORD.where(
        _TENANT,
        responses.c.source == parameter(responses.c.source),
        responses.c.external_id == parameter(responses.c.external_id),
    )
    .order_by(responses.c.external_version.desc())
    .limit(1)
)
_SERIES: Final = compiled(
    sa.select(*(column for column in responses.c if column.name != "outcome")).where(
        _TENANT,
        responses.c.alliance_id == parameter(responses.c.alliance_id),
        *(
            responses.c[field].is_not_distinct_from(parameter(responses.c[field]))
            for field in Stream._fields
        ),
        ~sa.exists().where(*_SUCCEEDS).correlate(responses),
    )
)


def _occasion() -> sa.CTE:
    """The id of the occasion, made if it is new."""
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
        occasions.c.tenant_id == parameter(occasions.c.tenant_id),
        occasions.c.alliance_id == parameter(occasions.c.alliance_id),
        occasions.c.occasion_key == parameter(occasions.c.occasion_key),
    )
    return sa.union_all(sa.select(made.c.id), known).cte("occasion")


def _record_statement() -> Statement:
    """The response, its occasion if new, and the alliance's state: all, or nothing if known.

    One statement, so that a response can never stand without its state or be counted twice.
    """
    occasion = _occasion()
    columns = [column for column in responses.c if column.name != "occasion_id"]
    recorded = (
        insert(responses)
        .from_select(
            [*(column.name for column in columns), "occasion_id"],
            sa.select(*(parameter(column) for column in columns), occasion.c.id),
        )
        .on_conflict_do_nothing()
        .returning(responses.c.tenant_id, responses.c.alliance_id, responses.c.occasion_id)
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
            streams=alliance_state.c.streams.op("||")(sa.bindparam("stream", type_=JSONB)),
        )
        .cte("state")
    )
    return compiled(sa.select(recorded.c.occasion_id).add_cte(state))


_RECORD_RESPONSE: Final = _record_statement()


async def record_response(
    transaction: Transaction,
    response: Mapping[str, Any],
    occasion_key: str,
    new_occasion_id: UUID,
    stream: Mapping[str, Any],
) -> UUID | None:
    """Record a response with its occasion and its stream's new state; the occasion's id.

    stream: stream name -> its state after this response. The caller holds the alliance's lock.
    None: the external_id is taken, and nothing at all was written.
    """
    row = await transaction.row(
        _RECORD_RESPONSE,
        **response,
        occasion_key=occasion_key,
        new_occasion_id=new_occasion_id,
        stream=stream,
    )
    return row and row["occasion_id"]


async def response(transaction: Transaction, response_id: UUID) -> Row | None:
    """One response with the id of the one that amends it."""
    return await transaction.row(_BY_ID, id=response_id)


async def newest_by_external_id(
    transaction: Transaction, source: str, external_id: str
) -> Row | None:
    """The highest version of the caller's record."""
    return await transaction.row(_NEWEST_BY_EXTERNAL_ID, source=source, external_id=external_id)


async def series(transaction: Transaction, alliance_id: UUID, stream: Stream) -> list[Row]:
    """Every current response of one stream, in no particular order."""
    return await transaction.rows(_SERIES, alliance_id=alliance_id, **stream._asdict())


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
    statement = _RECORD.where(_TENANT)
    for name in sorted(filters):
        statement = statement.where(responses.c[name] == parameter(responses.c[name]))
    if continued:
        statement = statement.where(responses.c.id > sa.bindparam("after", type_=sa.Uuid))
    return compiled(
        statement.order_by(responses.c.id).limit(sa.bindparam("limit", type_=sa.Integer))
    )
