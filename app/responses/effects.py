"""What changes leave beside their records: occasions, voids, states of alliances, events."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.alliances.locked import LockedAlliance
from app.responses.decisions import Decision
from app.responses.fold import Courses


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
    now: datetime,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The new states of the alliances that were touched, and an event for each change to one."""
    versions = {one.id: one.state_version for one in alliances.values()}
    touched: set[UUID] = set()
    events = []
    for decision in decisions:
        for kind, alliance_id, subject_id in _told(decision):
            versions[alliance_id] += 1
            touched.add(alliance_id)
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
    states = [
        {
            "alliance_id": one.id,
            "version": versions[one.id],
            "last_received_at": one.moment(now),
            "streams": courses.stored_streams(one),
        }
        for one in alliances.values()
        if one.id in touched
    ]
    return states, events


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
