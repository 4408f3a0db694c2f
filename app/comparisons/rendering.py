"""From kept comparisons to answers. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.comparisons.compared import Compared, Measured, compared, pooled_sd
from app.comparisons.parting import LEAST_UNITS
from app.comparisons.schemas import (
    AllOut,
    By,
    CaseMixOut,
    ComparisonOut,
    DeviationOut,
    FunnelOut,
    LimitsOut,
    QuartersOut,
    UnitOut,
)
from app.comparisons.window import Window
from app.measurement.coverage import sufficiency
from app.measurement.funnel import FunnelFigure, Limits, Point
from app.measurement.key import Scale, ScoringKey
from app.measurement.shrinkage import Deviation

Row = Mapping[str, Any]
TOO_FEW_UNITS: Final = "too_few_units"
RATING_NUMBER: Final = "rating_number"
SAME: Final = ("instrument", "form", "language", "rater_role", "setting")
NOT_ADJUSTED: Final = ("session_number", "mode", "assistance", "who_is_referred", "who_answers")
DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Range:
    """A scale's possible range in its unit."""

    least: float
    reach: float
    unit: str

    def value(self, at: float) -> float:
        """The value that lies so many hundredths of the range above its least."""
        return round(self.least + at / 100 * self.reach, DIGITS)

    def difference(self, hundredths: float) -> float:
        """A difference of so many hundredths of the range."""
        return round(hundredths / 100 * self.reach, DIGITS)


@dataclass(frozen=True, slots=True)
class _Unit:
    ref: str
    source: str | None
    window: QuartersOut
    measured: Measured
    coverage: int | None


def range_of(key: ScoringKey, scale: Scale) -> Range:
    """What values the scale can have, in its unit."""
    items = len(scale.items) if scale.unit == "sum" else 1
    return Range(float(key.low * items), float((key.high - key.low) * items), scale.unit)


def of_professionals(row: Row, reach: Range, own: str | None) -> ComparisonOut:
    """The professionals of a programme. own: whose own figures alone are shown; None: all."""
    kept: dict[str, Any] = row["figures"] or {}
    window = _window(row)
    units = [
        _Unit(
            unit["ref"],
            unit["source"],
            window,
            Measured(unit["clients"], unit["at"]),
            unit["coverage"],
        )
        for unit in kept.get("units", ())
    ]
    everybody = None
    if kept:
        everybody = AllOut(clients=kept["clients"], mean=reach.value(kept["at"]))
    return _comparison(
        "professional",
        [row],
        reach,
        units,
        kept.get("client_sd", 0),
        all=everybody,
        coverage=_share(row["coverage"]),
        withheld=row["withheld"],
        others=kept.get("others", False),
        warnings=_warnings(row["coverage"]),
        is_shown=lambda unit: own is None or unit.ref == own,
    )


def of_programmes(rows: Sequence[Row], reach: Range, only: str | None) -> ComparisonOut:
    """Programmes that are alike in setting, stream kind and scale; rows: one of each.

    only: the one that is shown among all; None: all are.
    """
    with_figures = [row for row in rows if row["figures"]]
    units = [
        _Unit(
            row["program_ref"],
            None,
            _window(row),
            Measured(row["figures"]["clients"], row["figures"]["at"]),
            row["coverage"],
        )
        for row in with_figures
    ]
    spreads = [(row["figures"]["clients"], row["figures"]["client_sd"]) for row in with_figures]
    return _comparison(
        "program",
        rows,
        reach,
        units,
        pooled_sd(spreads) if spreads else 0,
        all=None,
        coverage=None,
        withheld=None,
        others=len(with_figures) < len(rows),
        warnings=[],
        is_shown=lambda unit: only is None or unit.ref == only,
    )


def drawing(shown: ComparisonOut) -> FunnelFigure | None:
    """The funnel of an answer as it is drawn; None: nobody is compared."""
    if shown.funnel is None:
        return None
    return FunnelFigure(
        shown.funnel.centre,
        tuple(Point(one.ref, one.clients, one.mean, one.position) for one in shown.units),
        tuple(Limits(**one.model_dump()) for one in shown.funnel.limits),
    )


def _comparison(
    by: By,
    rows: Sequence[Row],
    reach: Range,
    units: Sequence[_Unit],
    client_sd: float,
    *,
    is_shown: Callable[[_Unit], bool],
    withheld: str | None,
    warnings: list[str],
    **fields: Any,  # noqa: ANN401 - of ComparisonOut
) -> ComparisonOut:
    if withheld is None and len(units) < LEAST_UNITS:
        withheld = TOO_FEW_UNITS
    found = None
    if withheld is None:
        found = compared(tuple(unit.measured for unit in units), client_sd)
    shown = [
        _unit(unit, found, place, reach)
        for place, unit in enumerate(units)
        if found is not None and is_shown(unit)
    ]
    if any(unit.coverage is not None and sufficiency(unit.coverage) == "low" for unit in shown):
        warnings = [*warnings, "low_coverage_of_units"]
    return ComparisonOut(
        by=by,
        **_what(by, rows),
        unit=reach.unit,
        withheld=withheld,
        warnings=warnings,
        units=shown,
        share_of_units=None if found is None else round(found.found.share, DIGITS),
        dependable_from=None if found is None else found.dependable_from,
        funnel=None if found is None else _funnel(found, reach),
        case_mix=_case_mix(by, rows),
        **fields,
    )


def _what(by: By, rows: Sequence[Row]) -> dict[str, Any]:
    """What is compared, and of when; rows that are alike but for the programme."""
    row = rows[0]
    windows = [_window(one) for one in rows]
    return {
        **{name: row[name] for name in ("instrument", "form", "language", "rater_role", "scale")},
        "program_ref": row["program_ref"] if by == "professional" else None,
        "setting": row["setting"] or None,
        "instrument_revision": row["revision"],
        "window": QuartersOut(
            starts_on=min(one.starts_on for one in windows),
            ends_on=max(one.ends_on for one in windows),
        ),
        "made_at": max(one["made_at"] for one in rows),
    }


def _case_mix(by: By, rows: Sequence[Row]) -> CaseMixOut:
    adjusted = all((one["figures"] or {}).get("adjusted", False) for one in rows)
    return CaseMixOut(
        adjusted=[RATING_NUMBER] if adjusted else [],
        same=["program_ref", *SAME] if by == "professional" else list(SAME),
        not_adjusted=[*([] if adjusted else [RATING_NUMBER]), *NOT_ADJUSTED],
    )


def _unit(unit: _Unit, found: Compared, place: int, reach: Range) -> UnitOut:
    deviation = found.deviations[place]
    return UnitOut(
        ref=unit.ref,
        source=unit.source,
        window=unit.window,
        clients=unit.measured.clients,
        mean=reach.value(unit.measured.at),
        deviation=_deviation(deviation, reach),
        weight=round(deviation.weight, DIGITS),
        position=found.positions[place],
        clearly_below=deviation.clearly_below,
        coverage=_share(unit.coverage),
    )


def _deviation(deviation: Deviation, reach: Range) -> DeviationOut:
    low, high = deviation.low, deviation.high
    return DeviationOut(
        value=reach.difference(deviation.value),
        low=None if low is None else reach.difference(low),
        high=None if high is None else reach.difference(high),
    )


def _funnel(found: Compared, reach: Range) -> FunnelOut:
    return FunnelOut(
        centre=reach.value(found.funnel.centre),
        limits=[
            LimitsOut(
                clients=int(one.clients),
                low_95=reach.value(one.low_95),
                high_95=reach.value(one.high_95),
                low_998=reach.value(one.low_998),
                high_998=reach.value(one.high_998),
            )
            for one in found.limits
        ],
    )


def _warnings(coverage: int | None) -> list[str]:
    told = {"low": ["low_coverage"], "unknown": ["coverage_unknown"]}
    return told.get(sufficiency(_share(coverage)), [])


def _share(hundredths: int | None) -> float | None:
    return None if hundredths is None else hundredths / 100


def _window(row: Row) -> QuartersOut:
    window = Window(row["starts_on"], row["ends_before"])
    return QuartersOut(starts_on=window.starts_on, ends_on=window.ends_on)
