"""Stored responses as they are shown, to those who may see them."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic_core import to_json

from app.alliances.merged_refs import former_refs
from app.occasions.times import local
from app.responses.answer_schemas import Person, ResponseRecord, VoidOut
from app.responses.visibility import shown_parts
from app.tenants.authentication import Actor

AS_STORED: Final = (
    "id",
    "external_id",
    "external_version",
    "source",
    "alliance_id",
    "occasion_id",
    "instrument",
    "instrument_revision",
    "form",
    "language",
    "completed_on",
    "received_at",
    "record_kind",
    "amends",
    "amended_by",
)
RECORD_AS_STORED: Final = (
    "mode",
    "interpreter",
    "professional_present",
    "notice",
    "setting",
    "program_ref",
    "backfill",
    "definition_sha256",
    "text_sha256",
)


def submission_answer(row: Mapping[str, Any]) -> bytes:
    """The JSON of what a submission is answered with, a ResponseOut.

    Its outcome, the JSON of an Outcome, is the stored one: the same on every replay.
    """
    identity, outcome = to_json(_identity(row)), row["outcome"].encode()
    return b"%b,%b" % (identity[:-1], outcome[1:])


def response_record(
    row: Mapping[str, Any], actor: Actor | None, *, blind: bool = False
) -> ResponseRecord:
    """A stored response as far as this reader may see it; blind: without what was answered."""
    shown = frozenset() if blind else shown_parts(row, actor, former_refs(row["former_refs"]))
    answers_shown, scores_shown = "answers" in shown, "scores" in shown
    return ResponseRecord(
        **_identity(row),
        scores=row["outcome"]["scores"] if scores_shown else [],
        quality=row["outcome"]["quality"] if answers_shown else [],
        **{name: row[name] for name in RECORD_AS_STORED},
        answers=row["answers"] if answers_shown else None,
        reported_scores=row["reported_scores"] if scores_shown else None,
        withheld=sorted({"answers", "scores"} - shown),
        recorded_by=_person(row["actor_role"], row["actor_ref"]),
        amendment_reason=row["amendment_reason"] if answers_shown else None,
        voided=_void_out(row, reason_shown=answers_shown),
    )


def _identity(row: Mapping[str, Any]) -> dict[str, Any]:
    """Which response it is, as ResponseIdentity."""
    return {name: row[name] for name in AS_STORED} | {
        "rater": {
            "role": row["rater_role"],
            "ref": row["rater_ref"],
            "proxy_ref": row["proxy_ref"],
        },
        "about": {"role": row["about_role"], "ref": row["about_ref"]},
        "occasion": {
            "session_ref": row["session_ref"],
            "session_number": row["session_number"],
            "occurred_at": local(row["occurred_at"], row["occurred_at_offset"]),
            "occurred_on": row["occurred_on"],
        },
        "completed_at": local(row["completed_at"], row["completed_at_offset"]),
        "record_status": record_status(row),
    }


def record_status(row: Mapping[str, Any]) -> str:
    """Where a version stands: withdrawn, replaced by another, or the one that counts."""
    if row["voided_at"] is not None:
        return "voided"
    return "current" if row["amended_by"] is None else "amended"


def _void_out(row: Mapping[str, Any], *, reason_shown: bool) -> VoidOut | None:
    if row["voided_at"] is None:
        return None
    return VoidOut(
        at=row["voided_at"],
        by=_person(row["voided_by_role"], row["voided_by_ref"]),
        external_version=row["void_version"],
        reason=row["void_reason"] if reason_shown else None,
    )


def _person(role: str | None, ref: str | None) -> Person | None:
    return None if role is None else Person(role=role, ref=ref)
