"""What is known about the rights of an instrument, every statement with its date and sources."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, Final

from app.instruments.definitions import Definition
from app.wordings.licence import USES, covered_uses, grant_from, refusal, time_refusal
from app.wordings.schemas import (
    DeclaredUseOut,
    RightsConflict,
    RightsOut,
    RightsStatement,
    TextPackOut,
    UseOut,
)

COMPARED: Final = (
    "holder",
    "status",
    "licence",
    "paper_use",
    "electronic_use",
    "commercial_use",
    "modify",
    "translate",
)


def rights_out(
    revisions: Sequence[Definition],
    packs: Sequence[tuple[Mapping[str, Any], TextPackOut]],
    declared: DeclaredUseOut,
    today: date,
) -> RightsOut:
    """The register of one instrument.

    revisions: published, oldest first, at least one. packs: the tenant's rows, as they are shown.
    """
    newest = revisions[-1].document["rights"]
    statements = [_statement(one) for one in reversed(revisions)]
    return RightsOut(
        instrument=revisions[-1].instrument,
        statements=statements,
        text_packs=[shown for _, shown in packs],
        conflicts=[*_of_sources(statements), *_of_revisions(revisions), *_of_grants(newest, packs)],
        declared_use=declared,
        uses=[_use_out(use, newest, packs, today) for use in USES],
    )


def _statement(definition: Definition) -> RightsStatement:
    return RightsStatement(revision=definition.revision, **definition.document["rights"])


def _of_sources(statements: Sequence[RightsStatement]) -> Iterator[RightsConflict]:
    """What the sources of the newest statement say against each other."""
    newest = statements[0]
    if newest.holder_conflict is not None:
        yield RightsConflict(code="holder_conflict", detail=newest.holder_conflict)
    for conflict in newest.conflicts:
        yield RightsConflict(code="sources_conflict", detail=conflict)


def _of_revisions(revisions: Sequence[Definition]) -> Iterator[RightsConflict]:
    for older, newer in pairwise(revisions):
        one, other = older.document["rights"], newer.document["rights"]
        changed = [name for name in COMPARED if one[name] != other[name]]
        if changed:
            detail = (
                f"Revisions {older.revision} ({one['verified_on']}) and {newer.revision} "
                f"({other['verified_on']}) differ in: {', '.join(changed)}."
            )
            yield RightsConflict(code="revisions_differ", detail=detail)


def _of_grants(
    rights: Mapping[str, Any], packs: Sequence[tuple[Mapping[str, Any], TextPackOut]]
) -> Iterator[RightsConflict]:
    for row, shown in packs:
        if row["ended_at"] is None and shown.grant.holder != rights["holder"]:
            detail = f"The grant of text pack {shown.id} names another holder."
            yield RightsConflict(code="grant_of_another_holder", detail=detail)


def _use_out(
    use: str,
    rights: Mapping[str, Any],
    packs: Sequence[tuple[Mapping[str, Any], TextPackOut]],
    today: date,
) -> UseOut:
    by_grant = []
    for row, shown in packs:
        grant = grant_from(row["licence"])
        in_force = row["ended_at"] is None and time_refusal(grant, today) is None
        if in_force and refusal(rights, grant, row["language"], [use], today) is None:
            by_grant.append(shown.id)
    electronic = rights["electronic_use"] == "allowed"
    by_rights = electronic and use in covered_uses(rights, None)
    return UseOut(use=use, by_rights=by_rights, by_grant=by_grant)
