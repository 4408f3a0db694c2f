"""Reading the course of one alliance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.alliances.merged_refs import former_refs
from app.alliances.schemas import AllianceOut
from app.alliances.service import get
from app.database import Row, Transaction
from app.instruments.definitions import Catalogue
from app.measurement.course import LAST_INSTANT
from app.responses.answer_schemas import NotComputed
from app.responses.service import judged_now
from app.responses.stream_state import place_of
from app.tenants.authentication import Actor
from app.trends import queries
from app.trends.course import courses, stream_out, within
from app.trends.dyad import dyad_out
from app.trends.edits import withdrawn_by_others
from app.trends.schemas import TrendOut

NOT_COMPUTED: Final = [
    NotComputed(code=code, why=f"This release computes no {code}.")
    for code in ("level", "slope", "drops", "signals")
]
"""A reader who looks for a drop and finds nothing must not take that for "no drop"."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of an alliance's course is asked for; None: everything."""

    instrument: str | None = None
    form: str | None = None
    role: str | None = None
    scale: str | None = None
    start: date | None = None
    end: date | None = None
    as_of: datetime | None = None


async def trend(
    transaction: Transaction,
    catalogue: Catalogue,
    actor: Actor | None,
    alliance_id: UUID,
    window: Window,
) -> TrendOut:
    """The streams of an alliance in the order of their occasions, as this reader may see them.

    as_of changes what was known, never what may be seen. Raises NotFound, also for another
    tenant's alliance.
    """
    alliance = await get(transaction, alliance_id)
    rows = await queries.responses_of_alliance(
        transaction, alliance_id, window.instrument, window.as_of
    )
    moved = await queries.moved_away(transaction, alliance_id, window.as_of or LAST_INSTANT)
    judged = await judged_now(transaction, rows)
    return _shown(alliance, judged, moved, catalogue, actor, window)


def _shown(  # noqa: PLR0917 - what was read, and for whom
    alliance: Row,
    rows: Sequence[Mapping[str, Any]],
    moved: Sequence[Row],
    catalogue: Catalogue,
    actor: Actor | None,
    window: Window,
) -> TrendOut:
    former = former_refs(alliance["former_refs"])
    standing = [row for row in rows if row["voided_at"] is None]
    whole = courses(standing, catalogue, actor, former)
    within_window = [within(course, window.start, window.end) for course in whole]
    shown = [
        course
        for course in within_window
        if (course.placed or course.unplaced)
        and window.form in {None, course.stream.form}
        and window.role in {None, course.stream.rater_role}
    ]
    return TrendOut(
        alliance=AllianceOut.model_validate(dict(alliance)),
        as_of=window.as_of,
        streams=[
            stream_out(course, scale)
            for course in shown
            for scale in course.form.key.scales
            if window.scale in {None, scale.id}
        ],
        # From both sides, whichever is asked for.
        dyad=dyad_out(within_window, window.scale),
        withdrawn=withdrawn_by_others(
            (row for row in rows if row["voided_at"] is not None and _asked(row, window)),
            (row for row in moved if _asked(row, window)),
            former,
        ),
        not_computed=NOT_COMPUTED,
    )


def _asked(row: Mapping[str, Any], window: Window) -> bool:
    """Whether a response is one that is asked for."""
    day = place_of(row).occurred_on
    undated_too = window.start is None and window.end is None
    return (
        window.instrument in {None, row["instrument"]}
        and window.form in {None, row["form"]}
        and window.role in {None, row["rater_role"]}
        and (undated_too or day is not None)
        and (window.start is None or (day is not None and day >= window.start))
        and (window.end is None or (day is not None and day <= window.end))
    )
