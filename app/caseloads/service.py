"""A professional's current alliances as they stand, those first that need to be looked at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from app.alliances.schemas import AllianceOut
from app.caseloads import queries
from app.caseloads.need import need, position
from app.caseloads.rendering import SEVERITIES, View, signals_here, silent_here, streams_here
from app.caseloads.schemas import CaseOut
from app.database import Row, Transaction
from app.instruments.definitions import Catalogue
from app.instruments.own import with_own
from app.pagination import Listing, Page
from app.responses.stream_state import Stream
from app.signals.queries import waiting_of
from app.signals.service import reading_of
from app.tenants.authentication import Caller

SEES_ALL: Final = frozenset({"professional", "supervisor"})
"""Who is shown alliances that they are in no way part of; others see only their own."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a caseload, as this caller may see it."""

    alliances: Sequence[Row]
    signals: Mapping[UUID, Sequence[Row]]
    silent: Mapping[UUID, Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Case:
    """One alliance with its place in the caseload."""

    shown: CaseOut
    position: str


async def shown(
    caller: Caller, catalogue: Catalogue, listing: Listing
) -> tuple[Page[CaseOut], Catalogue]:
    """A page of a caseload, and the catalogue with the tenant's own instruments in it."""
    async with caller.transaction() as transaction:
        found = await read(transaction, caller, listing.filters)
        catalogue = await with_own(transaction, catalogue, instruments_of(found))
    return page(found, catalogue, caller, listing), catalogue


async def read(transaction: Transaction, caller: Caller, filters: Mapping[str, Any]) -> Read:
    """The current alliances of a professional, what waits in them, and who is silent.

    filters: professional_ref and source; any of setting and program_ref. In three statements,
    whatever the caseload. To a client, and to others who are neither professional nor supervisor,
    only alliances that they are in themselves.
    """
    now, actor = caller.clock(), caller.actor
    asked = {name: filters[name] for name in queries.FILTERS if name in filters}
    asked["today"] = now.date()
    if actor is not None and actor.role not in SEES_ALL:
        asked |= {"member_role": actor.role, "member_ref": actor.ref}
    alliances = await queries.caseload(transaction, asked)
    ids = [row["id"] for row in alliances]
    signals = await waiting_of(transaction, ids, reading_of(caller))
    silent = await queries.silent(transaction, ids, filters["source"], now)
    return Read(alliances, _by_alliance(signals), _by_alliance(silent))


def instruments_of(read: Read) -> set[str]:
    """Those with which the alliances were rated."""
    return {
        Stream.named(name).instrument for one in read.alliances for name in one["streams"] or ()
    }


def page(read: Read, catalogue: Catalogue, caller: Caller, listing: Listing) -> Page[CaseOut]:
    """The page that is asked for, of what was read."""
    filters: Mapping[str, Any] = listing.filters
    today = caller.clock().date()
    view = View(caller.actor, today, filters.get("instrument"), filters.get("side"))
    found = cases(read, catalogue, view, filters)
    rest = after(found, listing.after, listing.one_more)
    return listing.page(rest, attrgetter("position"), attrgetter("shown"))


def cases(read: Read, catalogue: Catalogue, view: View, filters: Mapping[str, Any]) -> list[Case]:
    """The alliances in the order of need, as this reader may see it, and no other."""
    has = filters.get("has")
    found = [_case(row, read, catalogue, view) for row in read.alliances]
    kept = [
        one
        for one in found
        if (view.instrument is None or one.shown.streams or one.shown.silent)
        and (has is None or _has(one.shown, has))
    ]
    return sorted(kept, key=lambda case: case.position)


def after(found: Sequence[Case], place: str | None, limit: int) -> list[Case]:
    """Up to limit of these after a place; None: from the first on."""
    return [case for case in found if place is None or case.position > place][:limit]


def _case(row: Row, read: Read, catalogue: Catalogue, view: View) -> Case:
    streams = streams_here(row, catalogue, view)
    signals = signals_here(read.signals.get(row["id"], ()), view)
    silent = silent_here(read.silent.get(row["id"], ()), view)
    drops = sum(scale.drop is not None for stream in streams for scale in stream.scales)
    severities = [name for name in SEVERITIES if getattr(signals, name)]
    reason = need(severities, drop=bool(drops), silence=bool(silent))
    shown = CaseOut(
        alliance=AllianceOut.model_validate(dict(row)),
        need=reason,
        open_drops=drops,
        signals=signals,
        silent=silent,
        streams=streams,
    )
    days = [one.last_rated_on for one in streams if one.last_rated_on is not None]
    return Case(shown, position(reason, max(days, default=None), row["id"]))


def _has(shown: CaseOut, what: str) -> bool:
    if what == "signal":
        return bool(shown.signals.open_ids)
    return bool(shown.open_drops) if what == "drop" else bool(shown.silent)


def _by_alliance(rows: Iterable[Row]) -> dict[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = {}
    for row in rows:
        found.setdefault(row["alliance_id"], []).append(row)
    return found
