"""What of a stored response a reader may see: never more than its rater was told."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from app.tenants.authentication import Actor

Part = Literal["answers", "scores"]
SHOWN_AT_LEVEL: Final[Mapping[str, frozenset[Part]]] = {
    "items": frozenset({"answers", "scores"}),
    "scores": frozenset({"scores"}),
    "signals": frozenset(),
}


def shown_parts(row: Mapping[str, Any], actor: Actor | None) -> frozenset[Part]:
    """Which parts of a response this reader sees.

    The notice's level binds every reader, the system (no actor) included; its audience binds
    the persons named in it. The rater always sees their own.
    """
    notice = row["notice"]
    if actor is not None:
        if (actor.role, actor.ref) == (row["rater_role"], row["rater_ref"]):
            return SHOWN_AT_LEVEL["items"]
        if actor.role not in notice["audience"]:
            return frozenset()
    return SHOWN_AT_LEVEL[notice["level"]]
