"""The watch of a stream as bytes: what is text or few in JSON, then the filters as they are.

The watches of an alliance stand in one column, one after another; the state of each stream says
where its own lies. Filters are most of a watch and no text, so they are neither written nor read
as text, and Postgres moves them without looking at them.
"""

from collections.abc import Mapping
from struct import Struct
from typing import Any, Final, Generic, NamedTuple, TypeVar

from pydantic_core import from_json, to_json

from app.measurement.detection import packed, unpacked
from app.measurement.drops import Drop, DropState, Rated
from app.measurement.manner import MannerState
from app.measurement.standing import Standings
from app.measurement.watch import Readable, Recent, ScaleWatch, Standing, Watch

AT: Final = "watch_at"
"""Where in the state of a stream stands where its watch lies: first byte and length."""
_HEAD: Final = Struct("<I")
Known = TypeVar("Known", str, Readable)


class _Once(Generic[Known]):
    """What is named again and again, each written once: ids of responses, kinds of readers."""

    def __init__(self) -> None:
        self._numbers: dict[Known, int] = {}

    def number(self, one: Known) -> int:
        """The place of this one among all."""
        return self._numbers.setdefault(one, len(self._numbers))

    def all(self) -> list[Known]:
        """Every one in its place."""
        return list(self._numbers)


class _Head(NamedTuple):
    """All of a watch but the filters, as JSON values."""

    ids: list[str]
    scales: dict[str, list[Any]]
    recent: list[list[Any]]
    kinds: list[list[list[str]]]
    """Who may see what: values, signals, items. Most ratings of a stream have the same."""
    manner: list[Any]
    readable: list[list[str]] | None


def stored_watch(watch: Watch) -> bytes:
    """The watch as bytes. Where its scales stand is kept beside it, and is not in them."""
    ids, kinds = _Once[str](), _Once[Readable]()
    banks = [packed(one.bank) for one in watch.scales.values()]
    head = _Head(
        [],
        {
            scale: [len(bank), _stored_drops(one.drop, ids), one.missed_days]
            for bank, (scale, one) in zip(banks, watch.scales.items(), strict=True)
        },
        [_stored_recent(one, ids, kinds) for one in watch.recent],
        [],
        watch.manner.as_stored(),
        None if watch.readable is None else _stored_readable(watch.readable),
    )
    text = to_json(head._replace(ids=ids.all(), kinds=list(map(_stored_readable, kinds.all()))))
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


def _stored_drops(state: DropState, ids: _Once[str]) -> list[Any]:
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


def _stored_recent(one: Recent, ids: _Once[str], kinds: _Once[Readable]) -> list[Any]:
    alone, readable = kinds.number(one.alone), kinds.number(one.readable)
    # Lists are written in half the time of named tuples.
    scales = {scale: list(standing) for scale, standing in one.scales.items()}
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


def _stored_readable(one: Readable) -> list[list[str]]:
    return [sorted(one.values), sorted(one.signals), sorted(one.items)]


def _read_readable(stored: list[list[str]]) -> Readable:
    return Readable(*map(frozenset, stored))
