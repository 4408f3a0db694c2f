"""Blocks: what of the figures may be shown, and when. See docs/explanation/small-groups.md."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from app.database import Transaction
from app.measurement.amounts import FIELDS, NOTHING, Amounts
from app.measurement.iso_weeks import PERIODS, end_of, midnight, start_of
from app.measurement.small_groups import FLOOR, Floor, Part, may_be_released
from app.programs import sealing_queries as queries
from app.programs.adding import SEALED_AFTER, amounts_of
from app.programs.series import FIELDS as SERIES_FIELDS
from app.programs.series import Series

OTHER: Final = "other"
"""A quarter of small leaf groups together."""
STEPS: Final = (*PERIODS, OTHER)
"""In which a week is tried: the first in which enough clients come together takes it for good."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Block:
    """One that is there or may come to be."""

    series: Series
    period: str
    start: date

    @property
    def end(self) -> date:
        """The Monday after it."""
        return end_of("quarter" if self.period == OTHER else _period(self.period), self.start)


def _period(name: str) -> Any:  # noqa: ANN401 - one of the literal names
    return name


def block_at(series: Series, step: int, week: date) -> Block:
    """The block of a step that a week of a leaf group's series would be in."""
    name = STEPS[step]
    start = start_of("quarter" if name == OTHER else _period(name), week)
    return Block(series.of_small_groups if name == OTHER else series, name, start)


async def look(transaction: Transaction, cell: Row, now: datetime, floor: Floor = FLOOR) -> None:
    """Look at one week of a series: in which block it is, or can be, and whether to release that.

    The caller holds the tenant's head, since an earlier statement.
    """
    series = series_from(await queries.series_row(transaction, cell["series_id"]))
    blocks = [block_at(series, step, cell["week"]) for step in range(len(STEPS))]
    there = await _there(transaction, blocks)
    taken = next((block for block in blocks if block in there), None)
    if taken is not None:
        await _try(transaction, taken, there[taken], now, floor)
        await queries.done_with(transaction, cell)
        return
    if await _try(transaction, blocks[cell["step"]], 0, now, floor):
        await queries.done_with(transaction, cell)
        return
    following = cell["step"] + 1
    if following == len(STEPS):
        # It waits: whatever comes to it has it looked at from the first step on.
        await queries.done_with(transaction, cell)
        return
    look_at = max(midnight(blocks[following].end) + SEALED_AFTER, cell["look_at"])
    await queries.look_later(transaction, cell, following, look_at)


def series_from(row: Row) -> Series:
    """The series that a row describes."""
    return Series(*(row[name] for name in SERIES_FIELDS))


async def _there(transaction: Transaction, blocks: Sequence[Block]) -> dict[Block, int]:
    """Those of the blocks that there are, with how often each was released."""
    ids = {block.series.id for block in blocks}
    start, end = min(b.start for b in blocks), max(b.end for b in blocks)
    found = {
        (row["series_id"], row["period"], row["starts_on"]): row["releases"]
        for row in await queries.blocks_within(transaction, ids, start, end)
    }
    named = {block: (block.series.id, block.period, block.start) for block in blocks}
    return {block: found[name] for block, name in named.items() if name in found}


async def _try(
    transaction: Transaction, block: Block, releases: int, now: datetime, floor: Floor
) -> bool:
    """Release the block as it is now, if it may be; whether it was."""
    rows = await _in_block(transaction, block)
    parts = list(parts_of(rows))
    records = frozenset().union(*(part.records for part in parts))
    before = await queries.released_of(transaction, records)
    if not may_be_released(parts, before, floor):
        return False
    if block.period == OTHER:
        named = dict(zip(SERIES_FIELDS, block.series, strict=True))
        await queries.put_pooled(transaction, named | {"id": block.series.id})
    row = {
        "series_id": block.series.id,
        "period": block.period,
        "starts_on": block.start,
        "releases": releases + 1,
        "released_at": now,
        "clients": len({part.client for part in parts if part.records}),
        "professionals": len({part.professional for part in parts if part.records}),
        "figures": figures_of(rows),
    }
    await queries.release(transaction, row, sorted(records))
    return True


async def _in_block(transaction: Transaction, block: Block) -> list[Row]:
    """What alliances add to a block: nothing that stands in a smaller one."""
    ids = [block.series.id]
    if block.period == OTHER:
        kind = dict(zip(SERIES_FIELDS, block.series, strict=True))
        ids = await queries.leaf_groups_of(transaction, kind)
    smaller = STEPS[: STEPS.index(block.period)]
    taken = {
        (row["series_id"], row["period"], row["starts_on"])
        for row in await queries.blocks_within(transaction, ids, block.start, block.end)
        if row["period"] in smaller
    }
    return [
        row
        for row in await queries.contributions_within(transaction, ids, block.start, block.end)
        if not any(
            (row["series_id"], name, start_of(_period(name), row["week"])) in taken
            for name in smaller
        )
    ]


def parts_of(rows: Iterable[Row]) -> Iterable[Part]:
    """Whose records the rows add up. One reference of two sources may be two people, or one."""
    for row in rows:
        source = row["source"]
        yield Part(
            f"{source}\n{row['client_ref']}",
            f"{source}\n{row['professional_ref']}",
            frozenset(row["records"]),
        )


def figures_of(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """Scale -> its amounts as JSON, exact numbers as text.

    Changes since the first rating are not among them: from them and the levels of earlier weeks it
    could be worked out what those said who came no more.
    """
    by_scale: dict[str, Amounts] = {}
    for row in rows:
        by_scale[row["scale"]] = by_scale.get(row["scale"], NOTHING) + amounts_of(row)
    return {scale: as_figures(amounts) for scale, amounts in sorted(by_scale.items())}


def as_figures(amounts: Amounts) -> dict[str, Any]:
    """Amounts as a block keeps them."""
    kept = {name: getattr(amounts, name) for name in FIELDS if not name.startswith("change")}
    return kept | {"total": str(amounts.total), "squares": str(amounts.squares)}


def figures_read(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, Amounts]:
    """Scale -> the amounts that a block keeps."""
    return {scale: _amounts_read(kept) for scale, kept in figures.items()}


def _amounts_read(kept: Mapping[str, Any]) -> Amounts:
    lists = {name: tuple(one) for name, one in kept.items() if isinstance(one, list)}
    exact = {name: Decimal(one) for name, one in kept.items() if isinstance(one, str)}
    return Amounts(**{**kept, **lists, **exact})
