"""An attacker asks everything that may be asked, before and after each single change.

They know which records and versions are in every figure, and add, take away and multiply the exact
figures as they like. Whatever they come to rests on at least ten clients; without the floor they
come to single ones at once.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

from httpx import AsyncClient

from app.database import Database, Transaction
from app.measurement.iso_weeks import PERIODS, Period, end_of, start_of
from app.measurement.small_groups import Floor
from app.statements import Statement
from tests.conftest import Clock, Tenant
from tests.programs.test_adding import CONTRIBUTIONS, read
from tests.support.corrections import withdrawal
from tests.support.programmes import LATE, rating, send, shown, work

BLOCKS = Statement(
    "SELECT b.*, s.pooled, s.stage FROM program_blocks b JOIN program_series s"
    " ON s.tenant_id = b.tenant_id AND s.id = b.series_id"
    " WHERE b.tenant_id = $1 AND s.stage IN ('first', 'later')",
    ("tenant_id",),
    {},
)
QUERIES = [
    {"period": period} | programme | setting
    for period, programme, setting in product(
        PERIODS,
        ({}, {"program_ref": "north"}, {"program_ref": "south"}),
        ({}, {"setting": "counselling"}),
    )
]
Name = tuple[Any, str, date]
Variable = tuple[str, str, str]
"""Client, record and its value: what one version of a rating says."""
Combination = dict[Variable, Fraction]


class Attacker:
    """Remembers which versions of which records were in each figure that was shown."""

    def __init__(self, client: AsyncClient, database: Database, tenant: Tenant) -> None:
        self.client, self.database, self.tenant = client, database, tenant
        self.inside: dict[Name, frozenset[Variable]] = {}
        """Block -> what is in it, as it was last released."""
        self.releases: dict[Name, int] = {}
        self.seen: set[frozenset[Variable]] = set()
        """What was in each figure that some query showed."""

    async def look(self) -> None:
        """Ask everything, after whatever has happened."""
        async with self.database.transaction(self.tenant.id) as transaction:
            await self._learn(transaction)
            blocks = await read(transaction, BLOCKS)
        for query in QUERIES:
            for item in (await shown(self.client, **query))["items"]:
                self.seen.add(self._behind(item, query, blocks))

    async def _learn(self, transaction: Transaction) -> None:
        """What is in the blocks that were released since the last look."""
        blocks = await read(transaction, BLOCKS)
        rows = [row for row in await read(transaction, CONTRIBUTIONS) if row["scale"] == "total"]
        there = {(b["series_id"], b["period"], b["starts_on"]): b for b in blocks}
        for name, block in there.items():
            if self.releases.get(name) == block["releases"]:
                continue
            within = [row for row in rows if in_block(row, block, there)]
            total = sum((row["total"] for row in within), Decimal(0))
            assert total == Decimal(block["figures"]["total"]["total"])
            self.inside[name] = frozenset(
                (row["client_ref"], record, str(row["total"]))
                for row in within
                for record in row["records"]
            )
            self.releases[name] = block["releases"]

    def _behind(
        self, item: dict[str, Any], query: dict[str, str], blocks: Sequence[dict[str, Any]]
    ) -> frozenset[Variable]:
        """What is in a figure that was shown: the blocks that make it up give just its level."""
        start = date.fromisoformat(item["period"])
        used = [
            block
            for block in blocks
            if start <= block["starts_on"] < end_of(query["period"], start)  # type: ignore[arg-type]
            and (
                block["period"] in PERIODS[: PERIODS.index(query["period"]) + 1]
                or (block["period"] == "other" and query == {"period": "quarter"})
            )
            and self._of(block, query)
        ]
        figures = [block["figures"]["total"] for block in used]
        total = sum((Decimal(one["total"]) for one in figures), Decimal(0))
        ratings = sum(one["ratings"] for one in figures)
        assert item["level"]["value"] == round(float(total / ratings), 2)
        names = [(block["series_id"], block["period"], block["starts_on"]) for block in used]
        return frozenset().union(*(self.inside[name] for name in names))

    def _of(self, block: dict[str, Any], query: dict[str, str]) -> bool:
        wanted = query.get("program_ref")
        name = (block["series_id"], block["period"], block["starts_on"])
        return wanted is None or all(one[0].startswith(f"c-{wanted}") for one in self.inside[name])

    def least(self, random: Random, tries: int = 60) -> int:
        """The fewest clients that some combination of all that was seen rests on."""
        figures = sorted(self.seen, key=sorted)
        fewest = len({variable[0] for figure in figures for variable in figure})
        for combination in combinations(figures, random, tries):
            fewest = min(fewest, len({client for client, _, _ in combination}))
        return fewest


def in_block(row: dict[str, Any], block: dict[str, Any], there: dict[Name, Any]) -> bool:
    """Whether what an alliance adds belongs to a block and to no smaller one."""
    of = block["series_id"] if not block["pooled"] else row["series_id"]
    if row["series_id"] != of or row["stage"] != block["stage"]:
        return False
    smaller = PERIODS if block["pooled"] else PERIODS[: PERIODS.index(block["period"])]
    period: Period = "quarter" if block["pooled"] else block["period"]
    taken = any((of, one, start_of(one, row["week"])) in there for one in smaller)
    return start_of(period, row["week"]) == block["starts_on"] and not taken


def combinations(
    figures: Sequence[frozenset[Variable]], random: Random, tries: int
) -> Iterator[Combination]:
    """Differences of any two figures, and what exact elimination leaves in many orders."""
    vectors = [dict.fromkeys(figure, Fraction(1)) for figure in figures]
    for one, other in product(vectors, repeat=2):
        if one != other:
            yield less(one, other, Fraction(1))
    variables = sorted(set().union(*figures))
    for _ in range(tries):
        random.shuffle(variables)
        yield from eliminated(vectors, variables)


def less(one: Combination, other: Combination, times: Fraction) -> Combination:
    left = dict(one)
    for variable, value in other.items():
        left[variable] = left.get(variable, Fraction(0)) - times * value
    return {variable: value for variable, value in left.items() if value}


def eliminated(vectors: Sequence[Combination], order: Sequence[Variable]) -> list[Combination]:
    """The reduced rows: those with nothing in common with the others' leading variables."""
    rows: list[tuple[Variable, Combination]] = []
    for vector in vectors:
        left = vector
        for lead, row in rows:
            if lead in left:
                left = less(left, row, left[lead])
        if not left:
            continue
        lead = next(variable for variable in order if variable in left)
        left = {variable: value / left[lead] for variable, value in left.items()}
        rows = [(on, less(row, left, row[lead]) if lead in row else row) for on, row in rows]
        rows.append((lead, left))
    return [row for _, row in rows]


def story(random: Random) -> Iterator[list[dict[str, Any]]]:
    """What happens, one change at a time: late forms, corrections, moves, withdrawals, returns."""
    yield [rating(n, week, random.randint(1, 5)) for n in range(14) for week in range(2)]
    yield [rating(n, 0, 2, program_ref="south") for n in range(7)]
    versions: dict[tuple[int, int], int] = {}
    for step in range(27):
        number, week = random.randrange(14), random.randrange(2)
        version = versions.get((number, week), 1) + 1
        moved = rating(number, week, random.randint(1, 5), external_version=version)
        if step % 9 == 8:
            yield [rating(100 + 10 * step + n, step % 2, random.randint(1, 5)) for n in range(9)]
        elif step % 3 == 0:
            yield [rating(14 + step, random.randrange(2), random.randint(1, 5))]
        elif step % 3 == 1:
            versions[number, week] = version
            if random.random() < 0.5:
                moved["occasion"] = rating(number, 3 - week)["occasion"]
            yield [moved]
        elif random.random() < 0.5:
            versions[number, week] = version
            yield [withdrawal(moved, version)]
        else:
            yield [rating(7 + step, 0, random.randint(1, 5), program_ref="south")]


async def attacked(
    client: AsyncClient, database: Database, tenant: Tenant, floor: Floor, seed: int
) -> int:
    """The fewest clients that the attacker gets at."""
    random = Random(seed)  # noqa: S311 - no secret
    attacker = Attacker(client, database, tenant)
    for change in story(random):
        await send(client, change)
        await work(database, floor=floor)
        await attacker.look()
    assert len(attacker.seen) > 5
    return attacker.least(random)


async def test_no_combination_rests_on_fewer_than_ten_clients(
    client: AsyncClient, tenant: Tenant, database: Database, clock: Clock
) -> None:
    clock.fixed = LATE
    assert await attacked(client, database, tenant, Floor(), 1) >= 10


async def test_without_the_floor_single_clients_are_found(
    client: AsyncClient, tenant: Tenant, database: Database, clock: Clock
) -> None:
    clock.fixed = LATE
    assert await attacked(client, database, tenant, Floor(1, 1), 1) == 1
