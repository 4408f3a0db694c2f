"""What the row of a new response is made of."""

from typing import Any

from app.alliances.service import LockedAlliance
from app.responses.content import content_sha256
from app.responses.filled_form import FilledForm
from app.responses.parties import Parties
from app.responses.schemas import Submission
from app.responses.stream_state import offset_minutes
from app.tenants.authentication import Caller


def new_record(
    filled: FilledForm,
    alliance: LockedAlliance,
    who: Parties,
    caller: Caller,
) -> dict[str, Any]:
    """The row of a new response, without what is decided at the very end: id, outcome, receipt."""
    submission = filled.submission
    definition, form = filled.chosen.definition, filled.chosen.form
    record = {
        "alliance_id": alliance.id,
        "source": submission.source,
        "external_id": submission.external_id,
        "external_version": submission.external_version,
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
    return record | {"content_sha256": content_sha256(record)}


def _as_sent(submission: Submission, caller: Caller) -> dict[str, Any]:
    """What is stored as it was sent; the notice by default that of the tenant, at receipt."""
    occasion, assistance = submission.occasion, submission.assistance
    reported = submission.reported_scores
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
        "notice": effective_notice(submission, caller),
        "backfill": submission.backfill,
    }


def effective_notice(submission: Submission, caller: Caller) -> dict[str, Any]:
    """What the rater was told: as sent, else the tenant's default at receipt."""
    return submission.notice.model_dump() if submission.notice else caller.key.default_notice


def same_notice(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two notices tell the same, whatever the order of their audience."""
    return one | {"audience": sorted(set(one["audience"]))} == other | {
        "audience": sorted(set(other["audience"]))
    }
