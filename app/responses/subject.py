"""What a filled-in form is about, once its alliance is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from app.alliances.locked import LockedAlliance
from app.marks.rows import mark_rows
from app.measurement.course import Place, Point
from app.measurement.key import whole_scale
from app.measurement.manner import manner_of
from app.occasions.identity import local_date, occasion_key, refuse_day_after_end
from app.responses.filled_form import FilledForm
from app.responses.parties import Parties, parties
from app.responses.record import RecordName, effective_notice, new_record
from app.responses.schemas import FormContent
from app.responses.stream_state import Stream, new_stream
from app.responses.visibility import item_readers, score_readers
from app.tenants.authentication import Caller
from app.tenants.notices import readers

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
    marks: list[dict[str, Any]]
    """Rows of what was noticed and is new, without occasion; when is decided at the very end."""
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
    notice = effective_notice(content, caller, name)
    key = filled.newest.forms[chosen.form.id].key
    point = Point(
        _place(response_id, content),
        filled.values,
        score_readers(notice),
        occasion_key(content.occasion),
        manner_of(content.answers, key) if content.answers else None,
        readers(notice),
        content.backfill,
        item_readers(notice),
        whole_scale(key.scales).id,
    )
    record = new_record(filled, alliance, who, caller, name) | {"id": response_id}
    marks = _new_marks(alliance, caller, content, name, record)
    return Subject(caller, alliance, filled, who, stream, point, marks, record)


def _new_marks(
    alliance: LockedAlliance,
    caller: Caller,
    content: FormContent,
    name: RecordName,
    record: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """The rows of marks that no version before has said. Raises InvalidRequest as mark_rows."""
    rows = mark_rows(
        alliance, caller, content.marks or (), alliance.created_at, source=name.source,
        notice=record["notice"], response_id=record["id"], within="/marks",
    )  # fmt: skip
    said = content.marks or ()
    return [
        row
        for row, one in zip(rows, said, strict=True)
        if one.model_dump() not in name.marks_before
    ]


def refuse_after_end(subject: Subject, replaced: Mapping[str, Any] | None = None) -> None:
    """Raises InvalidRequest for an occasion after the alliance's end.

    Late forms about earlier occasions are taken, and so are corrections of what was taken before
    the end was known, if they are about the same occasion.
    """
    if replaced is not None and all(replaced[name] == subject.record[name] for name in OCCASION):
        return
    day = local_date(subject.filled.content.occasion)
    refuse_day_after_end(day, subject.alliance.ended_on, "/occasion")


def _place(response_id: UUID, content: FormContent) -> Place:
    occasion = content.occasion
    return Place(
        str(response_id),
        occasion.occurred_at,
        local_date(occasion),
        occasion.session_number,
        content.completed_at,
    )
