"""Signals while responses come and go: raised, and superseded where the past has changed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from uuid_utils.compat import uuid7

from app.responses.fold import Courses
from app.responses.signalling import (
    raised_between_sides,
    raised_by_course,
    raised_by_form,
)
from app.responses.stream_course import Added
from app.responses.stream_state import Stream
from app.responses.subject import Subject
from app.signals.reported import reported_rupture
from app.signals.rows import SUPERSEDED, Raised, signal_row
from app.signals.writing_queries import SignalChanges
from app.tenants.notices import readers

AT_THE_END: Final = -1
"""Instead of a change's number: after all of them."""


Name: TypeAlias = tuple[UUID, UUID | None, str, str, str | None, str]
"""The responses that a signal rests on, its rule, code, scale and severity."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A stored signal that holds so far."""

    id: UUID
    code: str
    scale: str | None
    rule: str
    response_id: UUID
    other_response_id: UUID | None
    severity: str
    audience: tuple[str, ...]

    @property
    def name(self) -> Name:
        """What it says and of what, whoever may see it."""
        rests_on = self.response_id, self.other_response_id
        return (*rests_on, self.rule, self.code, self.scale, self.severity)


@dataclass(frozen=True, slots=True)
class Event:
    """Something to be told about a signal or mark, after the change with this number."""

    number: int
    type: str
    alliance_id: UUID
    subject_id: UUID


def standing_of(stored: Iterable[Iterable[Any]] | None) -> list[Standing]:
    """The signals that rest on a stored response and hold, as its row has them."""
    return [
        Standing(
            UUID(id_), code, scale, rule, UUID(on), other and UUID(other), severity,
            tuple(sorted(audience)),
        )
        for id_, code, scale, rule, on, other, severity, audience in stored or ()
    ]  # fmt: skip


class Raising:
    """The signals of several changes to alliances, worked in one after another."""

    def __init__(self, courses: Courses, standing: Mapping[UUID, list[Standing]]) -> None:
        self._courses = courses
        self._standing = standing
        """Response id -> the stored signals that hold and rest on it, where streams were read."""
        self.rows: list[dict[str, Any]] = []
        """New signals."""
        self.superseded: dict[UUID, dict[str, Any]] = {}
        """Stored signals that no longer hold: id -> id, at, cause, audience."""
        self.events: list[Event] = []
        self.marks: list[dict[str, Any]] = []
        """What people noticed and said with a response."""

    def add(
        self, subject: Subject, number: int, at: datetime
    ) -> tuple[Added | None, list[dict[str, Any]]]:
        """What a response is compared with, and the signals that it raises.

        None: its stream, or one that it is held against, is missing.
        """
        alliance, stream = subject.alliance, subject.stream
        added = self._courses.add(alliance, stream, subject.point)
        if added is None:
            return None, []
        response_id: UUID = subject.record["id"]
        units = self._courses.units(stream)
        found = [(response_id, one) for one in raised_by_form(subject)]
        found += [
            (
                UUID(one.about) if one.about else response_id,
                raised_by_course(one, added.told, added.rules, units),
            )
            for one in added.told.findings
        ]
        rows = [
            self.raised(one, alliance.id, stream, about, newest=added.newest, at=at)
            for about, one in found
            if one.readers.signal
        ]
        rows += self._beside_others(subject, added, at)
        if subject.point.backfill:
            for row in rows:
                row["state"] = row["opened_as"] = "recorded"
        self.events += [Event(number, "signal.opened", alliance.id, row["id"]) for row in rows]
        self._mark(subject, number, at)
        return added, rows

    def _mark(self, subject: Subject, number: int, at: datetime) -> None:
        """What was noticed and came with a response, with its signals."""
        alliance = subject.alliance
        for row in subject.marks:
            row["recorded_at"] = at
            self.marks.append(row)
            self.events.append(Event(number, "mark.recorded", alliance.id, row["id"]))
            signal = reported_rupture(row, alliance.members, readers(row["notice"]))
            if signal is not None:
                self.rows.append(signal)
                self.events.append(Event(number, "signal.opened", alliance.id, signal["id"]))

    def _beside_others(self, subject: Subject, added: Added, at: datetime) -> list[dict[str, Any]]:
        """What a response raises beside the other side's of its occasion."""
        alliance, stream = subject.alliance, subject.stream
        if not added.recent:
            return []
        return [
            self.raised(
                one, alliance.id, about, about_id, newest=added.newest and window.newest, at=at
            )
            for other, window in self._courses.windows(alliance, stream, subject.point)
            for one, about, about_id in raised_between_sides(
                {stream: added.recent, other: window.recent}, self._courses
            )
        ]

    def withdraw(  # noqa: PLR0917 - what, why and since when
        self,
        replaced: Mapping[str, Any],
        cause: str,
        by: UUID,
        readers: Iterable[str] | None,
        number: int,
        at: datetime,
    ) -> None:
        """Supersede every signal that rests on a version that counts no longer.

        by: the record that brought it about. readers: whom its signals may be shown to from now
        on, never more than before; None: as before.
        """
        replaced_id: UUID = replaced["id"]
        allowed = None if readers is None else sorted(readers)
        for signal in standing_of(replaced.get("signals")):
            self.supersede(
                signal.id, replaced["alliance_id"], cause_of(cause, by), allowed, number, at
            )
        for row in self.rows:
            if replaced_id in {row["response_id"], row["other_response_id"]}:
                self.take_back(row, cause_of(cause, by), allowed, number, at)

    def standing_on(self, response_id: UUID) -> Iterable[Standing]:
        """The stored signals that rest on a response and hold, where its stream was read."""
        return self._standing.get(response_id, ())

    def written(
        self, at: Mapping[UUID, datetime], sequence: Callable[[UUID, int], int]
    ) -> SignalChanges:
        """What is to be stored.

        at: alliance -> when. sequence: the version of an alliance's state after the change with
        a number.
        """
        events = [
            {
                "id": uuid7(),
                "type": one.type,
                "alliance_id": one.alliance_id,
                "subject_id": one.subject_id,
                "recorded_at": at[one.alliance_id],
                "sequence": sequence(one.alliance_id, one.number),
            }
            for one in self.events
        ]
        return SignalChanges(self.rows, list(self.superseded.values()), events)

    def raised(
        self,
        raised: Raised,
        alliance_id: UUID,
        stream: Stream,
        response_id: UUID,
        *,
        newest: bool,
        at: datetime,
    ) -> dict[str, Any]:
        """The row of a new signal about a response of a stream."""
        origin = {"alliance_id": alliance_id, "response_id": response_id, **origin_of(stream)}
        row = signal_row(raised, origin, newest=newest, opened_at=at)
        self.rows.append(row)
        return row

    def supersede(  # noqa: PLR0917 - as withdraw
        self,
        signal_id: UUID,
        alliance_id: UUID,
        cause: Mapping[str, Any],
        audience: list[str] | None,
        number: int,
        at: datetime,
    ) -> None:
        """Supersede a stored signal. audience: whom it is shown to at most; None: as before.

        One that is superseded already keeps its cause; it is shown to those that both allow.
        """
        known = self.superseded.get(signal_id)
        if known is not None:
            known["audience"] = _narrower(known["audience"], audience)
            return
        self.superseded[signal_id] = {
            "id": signal_id, "at": at, "cause": cause, "audience": audience
        }  # fmt: skip
        self.events.append(Event(number, "signal.superseded", alliance_id, signal_id))

    def take_back(
        self,
        row: dict[str, Any],
        cause: Mapping[str, Any],
        allowed: list[str] | None,
        number: int,
        at: datetime,
    ) -> None:
        """Supersede a signal that is not stored yet; it was told, so it is stored all the same."""
        if allowed is not None:
            for kinds in ("audience", "number_audience"):
                row[kinds] = sorted(set(row[kinds]) & set(allowed))
        if row["state"] == SUPERSEDED:
            return
        row |= {"state": SUPERSEDED, "state_at": at, "superseded_by": dict(cause)}
        self.events.append(Event(number, "signal.superseded", row["alliance_id"], row["id"]))


def cause_of(cause: str, by: UUID | str | None) -> dict[str, Any]:
    """Why a signal no longer holds, and by which response."""
    return {"cause": cause, "response_id": None if by is None else str(by)}


def name_of(row: Mapping[str, Any]) -> Name:
    """The name of a signal that is not stored yet; see Standing.name."""
    rests_on = row["response_id"], row["other_response_id"]
    return (*rests_on, row["rule"], row["code"], row["scale"], row["severity"])


def _narrower(one: list[str] | None, other: list[str] | None) -> list[str] | None:
    if one is None or other is None:
        return one if other is None else other
    return sorted(set(one) & set(other))


def origin_of(stream: Stream) -> dict[str, str | None]:
    """The stream of a signal as its row has it."""
    fields = ("rater_role", "rater_ref", "proxy_ref", "about_role", "about_ref")
    named = (*fields, "instrument", "form", "language")
    return {name: getattr(stream, name) for name in named}
