"""The watch of a stream as bytes: what is text or few in JSON, numbers as they are.

The watches of an alliance stand in one column, one after another; the state of each stream says
where its own lies. Most of a watch is numbers, so they are neither written nor read as text, and
Postgres moves them without looking at them. How the last ratings stood is needed only where two
sides are compared or a rating alarms: until then it stays the bytes that it was.
"""

from collections.abc import Iterator, Mapping
from math import isnan, nan
from struct import Struct
from typing import Any, Final, Generic, NamedTuple, TypeVar

from pydantic_core import from_json, to_json

from app.measurement.detection import Kind, packed, unpacked
from app.measurement.drops import Drop, DropState, Rated
from app.measurement.manner import MannerState
from app.measurement.standing import Standings
from app.measurement.watch import Readable, Recent, ScaleWatch, Severity, Standing, Watch

AT: Final = "watch_lies_at"
"""Where in the state of a stream stands where its watch lies: first byte and length."""
LEFT_BEHIND: Final = "watch_at"
"""The same of an earlier release, which wrote watches in another way."""
FORM: Final = b"wtc2"
"""How a watch begins that is written in this way."""
_START: Final = Struct("<4sI")
"""Form, and length of the whole."""
_TEXT: Final = Struct("<I")
"""Length of the text that follows."""
_BEFORE_TEXT: Final = _START.size + _TEXT.size
_RATED: Final = Struct("<Hdd")
"""A rating of a drop's state: number of its response, value, mean before it."""
_STOOD: Final = Struct("<BddBB")
"""How a scale stood: number of the scale, value, z, severity and kind by their places below."""
SEVERITIES: Final[tuple[Severity | None, ...]] = (None, "watch", "alert", "high")
KINDS: Final[tuple[Kind, ...]] = ("sudden", "slow")
Known = TypeVar("Known", str, Readable)


class _Once(Generic[Known]):
    """What is named again and again, each written once: responses, scales, kinds of readers."""

    def __init__(self, *known: Known) -> None:
        self._numbers: dict[Known, int] = {one: number for number, one in enumerate(known)}

    def number(self, one: Known) -> int:
        """The place of this one among all."""
        return self._numbers.setdefault(one, len(self._numbers))

    def all(self) -> list[Known]:
        """Every one in its place."""
        return list(self._numbers)


class _Head(NamedTuple):
    """What of a watch is text or few, as JSON values."""

    ids: list[str]
    names: list[str]
    """Of scales."""
    scales: dict[str, list[Any]]
    recent: list[list[Any]]
    kinds: list[list[list[str]]]
    """Who may see what: values, signals, items. Most ratings of a stream have the same."""
    manner: list[Any]
    readable: list[list[str]] | None


class _Stood(Mapping[str, Standing]):
    """How the scales of a stored rating stood, read when it is asked for."""

    __slots__ = ("names", "stored")

    def __init__(self, names: list[str], stored: bytes) -> None:
        self.names, self.stored = names, stored

    def __getitem__(self, scale: str) -> Standing:
        return self._read()[scale]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self.stored) // _STOOD.size

    def _read(self) -> dict[str, Standing]:
        return {
            self.names[scale]: Standing(
                value, None if isnan(z) else z, SEVERITIES[severity], KINDS[kind]
            )
            for scale, value, z, severity, kind in _STOOD.iter_unpack(self.stored)
        }


def stored_watch(watch: Watch) -> bytes:
    """The watch as bytes. Where its scales stand is kept beside it, and is not in them."""
    ids, kinds, names = _Once[str](), _Once[Readable](), _names_of(watch)
    numbers: list[bytes] = []
    scales = {scale: _stored_scale(one, ids, numbers) for scale, one in watch.scales.items()}
    recent = [_stored_recent(one, ids, kinds, names, numbers) for one in watch.recent]
    head = _Head(
        ids.all(),
        names.all(),
        scales,
        recent,
        list(map(_stored_readable, kinds.all())),
        watch.manner.as_stored(),
        None if watch.readable is None else _stored_readable(watch.readable),
    )
    text, rest = to_json(head), b"".join(numbers)
    start = _START.pack(FORM, _BEFORE_TEXT + len(text) + len(rest))
    return b"".join((start, _TEXT.pack(len(text)), text, rest))


def read_watch(stored: bytes, standings: Standings) -> Watch:
    """The watch of these bytes. standings: where its scales stand, which is kept beside it."""
    head, at = _read_head(stored)
    scales: dict[str, ScaleWatch] = {}
    for scale, (length, rated, drops, missed_days) in head.scales.items():
        middle = at + rated * _RATED.size
        state = _read_drops(drops, stored[at:middle], head.ids)
        at = middle + length
        scales[scale] = ScaleWatch(unpacked(stored[middle:at]), state, missed_days)
    return Watch(
        scales,
        _read_recent(head, stored, at),
        MannerState.from_stored(head.manner),
        None if head.readable is None else _read_readable(head.readable),
        standings,
    )


def read_recent(stored: bytes) -> tuple[Recent, ...]:
    """The last ratings of a stored watch."""
    head, at = _read_head(stored)
    for length, rated, *_ in head.scales.values():
        at += length + rated * _RATED.size
    return _read_recent(head, stored, at)


def cut_out(watches: bytes, state: Mapping[str, Any]) -> bytes | None:
    """The watch of a stored stream among those of its alliance.

    None: another release has left it without one that is written in this way, or has moved those
    beside it; it is to be made anew.
    """
    if AT not in state:
        return None
    at, length = state[AT]
    watch = watches[at : at + length]
    whole = len(watch) == length and watch.startswith(_START.pack(FORM, length))
    return watch if whole else None


def _read_head(stored: bytes) -> tuple[_Head, int]:
    """The head, and where the numbers begin."""
    end = _BEFORE_TEXT + _TEXT.unpack_from(stored, _START.size)[0]
    return _Head(*from_json(stored[_BEFORE_TEXT:end])), end


def _stored_scale(one: ScaleWatch, ids: _Once[str], numbers: list[bytes]) -> list[Any]:
    """One scale: how much of the numbers is its own, and what else there is of it."""
    state, bank = one.drop, packed(one.bank)
    numbers += [
        _RATED.pack(ids.number(response_id), value, nan if before is None else before)
        for response_id, value, before in state.recent
    ]
    numbers.append(bank)
    drop = state.open_drop
    told = None if drop is None else [getattr(drop, name) for name in Drop.__slots__]
    return [len(bank), len(state.recent), [state.count, state.mean, told], one.missed_days]


def _read_drops(stored: list[Any], rated: bytes, ids: list[str]) -> DropState:
    counted, mean, drop = stored
    new = tuple.__new__  # as Rated(…) does, without a call of Python's for each
    recent = [
        new(Rated, (ids[number], value, None if isnan(before) else before))
        for number, value, before in _RATED.iter_unpack(rated)
    ]
    return DropState(counted, mean, tuple(recent), None if drop is None else Drop(*drop))


def _names_of(watch: Watch) -> _Once[str]:
    """The names of scales, numbered as in the bytes that ratings were read from, if they were."""
    for one in watch.recent:
        if isinstance(one.scales, _Stood):
            return _Once(*one.scales.names)
    return _Once()


def _stored_recent(
    one: Recent,
    ids: _Once[str],
    kinds: _Once[Readable],
    names: _Once[str],
    numbers: list[bytes],
) -> list[Any]:
    # All that were read were read from the same bytes, and so number scales alike.
    stood = one.scales.stored if isinstance(one.scales, _Stood) else _stood(one.scales, names)
    numbers.append(stood)
    alone, readable = kinds.number(one.alone), kinds.number(one.readable)
    return [ids.number(one.response_id), one.occasion, alone, readable, len(stood)]


def _stood(scales: Mapping[str, Standing], names: _Once[str]) -> bytes:
    return b"".join(
        _STOOD.pack(
            names.number(scale),
            value,
            nan if z is None else z,
            SEVERITIES.index(severity),
            KINDS.index(kind),
        )
        for scale, (value, z, severity, kind) in scales.items()
    )


def _read_recent(head: _Head, stored: bytes, at: int) -> tuple[Recent, ...]:
    kinds = [_read_readable(one) for one in head.kinds]
    found = []
    for number, occasion, alone, readable, length in head.recent:
        stood = _Stood(head.names, stored[at : at + length])
        found.append(Recent(head.ids[number], occasion, kinds[alone], kinds[readable], stood))
        at += length
    return tuple(found)


def _stored_readable(one: Readable) -> list[list[str]]:
    return [sorted(one.values), sorted(one.signals), sorted(one.items)]


def _read_readable(stored: list[list[str]]) -> Readable:
    return Readable(*map(frozenset, stored))
