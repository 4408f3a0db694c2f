"""Comparisons: making them once a quarter, and reading them. The time is an argument."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

import structlog

from app.comparisons import made_of, queries, rendering
from app.comparisons.made_of import Kind, Source
from app.comparisons.schemas import By, ComparisonOut
from app.comparisons.window import QUARTERS, Window, earlier, newest_window
from app.database import NO_TENANT, Database, Row, Transaction
from app.errors import InvalidCursor, Problem, ScopeMissing
from app.instruments.definitions import Catalogue
from app.instruments.own import with_own
from app.measurement.key import Scale, ScoringKey
from app.pagination import Listing, Page
from app.tenants.authentication import Caller
from app.tenants.scopes import Scope

GROUPS: Final[Mapping[By, tuple[str, ...]]] = {
    "professional": queries.KEY,
    "program": queries.OF_PROGRAMMES,
}
"""What is compared -> what is compared apart."""
_log = structlog.get_logger("rapport.comparisons")


async def make(
    database: Database,
    catalogue: Catalogue,
    now: datetime,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """How many comparisons were made: of every tenant's programmes, up to the newest window.

    A tenant with which something is wrong, or whose ratings are not all added up yet, does not
    keep the others waiting; its turn comes the next time. Any number of workers may.
    Raises Unavailable and the like when Postgres cannot be asked.
    """
    window = newest_window(now)
    made, after = 0, NO_TENANT
    while not stopping():
        async with database.worker_transaction() as transaction:
            tenants = await queries.tenants_due(transaction, after, window.ends_before)
        if not tenants:
            break
        for tenant_id in tenants:
            if stopping():
                return made
            try:
                made += await _make_of(database, tenant_id, catalogue, window, now)
            except Problem as problem:
                _log.warning("comparisons_not_made", tenant=str(tenant_id), code=problem.code)
            except Exception:  # noqa: BLE001 - whatever is wrong with one tenant, the others go on
                _log.error("comparisons_failed", tenant=str(tenant_id), exc_info=True)
        after = tenants[-1]
    return made


async def _make_of(
    database: Database, tenant_id: UUID, catalogue: Catalogue, window: Window, now: datetime
) -> int:
    """How many were made of one tenant, one programme and stream kind at a time."""
    async with database.transaction(tenant_id) as transaction:
        if not await queries.added_up(transaction):
            return 0
        series = await queries.series_of_programmes(transaction)
    made = 0
    for kind, source in made_of.sources(series).items():
        async with database.transaction(tenant_id) as transaction:
            rows = await _outcomes(transaction, catalogue, kind, source, window)
            made += await queries.keep(transaction, [row | {"made_at": now} for row in rows])
    async with database.transaction(tenant_id) as transaction:
        await queries.done(transaction, window.ends_before)
    return made


async def _outcomes(
    transaction: Transaction, catalogue: Catalogue, kind: Kind, source: Source, window: Window
) -> list[dict[str, Any]]:
    """What is to be kept of one programme and stream kind, scale by scale."""
    dates = (window.starts_on, window.ends_before)
    rows = await queries.courses(transaction, source.ratings, *dates)
    asked = await queries.invited(transaction, source.invitations, *dates)
    before = await queries.made_before(transaction, kind._asdict())
    rates, coverage = made_of.rates_of(asked)
    catalogue = await with_own(transaction, catalogue, [kind.instrument])
    found = []
    for scale_id, of_scale in _by_scale(rows):
        key, scale = _scale(catalogue, kind.instrument, source.revision, kind.form, scale_id)
        earlier_ones = before.get(scale_id, [])
        known = made_of.newest_of(earlier_ones)
        courses = made_of.courses(of_scale, key, scale, known)
        outcome = made_of.comparison(courses, earlier_ones, rates, coverage, window)
        if outcome is not None:
            found.append({
                **kind._asdict(),
                "scale": scale_id,
                "revision": source.revision,
                "starts_on": window.starts_on,
                "ends_before": window.ends_before,
                "coverage": made_of.hundredths(coverage),
                "withheld": outcome.withheld,
                "figures": outcome.figures,
                "newest_record": made_of.newest_of(of_scale) if outcome.figures else None,
            })  # fmt: skip
    return found


def _by_scale(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    in_order = sorted(rows, key=itemgetter("scale"))
    return [(scale, list(of)) for scale, of in groupby(in_order, key=itemgetter("scale"))]


def _scale(
    catalogue: Catalogue, instrument: str, revision: str, form: str, scale: str
) -> tuple[ScoringKey, Scale]:
    key = catalogue.definition(instrument, revision).forms[form].key
    return key, next(one for one in key.scales if one.id == scale)


async def page(
    transaction: Transaction, caller: Caller, catalogue: Catalogue, by: By, listing: Listing
) -> Page[ComparisonOut]:
    """A page of the newest comparisons of each kind, in the order of their names.

    Raises ScopeMissing when this caller may not compare professionals.
    """
    own = _own(caller) if by == "professional" else None
    groups = GROUPS[by]
    filters = {name: value for name, value in listing.filters.items() if name in groups}
    oldest = earlier(newest_window(caller.clock()).ends_before, QUARTERS)
    rows = await queries.page(
        transaction,
        groups,
        filters,
        oldest=oldest,
        after=_after(listing, len(groups)),
        limit=listing.one_more,
    )
    only = listing.filters.get("program_ref")
    catalogue = await with_own(transaction, catalogue, {row["instrument"] for row in rows})
    name = itemgetter(*groups)
    of_groups = [(key, list(of)) for key, of in groupby(rows, key=name)]

    def shown(group: tuple[tuple[str, ...], list[Row]]) -> ComparisonOut:
        row = group[1][0]
        scale = _scale(catalogue, *(row[n] for n in ("instrument", "revision", "form", "scale")))
        reach = rendering.range_of(*scale)
        if by == "professional":
            return rendering.of_professionals(row, reach, own)
        return rendering.of_programmes(group[1], reach, str(only) if only else None)

    return listing.page(of_groups, lambda group: json.dumps(group[0]), shown)


def _own(caller: Caller) -> str | None:
    """Whose figures alone this caller sees; None: everybody's. Raises ScopeMissing."""
    actor = caller.actor
    if actor is not None and actor.role == "professional":
        return actor.ref
    supervisor = actor is not None and actor.role == "supervisor"
    if supervisor and Scope.SUPERVISION_READ in caller.key.scopes:
        return None
    raise ScopeMissing(
        "Professionals are compared for a supervisor (Rapport-Actor) with a key that has "
        "supervision:read; a professional sees the own figures."
    )


def _after(listing: Listing, names: int) -> list[str] | None:
    """The names with which the page before ended. Raises InvalidCursor when they are none."""
    if listing.after is None:
        return None
    try:
        after = json.loads(listing.after)
    except ValueError:
        after = None
    if not isinstance(after, list) or len(after) != names:
        raise InvalidCursor("Start again without a cursor.")
    return [str(name) for name in after]
