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
from bench.dashboards import fill
from bench.dashboards.asked import Asked, in_turns
from bench.processes import ROOT, RunFailed, Server, service
from bench.store import Store, store

HOME: Final = ROOT / ".rapport" / "bench-dashboards"
SMALL_COPIES: Final = 1
"""Two times the seed: ten thousand responses."""
ASKED_OF: Final = 500
"""Different alliances, and at most as many professionals, that are asked for."""


def main() -> int:
    """Run it; 0 when it came to its end, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.dashboards", description=__doc__)
    parser.add_argument("--copies", type=int, default=2000, help="of 5,000 responses each")
    parser.add_argument("--rounds", type=int, default=4, help="A B B A")
    parser.add_argument("--requests", type=int, default=250, help="of each slice")
    options = parser.parse_args()
    try:
        with filled("small", SMALL_COPIES) as small, filled("large", options.copies - 1) as large:
            _ask(small, large, options.rounds, options.requests)
    except (StartRefused, RunFailed) as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    return 0


@contextmanager
def filled(name: str, copies: int) -> Iterator[tuple[Server, Store]]:
    """A service on a database of its own with so many copies of the seed, all of one tenant."""
    home = HOME / name
    home.mkdir(parents=True, exist_ok=True)
    with store(home) as data:
        asyncio.run(_fill(data, copies, name))
        data.settle()
        with service(data.url, data.key, home) as server:
            yield server, data


async def _fill(data: Store, copies: int, name: str) -> None:
    await fill.seeded(data.url, data.key, datetime.now(UTC))
    owner = await asyncpg.connect(data.url)
    try:
        began = time.monotonic()
        columns = await fill.kept_apart(owner, data.tenant_id)

        def say(what: str) -> None:
            print(f"{name}: {what}, {time.monotonic() - began:.0f} s", flush=True)

        await fill.multiplied(owner, columns, fill.Copies(data.tenant_id, 1, copies), say)
        await owner.execute("VACUUM ANALYZE")
    finally:
        await owner.close()


def _ask(
    small: tuple[Server, Store], large: tuple[Server, Store], rounds: int, requests: int
) -> None:
    for name in ("caseload", "trend"):
        one, other = (
            Asked(server.port, server.key, asyncio.run(_paths(data, name)))
            for server, data in (small, large)
        )
        in_turns(one, other, 1, requests)  # so that both are warm
        one.seconds.clear()
        other.seconds.clear()
        in_turns(one, other, rounds, requests)
        for share in (0.5, 0.99):
            a, b = one.slowest(share), other.slowest(share)
            print(f"{name:9} p{share * 100:.0f} small {a * 1e3:.1f} ms, large {b * 1e3:.1f} ms,"
                  f" ratio {b / a:.2f}", flush=True)  # fmt: skip


async def _paths(data: Store, name: str) -> list[str]:
    connection = await asyncpg.connect(data.url)
    try:
        if name == "trend":
            rows: list[Any] = await connection.fetch(
                "SELECT id FROM alliances ORDER BY md5(id::text) LIMIT $1", ASKED_OF
            )
            return [f"/v1/alliances/{row['id']}/trend" for row in rows]
        rows = await connection.fetch(
            "SELECT ref FROM alliance_members WHERE role = 'professional'"
            " GROUP BY ref HAVING count(*) = $1 ORDER BY md5(ref) LIMIT $2",
            fill.PROFESSIONAL_HAS,
            ASKED_OF,
        )
        return [f"/v1/caseloads?professional_ref={quote(row['ref'])}" for row in rows]
    finally:
        await connection.close()


if __name__ == "__main__":
    sys.exit(main())
