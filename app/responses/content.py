"""What a submission says, by meaning: two that say the same are one record, whatever the door."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.responses.parties import Parties
from app.responses.schemas import Submission


def content_sha256(submission: Submission, alliance_id: UUID, form: str, parties: Parties) -> bytes:
    """A hash of alliance, instrument, form, language, parties, occasion, instants and answers.

    Left out on purpose: what does not change the record's meaning (backfill, the spelling of the
    alliance, the offset of an instant) and the scoring revision, which is compared apart, since
    its default moves on.
    """
    occasion = submission.occasion
    said: dict[str, Any] = {
        "alliance": str(alliance_id),
        "instrument": submission.instrument,
        "form": form,
        "language": submission.language,
        "rater": [parties.rater_role, parties.rater_ref],
        "about": [parties.about_role, parties.about_ref],
        "assistance": submission.assistance and submission.assistance.model_dump(),
        "mode": submission.mode,
        "session_ref": occasion.session_ref,
        "session_number": occasion.session_number,
        "occurred_at": _instant(occasion.occurred_at),
        "occurred_on": occasion.occurred_on and occasion.occurred_on.isoformat(),
        "completed_at": _instant(submission.completed_at),
        "completed_on": submission.completed_on and submission.completed_on.isoformat(),
        "answers": submission.answers and {i: _same(a) for i, a in submission.answers.items()},
        "reported_scores": submission.reported_scores
        and sorted(
            [reported.scale, reported.sum, reported.mean] for reported in submission.reported_scores
        ),
        "notice": submission.notice and submission.notice.model_dump(),
    }
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()


def _instant(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat() if instant else None


def _same(answer: Any) -> Any:  # noqa: ANN401 - an answer of any kind
    """4 and 4.0 are one answer."""
    if isinstance(answer, dict):
        return {name: _same(value) for name, value in answer.items()}
    return int(answer) if isinstance(answer, float) and answer.is_integer() else answer
