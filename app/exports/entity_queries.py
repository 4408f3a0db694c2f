"""The rows of signals and of alliances, as app.exports.row_queries gives those of responses."""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from app.alliances.models import alliance_members, alliances
from app.exports.row_queries import AFTER, LAST, Cells, day_of, ids, within
from app.responses.models import responses
from app.signals.models import signals
from app.signals.queries import own, visible
from app.statements import parameter

_OF_PROGRAMME: Final = alliances.c.program_ref == parameter(alliances.c.program_ref)


def visible_signals(given: frozenset[str]) -> sa.Select[Any]:
    """Id and numbers of the signals of a page that a reader may see; numbers: the scores, too."""
    of_kind = sa.func.array_position(
        signals.c.number_audience, sa.bindparam("reader", type_=sa.Text)
    ).is_not(None)
    numbers = sa.func.coalesce(sa.or_(of_kind, own()), sa.false())
    select = sa.select(signals.c.id, numbers.label("numbers")).where(
        signals.c.tenant_id == parameter(signals.c.tenant_id),
        signals.c.id > AFTER,
        signals.c.id <= LAST,
        visible(),
        *within(given, signals.c.opened_at, None),
    )
    for name in given & {"instrument", "form"}:
        select = select.where(signals.c[name] == parameter(signals.c[name]))
    if "program_ref" in given:
        programme = sa.exists().where(
            alliances.c.tenant_id == signals.c.tenant_id,
            alliances.c.id == signals.c.alliance_id,
            _OF_PROGRAMME,
        )
        select = select.where(programme)
    if given & {"occasion_from", "occasion_to"}:
        rating = sa.exists().where(
            responses.c.tenant_id == signals.c.tenant_id,
            responses.c.id == signals.c.response_id,
            *within(
                given - {"received_from", "received_to"}, signals.c.opened_at, day_of(responses)
            ),
        )
        select = select.where(rating)
    return select


def signal_cells() -> Cells:
    """The columns of the signals with the ids `wanted`, numbers of those in `with_numbers`."""
    numbers = signals.c.id == sa.func.any(ids("with_numbers"))
    shown = {
        name: sa.case((numbers, signals.c[name])) for name in ("value", "threshold", "parameters")
    }
    return {
        **{c.name: c for c in signals.c},
        "record": sa.literal("row", sa.Text),
        "alliance_source": alliances.c.source,
        "alliance_external_id": alliances.c.external_id,
        "audience": sa.func.array_to_string(signals.c.audience, " "),
        **shown,
        "withheld": sa.case((numbers, None), else_="scores"),
        "withheld_reason": sa.case((numbers, None), else_="notice"),
    }


def of_wanted_signals(select: sa.Select[Any]) -> sa.Select[Any]:
    """The rows of the signals with the ids `wanted`, in their order."""
    return (
        select.select_from(signals)
        .join(
            alliances,
            sa.and_(
                alliances.c.tenant_id == signals.c.tenant_id,
                alliances.c.id == signals.c.alliance_id,
            ),
        )
        .where(
            signals.c.tenant_id == parameter(signals.c.tenant_id),
            signals.c.id == sa.func.any(ids("wanted")),
        )
        .order_by(signals.c.id)
    )


def _of_members(what: sa.ColumnElement[Any], *conditions: sa.ColumnElement[bool]) -> Any:  # noqa: ANN401 - an expression
    return (
        sa.select(what)
        .where(
            alliance_members.c.tenant_id == alliances.c.tenant_id,
            alliance_members.c.alliance_id == alliances.c.id,
            *conditions,
        )
        .correlate(alliances)
        .scalar_subquery()
    )


def alliance_cells() -> Cells:
    """The columns of alliances."""
    members = alliance_members.c
    one = sa.case((sa.func.count() == 1, sa.func.min(members.ref)))
    listed = sa.func.jsonb_agg(
        aggregate_order_by(
            sa.func.jsonb_build_object("role", members.role, "ref", members.ref),
            members.role,
            members.ref,
        ),
        type_=JSONB,
    )
    return {
        **{c.name: c for c in alliances.c},
        "record": sa.literal("row", sa.Text),
        "client_ref": _of_members(one, members.role == "client"),
        "professional_ref": _of_members(one, members.role == "professional"),
        "members": _of_members(listed),
    }


def of_alliances(select: sa.Select[Any], given: frozenset[str]) -> sa.Select[Any]:
    """The rows of the alliances of a page, in the order of their ids."""
    select = select.select_from(alliances).where(
        alliances.c.tenant_id == parameter(alliances.c.tenant_id),
        alliances.c.id > AFTER,
        alliances.c.id <= LAST,
        *within(given, alliances.c.created_at, None),
    )
    if "program_ref" in given:
        select = select.where(alliances.c.id == sa.func.any(ids("wanted")))
    return select.order_by(alliances.c.id)
