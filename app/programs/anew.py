"""Everything of a tenant made anew, in pieces: first the weekly sums, then alliance by alliance.

Nothing is taken away first: each piece is put right where it stands, so whoever reads meanwhile
finds all that was there before. Where it stands is written in the tenant's head, in the place of
the basis, so any worker goes on with it, and one that is killed loses a piece at most.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final
from uuid import UUID

from app.database import NO_TENANT, Row, Transaction
from app.measurement.amounts import NOTHING, Amounts
from app.programs import anew_queries, queries
from app.programs.adding import WEEK_KEY, amounts_of, amounts_row
from app.programs.anew_queries import Place

ROWS: Final = 2000
"""How many rows of what alliances add one transaction goes through, or one week of a series."""
WEEKS: Final = "weeks "
"""In the place of the basis while weekly sums are made anew; the week of the last stands after."""
ALLIANCES: Final = "anew "
"""Before the basis while alliances are made anew because somebody asked for it."""
START: Final = (NO_TENANT, date.min)
END: Final = (UUID(int=2**128 - 1), date.max)


def under_way(head: Row) -> bool:
    """Whether everything is being made anew because somebody asked for it."""
    return str(head["basis"]).startswith((WEEKS, ALLIANCES))


def weeks_done_to(head: Row) -> Place | None:
    """Up to where the weekly sums are made anew; None: they are not being made anew."""
    basis: str = head["basis"]
    if not basis.startswith(WEEKS):
        return None
    return head["swept_to"], date.fromisoformat(basis.removeprefix(WEEKS))


async def advance(transaction: Transaction, position: int, done_to: Place | None) -> None:
    """Write down how far the weekly sums are made anew; None: all are, and alliances come next."""
    if done_to is None:
        await queries.advance(transaction, position, ALLIANCES, NO_TENANT)
    else:
        series_id, week = done_to
        await queries.advance(transaction, position, f"{WEEKS}{week.isoformat()}", series_id)


async def next_weeks(transaction: Transaction, after: Place) -> Place | None:
    """Make the next weekly sums anew, from what alliances add; up to where. None: to the end.

    The caller holds the tenant's head, since an earlier statement.
    """
    added, end = await _whole_weeks(transaction, after)
    sums = _summed(added)
    before = {
        _key(row): (row["contributions"], amounts_of(row))
        for row in await anew_queries.weeks_within(transaction, after, end)
    }
    gone = [_named(key) for key in before if key not in sums]
    wrong = [
        _named(key) | {"contributions": count} | amounts_row(amounts)
        for key, (count, amounts) in sums.items()
        if before.get(key) != (count, amounts)
    ]
    await queries.replace_weeks(transaction, gone, wrong)
    return None if end == END else end


async def _whole_weeks(transaction: Transaction, after: Place) -> tuple[list[Row], Place]:
    """What alliances add to the next weeks of series, each of them whole, and the last of those."""
    found = await anew_queries.added_after(transaction, after, ROWS)
    if len(found) < ROWS:
        return found, END
    last = _place(found[-1])
    whole = [row for row in found if _place(row) != last]
    if whole:
        return whole, _place(whole[-1])
    return await anew_queries.added_at(transaction, last), last


def _summed(rows: Iterable[Row]) -> dict[tuple[Any, ...], tuple[int, Amounts]]:
    sums: dict[tuple[Any, ...], tuple[int, Amounts]] = {}
    for row in rows:
        count, amounts = sums.get(_key(row), (0, NOTHING))
        sums[_key(row)] = count + 1, amounts + amounts_of(row)
    return sums


def _place(row: Row) -> Place:
    return row["series_id"], row["week"]


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in WEEK_KEY)


def _named(key: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(WEEK_KEY, key, strict=True))
