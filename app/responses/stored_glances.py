"""The last ratings of a stream as they are kept in its state, to be shown at a glance."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from app.measurement.course import Glance


def stored_glances(glances: Iterable[Glance] | None) -> dict[str, Any] | None:
    """The last ratings as JSON; who may see them, once for all that have the same readers."""
    if glances is None:
        return None
    kinds: dict[frozenset[str], int] = {}
    ratings = [
        [
            one.on and one.on.isoformat(),
            None if one.value is None else f"{one.value.normalize():f}",
            kinds.setdefault(one.readers, len(kinds)),
        ]
        for one in glances
    ]
    return {"readers": [sorted(kind) for kind in kinds], "ratings": ratings}


def glances_of(stored: Mapping[str, Any]) -> tuple[Glance, ...] | None:
    """The last ratings of a stored stream, oldest first.

    stored: one value of alliance_state.streams. None: an earlier release has kept none; the next
    rating makes them.
    """
    kept = stored.get("glances")
    if kept is None:
        return None
    readers = [frozenset(kind) for kind in kept["readers"]]
    return tuple(
        Glance(
            on and date.fromisoformat(on), None if value is None else Decimal(value), readers[kind]
        )
        for on, value, kind in kept["ratings"]
    )
