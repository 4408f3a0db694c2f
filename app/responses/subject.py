"""What a filled-in form is about, once its alliance is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from app.alliances.locked import LockedAlliance
from app.errors import FieldError, InternalError, InvalidRequest
from app.measurement.course import Place, Point
from app.responses.filled_form import FilledForm
from app.responses.parties import Parties, parties
from app.responses.record import RecordName, effective_notice, new_record
from app.responses.schemas import FormContent, OccasionIn
from app.responses.stream_state import Stream, new_stream
from app.responses.visibility import score_readers
from app.tenants.authentication import Caller

OCCASION: Final = (
    "alliance_id",
    "session_ref",
    "session_number",
    "occurred_at",
    "occurred_on",
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A form's place in one stream of its alliance, which is locked."""

    caller: Caller
    """Who sent it."""
    alliance: LockedAlliance
    filled: FilledForm
    parties: Parties
    stream: Stream
    point: Point
    record: dict[str, Any]
    """The row it would make, without what is decided at the very end: outcome and receipt."""


def subject_of(
    alliance: LockedAlliance, caller: Caller, filled: FilledForm, name: RecordName
) -> Subject:
    """The subject of a form. Raises InvalidRequest when rater or about do not fit the alliance."""
    content, chosen = filled.content, filled.chosen
    who = parties(alliance.members, alliance.former, content.rater, content.about_ref)
    proxy_ref = content.assistance.proxy_ref if content.assistance else None
    stream = new_stream(who, proxy_ref, chosen.definition, chosen.form.id, content.language)
    response_id = uuid7()
    point = Point(
        _place(response_id, content),
        filled.values,
        score_readers(effective_notice(content, caller, name)),
    )
    record = new_record(filled, alliance, who, caller, name) | {"id": response_id}
    return Subject(caller, alliance, filled, who, stream, point, record)


def refuse_after_end(subject: Subject, replaced: Mapping[str, Any] | None = None) -> None:
    """Raises InvalidRequest for an occasion after the alliance's end.

    Late forms about earlier occasions are taken, and so are corrections of what was taken before
    the end was known, if they are about the same occasion.
    """
    if replaced is not None and all(replaced[name] == subject.record[name] for name in OCCASION):
        return
    day, end = _local_date(subject.filled.content.occasion), subject.alliance.ended_on
    if end is not None and day is not None and day > end:
        detail = "The alliance had ended by then. A reopened case is a new alliance (`continues`)."
        raise InvalidRequest.of(FieldError("/occasion", "alliance_ended", detail))


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


def _place(response_id: UUID, content: FormContent) -> Place:
    occasion = content.occasion
    return Place(
        str(response_id),
        occasion.occurred_at,
        _local_date(occasion),
        occasion.session_number,
        content.completed_at,
    )


def _local_date(occasion: OccasionIn) -> date | None:
    return occasion.occurred_at.date() if occasion.occurred_at else occasion.occurred_on
