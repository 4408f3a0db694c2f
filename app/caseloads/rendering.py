"""Streams of an alliance as they stand, for one reader. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from app.alliances.merged_refs import FormerRefs, former_refs, present_ref
from app.alliances.raters import is_acting
from app.caseloads.schemas import (
    DropHere,
    LevelHere,
    RatingHere,
    RecentHere,
    ScaleHere,
    SignalsHere,
    SilentHere,
    StreamHere,
)
from app.instruments.definitions import Catalogue
from app.measurement.course import Glance, StreamState
from app.measurement.key import Scale, ScoringKey, whole_scale
from app.measurement.scoring import rounded
from app.measurement.standing import OpenDrop
from app.responses.answer_schemas import Person, Rater
from app.responses.stream_state import Stream, StreamStanding, read_state, standing_of
from app.tenants.authentication import Actor
from app.tenants.notices import reader

Row = Mapping[str, Any]
SEVERITIES: Final = ("high", "alert", "watch")
OPEN: Final = "open"


@dataclass(frozen=True, slots=True)
class View:
    """Who looks, at what of each alliance, and on which day."""

    actor: Actor | None
    day: date
    instrument: str | None
    side: str | None

    def asks_for(self, instrument: str | None, role: str) -> bool:
        """Whether something of this instrument and this rater's role is asked for."""
        return self.instrument in {None, instrument} and self.side in {None, role}


def streams_here(alliance: Row, catalogue: Catalogue, view: View) -> list[StreamHere]:
    """The streams that are asked for, in the order of their names, as this reader may see them."""
    former = former_refs(alliance["former_refs"])
    found = {
        _present(Stream.named(name), former): stored
        for name, stored in (alliance["streams"] or {}).items()
    }
    return [
        _stream_here(stream, found[stream], catalogue, view, former)
        for stream in sorted(found, key=Stream.name)
        if view.asks_for(stream.instrument, stream.rater_role)
    ]


def _present(stream: Stream, former: FormerRefs) -> Stream:
    about = stream.about_ref and present_ref(former, stream.about_role, stream.about_ref)
    rater = present_ref(former, stream.rater_role, stream.rater_ref)
    return stream._replace(rater_ref=rater, about_ref=about)


def _stream_here(
    stream: Stream, stored: Row, catalogue: Catalogue, view: View, former: FormerRefs
) -> StreamHere:
    definition = catalogue.newest_key_of(stream.instrument, stream.form_revision, stream.form)
    state = read_state(stored, definition.revision)
    own = is_acting(view.actor, stream.rater_role, stream.rater_ref, former)
    # The rater may see whatever they said themselves.
    kind = None if own else reader(view.actor)
    newest = stored["newest"]
    last = date.fromisoformat(newest[2]) if newest and newest[2] else None
    return StreamHere(
        rater=Rater(role=stream.rater_role, ref=stream.rater_ref, proxy_ref=stream.proxy_ref),
        about=Person(role=stream.about_role, ref=stream.about_ref),
        instrument=stream.instrument,
        form=stream.form,
        language=stream.language,
        ratings=stored["count"],
        last_rated_on=last,
        days_since_last_rating=None if last is None else max((view.day - last).days, 0),
        scales=[
            _scale_here(scale, state, standing_of(stored), kind)
            for scale in definition.forms[stream.form].key.scales
        ],
        recent=_recent_here(definition.forms[stream.form].key, state, kind),
    )


def _recent_here(key: ScoringKey, state: StreamState | None, kind: str | None) -> RecentHere | None:
    """The last ratings on the scale that stands for the whole. kind: see _scale_here."""
    if state is None or state.glances is None:
        return None
    scale = whole_scale(key.scales)
    items = len(scale.items) if scale.unit == "sum" else 1
    return RecentHere(
        scale=scale.id,
        component=scale.component,
        unit=scale.unit,
        low=float(key.low * items),
        high=float(key.high * items),
        ratings=[_rating_here(glance, kind) for glance in state.glances],
    )


def _rating_here(glance: Glance, kind: str | None) -> RatingHere:
    """One of the last ratings. Whether it could be scored is for those who may see the value."""
    if kind is not None and kind not in glance.readers:
        return RatingHere(on=glance.on, value=None, status="withheld")
    if glance.value is None:
        return RatingHere(on=glance.on, value=None, status="not_scorable")
    return RatingHere(on=glance.on, value=float(glance.value), status="scored")


def _scale_here(
    scale: Scale, state: StreamState | None, standing: StreamStanding | None, kind: str | None
) -> ScaleHere:
    """One scale as it stands. kind: of the reader; None: the rater, who may see all of it."""
    anchor = state.latest.get(scale.id) if state else None
    if state is None:
        value_status = "outdated"
    elif anchor is None:
        value_status = "not_scored"
    else:
        value_status = "scored" if kind is None or kind in anchor.readers else "withheld"
    level_status = _level_status(scale, state, standing, kind)
    shown = standing.scales[scale.id] if standing and level_status == "known" else None
    seen = anchor if value_status == "scored" else None
    return ScaleHere(
        scale=scale.id,
        component=scale.component,
        unit=scale.unit,
        value=seen and float(rounded(seen.observed.value)),
        response_id=seen and UUID(seen.response_id),
        value_status=value_status,
        level=shown and LevelHere(**shown.level._asdict()),
        drop=_drop_here(shown.drop) if shown and shown.drop else None,
        level_status=level_status,
    )


def _level_status(
    scale: Scale, state: StreamState | None, standing: StreamStanding | None, kind: str | None
) -> str:
    if state is None or standing is None:
        return "outdated"
    if scale.id not in standing.scales:
        return "not_watched"
    return "known" if kind is None or kind in standing.readers else "withheld"


def _drop_here(drop: OpenDrop) -> DropHere:
    return DropHere(
        since_response_id=UUID(drop.since_response),
        since_on=drop.since_on,
        reference=drop.reference,
        lowest=drop.lowest,
    )


def signals_here(rows: Iterable[Row], view: View) -> SignalsHere:
    """The waiting signals that are asked for, counted."""
    asked = [row for row in rows if view.asks_for(row["instrument"], row["rater_role"])]
    opened = [row for row in asked if row["state"] == OPEN]
    counts = {name: sum(row["severity"] == name for row in opened) for name in SEVERITIES}
    return SignalsHere(
        **counts,
        worst=next((name for name in SEVERITIES if counts[name]), None),
        in_progress=len(asked) - len(opened),
        open_ids=[row["id"] for row in opened],
    )


def silent_here(rows: Iterable[Row], view: View) -> list[SilentHere]:
    """Who of those that are asked for is silent."""
    return [
        SilentHere(
            rater=Person(role=row["rater_role"], ref=row["rater_ref"]),
            **{name: row[name] for name in ("instrument", "form", "unanswered", "since")},
        )
        for row in rows
        if view.asks_for(row["instrument"], row["rater_role"])
    ]
