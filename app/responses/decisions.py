"""What becomes of each of several changes, decided one after another as if each came alone.

Pure: alliances and versions were read before, locked where they are to change. Deciding the same
changes again from the same facts gives the same decisions but for the ids of new things.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from app.alliances.locked import LockedAlliance, named_alliance
from app.alliances.merged_refs import FormerRefs
from app.alliances.schemas import AllianceBody, AllianceInSubmission
from app.errors import NotFound, Overtaken, Problem
from app.responses.chain import (
    Chain,
    Record,
    Said,
    repeated_amendment,
    repeated_version,
    repeated_void,
)
from app.responses.filled_form import FilledForm
from app.responses.record import RecordName
from app.responses.subject import Subject, refuse_after_end, subject_of
from app.tenants.authentication import Caller

Name: TypeAlias = tuple[str, str]
"""Source and external_id."""
NewAlliance: TypeAlias = tuple[LockedAlliance, str, AllianceBody]
"""An alliance that is not there yet, its source, and how it is described."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A form to be recorded: a new record, or the next version of a known one."""

    caller: Caller
    filled: FilledForm
    alliance: AllianceInSubmission | None
    """None: that of the version it amends."""
    source: str
    """That of the record, for alliance as well."""
    external_id: str | None
    external_version: int | None
    """None: one more than the newest version."""
    reason: str | None
    amends: UUID | None = None
    """The version it amends, named by our id; None: what external_id names."""


@dataclass(frozen=True, slots=True)
class Voiding:
    """A record to be withdrawn, named by our id or by the caller's."""

    caller: Caller
    response_id: UUID | None
    source: str
    external_id: str | None
    external_version: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What one change comes to."""

    verdict: Literal["accepted", "replayed", "amended", "voided", "refused"]
    record: Record | None = None
    """The record that the caller is told of; of an accepted one the row it is to become."""
    subject: Subject | None = None
    """Of an accepted or amended one."""
    replaced: Record | None = None
    """The version that counts no longer: amended or voided by this change."""
    void: Mapping[str, Any] | None = None
    problem: Problem | None = None


@dataclass(slots=True)
class Facts:
    """What was read about the alliances and records that the changes name."""

    alliances: dict[UUID, LockedAlliance]
    names: dict[Name, UUID]
    """Source and external_id of an alliance -> its id."""
    chains: dict[Name | UUID, Chain]
    """Records by (source, external_id), and those that were named by our id."""
    made: dict[int, LockedAlliance] = field(default_factory=dict)
    """Alliances that were made for changes among these, by the number of the first to find it."""
    merges: Mapping[str, FormerRefs] = field(default_factory=dict)
    """Source -> references of it that were merged away, where they had to be read."""
    new: dict[int, NewAlliance] = field(default_factory=dict)
    """Alliances that an accepted change describes for the first time, by its number."""


class Deciding:
    """Decides change after change; each sees what those before it have come to."""

    def __init__(self, facts: Facts, now: datetime) -> None:
        self._now = now
        self._number = -1
        self.facts = facts

    def decide(self, change: Recording | Voiding) -> Decision:
        """What the change comes to; a refusal changes nothing for those after it.

        Raises Overtaken when what was read is no longer what is stored.
        """
        self._number += 1
        try:
            if isinstance(change, Voiding):
                return self._voiding(change)
            return self._recording(change)
        except Overtaken:
            raise
        except Problem as problem:
            return Decision("refused", problem=problem)

    def _recording(self, change: Recording) -> Decision:
        chain = self._chain(change.amends, change.source, change.external_id)
        if change.amends is not None and chain is None:
            raise NotFound("No such response.")
        alliance = self._alliance(change, chain)
        subject = subject_of(alliance, change.caller, change.filled, _name(change, chain))
        said = Said(subject.record, change.filled.content, alliance.former)
        if chain is not None:
            repeats = repeated_amendment if change.amends is not None else repeated_version
            repeated = repeats(chain, said)
            if repeated is not None:
                return Decision("replayed", repeated)
        refuse_after_end(subject, chain.head if chain else None)
        return self._recorded(change, chain, subject)

    def _recorded(self, change: Recording, chain: Chain | None, subject: Subject) -> Decision:
        record = subject.record | {"amended_by": None, "former_refs": None} | NOT_VOIDED
        if subject.alliance.id not in self.facts.alliances and change.alliance is not None:
            self._remember(change.source, change.alliance, subject.alliance)
        if chain is None:
            if change.external_id is not None:
                self.facts.chains[change.source, change.external_id] = Chain([record])
            return Decision("accepted", record, subject)
        replaced = chain.head
        record["amends"] = replaced["id"]
        chain.versions[-1] = {**replaced, "amended_by": record["id"]}
        chain.versions.append(record)
        counted = None if replaced["voided_at"] is not None else replaced
        return Decision("amended", record, subject, counted)

    def _voiding(self, change: Voiding) -> Decision:
        chain = self._chain(change.response_id, change.source, change.external_id)
        version = change.external_version
        repeated = repeated_void(chain, version, by_version=change.response_id is None)
        if chain is None:
            raise NotFound("No such response.")
        if repeated is not None and (version is None or version <= chain.version):
            return Decision("replayed", repeated)
        alliance = self.facts.alliances.get(chain.head["alliance_id"])
        if alliance is None:
            raise Overtaken("The record has been moved to another alliance.")
        void = self._void(change, chain.head["id"], alliance.moment(self._now))
        if repeated is not None:
            # It says again what is so already; versions up to this one come too late from now on.
            chain.versions[-1] = {**repeated, "void_version": version}
            return Decision("replayed", chain.head, void=void)
        replaced = chain.head
        chain.versions[-1] = {
            **replaced,
            "voided_at": void["voided_at"],
            "void_version": version,
            "void_reason": change.reason,
            "voided_by_role": void["actor_role"],
            "voided_by_ref": void["actor_ref"],
        }
        return Decision("voided", chain.head, replaced=replaced, void=void)

    def _void(self, change: Voiding, response_id: UUID, voided_at: datetime) -> dict[str, Any]:
        actor = change.caller.actor
        return {
            "response_id": response_id,
            "external_version": change.external_version,
            "reason": change.reason,
            "key_id": change.caller.key.key_id,
            "actor_role": actor and actor.role,
            "actor_ref": actor and actor.ref,
            "voided_at": voided_at,
        }

    def _chain(self, our_id: UUID | None, source: str, external_id: str | None) -> Chain | None:
        if our_id is not None:
            return self.facts.chains.get(our_id)
        return None if external_id is None else self.facts.chains.get((source, external_id))

    def _alliance(self, change: Recording, chain: Chain | None) -> LockedAlliance:
        if change.alliance is None:
            known = self.facts.alliances.get(chain.head["alliance_id"]) if chain else None
            if known is None:
                raise Overtaken("The record has been moved to another alliance.")
            return known
        named = change.alliance
        our_id = named.id or self.facts.names.get((change.source, named.external_id or ""))
        found = None if our_id is None else self.facts.alliances.get(our_id)
        alliance = named_alliance(found, named, self._now)
        if found is not None:
            return alliance
        if chain is not None and any(
            _is_about(one, change.source, named) for one in chain.versions
        ):
            raise Overtaken("Another caller made the alliance.")
        if named.continues is not None and named.continues not in self.facts.alliances:
            raise NotFound("There is no such alliance to continue.")
        known = alliance.with_merges(self.facts.merges.get(change.source, {}))
        return self.facts.made.get(self._number, known)

    def _remember(self, source: str, named: AllianceInSubmission, alliance: LockedAlliance) -> None:
        """Keep a new alliance for the changes after this one."""
        self.facts.names[source, named.external_id or ""] = alliance.id
        self.facts.alliances[alliance.id] = alliance
        if self._number not in self.facts.made:
            self.facts.new[self._number] = (alliance, source, named)


NOT_VOIDED: Final[dict[str, None]] = dict.fromkeys(
    ("voided_at", "void_version", "void_reason", "voided_by_role", "voided_by_ref")
)


def merged(merges: Iterable[Mapping[str, Any]]) -> Mapping[str, FormerRefs]:
    """Source -> references that were merged away, of merges as they are stored."""
    found: dict[str, dict[tuple[str, str], str]] = {}
    for row in merges:
        found.setdefault(row["source"], {})[row["role"], row["from_ref"]] = row["current_ref"]
    return found


def _is_about(record: Record, source: str, named: AllianceInSubmission) -> bool:
    """Whether a stored version is about the alliance that is named by the caller's id."""
    name = record.get("alliance_source"), record.get("alliance_external_id")
    return named.external_id is not None and name == (source, named.external_id)


def _name(change: Recording, chain: Chain | None) -> RecordName:
    version = change.external_version
    before = chain.head["notice"] if chain else None
    marks = [mark for one in chain.versions for mark in one["marks"] or ()] if chain else ()
    if change.amends is None or chain is None:
        return RecordName(
            change.source, change.external_id, version or 1, change.reason, before, marks
        )
    target = chain.versions[0]
    return RecordName(
        target["source"],
        target["external_id"],
        version or Chain([target]).version + 1,
        change.reason,
        before,
        marks,
    )
