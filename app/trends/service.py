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
from app.marks.rendering import mark_read
from app.marks.service import all_of as marks_of_alliance
from app.measurement.course import LAST_INSTANT
from app.measurement.slope import LEAST_FOR_SLOPE
from app.responses.answer_schemas import NotComputed
from app.responses.service import judged_now
from app.responses.signals_shown import ASSUMED, NO_DATES
from app.responses.stream_state import place_of
from app.signals.guidance import ORIGINAL
from app.signals.schemas import SignalOut
from app.signals.service import as_known, reading_of
from app.signals.service import of_alliance as signals_of_alliance
from app.signals.service import shown as signal_shown
from app.tenants.authentication import Caller
from app.trends import queries
from app.trends.agreement import TOO_FEW
from app.trends.course import Course, courses, stream_out, within
from app.trends.drops import drops_out
from app.trends.dyad import dyad_out
from app.trends.edits import withdrawn_by_others
from app.trends.published import published_out
from app.trends.schemas import DyadOut, TrendOut

TOO_FEW_FOR_SLOPE: Final = NotComputed(
    code="slope", why=f"A slope needs {LEAST_FOR_SLOPE} scored ratings of its stream."
)


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
    rules: str = ""
    """Published rules to compare with, with commas between."""
    language: str = ORIGINAL
    """Of the texts of signals."""

    @property
    def compared(self) -> tuple[str, ...]:
        """The names of the published rules, each once."""
        return tuple(dict.fromkeys(self.rules.split(","))) if self.rules else ()


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of one alliance, as this caller may see it."""

    alliance: Row
    rows: Sequence[Mapping[str, Any]]
    """Responses that were the newest version then, judged_now."""
    moved: Sequence[Row]
    marks: Sequence[Mapping[str, Any]]
    signals: Sequence[Mapping[str, Any]]

    @property
    def instruments(self) -> set[str]:
        """Those of the responses."""
        return {row["instrument"] for row in self.rows}


async def read(transaction: Transaction, caller: Caller, alliance_id: UUID, window: Window) -> Read:
    """What a trend is made of. as_of changes what was known, never what may be seen.

    Raises NotFound, also for another tenant's alliance.
    """
    as_of = window.as_of or LAST_INSTANT
    alliance = await get(transaction, alliance_id)
    rows = await queries.responses_of_alliance(
        transaction, alliance_id, window.instrument, window.as_of
    )
    moved = await queries.moved_away(transaction, alliance_id, as_of)
    marks = await marks_of_alliance(transaction, alliance, caller.actor)
    signals = await signals_of_alliance(transaction, caller, alliance_id)
    return Read(
        alliance,
        await judged_now(transaction, rows),
        moved,
        [mark for mark in marks if mark["recorded_at"] <= as_of],
        await as_known(transaction, signals, window.as_of),
    )


def trend(read: Read, catalogue: Catalogue, caller: Caller, window: Window) -> TrendOut:
    """The streams of an alliance in the order of their occasions, as this reader may see them."""
    former = former_refs(read.alliance["former_refs"])
    standing = [row for row in read.rows if row["voided_at"] is None]
    whole = courses(standing, catalogue, caller, former)
    parts = [(one, within(one, window.start, window.end)) for one in whole]
    shown = [(one, part) for one, part in parts if _asks_for_course(window, part)]
    # From both sides, whichever is asked for.
    dyad = dyad_out([part for _, part in parts], window.scale)
    ended = read.alliance["ended_on"] is not None
    return TrendOut(
        alliance=AllianceOut.model_validate(dict(read.alliance)),
        as_of=window.as_of,
        streams=[
            stream_out(part, one, scale)
            for one, part in shown
            for scale in part.form.key.scales
            if window.scale in {None, scale.id}
        ],
        drops=drops_out([one for one, _ in shown], window.scale, read.signals, ended=ended),
        dyad=dyad,
        marks=[mark_read(mark, caller.actor) for mark in read.marks],
        signals=_signals(read, caller, window),
        published_rules=published_out([part for _, part in shown], window.scale, window.compared),
        withdrawn=withdrawn_by_others(
            (row for row in read.rows if row["voided_at"] is not None and _asked(row, window)),
            (row for row in read.moved if _asked(row, window)),
            former,
        ),
        not_computed=not_computed([part for _, part in shown], dyad),
    )


def _signals(read: Read, caller: Caller, window: Window) -> list[SignalOut]:
    reading = reading_of(caller)
    return [
        signal_shown(row, reading, window.language)
        for row in read.signals
        if _asks_for(window, row)
    ]


def _asks_for_course(window: Window, part: Course) -> bool:
    """Whether there is something of a stream in the window, and it is asked for."""
    return (
        bool(part.placed or part.unplaced)
        and window.form in {None, part.stream.form}
        and window.role in {None, part.stream.rater_role}
    )


def not_computed(shown: Sequence[Course], dyad: DyadOut) -> list[NotComputed]:
    """What a reader may look for and not find, and why."""
    missing = []
    if any(len(course.placed) < LEAST_FOR_SLOPE for course in shown):
        missing.append(TOO_FEW_FOR_SLOPE)
    undated = [r for course in shown for r in course.placed if r.place.occurred_on is None]
    if undated:
        missing.append(NO_DATES)
    if dyad.pairs and any(one.tracking is None for one in dyad.agreement):
        missing.append(TOO_FEW)
    sources = {rule.parameter_source for c in shown for rule in c.rules.scales.values()}
    if "assumed" in sources:
        missing.append(ASSUMED)
    return missing


def _asks_for(window: Window, signal: Mapping[str, Any]) -> bool:
    """Whether a signal is about something that is asked for; one without that, always."""
    return (
        window.instrument in {None, signal["instrument"]}
        and window.form in {None, signal["form"]}
        and window.role in {None, signal["rater_role"]}
        and (window.scale is None or signal["scale"] in {None, window.scale})
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
