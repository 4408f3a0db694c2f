"""What a picture tells, in sentences: what a screen reader reads of it."""

from collections.abc import Iterator, Sequence
from typing import Final

from app.charts.figures import Line, Panel, Section
from app.charts.words import Words
from app.trends.schemas import TrendOut

OPEN_DROPS: Final = frozenset({"open", "ended_while_open"})


def summary_of(trend: TrendOut, sections: Sequence[Section], words: Words) -> tuple[str, ...]:
    """One sentence for each line of the picture, then one on what happened."""
    if not sections:
        return (words("no_ratings"),)
    lines = [
        _line(panel, line, words)
        for section in sections
        for panel in section.panels
        for line in panel.lines
    ]
    happened = ", ".join(_happened(trend, words))
    return (*lines, f"{happened}.")


def _line(panel: Panel, line: Line, words: Words) -> str:
    ratings = words.counted("ratings", len(line.ratings) + len(line.unplaced))
    said = {"scale": panel.title, "rater": line.label, "ratings": ratings}
    scored = [one for one in line.ratings if one.value is not None]
    if not scored or scored[-1].value is None:
        return words("summary_line", **said)
    latest = scored[-1]
    said |= {
        "value": words.number(scored[-1].value),
        "low": words.number(panel.span.low),
        "high": words.number(panel.span.high),
        "place": latest.place,
    }
    level = latest.level
    if level is None:
        return words("summary_latest", **said)
    said |= {
        "mean": words.number(level.mean),
        "least": words.number(level.span.low),
        "most": words.number(level.span.high),
    }
    return words("summary_level", **said)


def _happened(trend: TrendOut, words: Words) -> Iterator[str]:
    """How many drops, signals, ruptures and repairs the whole course has, for this reader."""
    yield words.counted("drops", len(trend.drops))
    yield words.counted("open_drops", sum(drop.state in OPEN_DROPS for drop in trend.drops))
    yield words.counted("signals", len(trend.signals))
    yield words.counted("ruptures", sum(mark.kind == "rupture" for mark in trend.marks))
    yield words.counted("repairs", sum(mark.kind == "repair" for mark in trend.marks))
