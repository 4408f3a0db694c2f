"""From released blocks to what is shown of a period."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import sqrt
from typing import Any, Final, NamedTuple

from app.instruments.definitions import Catalogue
from app.measurement.amounts import BINS, NOTHING, REACH, Amounts, Level, level, quantile
from app.measurement.coverage import sufficiency
from app.measurement.iso_weeks import Period, end_of, midnight, start_of
from app.measurement.key import Scale
from app.measurement.proportion import wilson
from app.measurement.small_groups import rounded_count
from app.programs.adding import SEALED_AFTER
from app.programs.schemas import (
    BinOut,
    CoverageOut,
    DistributionOut,
    DropsOut,
    IntervalOut,
    LeftOutOut,
    RateOut,
    ShareOut,
    SummaryOut,
    WithheldOut,
)
from app.programs.sealing import figures_read
from app.programs.series import BOTH_SIDES, COMPLETED, FIRST, HELD, INVITED, LATER, LEFT_OUT

Row = Mapping[str, Any]
CEILING: Final = 0.15
"""Share of ratings at the top from which a ceiling is named (Terwee et al., 2007, Journal of
Clinical Epidemiology 60, 34-42). That the top is the highest twentieth of the range: house rule."""
LEAST_DROPS: Final = 10
"""Fewer are no base for a share. House rule."""


class Kind(NamedTuple):
    """What is never pooled with another, in the order in which it is shown."""

    period: date
    instrument: str
    revision: str
    form: str
    language: str
    rater_role: str
    scale: str


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum of blocks."""

    amounts: Amounts = NOTHING
    clients: int = 0
    """Of the largest block: at least so many."""

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.amounts + other.amounts, max(self.clients, other.clients))


Sums = dict[Kind, dict[str, Sum]]
"""Kind -> stage -> sum of the blocks of a period."""


def sums_of(blocks: Iterable[Row], period: Period) -> Sums:
    """The sums of the blocks for each period that they are in."""
    sums: Sums = {}
    for block in blocks:
        start = start_of(period, block["starts_on"])
        named = {name: block[name] for name in Kind._fields[1:-1]}
        kind = Kind(period=start, scale="", **named)
        for scale, amounts in figures_read(block["figures"]).items():
            of_kind = sums.setdefault(kind._replace(scale=scale), {})
            before = of_kind.get(block["stage"], Sum())
            of_kind[block["stage"]] = before + Sum(amounts, block["clients"])
    return sums


def summaries_of(
    sums: Sums, catalogue: Catalogue, period: Period, scale: str | None, now: datetime
) -> list[tuple[Kind, SummaryOut]]:
    """What is shown of ratings, in the order of kinds. scale None: of all."""
    return [
        (kind, _summary(kind, sums, catalogue, period, now))
        for kind in sorted(sums)
        if sums[kind].keys() & {FIRST, LATER} and scale in {None, kind.scale}
    ]


def is_over(period: Period, start: date, now: datetime) -> bool:
    """Whether a period has been over for as long as forms may be late."""
    return now >= midnight(end_of(period, start)) + SEALED_AFTER


def withheld_of(
    periods: Iterable[date], shown: Iterable[Kind], period: Period, now: datetime
) -> list[WithheldOut]:
    """The periods of which nothing is shown, and why. Nothing and too little look the same."""
    there = {kind.period for kind in shown}
    return [
        WithheldOut(period=one, reason="too_few" if is_over(period, one, now) else "not_over")
        for one in periods
        if one not in there
    ]


def left_out_of(blocks: Iterable[Row]) -> list[LeftOutOut]:
    """How many responses are in no figure, by reason and kind, as far as they may be shown."""
    counts: dict[tuple[str, ...], int] = {}
    for block in blocks:
        if block["stage"] in LEFT_OUT:
            key = tuple(
                block[name] for name in ("stage", "instrument", "form", "language", "rater_role")
            )
            amounts = figures_read(block["figures"])[""]
            counts[key] = counts.get(key, 0) + amounts.ratings
    return [
        LeftOutOut(
            reason=key[0],
            instrument=key[1],
            form=key[2],
            language=key[3],
            rater_role=key[4],
            responses=rounded_count(count),
        )
        for key, count in sorted(counts.items())
    ]


@dataclass(frozen=True, slots=True)
class Ruler:
    """From a scale's sums to its unit."""

    divisor: int
    low: float
    high: float

    def shown(self, value: float) -> float:
        """A place on the scale in its unit, with two decimals, not beyond its ends."""
        return round(min(max(value / self.divisor, self.low), self.high), 2)


def _ruler(scale: Scale, low: Decimal, high: Decimal) -> Ruler:
    items = len(scale.items)
    if scale.unit == "sum":
        return Ruler(1, float(low * items), float(high * items))
    return Ruler(items, float(low), float(high))


def _summary(
    kind: Kind, sums: Sums, catalogue: Catalogue, period: Period, now: datetime
) -> SummaryOut:
    stages = {stage: one for stage, one in sums[kind].items() if stage in {FIRST, LATER}}
    whole = sum(stages.values(), Sum())
    key = catalogue.definition(kind.instrument, kind.revision).forms[kind.form].key
    scale = next(one for one in key.scales if one.id == kind.scale)
    ruler = _ruler(scale, key.low, key.high)
    found = level(whole.amounts, whole.clients)
    assert found is not None  # noqa: S101 - a block has ratings
    return SummaryOut(
        period=kind.period,
        until=end_of(period, kind.period) - timedelta(days=1),
        over=is_over(period, kind.period, now),
        instrument=kind.instrument,
        instrument_revision=kind.revision,
        form=kind.form,
        language=kind.language,
        rater_role=kind.rater_role,
        scale=kind.scale,
        component=scale.component,
        unit=scale.unit,
        clients=rounded_count(whole.clients),
        ratings=rounded_count(whole.amounts.ratings),
        stages=sorted(stages),
        level=_level_out(found, ruler),
        change=_change_out(stages, ruler),
        distribution=_distribution_out(whole.amounts.bins, ruler),
        drops=_drops_out(whole.amounts),
        coverage=_coverage_out(kind, sums),
    )


def _level_out(found: Level, ruler: Ruler) -> IntervalOut:
    reach = REACH * found.standard_error
    value, low, high = (ruler.shown(found.mean + by) for by in (0.0, -reach, reach))
    return IntervalOut(value=value, low=low, high=high)


def _change_out(stages: Mapping[str, Sum], ruler: Ruler) -> IntervalOut | None:
    first, later = (
        level(stages[stage].amounts, stages[stage].clients) if stage in stages else None
        for stage in (FIRST, LATER)
    )
    if first is None or later is None:
        return None
    difference = (later.mean - first.mean) / ruler.divisor
    # As if they were other clients; where they are the same ones, it is less.
    error = sqrt(first.standard_error**2 + later.standard_error**2) / ruler.divisor
    reach = REACH * error
    return IntervalOut(
        value=round(difference, 2),
        low=round(difference - reach, 2),
        high=round(difference + reach, 2),
    )


def _distribution_out(bins: Sequence[int], ruler: Ruler) -> DistributionOut:
    width = (ruler.high - ruler.low) / BINS

    def place(share: float) -> float:
        return round(ruler.low + width * (quantile(bins, share) or 0.0), 2)

    at_ceiling = bins[-1] / sum(bins)
    return DistributionOut(
        bins=[
            BinOut(
                low=round(ruler.low + width * index, 4),
                high=round(ruler.low + width * (index + 1), 4),
                ratings=rounded_count(count),
            )
            for index, count in enumerate(bins)
            if rounded_count(count)
        ],
        lower_quartile=place(0.25),
        median=place(0.5),
        upper_quartile=place(0.75),
        at_ceiling=round(at_ceiling, 2),
        ceiling=at_ceiling > CEILING,
    )


def _drops_out(amounts: Amounts) -> DropsOut:
    ended = amounts.drops_repaired + amounts.drops_unrepaired + amounts.drops_ended_open
    timed = sum(amounts.repair_weeks)
    weeks = quantile(amounts.repair_weeks, 0.5) if timed >= LEAST_DROPS else None
    return DropsOut(
        opened=rounded_count(amounts.drops_opened),
        ended=rounded_count(ended),
        repaired=_share_out(amounts.drops_repaired, ended),
        ended_while_open=_share_out(amounts.drops_ended_open, ended),
        median_days_to_repair=None if weeks is None else round(7 * weeks, 1),
    )


def _share_out(cases: int, of: int) -> ShareOut | None:
    found = wilson(cases, of) if of >= LEAST_DROPS else None
    if found is None:
        return None
    return ShareOut(share=round(found.share, 2), low=round(found.low, 2), high=round(found.high, 2))


def _coverage_out(kind: Kind, sums: Sums) -> CoverageOut:
    """Of the same form and rater, in whatever language: who did not answer has none."""
    asked = asked_by(kind, instrument=kind.instrument, form=kind.form, role=kind.rater_role)
    invited = sums.get(asked._replace(scale=COMPLETED), {}).get(INVITED)
    held = sums.get(asked_by(kind)._replace(scale=BOTH_SIDES), {}).get(HELD)
    completed = _rate_out(invited)
    rate = None if invited is None else float(invited.amounts.total) / invited.amounts.ratings
    return CoverageOut(
        completed=completed, both_sides=_rate_out(held), sufficiency=sufficiency(rate)
    )


def asked_by(kind: Kind, instrument: str = "", form: str = "", role: str = "") -> Kind:
    """Under what name the coverage of a kind's period is kept."""
    return Kind(kind.period, instrument, "", form, "", role, "")


def _rate_out(found: Sum | None) -> RateOut | None:
    if found is None:
        return None
    share = wilson(int(found.amounts.total), found.amounts.ratings)
    if share is None:
        return None
    return RateOut(
        share=round(share.share, 2),
        low=round(share.low, 2),
        high=round(share.high, 2),
        of=rounded_count(found.amounts.ratings),
    )
