"""The statement that records many responses at once, with everything beside them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from app.alliances.models import alliance_state
from app.database import Transaction
from app.events.models import event_queue
from app.marks.queries import MARK, mark_parameters, marked
from app.occasions.models import occasions
from app.responses.models import response_voids, responses
from app.responses.queries import completed
from app.signals.writing_queries import (
    SIGNAL,
    SUPERSEDED,
    SignalChanges,
    raised,
    signal_parameters,
    superseded,
    superseded_parameters,
)
from app.statements import Statement, arrays_of, compiled, parameter, unnested

_RESPONSE: Final = tuple(c for c in responses.c if c.name not in {"tenant_id", "occasion_id"})
_OCCASION: Final = (sa.Column("occasion_key", sa.Text), sa.Column("new_occasion_id", sa.Uuid))
_VOID: Final = tuple(
    sa.Column(f"void_{c.name}", c.type) for c in response_voids.c if c.name != "tenant_id"
)
_STATE: Final = tuple(
    sa.Column(f"state_{c.name}", c.type) for c in alliance_state.c if c.name != "tenant_id"
)
_EVENT: Final = tuple(
    sa.Column(f"event_{c.name}", c.type) for c in event_queue.c if c.name != "tenant_id"
)


def _occasion(given: sa.FromClause) -> sa.CTE:
    """The ids of the occasions, made where they are new."""
    tenant_id = parameter(occasions.c.tenant_id)
    key = (given.c.alliance_id, given.c.occasion_key)
    new = (
        sa.select(
            tenant_id,
            given.c.alliance_id,
            given.c.new_occasion_id,
            given.c.occasion_key,
            given.c.received_at,
        )
        .ext(distinct_on(*key))
        .order_by(*key)
    )
    made = (
        insert(occasions)
        .from_select(["tenant_id", "alliance_id", "id", "occasion_key", "created_at"], new)
        .on_conflict_do_nothing(index_elements=["tenant_id", "alliance_id", "occasion_key"])
        .returning(occasions.c.alliance_id, occasions.c.occasion_key, occasions.c.id)
        .cte("occasion_made")
    )
    known = sa.select(occasions.c.alliance_id, occasions.c.occasion_key, occasions.c.id).join_from(
        given,
        occasions,
        sa.and_(
            occasions.c.tenant_id == tenant_id,
            occasions.c.alliance_id == given.c.alliance_id,
            occasions.c.occasion_key == given.c.occasion_key,
        ),
    )
    return sa.union(sa.select(made.c.alliance_id, made.c.occasion_key, made.c.id), known).cte(
        "occasion"
    )


def _recorded(given: sa.FromClause) -> sa.CTE:
    occasion = _occasion(given)
    # In the order of their names, so that two callers with the same ones never wait in a ring.
    rows = (
        sa.select(
            parameter(responses.c.tenant_id), *(given.c[c.name] for c in _RESPONSE), occasion.c.id
        )
        .join_from(
            given,
            occasion,
            sa.and_(
                occasion.c.alliance_id == given.c.alliance_id,
                occasion.c.occasion_key == given.c.occasion_key,
            ),
        )
        .order_by(given.c.source, given.c.external_id, given.c.external_version)
    )
    return (
        insert(responses)
        .from_select(["tenant_id", *(c.name for c in _RESPONSE), "occasion_id"], rows)
        .on_conflict_do_nothing()
        .returning(responses)
        .cte("recorded")
    )


def _into(table: sa.Table, given: Sequence[sa.Column[Any]]) -> sa.CTE:
    """Every given row put into the table."""
    rows = unnested(f"{table.name}_rows", given)
    names = [c.name for c in table.c if c.name != "tenant_id"]
    return (
        insert(table)
        .from_select(
            ["tenant_id", *names],
            sa.select(parameter(table.c.tenant_id), *(rows.c[c.name] for c in given)),
        )
        .returning(table.c.tenant_id)
        .cte(f"{table.name}_made")
    )


def _voided() -> sa.CTE:
    """The voids; one that is there already learns of a higher version that says so again."""
    rows = unnested("voids", _VOID)
    names = [c.name for c in response_voids.c if c.name != "tenant_id"]
    void = insert(response_voids).from_select(
        ["tenant_id", *names],
        sa.select(parameter(response_voids.c.tenant_id), *(rows.c[c.name] for c in _VOID)),
    )
    version = response_voids.c.external_version
    return (
        void.on_conflict_do_update(
            index_elements=["tenant_id", "response_id"],
            set_={"external_version": sa.func.greatest(version, void.excluded.external_version)},
        )
        .returning(response_voids.c.response_id)
        .cte("voided")
    )


def _record_statement() -> Statement:
    """Responses with their occasions, voids, states and events, in one statement."""
    recorded = _recorded(unnested("given", (*_RESPONSE, *_OCCASION)))
    states = unnested("states", _STATE)
    state = (
        sa.update(alliance_state)
        .where(
            alliance_state.c.tenant_id == parameter(alliance_state.c.tenant_id),
            alliance_state.c.alliance_id == states.c.state_alliance_id,
        )
        .values(
            version=states.c.state_version,
            last_received_at=states.c.state_last_received_at,
            streams=states.c.state_streams,
            watches=states.c.state_watches,
        )
        .cte("state")
    )
    voided = _voided()
    told = _into(event_queue, _EVENT)
    return compiled(
        sa.select(
            recorded.c.id,
            recorded.c.occasion_id,
            sa.select(sa.func.count()).select_from(voided).scalar_subquery().label("voids"),
        )
        .select_from(sa.select(sa.literal(1)).subquery("always"))
        .join(recorded, sa.true(), isouter=True)
        .add_cte(
            state,
            told,
            completed(recorded),
            marked(unnested("mark_rows", MARK), recorded),
            raised(unnested("signal_rows", SIGNAL)),
            superseded(unnested("superseded_rows", SUPERSEDED)),
        )
    )


_RECORD: Final = _record_statement()


async def record_many(  # noqa: PLR0917 - everything that one statement writes
    transaction: Transaction,
    new: Sequence[Mapping[str, Any]],
    voids: Sequence[Mapping[str, Any]],
    states: Sequence[Mapping[str, Any]],
    events: Sequence[Mapping[str, Any]],
    signals: SignalChanges,
    marks: Sequence[Mapping[str, Any]],
) -> tuple[dict[UUID, UUID], int]:
    """Record responses (with occasion_key and new_occasion_id), voids, states, events and so on.

    The ids of the responses that were recorded, each with its occasion's, and the number of voids.
    Fewer than were given: another caller was quicker, and the transaction must not be committed.
    """
    rows = await transaction.rows(
        _RECORD,
        **arrays_of(new, (*_RESPONSE, *_OCCASION)),
        **arrays_of(_prefixed("void", voids), _VOID),
        **arrays_of(_prefixed("state", states), _STATE),
        **arrays_of(_prefixed("event", events), _EVENT),
        **signal_parameters(signals.raised),
        **superseded_parameters(signals.superseded),
        **mark_parameters(marks),
    )
    return {row["id"]: row["occasion_id"] for row in rows if row["id"]}, rows[0]["voids"]


def _prefixed(prefix: str, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{f"{prefix}_{name}": value for name, value in row.items()} for row in rows]
