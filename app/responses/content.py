"""What a record says, by meaning: two that say the same are one, whatever the door."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from app.alliances.merged_refs import FormerRefs, present_ref
from app.edge.scalars import plain_numbers
from app.responses.schemas import FormContent
from app.tenants.notices import tells_the_same

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
    "text_sha256",
    "session_ref",
    "session_number",
    "occurred_at",
    "completed_at",
    "completed_on",
)


def content_sha256(record: Mapping[str, Any]) -> bytes:
    """A hash of alliance, instrument, parties, occasion, instants, answers, marks of a record.

    Made of columns alone, so it can be made again; what is not known is left out, so that a
    column added later changes no hash. The day counts only where there is no instant. Left out
    on purpose: backfill, the offset of an instant, and what is compared apart (scoring revision
    and notice, whose defaults move on).
    """
    said = {name: record[name] for name in AS_STORED}
    said["occurred_on"] = None if record["occurred_at"] else record["occurred_on"]
    said["answers"] = record["answers"] and plain_numbers(record["answers"])
    said["reported_scores"] = record["reported_scores"] and sorted(
        [reported["scale"], plain_numbers(reported["sum"]), plain_numbers(reported["mean"])]
        for reported in record["reported_scores"]
    )
    said["marks"] = record["marks"]
    known = {name: value for name, value in said.items() if value is not None}
    return hashlib.sha256(_WRITER.encode(known).encode()).digest()


def says_the_same(
    record: Mapping[str, Any], stored: Mapping[str, Any], form: FormContent, former: FormerRefs
) -> bool:
    """Whether a new record says what a stored one says.

    form: what was sent; what it leaves to a default is no difference. former: the references of
    the alliance that were merged into others; whoever they meant then, they mean the same person.
    """
    if form.instrument_revision not in {None, stored["instrument_revision"]}:
        return False
    if form.notice is not None and not tells_the_same(record["notice"], stored["notice"]):
        return False
    if record["content_sha256"] == stored["content_sha256"]:
        return True
    return bool(former) and record["content_sha256"] == content_sha256(_present(stored, former))


def _present(record: Mapping[str, Any], former: FormerRefs) -> dict[str, Any]:
    """The record with whom its rater and about mean by now."""
    said = dict(record)
    for party in ("rater", "about"):
        role, ref = record[f"{party}_role"], record[f"{party}_ref"]
        said[f"{party}_ref"] = ref and present_ref(former, role, ref)
    return said


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


_WRITER: Final = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain
)
"""Hashes are stored: what it writes never changes."""
