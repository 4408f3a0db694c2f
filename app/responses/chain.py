"""The versions of one record: which of them a submission repeats, replaces or comes too late for.

Versions are never changed. An amendment is a new version that names the one it replaces; a void
withdraws the newest one, and only a higher version brings its record back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from app.alliances.merged_refs import FormerRefs
from app.errors import AlreadyAmended, ExternalIdReused, NotFound, Problem, StaleVersion
from app.responses.content import says_the_same
from app.responses.schemas import FormContent

Record: TypeAlias = Mapping[str, Any]
"""A response as the responses table has it, with the void that may stand on it."""


@dataclass(slots=True)
class Chain:
    """The known versions of one record, oldest first; of a record named by id, from that one on."""

    versions: list[Record]

    @property
    def head(self) -> Record:
        """The newest version."""
        return self.versions[-1]

    @property
    def version(self) -> int:
        """The number of the newest version, that of its void included."""
        numbers: tuple[int, int] = (self.head["external_version"], self.head["void_version"] or 0)
        return max(numbers)


@dataclass(frozen=True, slots=True)
class Said:
    """What a caller says of a record: the row it would make, and the form it was made from."""

    record: Record
    form: FormContent
    former: FormerRefs


def repeated_version(chain: Chain, said: Said) -> Record | None:
    """The stored version that is sent again; None when it is a new version, higher than all.

    Raises ExternalIdReused for the version of another content, StaleVersion for a lower one.
    """
    version = said.record["external_version"]
    for stored in chain.versions:
        if stored["external_version"] == version:
            if says_the_same(said.record, stored, said.form, said.former):
                return stored
            raise _reused(stored)
        if stored["void_version"] == version:
            raise _reused(stored)
    if version < chain.version:
        raise _stale(chain)
    return None


def repeated_amendment(chain: Chain, said: Said) -> Record | None:
    """The successor of a record named by id, if it is what is sent again; None: amend its head.

    Raises AlreadyAmended when another version has replaced it, StaleVersion for a version that is
    not higher than the newest.
    """
    if len(chain.versions) > 1:
        successor = chain.versions[1]
        same_version = said.record["external_version"] == successor["external_version"]
        if same_version and says_the_same(said.record, successor, said.form, said.former):
            return successor
        raise _amended(successor)
    if said.record["external_version"] <= chain.version:
        raise _stale(chain)
    return None


def repeated_void(chain: Chain | None, version: int | None, *, by_version: bool) -> Record | None:
    """The voided version, if it is voided already; None: void the newest one.

    by_version: the caller names the record by external_id and counts its versions. Raises NotFound
    when there is no such record, AlreadyAmended when the version named by id is not the newest,
    StaleVersion when the version is not higher than the newest.
    """
    if chain is None:
        raise NotFound("No such response.")
    for stored in chain.versions if by_version else ():
        if stored["void_version"] == version:
            return stored
    if not by_version and len(chain.versions) > 1:
        raise _amended(chain.versions[1])
    voided = chain.head["voided_at"] is not None
    if voided and (version is None or version >= chain.version):
        return chain.head
    if version is not None and version <= chain.version:
        raise _stale(chain)
    return chain.head if voided else None


def _reused(stored: Record) -> Problem:
    return ExternalIdReused(
        "What is stored stays. A correction needs a higher external_version, another form another "
        "external_id.",
        existing_id=str(stored["id"]),
    )


def _stale(chain: Chain) -> Problem:
    return StaleVersion(
        f"Version {chain.version} is stored. If yours is newer, give it a higher version.",
        existing_id=str(chain.head["id"]),
    )


def _amended(successor: Record) -> Problem:
    return AlreadyAmended(
        "Read the newest version and correct that one, if it still needs it.",
        existing_id=str(successor["id"]),
    )
