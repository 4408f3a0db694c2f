"""What the row of a new response is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.alliances.locked import LockedAlliance
from app.occasions.times import offset_minutes
from app.responses.content import content_sha256
from app.responses.filled_form import FilledForm
from app.responses.parties import Parties
from app.responses.schemas import FormContent
from app.tenants.authentication import Caller


@dataclass(frozen=True, slots=True)
class RecordName:
    """What a record is called by its sender, and why it says something else than before."""

    source: str
    external_id: str | None
    external_version: int
    amendment_reason: str | None = None
    notice_before: dict[str, Any] | None = None
    """What the rater was told of the version that this one replaces."""
    marks_before: Sequence[dict[str, Any]] = ()
    """What that version said was noticed."""


def new_record(
    filled: FilledForm,
    alliance: LockedAlliance,
    who: Parties,
    caller: Caller,
    name: RecordName,
) -> dict[str, Any]:
    """The row of a new response, without what is decided at the very end: outcome, receipt."""
    submission = filled.content
    definition, form = filled.chosen.definition, filled.chosen.form
    record = {
        "alliance_id": alliance.id,
        "source": name.source,
        "external_id": name.external_id,
        "external_version": name.external_version,
        "amends": None,
        "amendment_reason": name.amendment_reason,
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
        **_as_sent(submission, caller, name),
    }
    return record | {"content_sha256": content_sha256(record)}


def _as_sent(submission: FormContent, caller: Caller, name: RecordName) -> dict[str, Any]:
    """What is stored as it was sent; the notice may come from elsewhere."""
    occasion, assistance = submission.occasion, submission.assistance
    reported = submission.reported_scores
    return {
        "proxy_ref": assistance and assistance.proxy_ref,
        "interpreter": assistance and assistance.interpreter,
        "professional_present": assistance and assistance.professional_present,
        "mode": submission.mode,
        "text_sha256": submission.text_sha256,
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
        "notice": effective_notice(submission, caller, name),
        "backfill": submission.backfill,
        "marks": [one.model_dump() for one in submission.marks] if submission.marks else None,
    }


def effective_notice(submission: FormContent, caller: Caller, name: RecordName) -> dict[str, Any]:
    """What the rater was told: as sent, else of the version before, else the tenant's default."""
    if submission.notice is not None:
        return submission.notice.model_dump()
    return name.notice_before or caller.key.default_notice
