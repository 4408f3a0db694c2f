"""Stored marks as they are shown, to those who may see them."""

from collections.abc import Mapping
from typing import Any

from app.alliances.merged_refs import present_ref
from app.marks.rows import is_note_shown
from app.marks.schemas import MarkOut, NoticedBy, OccasionOfMark
from app.occasions.rendering import named_by
from app.tenants.authentication import Actor

AS_STORED = (
    "id",
    "alliance_id",
    "occasion_id",
    "kind",
    "source",
    "external_id",
    "notice",
    "response_id",
    "recorded_at",
)


def mark_recorded(row: Mapping[str, Any]) -> MarkOut:
    """What whoever sent a mark is answered with: all that they said."""
    return _mark(row, note_shown=True)


def mark_read(row: Mapping[str, Any], actor: Actor | None) -> MarkOut:
    """A mark that this reader may see, its note as far as they may see that."""
    return _mark(row, note_shown=is_note_shown(row, actor, row["former"]))


def _mark(row: Mapping[str, Any], *, note_shown: bool) -> MarkOut:
    by_ref = present_ref(row["former"], row["by_role"], row["by_ref"])
    return MarkOut(
        **{name: row[name] for name in AS_STORED},
        occasion=OccasionOfMark.model_validate(named_by(row["occasion_key"])),
        by=NoticedBy(role=row["by_role"], ref=by_ref),
        note=row["note"] if note_shown else None,
        withheld=[] if note_shown else ["note"],
    )
