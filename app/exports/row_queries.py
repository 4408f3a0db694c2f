"""The rows of an export as statements give them, each kind with its columns in their order.

They are copied, and the text of a copy has no parameters: Postgres shows it while it runs, and logs
it when it fails. So nothing that a caller has named stands in it, only ids, times and the service's
own codes. What callers have named is looked for by app.exports.page_queries, which gives ids.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.alliances.models import alliances
from app.exports.items import Item
from app.responses.models import response_voids, responses
from app.statements import parameter

Cells = Mapping[str, sa.ColumnElement[Any]]
AS_OF: Final = sa.bindparam("as_of", type_=responses.c.received_at.type)
AFTER: Final = sa.bindparam("after", type_=sa.Uuid)
LAST: Final = sa.bindparam("last", type_=sa.Uuid)
_ONLY_SUPERVISOR: Final = sa.cast(sa.literal('["supervisor"]', sa.Text), JSONB)
_AS_STORED: Final = (
    "id", "alliance_id", "occasion_id", "source", "external_id", "external_version", "amends",
    "instrument", "instrument_revision", "form_revision", "form", "language", "rater_role",
    "rater_ref", "proxy_ref", "about_role", "about_ref", "interpreter", "professional_present",
    "mode", "session_ref", "session_number", "occurred_at", "occurred_at_offset", "occurred_on",
    "completed_at", "completed_at_offset", "completed_on", "setting", "program_ref",
    "record_kind", "backfill", "received_at", "amendment_reason", "answers", "reported_scores",
)  # fmt: skip


def ids(name: str) -> sa.BindParameter[Any]:
    """A parameter of several ids."""
    return sa.bindparam(name, type_=ARRAY(sa.Uuid))


def day_of(of: sa.FromClause) -> sa.ColumnElement[Any]:
    """The local day of an occasion; null where none is known."""
    since = sa.func.make_interval(0, 0, 0, 0, 0, sa.cast(of.c.occurred_at_offset, sa.Integer))
    local = sa.func.timezone("UTC", of.c.occurred_at) + since
    return sa.func.coalesce(of.c.occurred_on, sa.cast(local, sa.Date))


def within(
    given: frozenset[str], stored_at: sa.ColumnElement[Any], day: sa.ColumnElement[Any] | None
) -> list[sa.ColumnElement[bool]]:
    """The conditions of the periods that are given."""
    moment = sa.DateTime(timezone=True)
    conditions: list[sa.ColumnElement[bool]] = [stored_at <= AS_OF]
    if "received_from" in given:
        conditions.append(stored_at >= sa.bindparam("received_from", type_=moment))
    if "received_to" in given:
        conditions.append(stored_at < sa.bindparam("received_to", type_=moment))
    if day is not None and "occasion_from" in given:
        conditions.append(day >= sa.bindparam("occasion_from", type_=sa.Date))
    if day is not None and "occasion_to" in given:
        conditions.append(day <= sa.bindparam("occasion_to", type_=sa.Date))
    return conditions


_SUCCESSOR: Final = responses.alias("successor")
_OF_ALLIANCE: Final = sa.and_(
    alliances.c.tenant_id == responses.c.tenant_id, alliances.c.id == responses.c.alliance_id
)
_OF_VOID: Final = sa.and_(
    response_voids.c.tenant_id == responses.c.tenant_id,
    response_voids.c.response_id == responses.c.id,
    response_voids.c.voided_at <= AS_OF,
)
_OF_SUCCESSOR: Final = sa.and_(
    _SUCCESSOR.c.tenant_id == responses.c.tenant_id,
    _SUCCESSOR.c.amends == responses.c.id,
    _SUCCESSOR.c.amends.is_not(None),
    _SUCCESSOR.c.received_at <= AS_OF,
)


def _current(columns: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
    """Responses that count as of the export, with their alliance."""
    nothing = (
        sa.null().cast(response_voids.c.voided_at.type).label("voided_at"),
        sa.null().cast(sa.Text).label("void_reason"),
        sa.null().cast(sa.Uuid).label("amended_by"),
        sa.literal("current", sa.Text).label("record_status"),
    )
    return (
        sa.select(*columns, *nothing)
        .select_from(responses)
        .join(alliances, _OF_ALLIANCE)
        .where(~sa.exists().where(_OF_VOID), ~sa.exists().where(_OF_SUCCESSOR))
    )


def _every_version(columns: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
    """All responses with alliance, void and successor, each as of the export."""
    status = sa.case(
        (response_voids.c.voided_at.is_not(None), "voided"),
        (_SUCCESSOR.c.id.is_not(None), "amended"),
        else_="current",
    )
    return (
        sa.select(
            *columns,
            response_voids.c.voided_at,
            response_voids.c.reason.label("void_reason"),
            _SUCCESSOR.c.id.label("amended_by"),
            status.label("record_status"),
        )
        .select_from(responses)
        .join(alliances, _OF_ALLIANCE)
        .outerjoin(response_voids, _OF_VOID)
        .outerjoin(_SUCCESSOR, _OF_SUCCESSOR)
    )


def _seen(
    read: sa.Subquery, *, system: bool
) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """Whether this reader sees answers, and scores: as app.responses.visibility judges."""
    audience, level = read.c.notice_audience, read.c.notice_level
    told = audience.contains(sa.func.to_jsonb(sa.bindparam("reader", type_=sa.Text)))
    if system:
        for_supervision = sa.and_(
            audience.contains(_ONLY_SUPERVISOR), audience.contained_by(_ONLY_SUPERVISOR)
        )
        told = sa.not_(for_supervision)
    own = read.c.id == sa.func.any(ids("own"))
    answers = sa.and_(level == "items", told, read.c.id != sa.func.all(ids("withheld_answers")))
    at_least_scores = sa.or_(level == "items", level == "scores")
    scores = sa.and_(at_least_scores, told, read.c.id != sa.func.all(ids("withheld_scores")))
    # What is not known is not shown.
    return (
        sa.func.coalesce(sa.or_(own, answers), sa.false()),
        sa.func.coalesce(sa.or_(own, scores), sa.false()),
    )


def _read(given: frozenset[str], part: sa.ColumnElement[Any]) -> sa.Subquery:
    """The responses of a page as they are stored, in the order of their ids."""
    notice = responses.c.notice
    columns = (
        *(responses.c[name] for name in _AS_STORED),
        alliances.c.source.label("alliance_source"),
        alliances.c.external_id.label("alliance_external_id"),
        notice["audience"].label("notice_audience"),
        notice["level"].astext.label("notice_level"),
        notice["ref"].astext.label("notice_ref"),
        part,
    )
    select = (_every_version if "all" in given else _current)(columns).where(
        responses.c.tenant_id == parameter(responses.c.tenant_id),
        responses.c.id > AFTER,
        responses.c.id <= LAST,
        *within(given, responses.c.received_at, day_of(responses)),
    )
    for name in given & {"instrument", "form"}:
        select = select.where(responses.c[name] == parameter(responses.c[name]))
    if "program_ref" in given:
        select = select.where(responses.c.id == sa.func.any(ids("wanted")))
    return _fenced(select.order_by(responses.c.id), "read")


def _judged(given: frozenset[str], part: sa.ColumnElement[Any]) -> sa.Subquery:
    """As _read, with what this reader may see of each."""
    read = _read(given, part)
    sees_answers, sees_scores = _seen(read, system="system" in given)
    select = sa.select(
        *read.c, sees_answers.label("sees_answers"), sees_scores.label("sees_scores")
    )
    return _fenced(select.order_by(read.c.id), "judged")


def _fenced(select: sa.Select[Any], name: str) -> sa.Subquery:
    """The rows with each value worked out once, however many columns ask for it."""
    return select.offset(sa.literal_column("0")).subquery(name)


def _withheld(j: sa.Subquery, *, scores_only: bool = False) -> dict[str, sa.ColumnElement[Any]]:
    parts: sa.ColumnElement[Any] = sa.case((j.c.sees_scores, "answers"), else_="answers scores")
    if scores_only:
        parts = sa.literal("scores", sa.Text)
    seen = j.c.sees_scores if scores_only else j.c.sees_answers
    return {
        "withheld": sa.case((seen, None), else_=parts),
        "withheld_reason": sa.case((seen, None), else_="notice"),
    }


def response_cells(given: frozenset[str], items: tuple[Item, ...]) -> Cells:
    """The columns of responses."""
    j = _judged(given, responses.c.outcome["quality"].label("quality_notes"))
    shown = {name: sa.case((j.c.sees_answers, j.c[name])) for name in _SHOWN_WITH_ANSWERS}
    notes = (
        sa.func.jsonb_array_elements(j.c.quality_notes)
        .table_valued(sa.column("note", JSONB))
        .render_derived(name="notes")
    )
    codes = sa.select(sa.func.string_agg(notes.c.note["code"].astext, " ")).correlate(j)
    noted = sa.and_(j.c.sees_answers, j.c.quality_notes != sa.cast(sa.literal("[]"), JSONB))
    own = {
        "record": sa.literal("row", sa.Text),
        "quality": sa.case((noted, codes.scalar_subquery())),
        "reported_scores": sa.case((j.c.sees_scores, j.c.reported_scores)),
        **shown,
        **_withheld(j),
    }
    cells: dict[str, sa.ColumnElement[Any]] = {**{c.name: c for c in j.c}, **own}
    for item in items:
        cells |= _item_cells(j, item)
    return cells


_SHOWN_WITH_ANSWERS: Final = ("amendment_reason", "void_reason", "answers")


def _item_cells(j: sa.Subquery, item: Item) -> dict[str, sa.ColumnElement[Any]]:
    """An item's value, and what became of the item."""
    answer, line = j.c.answers[item.id], sa.func.jsonb_typeof(j.c.answers[item.id])
    asked_in = sa.literal(sorted(item.asked_in), ARRAY(sa.Text))
    length = sa.cast(answer["line_mm"].astext, sa.Numeric)
    # As scoring reads a line: to one decimal (app.measurement.answers).
    mark = sa.func.round(10 * sa.cast(answer["mark_mm"].astext, sa.Numeric) / length, 1)
    state = sa.case(
        (j.c.record_kind == "scores_only", "scores_only"),
        (sa.not_(j.c.sees_answers), "withheld"),
        (j.c.form_revision != sa.func.all(asked_in), "not_asked"),
        (sa.func.coalesce(line, "null") == "null", "skipped"),
        (line == "string", answer.astext),
        else_="answered",
    )
    value = sa.case(
        (sa.and_(j.c.sees_answers, line == "number"), sa.cast(answer.astext, sa.Numeric)),
        (sa.and_(j.c.sees_answers, line == "object"), mark),
    )
    return {item.value.name: value, item.state.name: state}


def score_cells(given: frozenset[str]) -> Cells:
    """The columns of scores: one row for each scale of a response."""
    j = _judged(given, responses.c.outcome["scores"].label("scored"))
    one = (
        sa.func.jsonb_to_recordset(j.c.scored)
        .table_valued(*(sa.column(name, kind) for name, kind in _SCORE.items()))
        .render_derived(name="score", with_types=True)
    )
    plain = {name: one.c[name] for name in ("scale", "component", "use", "key_status", "unit")}
    plain |= {name: one.c[name] for name in ("min", "max", "items")}
    shown = {name: sa.case((j.c.sees_scores, one.c[name])) for name in _SCORE if name not in plain}
    return {
        **{c.name: c for c in j.c},
        "record": sa.literal("row", sa.Text),
        "response_id": j.c.id,
        **plain,
        **shown,
        **_withheld(j, scores_only=True),
    }


_SCORE: Final[Mapping[str, Any]] = {
    "scale": sa.Text(),
    "component": sa.Text(),
    "use": sa.Text(),
    "key_status": sa.Text(),
    "unit": sa.Text(),
    "min": sa.Numeric(),
    "max": sa.Numeric(),
    "items": sa.Integer(),
    "value": sa.Numeric(),
    "sum": sa.Numeric(),
    "mean": sa.Numeric(),
    "percent_of_range": sa.Numeric(),
    "answered": sa.Integer(),
    "prorated": sa.Boolean(),
    "status": sa.Text(),
    "reason": sa.Text(),
}
