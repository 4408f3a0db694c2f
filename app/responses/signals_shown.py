"""What the answer to a submission says of signals and drops: of its own stream, to its reader."""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from app.instruments.definitions import Form
from app.measurement.detection import ASSUMPTION
from app.measurement.drops import Drop
from app.measurement.key import Scale
from app.responses.answer_schemas import DropOut, NotComputed
from app.responses.stream_course import Added
from app.responses.subject import Subject
from app.signals.guidance import ORIGINAL
from app.signals.rows import signal_out
from app.signals.schemas import SignalOut

NO_CUT: Final = NotComputed(code="low_level", why="No cut is published for this form.")
FIRST: Final = NotComputed(
    code="drop_signals", why="The first rating of its stream has no past to be judged against."
)
NO_PLACE: Final = NotComputed(
    code="drop_signals",
    why="The rating has no date, and not every rating of its stream has a number.",
)
LATE: Final = NotComputed(
    code="drop_signals",
    why="Ratings that follow it were here before. What it tells is recorded: see the signals.",
)
DEFERRED: Final = NotComputed(
    code="drop_signals",
    why="Many late ratings came with it, so it was judged after all of them: see the signals.",
)
NOT_FOR_READER: Final = NotComputed(
    code="signals", why="The rater was not told that this caller would see signals."
)
NO_DATES: Final = NotComputed(
    code="no_dates", why="Without dates, seven days are taken to lie between two ratings."
)
ASSUMED: Final = NotComputed(code="signal_parameters", why=ASSUMPTION)


def signals_shown(raised: Iterable[Mapping[str, Any]], reader: str | None) -> list[SignalOut]:
    """The signals that this reader may see here; reader None: the rater, who sees their own.

    What rests on the other side's answers, or is for supervision only, never stands here.
    """
    return [
        signal_out(row, ORIGINAL, numbers=reader is None or reader in row["number_audience"])
        for row in raised
        if row["other_response_id"] is None
        and row["audience"] != ["supervisor"]
        and (reader is None or reader in row["audience"])
    ]


def drops_shown(added: Added, form: Form, reader: str | None) -> list[DropOut]:
    """The drops that this rating opened, changed or ended, if this reader may see the ratings."""
    if reader is not None and reader not in added.told.readable.values:
        return []
    scales = {scale.id: scale for scale in form.key.scales}
    return [drop_out(drop, scales[scale]) for scale, drop in added.told.drops.items()]


def drop_out(drop: Drop, scale: Scale, state: str | None = None) -> DropOut:
    """A drop as it is shown, in the scale's unit. state: instead of the drop's own."""
    unit = len(scale.items) if scale.unit == "sum" else 1
    repaired_by = drop.repaired_by
    return DropOut(
        scale=scale.id,
        unit=scale.unit,
        kind=drop.kind,
        state=state or drop.state,
        shape=drop.shape,
        reference=_in_unit(drop.reference, unit),
        lowest=_in_unit(drop.lowest, unit),
        depth=_in_unit(drop.depth, unit),
        onset_response_id=UUID(drop.onset),
        signalled_response_id=UUID(drop.started_by),
        repaired_response_id=None if repaired_by is None else UUID(repaired_by),
        ratings_since=drop.ratings_since,
        ratings_to_repair=drop.ratings_to_repair,
    )


def signals_not_computed(subject: Subject, added: Added, reader: str | None) -> list[NotComputed]:
    """What the answer to a submission lacks of signals, and why."""
    if reader is not None and reader not in added.told.readable.signals and added.recent:
        return [NOT_FOR_READER]
    missing = [] if subject.filled.chosen.form.key.cuts else [NO_CUT]
    if not added.recent:
        late = DEFERRED if added.deferred else LATE
        return [*missing, NO_PLACE if added.references is None else late]
    judged = added.told.judgements
    if not any(one.score is not None for one in judged.values()):
        missing.append(FIRST)
    elif subject.point.place.occurred_on is None:
        missing.append(NO_DATES)
    if any(added.rules.scales[scale].parameter_source == "assumed" for scale in judged):
        missing.append(ASSUMED)
    return missing


def _in_unit(value: float, unit: int) -> float:
    return round(value * unit, 4)
