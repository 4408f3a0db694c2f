"""What of a stored response a reader may see: never more than its rater was told."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from app.alliances.merged_refs import FormerRefs
from app.alliances.raters import is_acting
from app.tenants.authentication import Actor
from app.tenants.notices import reader, readers

Part = Literal["answers", "scores"]
SHOWN_AT_LEVEL: Final[Mapping[str, frozenset[Part]]] = {
    "items": frozenset({"answers", "scores"}),
    "scores": frozenset({"scores"}),
    "signals": frozenset(),
}


def shown_parts(row: Mapping[str, Any], actor: Actor | None, former: FormerRefs) -> frozenset[Part]:
    """Which parts of a response this reader sees; the rater always sees their own."""
    if is_rater(row, actor, former):
        return SHOWN_AT_LEVEL["items"]
    shown = SHOWN_AT_LEVEL["items"]
    # An older version never shows more than those after it; see service.judged_now.
    for notice in (row["notice"], *row.get("later_notices", ())):
        if reader(actor) not in readers(notice):
            return frozenset()
        shown &= SHOWN_AT_LEVEL[notice["level"]]
    return shown


def score_readers(notice: Mapping[str, Any]) -> frozenset[str]:
    """The readers who may see the scores: roles of the audience, and the system."""
    return readers(notice) if "scores" in SHOWN_AT_LEVEL[notice["level"]] else frozenset()


def item_readers(notice: Mapping[str, Any]) -> frozenset[str]:
    """The readers who may see the answers to single items."""
    return readers(notice) if "answers" in SHOWN_AT_LEVEL[notice["level"]] else frozenset()


def is_rater(row: Mapping[str, Any], actor: Actor | None, former: FormerRefs) -> bool:
    """Whether the person acting is the one who rated, under whatever reference."""
    return is_acting(actor, row["rater_role"], row["rater_ref"], former)
