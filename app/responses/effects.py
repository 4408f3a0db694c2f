"""What changes leave beside their records: occasions, voids, states of alliances, events."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.alliances.locked import LockedAlliance
from app.responses.decisions import Decision
from app.responses.fold import Courses
from app.responses.raising import Raising
from app.signals.writing_queries import SignalChanges


def voids(decisions: Iterable[Decision]) -> list[Mapping[str, Any]]:
    """A void for each record; its reason is the first one, its version the highest."""
    found: dict[UUID, Mapping[str, Any]] = {}
    for decision in decisions:
        if decision.void is not None:
            version = decision.void["external_version"]
            first = found.get(decision.void["response_id"], decision.void)
            found[first["response_id"]] = {**first, "external_version": version}
    return list(found.values())


def name_occasions(records: Iterable[dict[str, Any]]) -> None:
    """Forms of one occasion get one id for it, should it be new."""
    new: dict[tuple[UUID, str], UUID] = {}
    for record in records:
        key = (record["alliance_id"], record["occasion_key"])
        record["new_occasion_id"] = new.setdefault(key, uuid7())


def states_and_events(
    alliances: Mapping[UUID, LockedAlliance],
    courses: Courses,
    decisions: Iterable[Decision],
    raising: Raising,
    now: datetime,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], SignalChanges]:
    """The new states of the alliances that were touched, an event for each change, and signals."""
    versions = {one.id: one.state_version for one in alliances.values()}
    after: dict[tuple[UUID, int], int] = {}
    events = []
    for number, decision in enumerate(decisions):
        for kind, alliance_id, subject_id in _told(decision):
            versions[alliance_id] += 1
            after[alliance_id, number] = versions[alliance_id]
            events.append(
                {
                    "id": uuid7(),
                    "type": kind,
                    "alliance_id": alliance_id,
                    "subject_id": subject_id,
                    "recorded_at": alliances[alliance_id].moment(now),
                    "sequence": versions[alliance_id],
                }
            )
    signals = raising.written(
        {one.id: one.moment(now) for one in alliances.values()},
        lambda alliance_id, number: after.get((alliance_id, number), versions[alliance_id]),
    )
    return _states(alliances, versions, courses, now), events, signals


def _states(
    alliances: Mapping[UUID, LockedAlliance],
    versions: Mapping[UUID, int],
    courses: Courses,
    now: datetime,
) -> list[dict[str, Any]]:
    """The new states of the alliances that were touched."""
    found = []
    for one in alliances.values():
        if versions[one.id] > one.state_version:
            streams, watches = courses.stored_streams(one)
            found.append(
                {
                    "alliance_id": one.id,
                    "version": versions[one.id],
                    "last_received_at": one.moment(now),
                    "streams": streams,
                    "watches": watches,
                }
            )
    return found


def _told(decision: Decision) -> Iterable[tuple[str, UUID, UUID]]:
    """The events of a decision: type, alliance, subject."""
    record, replaced = decision.record, decision.replaced
    if record is None:
        return
    if decision.verdict == "accepted":
        yield "response.recorded", record["alliance_id"], record["id"]
    if decision.verdict == "voided":
        yield "response.voided", record["alliance_id"], record["id"]
    if decision.verdict == "amended":
        if replaced is not None and replaced["alliance_id"] != record["alliance_id"]:
            yield "response.moved", replaced["alliance_id"], replaced["id"]
        yield "response.amended", record["alliance_id"], record["id"]
