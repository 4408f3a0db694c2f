"""Taking and reading responses: decide, then one write. The only way in, whatever the door."""

from collections.abc import Mapping
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
from app.responses.content import content_sha256
from app.responses.filled_form import FilledForm
from app.responses.parties import Parties, parties
from app.responses.schemas import OccasionIn, Outcome, Submission
from app.responses.stream_state import (
    Stream,
    new_stream,
    offset_minutes,
    point_of,
    read_state,
    stored_state,
)
from app.tenants.authentication import Caller, Clock

Record = Mapping[str, Any]
"""A response as the responses table has it."""


async def submit(
    transaction: Transaction, caller: Caller, filled: FilledForm, clock: Clock
) -> tuple[Record, bool]:
    """The stored response with its outcome, and True if it had been stored before (a replay).

    Raises InvalidRequest when rater, about or occasion do not fit the alliance; NotFound for an
    unknown alliance id; AllianceConflict for a known alliance with other members; for a known
    external_id ExternalIdReused (other content), StaleVersion or AmendmentUnsupported.
    """
    submission = filled.submission
    alliance = await locked_for_submission(
        transaction, submission.source, submission.alliance, clock()
    )
    _refuse_after_end(submission.occasion, alliance)
    who = parties(alliance.members, submission.rater, submission.about_ref)
    stream = _stream(filled, who)
    response_id = uuid7()
    point = Point(_place(response_id, submission), filled.values)
    state, references = await _course(transaction, alliance, stream, filled, point)
    # After the lock, so that what is received later is never marked as earlier.
    received_at = clock()
    record = _record(filled, alliance, who, caller) | {
        "id": response_id,
        "outcome": _outcome(filled, point, references),
        "received_at": max(received_at, alliance.last_received_at or received_at),
    }
    occasion_id = await queries.record_response(
        transaction,
        record,
        occasion_key(submission.occasion),
        uuid7(),
        {stream.name(): stored_state(state, filled.newest.revision)},
    )
    if occasion_id is None:
        known = await _known(transaction, submission, record)
        return dict(known) | {"outcome": Outcome.model_validate(known["outcome"])}, True
    return record | {"occasion_id": occasion_id, "amended_by": None}, False


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


async def _known(transaction: Transaction, submission: Submission, record: Record) -> Record:
    """The stored record of a known external_id, if the submission says the same."""
    stored: Record | None = await queries.newest_by_external_id(
        transaction, submission.source, submission.external_id or ""
    )
    if stored is None:
        raise InternalError("Nothing was stored. Trying again is safe.")
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
    named = submission.instrument_revision
    other_revision = named is not None and named != stored["instrument_revision"]
    if stored["content_sha256"] != record["content_sha256"] or other_revision:
        raise ExternalIdReused(
            "What is stored stays. Another form needs another external_id; a correction of this "
            "one must wait: under another external_id it would count beside the wrong one.",
            existing_id=existing_id,
        )
    return stored


def _stream(filled: FilledForm, who: Parties) -> Stream:
    submission = filled.submission
    proxy_ref = submission.assistance.proxy_ref if submission.assistance else None
    chosen = filled.chosen
    return new_stream(who, proxy_ref, chosen.definition, chosen.form.id, submission.language)


async def _course(
    transaction: Transaction,
    alliance: LockedAlliance,
    stream: Stream,
    filled: FilledForm,
    point: Point,
) -> tuple[StreamState, outcome.References | None]:
    """The stream's state with the new point, and what the point is compared with.

    References are None when the point has no place in the stream's order. A point that does not
    simply follow the newest one costs one more statement: all points are read and put in order.
    """
    name = stream.name()
    if name not in alliance.streams:
        return state_of([point]), {}
    state = read_state(alliance.streams[name], filled.newest.revision)
    followed = followed_by(state, point) if state else None
    if state is not None and followed is not None:
        return followed, {"previous": state.latest, "first": state.first}
    rows = await queries.series(transaction, alliance.id, stream)
    points = [*(point_of(row, filled.newest) for row in rows), point]
    earlier = earlier_anchors(points, point.place.response_id)
    references = None if earlier is None else {"previous": earlier[1], "first": earlier[0]}
    return state_of(points), references  # type: ignore[return-value]


def _outcome(filled: FilledForm, point: Point, references: outcome.References | None) -> Outcome:
    answers = filled.submission.answers
    form = filled.newest.forms[filled.chosen.form.id]
    change = outcome.changes(form, point, references or {})
    scored = any(value is not None for value in point.values.values())
    return Outcome(
        scores=[score_out(score, filled.chosen.form) for score in filled.scores],
        quality=quality_out(filled.chosen, answers) if answers else [],
        change=change,
        not_computed=outcome.not_computed(change, placed=references is not None, scored=scored),
    )


def _record(
    filled: FilledForm,
    alliance: LockedAlliance,
    who: Parties,
    caller: Caller,
) -> dict[str, Any]:
    submission = filled.submission
    definition, form = filled.chosen.definition, filled.chosen.form
    return {
        "alliance_id": alliance.id,
        "source": submission.source,
        "external_id": submission.external_id,
        "external_version": submission.external_version,
        "content_sha256": content_sha256(submission, alliance.id, form.id, who),
        "amends": None,
        "amendment_reason": None,
        "instrument": definition.instrument,
        "instrument_revision": definition.revision,
        "form_revision": definition.form_revision,
        "definition_sha256": definition.sha256,
        "form": form.id,
        "language": submission.language,
        "rater_role": who.rater_role,
        "rater_ref": who.rater_ref,
        "about_role": who.about_role,
        "about_ref": who.about_ref,
        "setting": alliance.setting,
        "program_ref": alliance.program_ref,
        "key_id": caller.key.key_id,
        "actor_role": caller.actor and caller.actor.role,
        "actor_ref": caller.actor and caller.actor.ref,
        **_as_sent(submission, caller),
    }


def _as_sent(submission: Submission, caller: Caller) -> dict[str, Any]:
    """What is stored as it was sent; the notice by default that of the tenant, at receipt."""
    occasion, assistance = submission.occasion, submission.assistance
    reported, notice = submission.reported_scores, submission.notice
    return {
        "proxy_ref": assistance and assistance.proxy_ref,
        "interpreter": assistance and assistance.interpreter,
        "professional_present": assistance and assistance.professional_present,
        "mode": submission.mode,
        "session_ref": occasion.session_ref,
        "session_number": occasion.session_number,
        "occurred_at": occasion.occurred_at,
        "occurred_at_offset": offset_minutes(occasion.occurred_at),
        "occurred_on": occasion.occurred_on,
        "completed_at": submission.completed_at,
        "completed_at_offset": offset_minutes(submission.completed_at),
        "completed_on": submission.completed_on,
        "record_kind": "scores_only" if reported else "answered",
        "answers": submission.answers,
        "reported_scores": [score.model_dump() for score in reported] if reported else None,
        "notice": notice.model_dump() if notice else caller.key.default_notice,
        "backfill": submission.backfill,
    }


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


def _refuse_after_end(occasion: OccasionIn, alliance: LockedAlliance) -> None:
    day = _local_date(occasion)
    if alliance.ended_on is not None and day is not None and day > alliance.ended_on:
        detail = "The alliance had ended by then. A reopened case is a new alliance (`continues`)."
        error = FieldError("/occasion", "alliance_ended", detail)
        raise InvalidRequest.of(error)
