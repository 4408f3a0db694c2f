"""What of a stored response a reader may see: never more than its rater was told."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from app.alliances.merged_refs import FormerRefs, present_ref
from app.tenants.authentication import Actor

Part = Literal["answers", "scores"]
SYSTEM: Final = "system"
"""The reader without an actor; never sees what is for supervision only."""
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
        if reader(actor) not in _readers(notice):
            return frozenset()
        shown &= SHOWN_AT_LEVEL[notice["level"]]
    return shown


def score_readers(notice: Mapping[str, Any]) -> frozenset[str]:
    """The readers who may see the scores: roles of the audience, and the system."""
    return _readers(notice) if "scores" in SHOWN_AT_LEVEL[notice["level"]] else frozenset()


def reader(actor: Actor | None) -> str:
    """What kind of reader this is."""
    return SYSTEM if actor is None else actor.role


def is_rater(row: Mapping[str, Any], actor: Actor | None, former: FormerRefs) -> bool:
    """Whether the person acting is the one who rated, under whatever reference."""
    if actor is None or actor.role != row["rater_role"]:
        return False
    acting, rated = (present_ref(former, actor.role, ref) for ref in (actor.ref, row["rater_ref"]))
    return acting == rated


def _readers(notice: Mapping[str, Any]) -> frozenset[str]:
    audience = frozenset(notice["audience"])
    return audience if audience == {"supervisor"} else audience | {SYSTEM}
