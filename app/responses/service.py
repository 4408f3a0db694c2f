"""Taking and reading responses: decide, then one write. The only way in, whatever the door."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.alliances.service import LockedAlliance, locked_for_submission
from app.database import Transaction
from app.errors import (
    AmendmentUnsupported,
    ExternalIdReused,
    FieldError,
    InternalError,
    InvalidRequest,
    NotFound,
    StaleVersion,
)
from app.instruments.service import quality_out, score_out
from app.measurement.course import (
    Place,
    Point,
    StreamState,
    earlier_anchors,
    followed_by,
    state_of,
)
from app.responses import outcome, queries
from app.responses.filled_form import FilledForm
from app.responses.parties import Parties, parties
from app.responses.record import effective_notice, new_record, same_notice
from app.responses.schemas import OccasionIn, Outcome, Submission
from app.responses.stream_state import (
    Stream,
    new_stream,
    point_of,
    read_state,
    stored_state,
)
from app.responses.visibility import is_rater, reader, score_readers
from app.tenants.authentication import Caller

Record = Mapping[str, Any]
"""A response as the responses table has it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a submission is about: its alliance, locked, and its place in one stream of it."""

    alliance: LockedAlliance
    parties: Parties
    stream: Stream
    point: Point
    record: dict[str, Any]
    """The row it would make, without what is decided at the very end."""


@dataclass(frozen=True, slots=True)
class Course:
    """A stream's state with the new point, and what the point is compared with."""

    state: StreamState
    references: outcome.References | None
    """None when the point has no place in the stream's order."""


async def submit(
    transaction: Transaction, caller: Caller, filled: FilledForm
) -> tuple[Record, bool]:
    """The stored response with its outcome, and True if it had been stored before (a replay).

    Raises InvalidRequest when rater, about or occasion do not fit the alliance; NotFound for an
    unknown alliance id; AllianceConflict for a known alliance with other members; for a known
    external_id ExternalIdReused (other content), StaleVersion or AmendmentUnsupported.
    """
    subject = await _subject(transaction, caller, filled)
    course = _simple_course(subject, filled)
    after_end = _is_after_end(filled.submission.occasion, subject.alliance)
    if course is None or after_end:
        # Late, or sent again: look for the record first. A replay needs no series, and nothing
        # that has happened since can refuse it.
        known = await _known(transaction, filled, subject)
        if known is not None:
            return known, True
        if after_end:
            raise _ended()
        course = await _full_course(transaction, subject, filled)
    recorded = await _recorded(transaction, caller, filled, subject, course)
    if recorded is not None:
        return recorded, False
    known = await _known(transaction, filled, subject)
    if known is None:
        raise InternalError("Nothing was stored. Trying again is safe.")
    return known, True


async def get(transaction: Transaction, response_id: UUID) -> Record:
    """One response. Raises NotFound, also for another tenant's."""
    found: Record | None = await queries.response(transaction, response_id)
    if found is None:
        raise NotFound("No such response.")
    return found


async def page(
    transaction: Transaction, filters: Mapping[str, Any], after: UUID | None, limit: int
) -> list[Record]:
    """Up to limit responses that meet every filter, in the order of their ids."""
    return list(await queries.responses_after(transaction, filters, after, limit))


def occasion_key(occasion: OccasionIn) -> str:
    """What makes two forms belong to one occasion of an alliance: same key, same occasion.

    Its session_ref, else its session_number, else its local date.
    """
    if occasion.session_ref is not None:
        return f"ref:{occasion.session_ref}"
    if occasion.session_number is not None:
        return f"number:{occasion.session_number}"
    day = _local_date(occasion)
    if day is None:
        raise InternalError("An occasion without reference, number and date.")
    return f"date:{day.isoformat()}"


async def _subject(transaction: Transaction, caller: Caller, filled: FilledForm) -> Subject:
    submission, chosen = filled.submission, filled.chosen
    alliance = await locked_for_submission(
        transaction, submission.source, submission.alliance, caller.clock()
    )
    who = parties(alliance.members, submission.rater, submission.about_ref)
    proxy_ref = submission.assistance.proxy_ref if submission.assistance else None
    stream = new_stream(who, proxy_ref, chosen.definition, chosen.form.id, submission.language)
    notice = effective_notice(submission, caller)
    point = Point(_place(uuid7(), submission), filled.values, score_readers(notice))
    return Subject(alliance, who, stream, point, new_record(filled, alliance, who, caller))


async def _recorded(
    transaction: Transaction,
    caller: Caller,
    filled: FilledForm,
    subject: Subject,
    course: Course,
) -> Record | None:
    """The response as it was stored now; None when its external_id is taken."""
    alliance = subject.alliance
    # After the lock, so that what is received later is never marked as earlier.
    received_at = caller.clock()
    record = subject.record | {
        "id": UUID(subject.point.place.response_id),
        "outcome": _outcome(caller, filled, subject, course.references),
        "received_at": max(received_at, alliance.last_received_at or received_at),
    }
    occasion_id = await queries.record_response(
        transaction,
        record,
        occasion_key(filled.submission.occasion),
        uuid7(),
        {subject.stream.name(): stored_state(course.state, filled.newest.revision)},
    )
    if occasion_id is None:
        return None
    return record | {"occasion_id": occasion_id, "amended_by": None}


async def _known(transaction: Transaction, filled: FilledForm, subject: Subject) -> Record | None:
    """The stored record of a known external_id, with its outcome; None when there is none.

    Raises ExternalIdReused, StaleVersion or AmendmentUnsupported unless it says the same.
    """
    submission = filled.submission
    if submission.external_id is None:
        return None
    stored: Record | None = await queries.newest_by_external_id(
        transaction, submission.source, submission.external_id
    )
    if stored is None:
        return None
    version, existing_id = stored["external_version"], str(stored["id"])
    if submission.external_version < version:
        raise StaleVersion(
            f"Version {version} is stored and stays; read it to see what it says.",
            existing_id=existing_id,
        )
    if submission.external_version > version:
        raise AmendmentUnsupported(
            f"Version {version} is stored and stays; this release takes no amendments.",
            existing_id=existing_id,
        )
    if not _says_the_same(subject.record, stored, submission):
        raise ExternalIdReused(
            "What is stored stays. Another form needs another external_id; a correction of this "
            "one must wait: under another external_id it would count beside the wrong one.",
            existing_id=existing_id,
        )
    return dict(stored) | {"outcome": Outcome.model_validate(stored["outcome"])}


def _says_the_same(record: Record, stored: Record, submission: Submission) -> bool:
    """Whether a submission says what is stored; what it leaves to a default is no difference."""
    named, notice = submission.instrument_revision, submission.notice
    return (
        record["content_sha256"] == stored["content_sha256"]
        and named in {None, stored["instrument_revision"]}
        and (notice is None or same_notice(record["notice"], stored["notice"]))
    )


def _simple_course(subject: Subject, filled: FilledForm) -> Course | None:
    """The course when the point opens its stream or simply follows the newest one; else None."""
    stored = subject.alliance.streams.get(subject.stream.name())
    if stored is None:
        return Course(state_of([subject.point]), {})
    state = read_state(stored, filled.newest.revision)
    followed = followed_by(state, subject.point) if state else None
    if state is None or followed is None:
        return None
    return Course(followed, {"previous": state.latest, "first": state.first})


async def _full_course(transaction: Transaction, subject: Subject, filled: FilledForm) -> Course:
    """The course from all points of the stream, put in order."""
    rows = await queries.series(transaction, subject.alliance.id, subject.stream)
    points = [*(point_of(row, filled.newest) for row in rows), subject.point]
    earlier = earlier_anchors(points, subject.point.place.response_id)
    if earlier is None:
        return Course(state_of(points), None)
    return Course(state_of(points), {"previous": earlier[1], "first": earlier[0]})


def _outcome(
    caller: Caller, filled: FilledForm, subject: Subject, references: outcome.References | None
) -> Outcome:
    answers = filled.submission.answers
    form = filled.newest.forms[filled.chosen.form.id]
    rater = is_rater(subject.record, caller.actor)
    change = outcome.changes(
        form, subject.point, references or {}, None if rater else reader(caller.actor)
    )
    scored = any(value is not None for value in subject.point.values.values())
    return Outcome(
        scores=[score_out(score, filled.chosen.form) for score in filled.scores],
        quality=quality_out(filled.chosen, answers) if answers else [],
        change=change,
        not_computed=outcome.not_computed(change, references, scored=scored),
    )


def _place(response_id: UUID, submission: Submission) -> Place:
    occasion = submission.occasion
    return Place(
        str(response_id),
        occasion.occurred_at,
        _local_date(occasion),
        occasion.session_number,
        submission.completed_at,
    )


def _local_date(occasion: OccasionIn) -> date | None:
    return occasion.occurred_at.date() if occasion.occurred_at else occasion.occurred_on


def _is_after_end(occasion: OccasionIn, alliance: LockedAlliance) -> bool:
    day = _local_date(occasion)
    return alliance.ended_on is not None and day is not None and day > alliance.ended_on


def _ended() -> InvalidRequest:
    detail = "The alliance had ended by then. A reopened case is a new alliance (`continues`)."
    return InvalidRequest.of(FieldError("/occasion", "alliance_ended", detail))
