"""The states of alliances as the table has them, with what their bytes say."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from app.measurement.watch import Watch
from app.responses.stored_watch import AT, cut_out, read_watch
from app.responses.stream_state import standing_of


def streams_told(state: Mapping[str, Any]) -> dict[str, Any]:
    """Stream name -> its state, with the watch itself in the place of where it lies.

    state: a row of alliance_state. No two watches share a byte, and no byte belongs to none.
    """
    watches = state["watches"] or b""
    places = sorted(tuple(one[AT]) for one in state["streams"].values())
    ends = [0, *(at + length for at, length in places)]
    assert [at for at, _ in places] == ends[:-1]
    assert ends[-1] == len(watches)
    return {name: _told(one, watches) for name, one in state["streams"].items()}


def watch_told(watch: Watch) -> Any:
    """A watch as values that can be compared, and written as text."""
    return plain(asdict(watch))


def plain(value: Any) -> Any:
    """Without bytes, sets and instants."""
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, str | int | float | None) else value.isoformat()


def _told(state: Mapping[str, Any], watches: bytes) -> dict[str, Any]:
    stored, standing = cut_out(watches, state), standing_of(state)
    assert stored is not None
    assert standing is not None
    kept = {name: value for name, value in state.items() if name != AT}
    return kept | {"watch": watch_told(read_watch(stored, standing.scales))}
