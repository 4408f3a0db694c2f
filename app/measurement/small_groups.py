"""When figures of a group may be shown, so that no series of them tells of a few.

A release is a sum over the records in it. It is allowed only when the records in it that were in
no release before, of any group, come from enough clients of enough professionals. Whatever is
added to, taken from or multiplied with whatever else that was ever shown: of the releases that
count, the last has records that are in no other, so what is left tells of no fewer.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

LEAST_CLIENTS: Final = 10
"""As the threshold of the UK's Office for National Statistics for tables of health data."""
LEAST_PROFESSIONALS: Final = 2
"""House rule: figures of one alone would be theirs."""
COUNTED_TO: Final = 5
"""Counts are shown to the nearest multiple. As the NHS does below the national level."""


@dataclass(frozen=True, slots=True)
class Floor:
    """How many a release must tell of anew."""

    clients: int = LEAST_CLIENTS
    professionals: int = LEAST_PROFESSIONALS


FLOOR: Final = Floor()


@dataclass(frozen=True, slots=True)
class Part:
    """The records of one client with one professional in a group."""

    client: str
    professional: str
    records: frozenset[str]


def may_be_released(parts: Iterable[Part], before: AbstractSet[str], floor: Floor = FLOOR) -> bool:
    """Whether a sum over the parts may be shown. before: every record that was in one before.

    >>> parts = [Part(f"c-{n}", f"p-{n % 2}", frozenset({f"r-{n}"})) for n in range(10)]
    >>> may_be_released(parts, frozenset()), may_be_released(parts, {"r-3"})
    (True, False)
    """
    new = [part for part in parts if not part.records <= before]
    return (
        len({part.client for part in new}) >= floor.clients
        and len({part.professional for part in new}) >= floor.professionals
    )


def rounded_count(count: int) -> int:
    """A count as it is shown: the nearest multiple of COUNTED_TO.

    >>> rounded_count(12), rounded_count(13)
    (10, 15)
    """
    return (2 * count + COUNTED_TO) // (2 * COUNTED_TO) * COUNTED_TO
