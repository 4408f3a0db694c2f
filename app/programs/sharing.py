"""What one alliance adds to the figures of programmes, from all that is stored of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from app.alliances.merged_refs import FormerRefs, present_ref
from app.instruments.definitions import Catalogue
from app.measurement.amounts import (
    NOTHING,
    Amounts,
    of_rating,
    of_repair,
    of_share,
)
from app.measurement.iso_weeks import week_of
from app.occasions.times import local
from app.programs.series import (
    BOTH_SIDES,
    COMPLETED,
    FIRST,
    HELD,
    INCOMPLETE,
    INVITED,
    LATER,
    REPORTED,
    UNDATED,
    Series,
    item_id,
)
from app.programs.streams import Course, Rated, courses
from app.responses.stream_state import Stream
from app.tenants.signal_settings import SignalSettings

Row = Mapping[str, Any]
NO_WEEK: Final = date(1, 1, 1)
"""Where nobody said when."""


@dataclass(frozen=True, slots=True)
class Stored:
    """All that is stored of one alliance and counts here."""

    id: UUID
    source: str
    program_ref: str | None
    setting: str | None
    ended_on: date | None
    members: Sequence[tuple[str, str]]
    """(role, present reference) of each, in order."""
    former: FormerRefs
    responses: Sequence[Row]
    """The newest versions that were not voided, each with root, its record's first version."""
    invitations: Sequence[Row]
    occasions: Sequence[Row]
    """Those that were held."""


class Place(NamedTuple):
    """Where something is added up."""

    series: Series
    client_ref: str
    professional_ref: str
    week: date
    scale: str


@dataclass(slots=True)
class Shares:
    """What an alliance adds, place by place, and the records that it comes from."""

    amounts: dict[Place, Amounts] = field(default_factory=dict)
    records: dict[Place, set[str]] = field(default_factory=dict)

    def add(self, place: Place, amounts: Amounts, record: str | None) -> None:
        """Add at a place; record None: something about ratings that are elsewhere."""
        self.amounts[place] = self.amounts.get(place, NOTHING) + amounts
        self.records.setdefault(place, set())
        if record is not None:
            self.records[place].add(record)


def shares_of(stored: Stored, catalogue: Catalogue, settings: SignalSettings) -> Shares:
    """What the alliance adds. The same for the same data, whatever was added before.

    Every rating counts, whatever its notice says of who may see it alone: here none is ever shown
    but with those of other clients.
    """
    shares = Shares()
    for course in courses(stored.responses, catalogue, settings, stored.former):
        _add_course(shares, stored, course)
    for row in stored.invitations:
        _add_invitation(shares, stored, row)
    for row in stored.occasions:
        _add_held(shares, stored, row)
    return shares


def _add_course(shares: Shares, stored: Stored, course: Course) -> None:
    for rated in (*course.placed, *course.unplaced):
        _add_rating(shares, stored, course, rated)
    _add_drops(shares, stored, course)


def _add_rating(shares: Shares, stored: Stored, course: Course, rated: Rated) -> None:
    why = _left_out(rated)
    stage = why or (FIRST if rated is course.first else LATER)
    place = _place(stored, course, rated, stage)
    record = str(rated.row["root"])
    if why is not None:
        shares.add(place, Amounts(ratings=1), item_id(why, record))
        return
    first = course.first
    for scale, score in rated.scores.items():
        before = None if stage == FIRST or first is None else first.scores[scale].sum
        assert score.sum is not None  # noqa: S101 - it is complete
        amounts = of_rating(score.sum, score.min, score.max, before)
        shares.add(place._replace(scale=scale), amounts, record)


def _left_out(rated: Rated) -> str | None:
    """Why a rating is in no figure; None: it is."""
    if rated.row["answers"] is None:
        return REPORTED
    if not rated.complete:
        return INCOMPLETE
    return UNDATED if rated.day is None else None


def _place(stored: Stored, course: Course, rated: Rated, stage: str) -> Place:
    stream = course.stream
    series = Series(
        pooled=False,
        program_ref=rated.row["program_ref"] or "",
        setting=rated.row["setting"] or "",
        instrument=stream.instrument,
        revision=course.definition.revision,
        form=stream.form,
        language=stream.language,
        rater_role=stream.rater_role,
        stage=stage,
    )
    week = NO_WEEK if rated.day is None else week_of(rated.day)
    return Place(series, *_pair(stored, stream), week, "")


def _pair(stored: Stored, stream: Stream) -> tuple[str, str]:
    """Whose alliance a rating is about; of several the first, and none is the empty text."""

    def one(role: str) -> str:
        if stream.rater_role == role:
            return stream.rater_ref
        if stream.about_role == role and stream.about_ref is not None:
            return stream.about_ref
        return next((ref for of, ref in stored.members if of == role), "")

    return one("client"), one("professional")


def _add_drops(shares: Shares, stored: Stored, course: Course) -> None:
    """Each drop where it opened and where it came to an end, in the weeks of just those ratings.

    So what a week says of drops is settled when the week is over.
    """
    for scale, drop in course.drops:
        opened = course.placed_by_id[drop.started_by]
        happened = [(opened, Amounts(drops_opened=1))]
        if drop.repaired_by is not None:
            repaired = course.placed_by_id[drop.repaired_by]
            happened.append((repaired, of_repair(opened.days_until(repaired))))
        elif drop.state == "unrepaired":
            happened.append((course.given_up_at(drop, scale), Amounts(drops_unrepaired=1)))
        elif stored.ended_on is not None:
            last = replace(course.placed[-1], day=stored.ended_on)
            happened.append((last, Amounts(drops_ended_open=1)))
        for rated, amounts in happened:
            if rated.day is not None:
                place = _place(stored, course, rated, LATER)._replace(scale=scale)
                shares.add(place, amounts, None)


def _add_invitation(shares: Shares, stored: Stored, row: Row) -> None:
    """Whether an invitation was completed; one that was not made is none."""
    day = day_of(row)
    if row["state"] == "not_offered" or day is None:
        return
    role = row["rater_role"]
    series = _coverage(stored, INVITED, row["instrument"], row["form"], role)
    rater_ref = present_ref(stored.former, role, row["rater_ref"])
    stream = Stream(role, rater_ref, None, "", None, "", "", "", "")
    place = Place(series, *_pair(stored, stream), week_of(day), COMPLETED)
    record = item_id(*(str(row[name]) for name in ("occasion_id", "rater_role", "rater_ref")),
                     row["instrument"], row["form"])  # fmt: skip
    shares.add(place, of_share(int(row["state"] == COMPLETED), 1), record)


def _add_held(shares: Shares, stored: Stored, row: Row) -> None:
    """Whether a meeting that was held was rated by client and professional, on whatever form."""
    day = day_of(row)
    if day is None:
        return
    roles = {
        response["rater_role"]
        for response in stored.responses
        if response["occasion_id"] == row["id"]
    }
    stream = Stream("", "", None, "", None, "", "", "", "")
    place = Place(_coverage(stored, HELD), *_pair(stored, stream), week_of(day), BOTH_SIDES)
    both = int({"client", "professional"} <= roles)
    shares.add(place, of_share(both, 1), item_id(HELD, str(row["id"])))


def _coverage(
    stored: Stored, stage: str, instrument: str = "", form: str = "", rater_role: str = ""
) -> Series:
    """Where coverage is added up: by the alliance's own programme, in whatever language."""
    program_ref, setting = stored.program_ref or "", stored.setting or ""
    return Series(
        pooled=False,
        program_ref=program_ref,
        setting=setting,
        instrument=instrument,
        revision="",
        form=form,
        language="",
        rater_role=rater_role,
        stage=stage,
    )


def day_of(row: Row) -> date | None:
    """The local date of what has an occasion's times; None: nobody has said it."""
    occurred_at = local(row["occurred_at"], row["occurred_at_offset"])
    day: date | None = occurred_at.date() if occurred_at else row["occurred_on"]
    return day


def stored_of(alliance: Row, of_it: Mapping[str, Iterable[Row]], former: FormerRefs) -> Stored:
    """What is stored of an alliance, from the rows that were read of it."""
    return Stored(
        alliance["id"],
        alliance["source"],
        alliance["program_ref"],
        alliance["setting"],
        alliance["ended_on"],
        sorted((member["role"], member["ref"]) for member in alliance["members"] or ()),
        former,
        tuple(of_it["responses"]),
        tuple(of_it["invitations"]),
        tuple(of_it["occasions"]),
    )
