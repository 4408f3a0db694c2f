"""Reading what is shown of programmes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Self

from app.database import Transaction
from app.errors import FieldError, InvalidRequest
from app.instruments.definitions import Catalogue
from app.instruments.own import with_own
from app.measurement.iso_weeks import PERIODS, Period, end_of, start_of, starts_within
from app.programs import sealing_queries
from app.programs.schemas import CASE_MIX, SummaryOut, SummaryPage
from app.programs.sealing import OTHER
from app.programs.summaries import left_out_of, summaries_of, sums_of, withheld_of

MOST_PERIODS: Final = 120
"""In one answer: ten years of months, and more than two of weeks."""
USUAL_PERIODS: Final = 12
"""How many are shown where nobody says from when."""


@dataclass(frozen=True, slots=True)
class Window:
    """The periods that are asked for."""

    period: Period
    starts: tuple[date, ...]
    """The Mondays with which they begin, in order."""

    @classmethod
    def of(cls, period: Period, start: date | None, end: date | None, today: date) -> Self:
        """The whole periods that hold these days. Raises InvalidRequest for none or too many."""
        last = end or today
        first = start or _back(period, last)
        if first > last:
            detail = "It is after the last day."
            raise InvalidRequest.of(FieldError("#/query/from", "after_to", detail))
        starts = starts_within(period, first, last)
        if len(starts) > MOST_PERIODS:
            detail = f"At most {MOST_PERIODS} periods in one answer."
            raise InvalidRequest.of(FieldError("#/query/from", "too_many_periods", detail))
        return cls(period, tuple(starts))

    @property
    def end(self) -> date:
        """The Monday after them."""
        return end_of(self.period, self.starts[-1])


def _back(period: Period, last: date) -> date:
    """The start of the first of the usual number of periods up to the one that holds last."""
    first = start_of(period, last)
    for _ in range(USUAL_PERIODS - 1):
        first = start_of(period, first - timedelta(days=1))
    return first


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for."""

    window: Window
    filters: Mapping[str, str | None]
    """program_ref, setting, instrument, form, language or scale -> which; None: all."""

    @property
    def named(self) -> dict[str, object]:
        """All of it, under one name each: what pages of one list have in common."""
        window = self.window
        times = {"period": window.period, "from": window.starts[0], "to": window.starts[-1]}
        return {**self.filters, **times}

    @property
    def given(self) -> dict[str, str]:
        """The filters that narrow it."""
        return {name: value for name, value in self.filters.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is shown of a window."""

    items: tuple[tuple[str, SummaryOut], ...]
    """Each under a name; in the order of names."""
    rest: SummaryPage
    """What belongs to every page, without items."""

    def following(self, after: str | None) -> list[tuple[str, SummaryOut]]:
        """The items that follow a name; None: all."""
        return [one for one in self.items if after is None or one[0] > after]


async def shown(
    transaction: Transaction, catalogue: Catalogue, asked: Asked, now: datetime
) -> Shown:
    """What is shown of what is asked for: sums of released blocks, and nothing else."""
    window, filters = asked.window, asked.given
    blocks = await sealing_queries.shown_blocks(
        transaction,
        {name: value for name, value in filters.items() if name != "scale"},
        _periods(window, filters),
        window.starts[0],
        window.end,
    )
    dated = [block for block in blocks if block["starts_on"] >= window.starts[0]]
    sums = sums_of(dated, window.period)
    catalogue = await with_own(transaction, catalogue, {block["instrument"] for block in dated})
    found = summaries_of(sums, catalogue, window.period, filters.get("scale"), now)
    return Shown(
        tuple(("\x1f".join(map(str, kind)), one) for kind, one in found),
        SummaryPage(
            items=[],
            next_cursor=None,
            withheld=withheld_of(window.starts, (kind for kind, _ in found), window.period, now),
            left_out=left_out_of(blocks),
            as_of=max((block["released_at"] for block in blocks), default=None),
            case_mix=CASE_MIX,
        ),
    )


def _periods(window: Window, filters: Mapping[str, str]) -> list[str]:
    """The kinds of blocks that make up a period; small groups together belong to none alone."""
    periods: list[str] = list(PERIODS[: PERIODS.index(window.period) + 1])
    if window.period == PERIODS[-1] and not filters.keys() & {"program_ref", "setting"}:
        periods.append(OTHER)
    return periods
