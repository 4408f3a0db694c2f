"""The watch of a stream as bytes: what is text or few in JSON, then the filters as they are.

The watches of an alliance stand in one column, one after another; the state of each stream says
where its own lies. Filters are most of a watch and no text, so they are neither written nor read
as text, and Postgres moves them without looking at them.
"""

from collections.abc import Mapping
from struct import Struct
from typing import Any, Final, NamedTuple, TypeAlias

from pydantic_core import from_json, to_json

from app.measurement.detection import packed, unpacked
from app.measurement.drops import Drop, DropState, Rated
from app.measurement.manner import MannerState
from app.measurement.standing import Standings
from app.measurement.watch import Readable, Recent, ScaleWatch, Standing, Watch

AT: Final = "watch_at"
"""Where in the state of a stream stands where its watch lies: first byte and length."""
_HEAD: Final = Struct("<I")
Kinds: TypeAlias = list[list[list[str]]]
"""Who may see what: values, signals, items. Most ratings of a stream have the same."""


class _Ids:
    """Ids of responses, each written once; scales name the same ones again and again."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, response_id: str) -> int:
        """The place of an id among all."""
        return self._numbers.setdefault(response_id, len(self._numbers))

    def all(self) -> list[str]:
        """Every id in its place."""
        return list(self._numbers)


class _Head(NamedTuple):
    """All of a watch but the filters, as JSON values."""

    ids: list[str]
    scales: dict[str, list[Any]]
    recent: list[list[Any]]
    kinds: Kinds
    manner: list[Any]
    readable: list[list[str]] | None


def stored_watch(watch: Watch) -> bytes:
    """The watch as bytes. Where its scales stand is kept beside it, and is not in them."""
    ids = _Ids()
    kinds: Kinds = []
    banks = [packed(one.bank) for one in watch.scales.values()]
    head = _Head(
        [],
        {
            scale: [len(bank), _stored_drops(one.drop, ids), one.missed_days]
            for bank, (scale, one) in zip(banks, watch.scales.items(), strict=True)
        },
        [_stored_recent(one, ids, kinds) for one in watch.recent],
        kinds,
        watch.manner.as_stored(),
        None if watch.readable is None else _stored_readable(watch.readable),
    )
    text = to_json(head._replace(ids=ids.all()))
    return b"".join((_HEAD.pack(len(text)), text, *banks))


def read_watch(stored: bytes, standings: Standings) -> Watch:
    """The watch of these bytes. standings: where its scales stand, which is kept beside it."""
    head, at = _read_head(stored)
    scales: dict[str, ScaleWatch] = {}
    for scale, (length, drops, missed_days) in head.scales.items():
        bank = unpacked(stored[at : at + length])
        scales[scale] = ScaleWatch(bank, _read_drops(drops, head.ids), missed_days)
        at += length
    return Watch(
        scales,
        _read_recent(head),
        MannerState.from_stored(head.manner),
        None if head.readable is None else _read_readable(head.readable),
        standings,
    )


def read_recent(stored: bytes) -> tuple[Recent, ...]:
    """The last ratings of a stored watch."""
    return _read_recent(_read_head(stored)[0])


def cut_out(watches: bytes, state: Mapping[str, Any]) -> bytes | None:
    """The watch of a stored stream among those of its alliance.

    None: an earlier release has left it without one; it is to be made anew.
    """
    place = state.get(AT)
    return None if place is None else watches[place[0] : place[0] + place[1]]


def _read_head(stored: bytes) -> tuple[_Head, int]:
    """The head, and where the filters begin."""
    end = _HEAD.size + _HEAD.unpack_from(stored)[0]
    return _Head(*from_json(stored[_HEAD.size : end])), end


def _stored_drops(state: DropState, ids: _Ids) -> list[Any]:
    recent = [[ids.number(one.response_id), one.value, one.mean_before] for one in state.recent]
    drop = state.open_drop
    return [
        state.count, state.mean, recent,
        None if drop is None else [getattr(drop, name) for name in Drop.__slots__],
    ]  # fmt: skip


def _read_drops(stored: list[Any], ids: list[str]) -> DropState:
    counted, mean, recent, drop = stored
    rated = tuple([Rated(ids[number], value, before) for number, value, before in recent])
    return DropState(counted, mean, rated, None if drop is None else Drop(*drop))


def _stored_recent(one: Recent, ids: _Ids, kinds: Kinds) -> list[Any]:
    scales = {
        scale: [standing.value, standing.z, standing.severity, standing.kind]
        for scale, standing in one.scales.items()
    }
    alone, readable = _place(one.alone, kinds), _place(one.readable, kinds)
    return [ids.number(one.response_id), one.occasion, alone, readable, scales]


def _read_recent(head: _Head) -> tuple[Recent, ...]:
    kinds = [_read_readable(one) for one in head.kinds]
    return tuple(
        [
            Recent(
                head.ids[number],
                occasion,
                kinds[alone],
                kinds[readable],
                {scale: Standing(*standing) for scale, standing in scales.items()},
            )
            for number, occasion, alone, readable, scales in head.recent
        ]
    )


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
