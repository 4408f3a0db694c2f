"""Streams as they are named and as their state is stored. Decimals are kept exactly, as text."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, Self

from pydantic_core import from_json, to_json

from app.alliances.locked import LockedAlliance
from app.alliances.merged_refs import FormerRefs, present_ref
from app.instruments.definitions import Definition
from app.measurement.change import Observed, observed_from
from app.measurement.course import Anchor, Place, Point, StreamState
from app.measurement.key import whole_scale
from app.measurement.manner import manner_of
from app.measurement.scoring import Score, reported_score, scored
from app.measurement.standing import Level, OpenDrop, ScaleStanding, Standings
from app.measurement.watch import Watch
from app.occasions.times import local
from app.responses.parties import Parties
from app.responses.stored_glances import glances_of, stored_glances
from app.responses.visibility import item_readers, score_readers
from app.tenants.notices import readers


class Stream(NamedTuple):
    """What makes two responses comparable: rater, about, instrument, form, edition, language."""

    rater_role: str
    rater_ref: str
    proxy_ref: str | None
    about_role: str
    about_ref: str | None
    instrument: str
    form: str
    form_revision: str
    language: str

    def name(self) -> str:
        """The stream's name in alliance_state."""
        return to_json(self).decode()

    @classmethod
    def named(cls, name: str) -> Self:
        """The stream with this name."""
        return cls(*from_json(name))


class StreamStanding(NamedTuple):
    """Where a stream stands for those who may see the values of all its ratings.

    To them the trend shows the same. Others are shown a course of the ratings that they may see,
    which only the trend can tell.
    """

    version: str
    """Of the rules that judged it."""
    readers: frozenset[str]
    """The kinds of readers who may see it: roles, and the system."""
    scales: Standings
    """Each in its scale's unit; only scales that are watched and have a scored rating."""


def stream_of(row: Mapping[str, Any], former: FormerRefs) -> Stream:
    """The stream that a stored response belongs to, under its parties' present references."""
    return _present(Stream(*(row[field] for field in Stream._fields)), former)


def streams_of(alliance: LockedAlliance) -> dict[str, Any]:
    """Stream name -> stored state, under the parties' present references."""
    if not alliance.former:
        return dict(alliance.streams)
    return {
        _present(Stream.named(name), alliance.former).name(): state
        for name, state in alliance.streams.items()
    }


def _present(stream: Stream, former: FormerRefs) -> Stream:
    if not former:
        return stream
    about_ref = stream.about_ref and present_ref(former, stream.about_role, stream.about_ref)
    rater_ref = present_ref(former, stream.rater_role, stream.rater_ref)
    return stream._replace(rater_ref=rater_ref, about_ref=about_ref)


def new_stream(
    parties: Parties, proxy_ref: str | None, definition: Definition, form: str, language: str
) -> Stream:
    """The stream that a submission belongs to."""
    return Stream(
        parties.rater_role,
        parties.rater_ref,
        proxy_ref,
        parties.about_role,
        parties.about_ref,
        definition.instrument,
        form,
        definition.form_revision,
        language,
    )


def record_scores(row: Mapping[str, Any], definition: Definition) -> tuple[Score, ...]:
    """The scores of a stored response under one definition of its form revision.

    Totals of an older system cannot be scored anew: under another revision there are none.
    """
    key = definition.forms[row["form"]].key
    if row["answers"] is not None:
        return scored(row["answers"], key)
    if row["instrument_revision"] != definition.revision:
        return ()
    scales = {scale.id: scale for scale in key.scales}
    return tuple(
        reported_score(
            scales[reported["scale"]],
            key,
            reported_sum=exact(reported["sum"]),
            reported_mean=exact(reported["mean"]),
        )
        for reported in row["reported_scores"]
        if reported["scale"] in scales
    )


def exact(number: float | None) -> Decimal | None:
    """A JSON number as the decimal it was written as."""
    return None if number is None else Decimal(repr(number))


def point_of(row: Mapping[str, Any], definition: Definition) -> Point:
    """A stored response as a point of its stream, under the newest key of its form revision."""
    values = observed_values(record_scores(row, definition))
    key = definition.forms[row["form"]].key
    return Point(
        place_of(row),
        values,
        score_readers(row["notice"]),
        row["occasion_key"],
        manner_of(row["answers"], key) if row["answers"] else None,
        readers(row["notice"]),
        row["backfill"],
        item_readers(row["notice"]),
        whole_scale(key.scales).id,
    )


def observed_values(scores: tuple[Score, ...]) -> dict[str, Observed | None]:
    """Scale -> what the stream holds of it."""
    return {score.scale: observed_from(score) for score in scores}


def place_of(row: Mapping[str, Any]) -> Place:
    """Where a stored response stands in time."""
    occurred_at = local(row["occurred_at"], row["occurred_at_offset"])
    return Place(
        str(row["id"]),
        row["occurred_at"],
        occurred_at.date() if occurred_at else row["occurred_on"],
        row["session_number"],
        row["completed_at"],
    )


def stored_state(state: StreamState, revision: str) -> dict[str, Any]:
    """The state as JSON, with the scoring revision under which its values stand."""
    return {
        "revision": revision,
        "ordered_by": state.ordered_by,
        "count": state.count,
        "newest": state.newest and _stored_place(state.newest),
        "first": {scale: _stored_anchor(anchor) for scale, anchor in state.first.items()},
        "latest": {scale: _stored_anchor(anchor) for scale, anchor in state.latest.items()},
        "glances": stored_glances(state.glances),
    }


def read_state(stored: Mapping[str, Any] | None, revision: str) -> StreamState | None:
    """The stored state; None when there is none, or it stands under another scoring revision."""
    if stored is None or stored["revision"] != revision:
        return None
    return StreamState(
        stored["ordered_by"],
        stored["count"],
        stored["newest"] and _read_place(stored["newest"]),
        {scale: _read_anchor(anchor) for scale, anchor in stored["first"].items()},
        {scale: _read_anchor(anchor) for scale, anchor in stored["latest"].items()},
        glances_of(stored),
    )


def stored_standing(watch: Watch, version: str) -> dict[str, Any]:
    """Where the stream stands as JSON, with the version of the rules that judged it."""
    return {
        "version": version,
        "readers": sorted(watch.readable.values) if watch.readable else [],
        "scales": {scale: _stored_scale(one) for scale, one in watch.standings.items()},
    }


def standing_of(stored: Mapping[str, Any]) -> StreamStanding | None:
    """Where a stored stream stands.

    stored: one value of alliance_state.streams. None: an earlier release has left it so; its next
    rating makes it anew.
    """
    standing = stored.get("standing")
    if standing is None:
        return None
    scales = {scale: _read_scale(one) for scale, one in standing["scales"].items()}
    return StreamStanding(standing["version"], frozenset(standing["readers"]), scales)


def has_open_drop(stored: Mapping[str, Any]) -> bool:
    """Whether a stored stream has a drop on some scale that is open."""
    standing = standing_of(stored)
    return standing is not None and any(one.drop for one in standing.scales.values())


def _stored_scale(one: ScaleStanding) -> dict[str, Any]:
    drop = one.drop
    return {
        "level": list(one.level),
        "drop": drop
        and {
            "since_response": drop.since_response,
            "since_at": _stored_instant(drop.since_at),
            "since_on": drop.since_on and drop.since_on.isoformat(),
            "reference": drop.reference,
            "lowest": drop.lowest,
        },
        "at": _stored_instant(one.at),
        "on": one.on and one.on.isoformat(),
    }


def _read_scale(stored: Mapping[str, Any]) -> ScaleStanding:
    drop = stored["drop"]
    return ScaleStanding(
        Level(*stored["level"]),
        drop
        and OpenDrop(
            drop["since_response"],
            _read_instant(drop["since_at"]),
            _read_day(drop["since_on"]),
            drop["reference"],
            drop["lowest"],
        ),
        _read_instant(stored["at"]),
        _read_day(stored["on"]),
    )


def _stored_instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat()


def _read_instant(stored: str | None) -> datetime | None:
    return datetime.fromisoformat(stored) if stored else None


def _read_day(stored: str | None) -> date | None:
    return date.fromisoformat(stored) if stored else None


def _stored_place(place: Place) -> list[Any]:
    return [
        place.response_id,
        _stored_instant(place.occurred_at),
        place.occurred_on and place.occurred_on.isoformat(),
        place.session_number,
        _stored_instant(place.completed_at),
    ]


def _read_place(stored: list[Any]) -> Place:
    response_id, occurred_at, occurred_on, session_number, completed_at = stored
    return Place(
        response_id,
        _read_instant(occurred_at),
        _read_day(occurred_on),
        session_number,
        _read_instant(completed_at),
    )


def _stored_anchor(anchor: Anchor) -> list[Any]:
    observed = anchor.observed
    return [anchor.response_id, str(observed.value), observed.answered, sorted(anchor.readers)]


def _read_anchor(stored: list[Any]) -> Anchor:
    response_id, value, answered, readers = stored
    return Anchor(response_id, Observed(Decimal(value), answered), frozenset(readers))
