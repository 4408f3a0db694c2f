"""A page of a caseload as a strip and as a table: what the list shows one reader, and no more."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.caseloads.schemas import CaseOut, RatingHere, RecentHere, StreamHere
from app.charts.figures import Span, Table
from app.charts.strip import SIDES, Spark, Strip, StripRow, standing_in_words
from app.charts.words import Words

NOTHING: Final = "\N{EN DASH}"
NO_SPAN: Final = Span(0.0, 1.0)
"""Of a row without a line."""
Names = Mapping[str, str]
"""Instrument -> what it is called."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """One stream that a row shows."""

    stream: StreamHere
    recent: RecentHere


def strip_of(cases: Sequence[CaseOut], names: Names, words: Words) -> Strip:
    """The alliances in the order of the list. names: of the instruments that they were rated with.

    A row shows both sides on one scale of one instrument, the one that was rated last. They are
    never averaged, and a stream in another language is a line of its own.
    """
    labels = _labels(cases)
    rows = [_row(case, label, names, words) for case, label in zip(cases, labels, strict=True)]
    return Strip("", tuple(rows))


def table_of(cases: Sequence[CaseOut], strip: Strip, names: Names, words: Words) -> Table:
    """The same to be read: a row for each line, and one for each alliance without any."""
    heads = ("alliance", "scale", "rater", "latest", "state_now")
    rows = [
        cells
        for case, row in zip(cases, strip.rows, strict=True)
        for cells in _cells(case, row, names, words)
    ]
    columns = tuple(words(f"col_{name}") for name in heads)
    return Table(words("table_strip"), columns, tuple(rows), roomy=True)


def _cells(case: CaseOut, row: StripRow, names: Names, words: Words) -> Iterator[tuple[str, ...]]:
    standing = ", ".join(standing_in_words(row, words)) or NOTHING
    shown = _shown(case)
    if not shown:
        yield (row.label, NOTHING, NOTHING, NOTHING, standing)
    for one in shown:
        ratings = ", ".join(_rating(each, words) for each in one.recent.ratings)
        rater = words.of("roles", one.stream.rater.role)
        measure = _measure(one, names, words)
        yield (row.label, measure, rater, ratings, standing)


def _rating(rating: RatingHere, words: Words) -> str:
    value = rating.value
    said = words.of("status", rating.status) if value is None else words.number(value)
    return said if rating.on is None else f"{said} ({rating.on.isoformat()})"


def _row(case: CaseOut, label: str, names: Names, words: Words) -> StripRow:
    shown = _shown(case)
    days = [stream.days_since_last_rating for stream in case.streams]
    return StripRow(
        label,
        tuple(
            Spark(one.stream.rater.role, tuple(rating.value for rating in one.recent.ratings))
            for one in shown
        ),
        Span(shown[0].recent.low, shown[0].recent.high) if shown else NO_SPAN,
        open_drop=case.open_drops > 0,
        signal=case.signals.worst,
        silent=bool(case.silent),
        days_since=min((day for day in days if day is not None), default=None),
        measure=_measure(shown[0], names, words) if shown else "",
    )


def _measure(one: _Shown, names: Names, words: Words) -> str:
    return words(
        "strip_measure",
        instrument=names[one.stream.instrument],
        scale=words.scale(one.recent.scale, one.recent.component),
        range=words(
            "range",
            unit=words.of("unit", one.recent.unit),
            low=words.number(one.recent.low),
            high=words.number(one.recent.high),
        ),
    )


def _shown(case: CaseOut) -> list[_Shown]:
    """Both sides' own views on what was rated last; where that is a tie, by the name."""
    kinds: dict[tuple[str, str, str, float, float], list[_Shown]] = {}
    for stream in case.streams:
        recent, rater = stream.recent, stream.rater
        own = rater.role in SIDES and stream.form == rater.role and rater.proxy_ref is None
        if own and recent is not None and recent.ratings:
            kind = (stream.instrument, recent.scale, recent.unit, recent.low, recent.high)
            kinds.setdefault(kind, []).append(_Shown(stream, recent))
    if not kinds:
        return []
    return kinds[max(sorted(kinds), key=lambda kind: max(_last(one) for one in kinds[kind]))]


def _last(one: _Shown) -> str:
    """The day of the last rating, to be compared; before all others where it has none."""
    day = one.stream.last_rated_on
    return "" if day is None else day.isoformat()


def _labels(cases: Sequence[CaseOut]) -> list[str]:
    """By what each alliance is told from the others: its clients, and its own id where needed."""
    clients = [
        ", ".join(one.ref for one in case.alliance.members if one.role == "client")
        for case in cases
    ]
    met = Counter(clients)
    return [
        named if named and met[named] == 1 else _with_id(named, case)
        for named, case in zip(clients, cases, strict=True)
    ]


def _with_id(named: str, case: CaseOut) -> str:
    own = case.alliance.external_id or str(case.alliance.id)
    return f"{named} ({own})" if named else own
