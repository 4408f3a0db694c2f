"""Adding up: what touched alliances add now, less what they added before, in one transaction."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from app.alliances.merged_refs import former_refs
from app.database import Row, Transaction
from app.instruments.definitions import Catalogue
from app.measurement.amounts import FIELDS, NOTHING, Amounts
from app.measurement.iso_weeks import WEEK, midnight
from app.programs import queries, stored_queries
from app.programs.series import FIELDS as SERIES_FIELDS
from app.programs.series import Series
from app.programs.sharing import Stored, shares_of, stored_of
from app.tenants.signal_settings import SignalSettings, signal_settings_from

SETTLED_AFTER: Final = timedelta(hours=1)
"""How long a week must be left alone before it is looked at, so that an import is over.
House rule."""
SEALED_AFTER: Final = timedelta(days=7)
"""How long after its end a period is looked at: forms come late. House rule."""
_KEY: Final = ("alliance_id", "series_id", "client_ref", "professional_ref", "week", "scale")
WEEK_KEY: Final = ("series_id", "week", "source", "professional_ref", "scale")


async def make_anew(
    transaction: Transaction,
    alliance_ids: Iterable[UUID],
    catalogue: Catalogue,
    settings: SignalSettings,
    now: datetime,
) -> None:
    """Bring what these alliances add, and the weekly sums, up to what is stored of them.

    The caller holds the tenant's head, since an earlier statement.
    """
    ids = list(alliance_ids)
    stored = await stored_queries.stored_rows(transaction, ids)
    series: dict[UUID, Series] = {}
    new: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in _of_alliances(stored):
        for row, of in _rows_added(one, catalogue, settings):
            series[of.id] = of
            new[_key(row)] = row
    before = {_key(row): _plain(row) for row in await queries.contributions_of(transaction, ids)}
    gone = [row for key, row in before.items() if new.get(key) != row]
    come = [row for key, row in new.items() if before.get(key) != row]
    used = {row["series_id"] for row in come}
    await queries.put_series(transaction, [_series_row(series[one]) for one in sorted(used)])
    await queries.replace_contributions(transaction, gone, come)
    await _apply(transaction, gone, come)
    touched = {(row["series_id"], row["week"]) for row in (*gone, *come)}
    await _look_at(transaction, touched, series, now)


def _of_alliances(stored: Mapping[str, Sequence[Row]]) -> Iterable[Stored]:
    kinds = ("responses", "invitations", "occasions")
    grouped: dict[UUID, dict[str, list[Row]]] = {
        row["id"]: {kind: [] for kind in kinds} for row in stored["alliances"]
    }
    for kind in kinds:
        for row in stored[kind]:
            grouped[row["alliance_id"]][kind].append(row)
    for row in stored["alliances"]:
        yield stored_of(row, grouped[row["id"]], former_refs(row["former_refs"]))


def _rows_added(
    stored: Stored, catalogue: Catalogue, settings: SignalSettings
) -> Iterable[tuple[dict[str, Any], Series]]:
    shares = shares_of(stored, catalogue, settings)
    for place, amounts in shares.amounts.items():
        row = {
            "alliance_id": stored.id,
            "series_id": place.series.id,
            "client_ref": place.client_ref,
            "professional_ref": place.professional_ref,
            "week": place.week,
            "scale": place.scale,
            "source": stored.source,
            "records": sorted(shares.records[place]),
        }
        yield row | amounts_row(amounts), place.series


def amounts_row(amounts: Amounts) -> dict[str, Any]:
    """The amounts as columns."""
    return {
        name: list(value) if isinstance(value := getattr(amounts, name), tuple) else value
        for name in FIELDS
    }


def amounts_of(row: Mapping[str, Any]) -> Amounts:
    """The amounts that columns hold."""
    held: dict[str, Any] = {name: row[name] for name in FIELDS}
    lists = {name: tuple(one) for name, one in held.items() if isinstance(one, list)}
    return Amounts(**held | lists)


def _plain(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "tenant_id"}


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _KEY)


def _series_row(series: Series) -> dict[str, Any]:
    return {"id": series.id} | dict(zip(SERIES_FIELDS, series, strict=True))


async def _apply(
    transaction: Transaction, gone: Sequence[Mapping[str, Any]], come: Sequence[Mapping[str, Any]]
) -> None:
    """The weekly sums with what has come, and without what is gone."""
    changes: dict[tuple[Any, ...], tuple[int, Amounts]] = {}
    for rows, sign in ((gone, -1), (come, 1)):
        for row in rows:
            key = tuple(row[name] for name in WEEK_KEY)
            count, amounts = changes.get(key, (0, NOTHING))
            more = amounts_of(row)
            changes[key] = (count + sign, amounts + more if sign > 0 else amounts - more)
    if not changes:
        return
    keys = [dict(zip(WEEK_KEY, key, strict=True)) for key in changes]
    before = {
        tuple(row[name] for name in WEEK_KEY): (row["contributions"], amounts_of(row))
        for row in await queries.weeks_at(transaction, keys)
    }
    left, done = [], []
    for named, (key, (change, difference)) in zip(keys, changes.items(), strict=True):
        count, amounts = before.get(key, (0, NOTHING))
        if count + change:
            sums = amounts_row(amounts + difference)
            left.append(named | {"contributions": count + change} | sums)
        else:
            done.append(named)
    await queries.replace_weeks(transaction, done, left)


async def _look_at(
    transaction: Transaction,
    touched: Iterable[tuple[UUID, date]],
    series: Mapping[UUID, Series],
    now: datetime,
) -> None:
    """Have the touched weeks looked at once they are over and left alone.

    A series that nothing was added to is not looked at for what was taken away: that alone is no
    reason to show something else.
    """
    await queries.put_cells(
        transaction,
        [
            {
                "series_id": series_id,
                "week": week,
                "step": 0,
                "look_at": max(midnight(week + WEEK) + SEALED_AFTER, now + SETTLED_AFTER),
            }
            for series_id, week in sorted(touched)
            if series_id in series
        ],
    )


async def settings_in_force(transaction: Transaction) -> SignalSettings:
    """The tenant's signal settings, or the service's own."""
    row = await queries.settings_row(transaction)
    if row is None:
        return SignalSettings()
    return signal_settings_from(
        row["version"], row["alerts_per_100_ratings"], row["parameter_sets"]
    )


def basis_of(catalogue: Catalogue, settings: SignalSettings, rule_version: str) -> str:
    """What every contribution depends on besides the data: a change has all of them made anew."""
    known = sorted(
        f"{definition.instrument} {definition.revision} {definition.sha256}"
        for revisions in catalogue.definitions.values()
        for definition in revisions
    )
    text = "\n".join((rule_version, str(settings.version), *known))
    return hashlib.sha256(text.encode()).hexdigest()
