"""One page of an export, read in one transaction, judged for its reader as it is read."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID

from app.database import NO_TENANT, Database, Row, Transaction
from app.exports import page_queries as queries
from app.exports.columns import Kind
from app.exports.csv_text import with_line_ends
from app.exports.page_queries import Shape
from app.exports.wanted import Wanted
from app.responses.service import judged_now
from app.responses.visibility import item_readers, score_readers
from app.tenants.notices import SYSTEM

T = TypeVar("T")
BEGINNING: Final = NO_TENANT
"""Before every record: no id is smaller than the one of nothing but zeros."""
PAGE_SIZE: Final[Mapping[Kind, int]] = {
    "responses": 5000,
    "scores": 1500,
    "signals": 4000,
    "alliances": 5000,
}
"""How many records one transaction looks at: some 100 ms of work, and a few MB."""
AHEAD: Final = 2
"""How many pages are read at a time: so that writing them out, and one more core, are of use."""


@dataclass(frozen=True, slots=True)
class Page:
    """Part of an export."""

    last: UUID
    """The last record that was looked at."""
    rows: int
    content: bytes
    """As it stands in the file."""
    values: Sequence[Row] = ()
    """Instead of the content, where the file is made later."""


async def page_after(
    transaction: Transaction, wanted: Wanted, after: UUID, size: int | None = None
) -> Page | None:
    """The rows of the next records after this one; None: there are no more records.

    A page may be without rows: it looks at as many records whatever the filters leave of them.
    """
    last = await page_end(transaction, wanted, after, size)
    return None if last is None else await page_between(transaction, wanted, after, last)


async def page_end(
    transaction: Transaction, wanted: Wanted, after: UUID, size: int | None = None
) -> UUID | None:
    """The last record of the page after this one; None: there are no more records."""
    kind = wanted.request.kind
    return await queries.page_end(transaction, kind, after, size or PAGE_SIZE[kind])


async def page_between(transaction: Transaction, wanted: Wanted, after: UUID, last: UUID) -> Page:
    """The rows of the records after the one, up to the other."""
    request, shape = wanted.request, wanted.shape()
    values: dict[str, Any] = {
        **wanted.filters,
        "after": after,
        "last": last,
        "as_of": wanted.as_of,
        "reader": wanted.reading.kind,
    }
    if request.kind == "signals":
        values |= await _signals_wanted(transaction, wanted, shape, values)
    else:
        values |= await _judged(transaction, wanted, after, last)
    if shape.written == "typed":
        found = await queries.typed(transaction, shape, values)
        return Page(last, len(found), b"", found)
    content, rows = await queries.copied(transaction, shape, values)
    return Page(last, rows, with_line_ends(content, rows) if shape.written == "csv" else content)


async def pages(database: Database, tenant_id: UUID, wanted: Wanted) -> AsyncGenerator[Page]:
    """Every page of an export, each in a transaction of its own that ends before it is given.

    So whoever takes the pages slowly, or stops taking them, holds nothing of the database. AHEAD
    pages are read meanwhile, side by side, and no more.
    """

    async def end(after: UUID) -> UUID | None:
        async with database.transaction(tenant_id) as transaction:
            return await page_end(transaction, wanted, after)

    async def read(after: UUID, last: UUID) -> Page:
        async with database.transaction(tenant_id) as transaction:
            return await page_between(transaction, wanted, after, last)

    coming: deque[asyncio.Task[Page]] = deque()
    looking = _begun(end(BEGINNING))
    after: UUID = BEGINNING
    try:
        # Shielded: a caller who is cancelled again and again would cut off its rollback too.
        last = await asyncio.shield(looking)
        while last is not None or coming:
            while last is not None and len(coming) < AHEAD:
                coming.append(_begun(read(after, last)))
                looking = _begun(end(last))
                after, last = last, await asyncio.shield(looking)
            page = await asyncio.shield(coming[0])
            coming.popleft()
            yield page
    finally:
        under_way = {looking, *coming}
        for task in under_way:
            task.cancel()
        await asyncio.wait(under_way)


def _begun(reading: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """The reading under way; what becomes of it is known even if nobody waits for it any more."""
    task = asyncio.create_task(reading)
    task.add_done_callback(lambda one: one.cancelled() or one.exception())
    return task


async def _signals_wanted(
    transaction: Transaction, wanted: Wanted, shape: Shape, values: Mapping[str, Any]
) -> dict[str, list[UUID]]:
    seen = await queries.signals_seen(
        transaction, wanted.reading, shape.given - {SYSTEM, "all"}, values
    )
    return {
        "wanted": [row["id"] for row in seen],
        "with_numbers": [row["id"] for row in seen if row["numbers"]],
    }


async def _judged(
    transaction: Transaction, wanted: Wanted, after: UUID, last: UUID
) -> dict[str, list[UUID]]:
    """The ids of a page that have to be known before its rows are asked for.

    own: given by the person acting. withheld_answers, withheld_scores: a later version was given
    with a narrower notice, and an older one never shows more.
    """
    request, reading = wanted.request, wanted.reading
    found: dict[str, list[UUID]] = {"own": [], "withheld_answers": [], "withheld_scores": []}
    if request.program_ref is not None:
        found["wanted"] = await queries.ids_of_programme(
            transaction, request.kind, request.program_ref, after, last
        )
    if request.kind == "alliances":
        return found
    if reading.rater_ref is not None:
        found["own"] = await queries.own_ids(transaction, reading, after, last)
    replaced = await queries.replaced(transaction, after, last)
    for row in await judged_now(transaction, replaced):
        later = row["later_notices"]
        if not all(reading.kind in item_readers(notice) for notice in later):
            found["withheld_answers"].append(row["id"])
        if not all(reading.kind in score_readers(notice) for notice in later):
            found["withheld_scores"].append(row["id"])
    return found
