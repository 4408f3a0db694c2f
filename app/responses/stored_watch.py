"""The watch of a stream as it is kept with the stream's state."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from app.measurement.detection import packed, unpacked
from app.measurement.drops import as_stored, from_stored
from app.measurement.manner import MannerState
from app.measurement.standing import Standings
from app.measurement.watch import Readable, Recent, ScaleWatch, Standing, Watch

Kinds = list[list[list[str]]]
"""Who may see what: values, signals, items. Most ratings of a stream have the same."""


def stored_watch(watch: Watch, version: str) -> dict[str, Any]:
    """The watch as JSON, with the version of the rules that made it.

    Where its scales stand is kept beside it.
    """
    kinds: Kinds = []
    recent = [_stored_recent(one, kinds) for one in watch.recent]
    return {
        "version": version,
        "scales": {scale: _stored_scale(one) for scale, one in watch.scales.items()},
        "recent": recent,
        "kinds": kinds,
        "manner": watch.manner.as_stored(),
        "readable": None if watch.readable is None else _stored_readable(watch.readable),
    }


def read_watch(
    stored: Mapping[str, Any] | None, version: str, standings: Standings
) -> Watch | None:
    """The stored watch; None when there is none, or other rules made it.

    standings: where its scales stand, which is kept beside it.
    """
    if stored is None or stored["version"] != version:
        return None
    return Watch(
        {scale: _read_scale(one) for scale, one in stored["scales"].items()},
        read_recent(stored),
        MannerState.from_stored(stored["manner"]),
        None if stored["readable"] is None else _read_readable(stored["readable"]),
        standings,
    )


def read_recent(stored: Mapping[str, Any] | None) -> tuple[Recent, ...]:
    """The last ratings of a stored watch; none where there is no watch."""
    if not stored:
        return ()
    kinds = [_read_readable(one) for one in stored["kinds"]]
    return tuple(
        Recent(
            response_id,
            occasion,
            kinds[alone],
            kinds[readable],
            {scale: Standing(*standing) for scale, standing in scales.items()},
        )
        for response_id, occasion, alone, readable, scales in stored["recent"]
    )


def has_open_drop(stored: Mapping[str, Any] | None) -> bool:
    """Whether a stored watch has a drop on some scale that is open."""
    scales = [_read_scale(one) for one in stored["scales"].values()] if stored else []
    return any(one.drop.open_drop is not None for one in scales)


def _stored_scale(one: ScaleWatch) -> list[Any]:
    return [b64encode(packed(one.bank)).decode(), as_stored(one.drop), one.missed_days]


def _read_scale(stored: list[Any]) -> ScaleWatch:
    bank, drop, missed_days = stored
    return ScaleWatch(unpacked(b64decode(bank)), from_stored(drop), missed_days)


def _stored_recent(one: Recent, kinds: Kinds) -> list[Any]:
    scales = {
        scale: [standing.value, standing.z, standing.severity, standing.kind]
        for scale, standing in one.scales.items()
    }
    alone, readable = _place(one.alone, kinds), _place(one.readable, kinds)
    return [one.response_id, one.occasion, alone, readable, scales]


def _place(readable: Readable, kinds: Kinds) -> int:
    """Where these readers stand among all; added if they are new."""
    stored = _stored_readable(readable)
    if stored not in kinds:
        kinds.append(stored)
    return kinds.index(stored)


def _stored_readable(one: Readable) -> list[list[str]]:
    return [sorted(one.values), sorted(one.signals), sorted(one.items)]


def _read_readable(stored: list[list[str]]) -> Readable:
    return Readable(*map(frozenset, stored))
