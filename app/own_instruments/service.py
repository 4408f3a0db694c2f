"""Judging a tenant's own instruments, keeping drafts of them, and publishing them for good."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.database import Row, Transaction
from app.errors import FieldError, InstrumentConflict, InvalidRequest, NotFound, Overtaken
from app.instruments.definitions import Definition, definition_from
from app.instruments.faults import Fault
from app.instruments.own import document_sha256, own_definition
from app.instruments.service import ChosenForm, score
from app.measurement.mutants import trial
from app.own_instruments import queries
from app.own_instruments.rules import departures, own_faults
from app.own_instruments.schemas import (
    FaultOut,
    KeyTrialOut,
    OwnInstrumentOut,
    PreviewIn,
    PreviewOut,
    PublicationIn,
    SampleIn,
    SampleOut,
)
from app.tenants.authentication import Caller

WHERE = "/definition"
FAULTS_SHOWN = 100


async def preview(asked: PreviewIn) -> PreviewOut:
    """What a definition is worth, and what it makes of the samples. Nothing is stored."""
    faults = await asyncio.to_thread(own_faults, asked.definition)
    if faults:
        shown = [_fault_out(each) for each in _errors(faults[:FAULTS_SHOWN])]
        return PreviewOut(valid=False, faults=shown, sha256=None, trials=[], samples=[])
    definition = definition_from(asked.definition, document_sha256(asked.definition))
    return PreviewOut(
        valid=True,
        faults=[],
        sha256=definition.sha256,
        trials=await asyncio.to_thread(trials, definition),
        samples=[_sample(definition, index, one) for index, one in enumerate(asked.samples)],
    )


async def judged(document: Mapping[str, Any]) -> Definition:
    """The definition that a document describes, fit for a draft.

    Raises InvalidRequest, pointing into the document at everything to mend.
    """
    faults = await asyncio.to_thread(own_faults, document)
    if faults:
        raise InvalidRequest.of(*_errors(faults))
    return definition_from(document, document_sha256(document))


async def draft(
    transaction: Transaction, caller: Caller, definition: Definition
) -> tuple[Row, bool]:
    """The revision as it is stored now, and True if it is new.

    A draft of the revision is replaced; a published one that says the same is left as it is.
    Raises InstrumentConflict when it is published with other content, InvalidRequest when it asks
    otherwise than a published one of the same form revision, Overtaken when another made it first.
    """
    rows = await queries.locked_revisions(transaction, definition.instrument)
    stored = _revision(rows, definition.revision)
    if stored is not None and stored["published_at"] is not None:
        if stored["sha256"] != definition.sha256:
            raise InstrumentConflict("This revision is published. Give the change a new one.")
        return stored, False
    _refuse_departures(definition, rows, WHERE)
    values = {
        "instrument": definition.instrument,
        "revision": definition.revision,
        "sha256": definition.sha256,
        "document": definition.document,
        "made_at": caller.clock(),
        **_who(caller),
    }
    write = queries.insert_draft if stored is None else queries.change_draft
    kept = await write(transaction, values)
    if kept is None:
        raise Overtaken("Somebody else has changed it.")
    return kept, stored is None


async def publish(
    transaction: Transaction, caller: Caller, instrument: str, asked: PublicationIn
) -> Row:
    """The revision, published now or before. From then on it never changes.

    Raises NotFound without such a revision; InstrumentConflict when it is another one than was
    read; InvalidRequest when by now another one is published from which it departs.
    """
    rows = await queries.locked_revisions(transaction, instrument)
    stored = _revision(rows, asked.revision)
    if stored is None:
        raise NotFound("No such draft.")
    if asked.sha256 not in {None, stored["sha256"]}:
        raise InstrumentConflict("The draft has changed since it was read. Read it again.")
    if stored["published_at"] is not None:
        return stored
    _refuse_departures(own_definition(stored), rows, "/revision")
    named = {name: stored[name] for name in ("instrument", "revision", "sha256")}
    published = await queries.publish(transaction, named | _who(caller), caller.clock())
    if published is None:
        raise Overtaken("Somebody else has changed it.")
    return published


def trials(definition: Definition) -> list[KeyTrialOut]:
    """Of each key of the definition: how well its test vectors tell mistakes in it."""
    found = []
    for name in definition.document["keys"]:
        forms = {f for f, form in definition.document["forms"].items() if form["key"] == name}
        key = definition.forms[min(forms)].key
        vectors = [
            one["answers"] for one in definition.document["test_vectors"] if one["form"] in forms
        ]
        tried = trial(key, vectors)
        found.append(
            KeyTrialOut(
                key=name,
                vectors=len(vectors),
                mutants=tried.tried,
                survivors=list(tried.survivors),
            )
        )
    return found


async def shown(row: Row) -> OwnInstrumentOut:
    """A stored revision as it is shown, its test vectors tried."""
    found = await asyncio.to_thread(trials, own_definition(row))
    return OwnInstrumentOut(
        instrument=row["instrument"],
        revision=row["revision"],
        status="draft" if row["published_at"] is None else "published",
        sha256=row["sha256"],
        made_at=row["made_at"],
        published_at=row["published_at"],
        trials=found,
    )


def _revision(rows: Sequence[Row], revision: str) -> Row | None:
    return next((row for row in rows if row["revision"] == revision), None)


def _who(caller: Caller) -> dict[str, Any]:
    return {
        "key_id": caller.key.key_id,
        "actor_role": caller.actor and caller.actor.role,
        "actor_ref": caller.actor and caller.actor.ref,
    }


def _refuse_departures(definition: Definition, rows: Iterable[Row], where: str) -> None:
    published = [own_definition(row) for row in rows if row["published_at"] is not None]
    faults = departures(definition.document, published)
    if faults and where == WHERE:
        raise InvalidRequest.of(*_errors(faults))
    if faults:
        raise InvalidRequest.of(FieldError(where, faults[0].code, faults[0].detail))


def _sample(definition: Definition, index: int, sample: SampleIn) -> SampleOut:
    where = f"/samples/{index}"
    if sample.form not in definition.forms:
        detail = f"The instrument's forms are: {', '.join(definition.forms)}."
        fault = FaultOut(pointer=f"{where}/form", code="unknown_form", detail=detail)
        return SampleOut(index=index, scores=None, faults=[fault])
    try:
        found = score(ChosenForm(definition, definition.forms[sample.form]), sample.answers)
    except InvalidRequest as refused:
        shown = [_fault_out(each) for each in refused.faults(where)]
        return SampleOut(index=index, scores=None, faults=shown)
    return SampleOut(index=index, scores=found, faults=[])


def _errors(faults: Iterable[Fault]) -> list[FieldError]:
    return [FieldError(f"{WHERE}{fault.pointer}", fault.code, fault.detail) for fault in faults]


def _fault_out(error: FieldError) -> FaultOut:
    return FaultOut(pointer=error.pointer, code=error.code, detail=error.detail)
