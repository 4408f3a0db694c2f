"""What people were told about who will see what they said: no read ever exceeds it."""

from collections.abc import Mapping
from typing import Any, Final

from app.tenants.authentication import Actor

SYSTEM: Final = "system"
"""The reader without an actor; never sees what is for supervision only."""
ITEMS: Final = "items"
"""The level at which everything is shown that was said."""


def reader(actor: Actor | None) -> str:
    """What kind of reader this is."""
    return SYSTEM if actor is None else actor.role


def readers(notice: Mapping[str, Any]) -> frozenset[str]:
    """The readers who may see anything at all: roles of the audience, and the system.

    The system is none of them where it is for supervision only.
    """
    audience = frozenset(notice["audience"])
    return audience if audience == {"supervisor"} else audience | {SYSTEM}


def tells_the_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two notices tell the same, whatever the order of their audience."""
    return {**one, "audience": sorted(set(one["audience"]))} == {
        **other,
        "audience": sorted(set(other["audience"])),
    }
