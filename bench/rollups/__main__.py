"""`python -m bench.rollups`: change, add up meanwhile, hold the sums against those from nothing."""

import argparse
import asyncio
import secrets
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import httpx
from pydantic_core import from_json

from app.database import Database, connected
from app.errors import StartRefused
from app.main import create_app
from app.programs import service as programs
from app.settings import settings_from
from bench.processes import ROOT
from bench.rollups import naive, reading
from bench.rollups.changes import Changes
from bench.rollups.naive import Differs, Sums, worked_out
from bench.rollups.stepping import Place, caught_up, workers
from bench.store import Store, store

HOME: Final = ROOT / ".rapport" / "bench-rollups"


def main() -> int:
    """Run it; 0 when all sums are those from nothing, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.rollups", description=__doc__)
    parser.add_argument("--changes", type=int, default=100_000, help="to be made, at least")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="of the draws")
    parser.add_argument("--seconds", type=float, default=3600, help="in which changes are made")
    options = parser.parse_args()
    HOME.mkdir(parents=True, exist_ok=True)
    try:
        with store(HOME) as data:
            faults = asyncio.run(_run(data, options))
    except (StartRefused, Differs) as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    print(f"{'differences':28} {faults}")
    return 1 if faults else 0


@asynccontextmanager
async def _client(data: Store) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings_from({"DATABASE_URL": data.url, "KEY_RATE": "0"}))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://service",
            headers={"Authorization": f"Bearer {data.key}"},
            timeout=60,
        ) as client,
    ):
        yield client


async def _run(data: Store, options: argparse.Namespace) -> int:
    place = Place(data.url, data.tenant_id, datetime.now(UTC))
    _say("seed", options.seed)
    owner = await asyncpg.connect(data.url)
    await owner.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=from_json)
    try:
        async with _client(data) as client:
            changes = Changes(client, options.changes, options.seed)
            await _change(place, changes, options)
            return await _compared(owner, client, place, changes)
    finally:
        await owner.close()


async def _change(place: Place, changes: Changes, options: argparse.Namespace) -> None:
    """Change, while workers are at it; then all that is left is added up."""
    made, began, told = 0, time.monotonic(), 0
    async with workers(place, options.seed) as rounds:
        while made < options.changes and time.monotonic() - began < options.seconds:
            made += await changes.go_on()
            if made // 10_000 > told:
                told = made // 10_000
                _say("changes so far", f"{made}, {time.monotonic() - began:.0f} s")
    async with connected(place.url, pool_size=1) as database:
        await caught_up(database, place.now)
    _say("changes", made)
    _say("seconds", f"{time.monotonic() - began:.0f}")
    for kind, count in sorted(changes.truth.done.items()):
        _say(f"  {kind}", count)
    _say("rounds of workers", rounds.all)
    _say("  killed in the midst", rounds.killed)
    _say("  begun anew before", rounds.begun_anew)
    _say("alliances made anew", rounds.made)


@dataclass(frozen=True, slots=True)
class Found:
    """What there is at the end."""

    contributions: reading.Rows
    weekly: reading.Rows
    shown: dict[str, Any]


async def _compared(
    owner: asyncpg.Connection, client: httpx.AsyncClient, place: Place, changes: Changes
) -> int:
    """How much differs between what was kept up to date and what is made from nothing."""
    async with connected(place.url, pool_size=1) as database:
        live = await _found(owner, client, database)
        stored = await reading.stored_of(owner, client)
        plain = worked_out(stored, changes.truth)
        _tell(live, stored, changes)
        faults = _differ("added, against the plain way", live.contributions, plain)
        by_postgres = await reading.weekly_by_postgres(owner)
        faults += _differ_rows("weekly, against Postgres", live.weekly, by_postgres)
        expected, weeks = reading.weeks_to_be_shown(plain), reading.weeks_shown(live.shown)
        faults += _count("shown by week, against the plain way", weeks, expected)
        await _from_nothing(owner, database, place)
        anew = await _found(owner, client, database)
    faults += _differ_rows("added, against from nothing", live.contributions, anew.contributions)
    faults += _differ_rows("weekly, against from nothing", live.weekly, anew.weekly)
    return faults + _count("shown, against from nothing", live.shown, anew.shown)


async def _found(owner: asyncpg.Connection, client: httpx.AsyncClient, database: Database) -> Found:
    """What is added up, and shown once all weeks are over."""
    await programs.seal(database, reading.LATE)
    added, weeks = await reading.contributions(owner), await reading.weekly(owner)
    return Found(added, weeks, await reading.shown(client))


def _tell(live: Found, stored: naive.Stored, changes: Changes) -> None:
    drops = [drop["state"] for trend in stored.trends.values() for drop in trend["drops"]]
    _say("alliances", len(stored.trends))
    _say("responses that count", sum(not one.voided for one in changes.truth.records))
    _say("drops", dict(Counter(drops)))
    _say("rows of what alliances add", len(live.contributions))
    _say("weekly sums", len(live.weekly))


async def _from_nothing(owner: asyncpg.Connection, database: Database, place: Place) -> None:
    """Everything added up once more, after all that was added up or shown is taken away."""
    await reading.forget(owner)
    async with database.transaction(place.tenant_id) as transaction:
        await programs.begin_anew(transaction)
    began, busy = time.monotonic(), time.process_time()
    made = await caught_up(database, place.now)
    _say("from nothing, alliances a second", f"{made / (time.monotonic() - began):.0f}")
    _say("  ms of this processor for each", f"{(time.process_time() - busy) / made * 1e3:.1f}")


def _differ(what: str, rows: reading.Rows, plain: dict[naive.Place, Sums]) -> int:
    live = reading.as_places(rows)
    return _count(
        what,
        {place: (sums.told(), sums.records) for place, sums in live.items()},
        {place: (sums.told(), sums.records) for place, sums in plain.items()},
    )


def _differ_rows(what: str, one: reading.Rows, other: reading.Rows) -> int:
    """As far as the other has columns."""
    names = list(other[0]) if other else []
    kept, made = (
        dict(enumerate(tuple(row[name] for name in names) for row in rows)) for rows in (one, other)
    )
    return _count(what, kept, made)


def _count(what: str, one: dict[Any, Any], other: dict[Any, Any]) -> int:
    differing = [key for key in one.keys() | other.keys() if one.get(key) != other.get(key)]
    _say(what, f"{len(differing)} of {len(one.keys() | other.keys())} differ")
    for key in sorted(differing, key=str)[:3]:
        print(f"    {key}\n      {one.get(key)}\n      {other.get(key)}")
    return len(differing)


def _say(what: str, value: object) -> None:
    print(f"{what:38} {value}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
