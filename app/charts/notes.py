"""What stands below a picture: what could not be drawn, and how far the picture can be trusted."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from app.charts.figures import Flag, Section
from app.charts.happenings import NOT_DRAWN
from app.charts.words import Words
from app.instruments.definitions import Definition
from app.trends.schemas import TrendOut

VALUES_SHOWN: Final = 6
ASSUMED: Final = "signal_parameters"
NOT_VALIDATED: Final = "status"
"""The topic under which a definition says that no study has looked at it."""


def notes_of(
    trend: TrendOut,
    sections: Sequence[Section],
    marks: Sequence[Flag],
    definitions: Sequence[Definition],
    words: Words,
) -> tuple[str, ...]:
    """The notes of a picture, the most particular first."""
    return (
        *_unplaced(sections, words),
        *_not_in_view(trend, sections, marks, words),
        *_withdrawn(trend, words),
        *_about_instruments(definitions, words),
        *_about_levels(trend, sections, words),
        *([words("note_no_clear")] if sections else []),
    )


def _unplaced(sections: Iterable[Section], words: Words) -> Iterator[str]:
    for section in sections:
        for panel in section.panels:
            for line in panel.lines:
                if not line.unplaced:
                    continue
                shown = [
                    words.of("status", one.status) if one.value is None else words.number(one.value)
                    for one in line.unplaced[:VALUES_SHOWN]
                ]
                more = len(line.unplaced) - VALUES_SHOWN
                if more > 0:
                    shown.append(words("note_more", count=str(more)))
                yield words(
                    "note_unplaced", rater=line.label, scale=panel.title, values="; ".join(shown)
                )


def _not_in_view(
    trend: TrendOut, sections: Sequence[Section], marks: Sequence[Flag], words: Words
) -> Iterator[str]:
    """Signals and marks that a reader would look for and that have no place in this picture."""
    drawn = [flag for one in sections for panel in one.panels for flag in panel.flags]
    noticed = sum(flag.kind in {"rupture", "repair"} for flag in marks)
    signals = sum(signal.state != NOT_DRAWN for signal in trend.signals)
    missing = {
        "signals": signals - len(drawn) - (len(marks) - noticed),
        "marks": len(trend.marks) - noticed,
    }
    what = ", ".join(words.counted(kind, n) for kind, n in missing.items() if n > 0)
    if what:
        yield words("note_outside", what=what)


def _withdrawn(trend: TrendOut, words: Words) -> Iterator[str]:
    if trend.withdrawn:
        yield words("note_withdrawn", ratings=words.counted("ratings", len(trend.withdrawn)))


def _about_instruments(definitions: Iterable[Definition], words: Words) -> Iterator[str]:
    for definition in {one.sha256: one for one in definitions}.values():
        document = definition.document
        if any(one["topic"] == NOT_VALIDATED for one in document["evidence"]):
            yield words("note_not_validated", instrument=document["name"])
        statuses = {status for form in definition.forms.values() for status in form.status.values()}
        if "provisional" in statuses:
            yield words("note_provisional", instrument=document["name"])


def _about_levels(trend: TrendOut, sections: Iterable[Section], words: Words) -> Iterator[str]:
    lines = [line for one in sections for panel in one.panels for line in panel.lines]
    if any(line.ratings and not any(r.level for r in line.ratings) for line in lines):
        yield words("note_no_levels")
    if any(one.code == ASSUMED for one in trend.not_computed):
        yield words("note_assumed")
