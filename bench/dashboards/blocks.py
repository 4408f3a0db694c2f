"""What is shown of programmes: the seed's blocks by the worker, those of the copies from them.

A copy adds to each block exactly what the seed adds to it. So the blocks of all copies together are
the seed's own, with every amount as many times as there are copies in the tenant.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import sqrt
from typing import Any, Final
from uuid import UUID

import asyncpg
import httpx

from app.database import connected
from app.events.service import move
from app.instruments.definitions import shipped
from app.measurement.amounts import REACH
from app.programs.service import add_up, seal
from bench.dashboards.fill import RATINGS
from bench.processes import RunFailed
from bench.work import HOST

LATE_FORMS: Final = timedelta(days=30)
"""After this, every week of the seed is over and has been left alone."""
PLAIN: Final = """
SELECT program_ref, rater_role, date_trunc('week', occurred_at AT TIME ZONE 'UTC')::date AS week,
  count(*) AS ratings, sum(total) AS total, sum(total * total) AS squares
FROM (SELECT *, (answers->>'1')::integer + (answers->>'2')::integer + (answers->>'3')::integer
        + (answers->>'4')::integer AS total
      FROM responses WHERE tenant_id = $1) AS rated
GROUP BY program_ref, rater_role, week
"""
"""What the dashboard says of the scale `total`, from the answers themselves."""
ROUNDED: Final = 0.005 + 1e-9
"""Figures are shown to two places."""
TO_FIVE: Final = 2.5


@dataclass(frozen=True, slots=True)
class Sums:
    """Of one programme, role and week."""

    ratings: int
    total: float
    squares: float

    @property
    def interval(self) -> tuple[float, float, float]:
        """Mean, and the ends of its 95 % interval."""
        mean = self.total / self.ratings
        spread = (self.squares - self.total * mean) / (self.ratings - 1)
        reach = REACH * sqrt(spread / self.ratings)
        return mean, mean - reach, mean + reach


async def released(url: str, now: datetime) -> None:
    """Have the worker's own functions add the seed up and release its blocks."""
    async with connected(url, pool_size=2) as database:
        while await move(database):
            pass
        await add_up(database, shipped(), now)
        await seal(database, now + LATE_FORMS)


async def multiplied(owner: asyncpg.Connection, tenant_id: UUID, times: int) -> None:
    """Make the seed's blocks those of so many of it. owner: a superuser's connection."""
    blocks = await owner.fetch(
        "SELECT series_id, period, starts_on, figures FROM program_blocks WHERE tenant_id = $1",
        tenant_id,
    )
    if not blocks:
        raise RunFailed("The worker has released nothing of the seed.")
    await owner.executemany(
        "UPDATE program_blocks SET clients = clients * $5, professionals = professionals * $5,"
        " figures = $6 WHERE tenant_id = $1 AND series_id = $2 AND period = $3 AND starts_on = $4",
        [
            (tenant_id, row["series_id"], row["period"], row["starts_on"], times,
             json.dumps(_times(json.loads(row["figures"]), times)))
            for row in blocks
        ],
    )  # fmt: skip


def _times(kept: Any, times: int) -> Any:  # noqa: ANN401 - JSON
    """The same JSON with every number that many times; exact numbers are text."""
    if isinstance(kept, dict):
        return {name: _times(one, times) for name, one in kept.items()}
    if isinstance(kept, list):
        return [_times(one, times) for one in kept]
    return str(Decimal(kept) * times) if isinstance(kept, str) else kept * times


async def plain(owner: asyncpg.Connection, tenant_id: UUID) -> tuple[float, dict[Any, Sums]]:
    """Seconds of the plain GROUP BY, and the sums by programme, role and week."""
    began = time.perf_counter()
    rows = await owner.fetch(PLAIN, tenant_id, timeout=600)
    seconds = time.perf_counter() - began
    return seconds, {
        (row["program_ref"], row["rater_role"], row["week"]): Sums(
            row["ratings"], float(row["total"]), float(row["squares"])
        )
        for row in rows
    }


def differing(port: int, key: str, sums: Mapping[Any, Sums]) -> tuple[int, list[str]]:
    """How many figures the dashboard shows, and those that are not what the plain sums say."""
    programs = sorted({program for program, _, _ in sums})
    shown = {
        (program, one["rater_role"], date.fromisoformat(one["period"])): one
        for program in programs
        for one in _summaries(port, key, program_path(program, sums))
    }
    wrong = [f"not shown: {place}" for place in sums.keys() - shown.keys()]
    for place, one in shown.items():
        level = one["level"]
        said = (level["value"], level["low"], level["high"])
        near = all(abs(a - b) < ROUNDED for a, b in zip(said, sums[place].interval, strict=True))
        if not near or abs(one["ratings"] - sums[place].ratings) > TO_FIVE:
            wrong.append(f"{place}: {one['ratings']}, {said} instead of {sums[place]}")
    return len(shown), wrong


def program_path(program: str, sums: Mapping[Any, Sums]) -> str:
    """What the dashboard of a programme asks for: all its weeks."""
    weeks = [week for of, _, week in sums if of == program]
    return (
        f"/v1/program-summaries?program_ref={program}&period=week&scale=total"
        f"&from={min(weeks)}&to={max(weeks)}&limit={RATINGS}"
    )


def _summaries(port: int, key: str, path: str) -> list[dict[str, Any]]:
    answer = httpx.get(
        f"http://{HOST}:{port}{path}", headers={"Authorization": f"Bearer {key}"}, timeout=60
    )
    answer.raise_for_status()
    page: dict[str, Any] = answer.json()
    if page["next_cursor"]:
        raise RunFailed("A programme's weeks do not go on one page.")
    items: list[dict[str, Any]] = page["items"]
    return items
