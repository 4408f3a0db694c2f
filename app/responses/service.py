"""Taking and reading responses: decide, then one write. The only way in, whatever the door."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.alliances.service import locked_for_submission
from app.database import Transaction
from app.errors import BatchRefused, NotFound, Overtaken, Problem
from app.instruments.definitions import Catalogue
from app.responses import queries
from app.responses.answer_schemas import Outcome
from app.responses.chain import Chain, Record, Said, repeated_version
from app.responses.changes import Change, apply, read_series
from app.responses.decisions import NOT_VOIDED, Decision, Recording, Voiding
from app.responses.filled_form import FilledForm
from app.responses.outcome import outcome_of
from app.responses.record import RecordName
from app.responses.schemas import Amendment, Submission, VoidRequest
from app.responses.settling import settle
from app.responses.subject import Subject, refuse_after_end, subject_of
from app.responses.work import Work, worked_in
from app.statements import JsonText
from app.tenants.authentication import Caller, Clock


async def submit(
    transaction: Transaction, catalogue: Catalogue, change: Recording
) -> tuple[Record, bool]:
    """The stored response with its outcome as JSON, and True if it had been stored before.

    Raises InvalidRequest when rater, about or occasion do not fit the alliance; NotFound for an
    unknown alliance id; AllianceConflict for a known alliance with other members; for a known
    external_id ExternalIdReused (other content) or StaleVersion (a lower version).
    """
    caller = change.caller
    if change.external_version != 1 or change.alliance is None:
        # It may amend a record of another alliance, which is then locked as well.
        (decision,) = await apply(transaction, catalogue, [change], caller.clock)
        return decided(decision)
    alliance = await locked_for_submission(
        transaction, change.source, change.alliance, caller.clock()
    )
    name = RecordName(change.source, change.external_id, 1, change.reason)
    subject = subject_of(alliance, caller, change.filled, name)
    work = worked_in(subject, catalogue, {}, {})
    if work.courses.missing or alliance.ended_on is not None:
        # Late, or sent again: look for the record first. A replay needs no series, and nothing
        # that has happened since can refuse it.
        known = await _known(transaction, subject)
        if known is not None:
            return known, True
        refuse_after_end(subject)
        if work.courses.missing:
            read = await read_series(transaction, {alliance.id: alliance}, work.courses)
            work = worked_in(subject, catalogue, *read)
    recorded = await _recorded(transaction, subject, work)
    if recorded is not None:
        return recorded, False
    known = await _known(transaction, subject)
    if known is None:
        raise Overtaken("Another caller recorded the same.")
    return known, True


async def amend(  # noqa: PLR0917 - as submit, and which one
    transaction: Transaction,
    caller: Caller,
    catalogue: Catalogue,
    response_id: UUID,
    amendment: Amendment,
    filled: FilledForm,
) -> tuple[Record, bool]:
    """The new version of a stored response, and True if it had been stored before.

    Raises NotFound, AlreadyAmended when another version has replaced that one, StaleVersion, and
    what submit raises.
    """
    target = await get(transaction, response_id)
    change = Recording(
        caller,
        filled,
        amendment.alliance,
        target["source"],
        target["external_id"],
        amendment.external_version,
        amendment.amendment_reason,
        amends=response_id,
    )
    (decision,) = await apply(transaction, catalogue, [change], caller.clock)
    return decided(decision)


async def void(
    transaction: Transaction,
    caller: Caller,
    catalogue: Catalogue,
    response_id: UUID,
    request: VoidRequest,
) -> Record:
    """The response as it stands withdrawn, now or before.

    Raises NotFound, AlreadyAmended when it is not the newest version, StaleVersion.
    """
    change = Voiding(caller, response_id, "", None, request.external_version, request.reason)
    (decision,) = await apply(transaction, catalogue, [change], caller.clock)
    return _record_of(decision)


async def submit_batch(
    caller: Caller,
    catalogue: Catalogue,
    items: Sequence[Change | Problem],
    *,
    strict: bool,
    dry_run: bool,
) -> list[Decision]:
    """What each item of a batch comes to, in order; those read as problems are refused.

    strict: all of them or, raising BatchRefused, none. dry_run: decided and not stored.
    """

    async def work(transaction: Transaction) -> list[Decision]:
        decisions = await decide_all(transaction, catalogue, items, caller.clock)
        if strict:
            _refuse_all_if_any(decisions)
        if dry_run:
            raise _RolledBackError(decisions)
        return decisions

    try:
        return await caller.attempt(work)
    except _RolledBackError as done:
        return done.decisions


async def decide_all(
    transaction: Transaction,
    catalogue: Catalogue,
    items: Sequence[Change | Problem],
    clock: Clock,
) -> list[Decision]:
    """What each item comes to, in order, written but for the refused ones.

    Those read as problems are refused. Raises Overtaken when another caller was quicker: roll back
    and begin anew.
    """
    changes = [item for item in items if not isinstance(item, Problem)]
    done = iter(await apply(transaction, catalogue, changes, clock) if changes else ())
    return [
        Decision("refused", problem=item) if isinstance(item, Problem) else next(done)
        for item in items
    ]


async def get(transaction: Transaction, response_id: UUID) -> Record:
    """One response, judged_now. Raises NotFound, also for another tenant's."""
    found: Record | None = await queries.response(transaction, response_id)
    if found is None:
        raise NotFound("No such response.")
    return (await judged_now(transaction, [found]))[0]


async def judged_now(transaction: Transaction, rows: Sequence[Record]) -> list[Record]:
    """The rows, each with later_notices, the notices of the versions that came after it.

    An older version never shows more than the newer ones allow.
    """
    later: dict[UUID, list[Any]] = {row["id"]: [] for row in rows}
    ahead = {row["id"]: row["amended_by"] for row in rows if row["amended_by"]}
    while ahead:
        found = {row["id"]: row for row in await queries.notices(transaction, ahead.values())}
        for response_id, successor in ahead.items():
            later[response_id].append(found[successor]["notice"])
        ahead = {
            response_id: found[successor]["amended_by"]
            for response_id, successor in ahead.items()
            if found[successor]["amended_by"]
        }
    return [{**row, "later_notices": later[row["id"]]} for row in rows]


async def answered(transaction: Transaction, response_id: UUID) -> Record:
    """One response with its outcome, as a replay answers it. Raises NotFound."""
    return _with_outcome(await get(transaction, response_id))


async def page(
    transaction: Transaction, filters: Mapping[str, Any], after: UUID | None, limit: int
) -> list[Record]:
    """Up to limit responses that meet every filter, in the order of their ids, judged_now."""
    found = await queries.responses_after(transaction, filters, after, limit)
    return await judged_now(transaction, found)


def recording(caller: Caller, submission: Submission, filled: FilledForm) -> Recording:
    """A submission as a change among others."""
    return Recording(
        caller,
        filled,
        submission.alliance,
        submission.source,
        submission.external_id,
        submission.external_version,
        submission.amendment_reason,
    )


class _RolledBackError(Exception):
    """Everything was decided, and nothing is to be kept."""

    def __init__(self, decisions: list[Decision]) -> None:
        super().__init__()
        self.decisions = decisions


def _refuse_all_if_any(decisions: Sequence[Decision]) -> None:
    """Raises BatchRefused with every fault of every refused item, each pointed at."""
    errors = [
        error
        for index, decision in enumerate(decisions)
        if decision.problem is not None
        for error in decision.problem.faults(f"/items/{index}")
    ]
    if errors:
        refused = BatchRefused.of(*errors)
        refused.headers["Preference-Applied"] = "handling=strict"
        raise refused


def decided(decision: Decision) -> tuple[Record, bool]:
    """The record of a decision with its outcome, and True if it had been stored before.

    Raises the problem of one that was refused.
    """
    record, replayed = _record_of(decision), decision.verdict == "replayed"
    return _with_outcome(record) if replayed else record, replayed


def _record_of(decision: Decision) -> Record:
    """The record of a decision. Raises the problem of one that was refused."""
    if decision.problem is not None:
        raise decision.problem
    assert decision.record is not None  # noqa: S101 - what is not refused has a record
    return decision.record


async def _recorded(transaction: Transaction, subject: Subject, work: Work) -> Record | None:
    """The response as it was stored now; None when its external_id is taken."""
    alliance, now = subject.alliance, work.at
    assert work.added is not None  # noqa: S101 - its series was read
    settle(work.raising, work.courses, {alliance.id: alliance}, now)
    outcome = outcome_of(subject, work.added, work.signals)
    record = subject.record | {"outcome": outcome, "received_at": now}
    version = alliance.state_version + 1
    states, watches = work.courses.stored_streams(alliance)
    occasion_id = await queries.record_response(
        transaction,
        record,
        {"occasion_key": subject.point.occasion, "new_occasion_id": uuid7()},
        {"streams": states, "watches": watches},
        uuid7(),
        work.raising.written({alliance.id: now}, lambda _alliance_id, _number: version),
        work.raising.marks,
    )
    if occasion_id is None:
        return None
    return record | {"occasion_id": occasion_id, "amended_by": None} | NOT_VOIDED


async def _known(transaction: Transaction, subject: Subject) -> Record | None:
    """The stored version that a submission repeats, with its outcome; None: nothing is stored.

    Raises ExternalIdReused or StaleVersion unless it says the same.
    """
    record = subject.record
    if record["external_id"] is None:
        return None
    stored = await queries.versions(transaction, record["source"], record["external_id"])
    if not stored:
        return None
    said = Said(record, subject.filled.content, subject.alliance.former)
    repeated = repeated_version(Chain(list(stored)), said)
    return None if repeated is None else _with_outcome(repeated)


def _with_outcome(record: Record) -> Record:
    """The record with its outcome as text, which it has already where it was just stored."""
    if isinstance(record["outcome"], JsonText):
        return record
    outcome = Outcome.model_validate(record["outcome"])
    return {**record, "outcome": JsonText(outcome.model_dump_json())}
