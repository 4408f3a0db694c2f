"""What a record says, by meaning: two that say the same are one, whatever the door."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

AS_STORED: Final = (
    "alliance_id",
    "instrument",
    "form",
    "language",
    "rater_role",
    "rater_ref",
    "about_role",
    "about_ref",
    "proxy_ref",
    "interpreter",
    "professional_present",
    "mode",
    "session_ref",
    "session_number",
    "occurred_at",
    "completed_at",
    "completed_on",
)


def content_sha256(record: Mapping[str, Any]) -> bytes:
    """A hash of alliance, instrument, parties, occasion, instants and answers of a stored record.

    Made of columns alone, so it can be made again; what is not known is left out, so that a
    column added later changes no hash. The day counts only where there is no instant. Left out
    on purpose: backfill, the offset of an instant, and what is compared apart (scoring revision
    and notice, whose defaults move on).
    """
    said = {name: record[name] for name in AS_STORED}
    said["occurred_on"] = None if record["occurred_at"] else record["occurred_on"]
    said["answers"] = record["answers"] and _same(record["answers"])
    said["reported_scores"] = record["reported_scores"] and sorted(
        [reported["scale"], _same(reported["sum"]), _same(reported["mean"])]
        for reported in record["reported_scores"]
    )
    known = {name: value for name, value in said.items() if value is not None}
    text = json.dumps(
        known, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain
    )
    return hashlib.sha256(text.encode()).digest()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _same(answer: Any) -> Any:  # noqa: ANN401 - an answer of any kind
    """4 and 4.0 are one answer."""
    if isinstance(answer, dict):
        return {name: _same(value) for name, value in answer.items()}
    return int(answer) if isinstance(answer, float) and answer.is_integer() else answer
