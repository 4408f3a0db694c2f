"""Several changes at once: read and lock, decide, write. The same few statements for any number.

Alliances are locked in the order of their ids, new ones made in that of their names after all
locks, and responses written in that of theirs: so no two callers ever wait for each other in a
ring. Where another caller was quicker nothing is written, and the whole is decided anew.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.alliances import creation_queries
from app.alliances import queries as alliance_queries
from app.alliances.locked import LockedAlliance, locked
from app.alliances.service import new_row
from app.database import Row, Transaction
from app.errors import Overtaken, Problem
from app.instruments.definitions import Catalogue
from app.instruments.own import with_own
from app.responses import batch_queries, recording_queries
from app.responses.chain import Chain, Record
from app.responses.decisions import (
    Deciding,
    Decision,
    Facts,
    Name,
    NewAlliance,
    Recording,
    Voiding,
    merged,
)
from app.responses.effects import name_occasions, states_and_events, voids
from app.responses.fold import Courses, Series, StreamKey
from app.responses.outcome import outcome_of
from app.responses.raising import Raising, Standing, standing_of
from app.responses.settling import settle
from app.responses.stream_state import point_of, stream_of
from app.responses.subject import Subject
from app.tenants.authentication import Clock
from app.tenants.signal_settings import SignalSettings

Change = Recording | Voiding
TURN: Final = 25
"""After so many decisions others have their turn: a full batch takes a while."""


@dataclass(slots=True)
class Found:
    """What the database holds of the alliances and records that changes name, locked."""

    alliances: dict[UUID, LockedAlliance]
    names: dict[Name, UUID]
    rows: Sequence[Row]
    made: dict[int, LockedAlliance] = field(default_factory=dict)
    """Alliances that were made for the changes, by the number of the first accepted one."""
    merges: Sequence[Row] = ()
    """Merges of people that the changes may name, where they had to be read."""

    @property
    def locked(self) -> dict[UUID, LockedAlliance]:
        """Every alliance that the transaction holds."""
        return self.alliances | {one.id: one for one in self.made.values()}

    def facts(self, changes: Iterable[Change]) -> Facts:
        """The same as something to decide from; a copy, for deciding changes it."""
        chains: dict[Name | UUID, Chain] = {}
        for row in self.rows:
            if row["external_id"] is not None:
                name = (row["source"], row["external_id"])
                chains.setdefault(name, Chain([])).versions.append(dict(row))
        for our_id in _our_ids(changes):
            versions: list[Record] = [
                dict(r) for r in self.rows if our_id in {r["id"], r["amends"]}
            ]
            if versions and versions[0]["id"] == our_id:
                chains[our_id] = Chain(versions)
        return Facts(
            dict(self.alliances), dict(self.names), chains, dict(self.made), merged(self.merges)
        )


async def apply(
    transaction: Transaction, catalogue: Catalogue, changes: Sequence[Change], clock: Clock
) -> list[Decision]:
    """What each change comes to, in order, written but for the refused ones.

    Raises Overtaken when another caller was quicker: roll back and begin anew.
    """
    found = await _found(transaction, changes)
    # After the locks, so that what is received later is never marked as earlier.
    now = clock()
    new, decisions = _decided(found, changes, now)
    if any(decision.problem and _names_nobody(decision.problem) for decision in decisions):
        # In an alliance that is not there yet: perhaps under a reference that was merged away.
        found = replace(found, merges=await creation_queries.merges_of(transaction, _refs(changes)))
        new, decisions = _decided(found, changes, now)
    if new:
        found = await _with_new_alliances(transaction, found, new, now)
        new, decisions = _decided(found, changes, now)
        if new:
            raise Overtaken("What was decided no longer holds.")
    if any(d.replaced or d.subject or d.void for d in decisions):
        await _written(transaction, catalogue, settings_of(changes), found, decisions, now)
    return decisions


def _decided(
    found: Found, changes: Sequence[Change], now: datetime
) -> tuple[Mapping[int, NewAlliance], list[Decision]]:
    """The alliances to be made, by the number of the change that describes them; the decisions."""
    deciding = Deciding(found.facts(changes), now)
    return deciding.facts.new, [deciding.decide(change) for change in changes]


def _names_nobody(problem: Problem) -> bool:
    return any(error.code in {"rater_not_member", "about_not_member"} for error in problem.errors)


def _refs(changes: Iterable[Change]) -> set[str]:
    """Every reference by which a change names a person."""
    refs: set[str | None] = set()
    for change in changes:
        if isinstance(change, Recording):
            refs |= {change.filled.content.rater.ref, change.filled.content.about_ref}
            if change.alliance is not None:
                refs |= {ref for _, ref in change.alliance.member_set()}
    return {ref for ref in refs if ref is not None}


async def _found(transaction: Transaction, changes: Sequence[Change]) -> Found:
    names = sorted({(c.source, c.external_id) for c in changes if c.external_id is not None})
    our_ids = _our_ids(changes)
    ids, alliance_names = set(), set()
    if our_ids or any(isinstance(c, Voiding) or c.external_version != 1 for c in changes):
        # A record that is to change may be about another alliance than the one that is named.
        ids |= set(await batch_queries.alliances_of(transaction, names, our_ids))
    for change in changes:
        named = change.alliance if isinstance(change, Recording) else None
        if named is not None:
            ids |= {one for one in (named.id, named.continues) if one is not None}
            if named.external_id is not None:
                alliance_names.add((change.source, named.external_id))
    rows = await alliance_queries.locked_many(transaction, sorted(ids), sorted(alliance_names))
    known = {(row["source"], row["external_id"]): row["id"] for row in rows if row["external_id"]}
    return Found(
        {row["id"]: locked(row) for row in rows},
        known,
        await batch_queries.versions_of(
            transaction, names, our_ids, share_merges=not alliance_names <= known.keys()
        ),
    )


def _our_ids(changes: Iterable[Change]) -> list[UUID]:
    ids = (c.amends if isinstance(c, Recording) else c.response_id for c in changes)
    return [one for one in ids if one is not None]


async def _with_new_alliances(
    transaction: Transaction, found: Found, new: Mapping[int, NewAlliance], now: datetime
) -> Found:
    rows = [new_row(one.id, source, body, now) for one, source, body in new.values()]
    members = {one.id: body.member_set() for one, _, body in new.values()}
    made = await creation_queries.insert_alliances(transaction, rows, members)
    if len(made) < len(rows):
        raise Overtaken("Another caller made the same alliance.")
    return replace(
        found, made={number: one.made(made[one.id]) for number, (one, _, _) in new.items()}
    )


async def _written(  # noqa: PLR0917 - what is written, and by which rules
    transaction: Transaction,
    catalogue: Catalogue,
    settings: SignalSettings,
    found: Found,
    decisions: Sequence[Decision],
    now: datetime,
) -> None:
    """Work the decisions into streams, and write records, voids, states and events."""
    # What is replaced may be of an instrument of the tenant's own that no change names.
    replaced = [one.replaced["instrument"] for one in decisions if one.replaced is not None]
    catalogue = await with_own(transaction, catalogue, replaced)
    courses = Courses({}, catalogue, settings)
    raising = await _worked_in(found, courses, {}, decisions, now)
    if courses.missing:
        series, standing = await read_series(transaction, found.locked, courses)
        courses = Courses(series, catalogue, settings)
        raising = await _worked_in(found, courses, standing, decisions, now)
    settle(raising, courses, found.locked, now)
    records = [
        one.record for one in decisions if one.subject is not None and isinstance(one.record, dict)
    ]
    name_occasions(records)
    states, events, signals = states_and_events(found.locked, courses, decisions, raising, now)
    withdrawn = voids(decisions)
    recorded, voided = await recording_queries.record_many(
        transaction, records, withdrawn, states, [*events, *signals.events], signals, raising.marks
    )
    if len(recorded) < len(records) or voided < len(withdrawn):
        raise Overtaken("Another caller recorded the same.")
    for record in records:
        record["occasion_id"] = recorded[record["id"]]


async def _worked_in(
    found: Found,
    courses: Courses,
    standing: Mapping[UUID, list[Standing]],
    decisions: Sequence[Decision],
    now: datetime,
) -> Raising:
    """The signals that the decisions raise and supersede, one after another; their outcomes."""
    raising = Raising(courses, standing)
    for number, decision in enumerate(decisions):
        if number % TURN == TURN - 1:
            await asyncio.sleep(0)
        _withdrawn(found, courses, raising, decision, number, now)
        if decision.subject is not None:
            _worked_in_one(raising, decision, decision.subject, number, now)
    return raising


def _withdrawn(  # noqa: PLR0917 - of one decision
    found: Found, courses: Courses, raising: Raising, decision: Decision, number: int, now: datetime
) -> None:
    """Take what a decision replaces out of its stream, with the signals that rest on it."""
    replaced, subject = decision.replaced, decision.subject
    if replaced is None:
        return
    left = found.locked.get(replaced["alliance_id"])
    if left is None:
        raise Overtaken("The record has been moved to another alliance.")
    courses.remove(left, stream_of(replaced, left.former), replaced["id"])
    by, readers = (subject.record["id"], subject.point.signal_readers) if subject else (None, None)
    cause = "response_amended" if subject else "response_voided"
    raising.withdraw(replaced, cause, by or replaced["id"], readers, number, left.moment(now))


def _worked_in_one(
    raising: Raising, decision: Decision, subject: Subject, number: int, now: datetime
) -> None:
    """Put a new record into its stream, and say what it is answered with."""
    record = decision.record
    assert isinstance(record, dict)  # noqa: S101 - what has a subject is a new row
    moment = subject.alliance.moment(now)
    added, rows = raising.add(subject, number, moment)
    if added is not None:
        record["outcome"] = outcome_of(subject, added, rows)
    record["received_at"] = moment
    record["occasion_key"] = subject.point.occasion


def settings_of(changes: Iterable[Change]) -> SignalSettings:
    """The newest signal settings that the callers of these changes are known to have."""
    settings = (change.caller.key.signal_settings for change in changes)
    return max(settings, key=lambda one: one.version)


async def read_series(
    transaction: Transaction, alliances: Mapping[UUID, LockedAlliance], courses: Courses
) -> tuple[Series, Mapping[UUID, list[Standing]]]:
    """Every current point of the streams that are missing, and the signals that rest on them."""
    series: dict[StreamKey, list[Any]] = {key: [] for key in courses.missing}
    wanted = {
        (alliance_id, stream.instrument, stream.form, stream.form_revision, stream.language)
        for alliance_id, stream in courses.missing
    }
    fields = ("alliance_id", "instrument", "form", "form_revision", "language")
    rows = await batch_queries.series(
        transaction, [dict(zip(fields, one, strict=True)) for one in sorted(wanted)]
    )
    standing: dict[UUID, list[Standing]] = {}
    for row in rows:
        stream = stream_of(row, alliances[row["alliance_id"]].former)
        key = (row["alliance_id"], stream)
        if key in series:
            series[key].append(point_of(row, courses.definition(stream)))
            standing[row["id"]] = standing_of(row["signals"])
    return series, standing
