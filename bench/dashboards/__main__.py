"""`python -m bench.dashboards`: fill two databases, ask both in turns, print ratios and faults."""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import asyncpg

from app.errors import StartRefused
from bench.dashboards import blocks, fill
from bench.dashboards.asked import Asked, in_turns, one_slice
from bench.processes import ROOT, RunFailed, Server, service
from bench.store import Store, store

HOME: Final = ROOT / ".rapport" / "bench-dashboards"
SMALL: Final = 2
"""Times the seed in the small database: ten thousand responses."""
ASKED_OF: Final = 500
"""Different alliances, and at most as many professionals, that are asked for."""
AT_MOST: Final = 1.3
"""How much longer the slowest answers may take with a thousand times the responses."""
AT_LEAST: Final = 500
"""How much quicker a programme's dashboard is than the plain sums."""


def main() -> int:
    """Run it; 0 when every goal is met, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.dashboards", description=__doc__)
    parser.add_argument("--copies", type=int, default=2000, help="of 5,000 responses each")
    parser.add_argument("--tenants", type=int, default=200, help="all but one have one copy each")
    parser.add_argument("--rounds", type=int, default=4, help="A B B A")
    parser.add_argument("--requests", type=int, default=250, help="of each slice")
    options = parser.parse_args()
    try:
        with (
            filled("small", SMALL, 1) as small,
            filled("large", options.copies, options.tenants) as large,
        ):
            met = [
                *(_slowest(name, small, large, options) for name in ("caseload", "trend")),
                _programs(*large, options.requests),
            ]
    except (StartRefused, RunFailed) as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    return 0 if all(met) else 1


@contextmanager
def filled(name: str, copies: int, tenants: int) -> Iterator[tuple[Server, Store]]:
    """A service on a database of its own with so many times the seed; one tenant has the most."""
    home = HOME / name
    home.mkdir(parents=True, exist_ok=True)
    with store(home) as data:
        asyncio.run(_fill(data, name, copies, tenants))
        data.settle()
        with service(data.url, data.key, home) as server:
            yield server, data


async def _fill(data: Store, name: str, copies: int, tenants: int) -> None:
    now = datetime.now(UTC)
    await fill.seeded(data.url, data.key, now)
    await blocks.released(data.url, now)
    own = copies - (tenants - 1)
    owner = await asyncpg.connect(data.url)
    try:
        began = time.monotonic()

        def say(what: str) -> None:
            print(f"{name}: {what}, {time.monotonic() - began:.0f} s", flush=True)

        columns = await fill.kept_apart(owner, data.tenant_id)
        others = await fill.other_tenants(owner, tenants - 1)
        await fill.multiplied(owner, columns, [data.tenant_id] * (own - 1) + others, say)
        await blocks.multiplied(owner, data.tenant_id, own)
        await owner.execute("VACUUM ANALYZE", timeout=3600)
        say("as Postgres keeps it " + await owner.fetchval(
            "SELECT pg_size_pretty(pg_database_size(current_database()))"
        ))  # fmt: skip
    finally:
        await owner.close()


def _slowest(
    name: str,
    small: tuple[Server, Store],
    large: tuple[Server, Store],
    options: argparse.Namespace,
) -> bool:
    one, other = (
        Asked(server.port, server.key, asyncio.run(_paths(data, name)))
        for server, data in (small, large)
    )
    in_turns(one, other, 1, options.requests)  # so that both are warm
    one.seconds.clear()
    other.seconds.clear()
    in_turns(one, other, options.rounds, options.requests)
    for share in (0.5, 0.99):
        a, b = one.slowest(share), other.slowest(share)
        print(f"{name:9} p{share * 100:.0f} small {a * 1e3:.1f} ms, large {b * 1e3:.1f} ms,"
              f" ratio {b / a:.2f}", flush=True)  # fmt: skip
    return b / a <= AT_MOST


def _programs(server: Server, data: Store, requests: int) -> bool:
    """A programme's dashboard beside the plain sums of the same tenant; both before and after."""
    took: list[float] = []
    for _ in range(2):
        seconds, sums = asyncio.run(_plain(data))
        took.append(seconds)
        paths = [blocks.program_path(program, sums) for program in sorted({p for p, _, _ in sums})]
        asked = Asked(server.port, server.key, paths)
        asyncio.run(one_slice(asked, requests))
    shown, wrong = blocks.differing(server.port, server.key, sums)
    ratio = min(took) / asked.slowest(0.5)
    print(f"programme p50 {asked.slowest(0.5) * 1e3:.1f} ms, p99 {asked.slowest() * 1e3:.1f} ms,"
          f" plain {' and '.join(f'{one:.2f}' for one in took)} s, ratio {ratio:.0f};"
          f" {shown} figures of {sum(one.ratings for one in sums.values()):,} ratings shown,"
          f" {len(wrong)} differ", flush=True)  # fmt: skip
    for one in wrong[:5]:
        print(f"  {one}")
    return ratio >= AT_LEAST and bool(shown) and not wrong


async def _plain(data: Store) -> tuple[float, dict[Any, blocks.Sums]]:
    owner = await asyncpg.connect(data.url)
    try:
        return await blocks.plain(owner, data.tenant_id)
    finally:
        await owner.close()


async def _paths(data: Store, name: str) -> list[str]:
    connection = await asyncpg.connect(data.url)
    try:
        if name == "trend":
            rows: list[Any] = await connection.fetch(
                "SELECT id FROM alliances WHERE tenant_id = $1 ORDER BY md5(id::text) LIMIT $2",
                data.tenant_id,
                ASKED_OF,
            )
            return [f"/v1/alliances/{row['id']}/trend" for row in rows]
        rows = await connection.fetch(
            "SELECT ref FROM alliance_members WHERE tenant_id = $1 AND role = 'professional'"
            " GROUP BY ref HAVING count(*) = $2 ORDER BY md5(ref) LIMIT $3",
            data.tenant_id,
            fill.PROFESSIONAL_HAS,
            ASKED_OF,
        )
        return [f"/v1/caseloads?professional_ref={quote(row['ref'])}" for row in rows]
    finally:
        await connection.close()


if __name__ == "__main__":
    sys.exit(main())
