"""The sums of programmes worked out once more, plainly, from trends and what was sent.

Nothing of app.programs or app.measurement is used here: where both agree, both are right or both
are wrong in the same way. The order of ratings and the life of drops are the trend's.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from bench.rollups.changes import LINES, Record, Truth, day_of

BINS: Final = 20
HALF_A_YEAR: Final = 26
"""In weeks; longer repairs are counted together."""
NEVER: Final = date(1, 1, 1)
HIGHEST: Final = {"total": 40}
"""Of a scale's range, which begins with 0; of single lines 10."""

Json = Mapping[str, Any]


class Place(NamedTuple):
    """Where something is counted."""

    alliance_id: str
    program_ref: str
    setting: str
    instrument: str
    revision: str
    form: str
    language: str
    rater_role: str
    stage: str
    client_ref: str
    professional_ref: str
    week: date
    scale: str

    def at(self, stage: str, day: date | None, scale: str) -> "Place":
        """The same of another stage, day and scale. day None: nobody said which."""
        week = NEVER if day is None else monday(day)
        return self._replace(stage=stage, week=week, scale=scale)


@dataclass(slots=True)
class Sums:
    """What is counted there."""

    numbers: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    bins: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    repair_weeks: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    records: set[str] = field(default_factory=set)

    def count(self, **more: Decimal | int) -> None:
        """Add to numbers."""
        for name, value in more.items():
            self.numbers[name] += Decimal(value)

    def told(self) -> dict[str, Any]:
        """Without zeros, so that it can be compared."""
        numbers = {name: value for name, value in self.numbers.items() if value}
        return {"numbers": numbers, "bins": dict(self.bins), "repairs": dict(self.repair_weeks)}


@dataclass(frozen=True, slots=True)
class Stored:
    """Plain rows of the tables, and trends as they are answered."""

    alliances: Mapping[str, Json]
    responses: Mapping[str, Json]
    """Of all versions: alliance_id, occasion_id, amends, program_ref, setting."""
    occasions: Iterable[Json]
    """Those that were held: id, alliance_id, day."""
    invitations: Iterable[Json]
    """alliance_id, day, rater_role, instrument, form, state."""
    trends: Mapping[str, Json]


class Differs(Exception):
    """What is stored is not what was sent."""


def worked_out(stored: Stored, truth: Truth) -> dict[Place, Sums]:
    """What each alliance adds, place by place. Raises Differs for an answer lost or invented."""
    found: dict[Place, Sums] = defaultdict(Sums)
    live = {record.ids[-1]: record for record in truth.records if not record.voided}
    seen: set[str] = set()
    for alliance_id, trend in stored.trends.items():
        for stream in _streams(trend):
            seen |= _add_stream(found, _Alliance(alliance_id, stored, truth, live), stream)
        for drop in trend["drops"]:
            _add_drop(found, stored, alliance_id, trend, drop)
    if seen != live.keys():
        raise Differs(f"{len(seen ^ live.keys())} records are lost, or were never sent.")
    _add_coverage(found, stored, live)
    return dict(found)


def _streams(trend: Json) -> Iterator[dict[str, Json]]:
    """Of each stream its scales: scale -> stream."""
    together: dict[tuple[str, ...], dict[str, Json]] = defaultdict(dict)
    for stream in trend["streams"]:
        together[_stream_key(stream)][stream["scale"]] = stream
    yield from together.values()


def _stream_key(of: Json) -> tuple[str, ...]:
    rater = of["rater"]
    return (rater["role"], rater["ref"], of["instrument"], of["form"], of["language"])


@dataclass(frozen=True, slots=True)
class _Alliance:
    """What is known of one alliance."""

    id: str
    stored: Stored
    truth: Truth
    live: Mapping[str, Record]
    """Of all alliances: id of the newest version -> its record."""


def _add_stream(
    found: dict[Place, Sums], alliance: _Alliance, scales: Mapping[str, Json]
) -> set[str]:
    """The ids of its ratings."""
    total = scales["total"]
    if total["unplaced"]:
        raise Differs("Every session has a number, so every rating has a place.")
    values = {
        scale: {point["response_id"]: point for point in stream["points"]}
        for scale, stream in scales.items()
    }
    first: Mapping[str, int] | None = None
    for point in total["points"]:
        rating_id = point["response_id"]
        record = alliance.live[rating_id]
        _is_as_sent(record, alliance, {scale: values[scale].get(rating_id) for scale in scales})
        answers: Mapping[str, int] = record.sent.get("answers") or {}
        if len(answers) < len(LINES) or day_of(record.alliance, record.session) is None:
            _add_left_out(found, alliance, total, rating_id)
        else:
            _add_rating(found, alliance, total, rating_id, first)
        if first is None and len(answers) == len(LINES):
            first = answers
    return {point["response_id"] for point in total["points"]}


def _add_left_out(
    found: dict[Place, Sums], alliance: _Alliance, stream: Json, rating_id: str
) -> None:
    record = alliance.live[rating_id]
    answers = record.sent.get("answers")
    why = "undated"
    if answers is None:
        why = "reported_scores"
    elif len(answers) < len(LINES):
        why = "incomplete"
    day = day_of(record.alliance, record.session)
    place = _place(alliance.stored, alliance.id, stream, rating_id)
    found[place.at(why, day, "")].count(ratings=1)


def _add_rating(
    found: dict[Place, Sums],
    alliance: _Alliance,
    stream: Json,
    rating_id: str,
    first: Mapping[str, int] | None,
) -> None:
    """first: what was answered in the first complete rating; None: this is it."""
    record = alliance.live[rating_id]
    day = day_of(record.alliance, record.session)
    place = _place(alliance.stored, alliance.id, stream, rating_id)
    before = None if first is None else _scores(first)
    for scale, value in _scores(record.sent["answers"]).items():
        sums = found[place.at("first" if before is None else "later", day, scale)]
        sums.count(ratings=1, total=value, squares=value * value)
        sums.bins[min(value * BINS // HIGHEST.get(scale, 10), BINS - 1)] += 1
        sums.records.add(record.ids[0])
        if before is not None:
            change = value - before[scale]
            sums.count(changes=1, change_total=change, change_squares=change * change)


def _scores(answers: Mapping[str, int]) -> dict[str, int]:
    names = ("relationship", "direction", "way_of_working", "overall")
    lines = {name: answers[line] for line, name in zip(LINES, names, strict=True)}
    return lines | {"total": sum(answers.values())}


def _is_as_sent(record: Record, alliance: _Alliance, points: Mapping[str, Json | None]) -> None:
    """Raise Differs unless the trend says what was sent last."""
    known = alliance.truth.alliance_ids.setdefault(record.alliance, alliance.id)
    day, answers = day_of(record.alliance, record.session), record.sent.get("answers")
    said: dict[str, float] = {}
    if answers is None:
        said = {"total": record.sent["reported_scores"][0]["sum"]}
    elif len(answers) == len(LINES):
        said = dict(_scores(answers))
    shown = {scale: point["value"] for scale, point in points.items() if point}
    days = {_day_at(point) for point in points.values() if point}
    as_sent = known == alliance.id and days == {day}
    if not as_sent or any(shown.get(scale) != value for scale, value in said.items()):
        raise Differs(f"{record.sent['external_id']}: {said} was sent, {shown} is shown.")


def _place(stored: Stored, alliance_id: str, stream: Json, rating_id: str) -> Place:
    """Where a rating of a stream counts, but for stage, week and scale."""
    row = stored.responses[rating_id]
    return Place(
        alliance_id,
        row["program_ref"] or "",
        row["setting"] or "",
        stream["instrument"],
        stream["instrument_revision"],
        stream["form"],
        stream["language"],
        stream["rater"]["role"],
        "",
        *_pair(stored, alliance_id),
        NEVER,
        "",
    )


def _pair(stored: Stored, alliance_id: str) -> tuple[str, str]:
    refs = {one["role"]: one["ref"] for one in stored.trends[alliance_id]["alliance"]["members"]}
    return refs["client"], refs["professional"]


def monday(day: date) -> date:
    """Of its week."""
    return day - timedelta(days=day.weekday())


def _day_at(point: Json) -> date | None:
    """The local date of a rating; None: it was never said."""
    said: str | None = point["occurred_on"] or point["occurred_at"]
    return None if said is None else date.fromisoformat(said[:10])


def _add_drop(
    found: dict[Place, Sums], stored: Stored, alliance_id: str, trend: Json, drop: Json
) -> None:
    (stream,) = (
        one
        for one in trend["streams"]
        if one["scale"] == drop["scale"] and _stream_key(one) == _stream_key(drop)
    )
    points = {point["response_id"]: point for point in stream["points"]}
    scored = [point["response_id"] for point in stream["points"] if point["status"] == "scored"]

    def happened(rating_id: str, day: date | None, weeks: int | None = None, **what: int) -> None:
        if day is not None:
            place = _place(stored, alliance_id, stream, rating_id)
            sums = found[place.at("later", day, drop["scale"])]
            sums.count(**what)
            if weeks is not None:
                sums.repair_weeks[weeks] += 1

    def day_at(rating_id: str) -> date | None:
        return _day_at(points[rating_id])

    opened = drop["signalled_response_id"]
    happened(opened, day_at(opened), drops_opened=1)
    if drop["state"] == "repaired":
        repaired, days = drop["repaired_response_id"], drop["days_to_repair"]
        weeks = None if days is None else min(int(days // 7), HALF_A_YEAR)
        happened(repaired, day_at(repaired), weeks, drops_repaired=1)
    elif drop["state"] == "unrepaired":
        given_up = scored[scored.index(opened) + drop["ratings_since"]]
        happened(given_up, day_at(given_up), drops_unrepaired=1)
    elif drop["state"] == "ended_while_open":
        last = stream["points"][-1]["response_id"]
        happened(last, stored.alliances[alliance_id]["ended_on"], drops_ended_open=1)


def _add_coverage(found: dict[Place, Sums], stored: Stored, live: Mapping[str, Record]) -> None:
    raters: dict[str, set[str]] = defaultdict(set)
    for rating_id in live:
        row = stored.responses[rating_id]
        raters[row["occasion_id"]].add(row["rater_role"])
    for row in stored.invitations:
        if row["day"] is not None and row["state"] != "not_offered":
            kind = (row["instrument"], row["form"], row["rater_role"], "invited")
            done = int(row["state"] == "completed")
            place = _coverage(stored, row, kind, "completed")
            found[place].count(ratings=1, total=done, squares=done)
    for row in stored.occasions:
        if row["day"] is not None:
            both = int({"client", "professional"} <= raters[row["id"]])
            place = _coverage(stored, row, ("", "", "", "held"), "both_sides")
            found[place].count(ratings=1, total=both, squares=both)


def _coverage(stored: Stored, row: Json, kind: Sequence[str], scale: str) -> Place:
    alliance_id = row["alliance_id"]
    alliance = stored.alliances[alliance_id]
    instrument, form, rater_role, stage = kind
    return Place(
        alliance_id,
        alliance["program_ref"] or "",
        alliance["setting"] or "",
        instrument,
        "",
        form,
        "",
        rater_role,
        stage,
        *_pair(stored, alliance_id),
        monday(row["day"]),
        scale,
    )
