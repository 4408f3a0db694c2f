"""Pictures and pages of what other packages have made for one caller."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from app.caseloads.schemas import CaseOut
from app.charts.caseload import strip_of, table_of
from app.charts.funnel import funnel_picture
from app.charts.page import NARROW, WIDE, picture_page
from app.charts.palette import Theme
from app.charts.picture import course_picture
from app.charts.placing import View
from app.charts.reading import course_of
from app.charts.strip import strip_picture
from app.charts.tables import tables_of
from app.charts.words import Words, words_for
from app.comparisons.rendering import drawing
from app.comparisons.schemas import ComparisonOut
from app.instruments.definitions import Catalogue
from app.tenants.authentication import Caller
from app.trends.service import Read, Window, trend


def picture(
    read: Read, catalogue: Catalogue, caller: Caller, window: Window, *, width: int, theme: Theme
) -> str:
    """The course of an alliance as SVG: what the trend shows this caller, and nothing else."""
    words = words_for(window.language)
    whole = trend(read, catalogue, caller, replace(window, start=None, end=None))
    course = course_of(whole, catalogue, words, View(window.start, window.end))
    return course_picture(course, words, width, theme)


def page(read: Read, catalogue: Catalogue, caller: Caller, window: Window, theme: Theme) -> str:
    """The same as an HTML page: the picture, narrow and wide, and its numbers as tables."""
    words = words_for(window.language)
    whole = trend(read, catalogue, caller, replace(window, start=None, end=None))
    course = course_of(whole, catalogue, words, View(window.start, window.end))
    pictures = (
        course_picture(course, words, NARROW, theme),
        course_picture(course, words, WIDE, theme),
    )
    tables = tables_of(whole, course.sections, words)
    return picture_page(words("title"), tables, course.notes, pictures, words, theme)


def caseload_picture(
    cases: Sequence[CaseOut],
    catalogue: Catalogue,
    language: str,
    *,
    width: int,
    theme: Theme,
) -> str:
    """A page of a caseload as SVG: of each alliance the latest ratings of both sides.

    language: of the labels.
    """
    words = words_for(language)
    strip = strip_of(cases, _names(cases, catalogue), words)
    return strip_picture(strip, words, width, theme)


def caseload_page(
    cases: Sequence[CaseOut], catalogue: Catalogue, language: str, theme: Theme
) -> str:
    """The same as an HTML page: the picture, narrow and wide, and its numbers as a table."""
    words, names = words_for(language), _names(cases, catalogue)
    strip = strip_of(cases, names, words)
    pictures = (
        strip_picture(strip, words, NARROW, theme),
        strip_picture(strip, words, WIDE, theme),
    )
    table = table_of(cases, strip, names, words)
    title = words("strip_title")
    return picture_page(title, [table] if table.rows else [], (), pictures, words, theme)


def _names(cases: Iterable[CaseOut], catalogue: Catalogue) -> dict[str, str]:
    """What the instruments are called with which these alliances were rated."""
    rated = {stream.instrument for case in cases for stream in case.streams}
    return {one: str(catalogue.definition(one).document["name"]) for one in rated}


def comparison_picture(
    compared: ComparisonOut, catalogue: Catalogue, language: str, *, width: int, theme: Theme
) -> str:
    """The funnel of one comparison as SVG, or why nobody is compared. language: of the labels."""
    words = words_for(language)
    figure = drawing(compared)
    why = "" if figure else words.of("funnel_why", compared.withheld or "too_few_units")
    heading = _heading(compared, catalogue, words)
    return funnel_picture(figure or why, heading, words, width, theme)


def _heading(compared: ComparisonOut, catalogue: Catalogue, words: Words) -> str:
    """What a comparison is of: instrument, scale, unit, language of the forms, and its days."""
    definition = catalogue.definition(compared.instrument, compared.instrument_revision)
    scales = definition.forms[compared.form].key.scales
    component = next((one.component for one in scales if one.id == compared.scale), None)
    return words(
        "funnel_heading",
        instrument=definition.document["name"],
        scale=words.scale(compared.scale, component),
        unit=words.of("unit", compared.unit),
        language=compared.language,
        starts=compared.window.starts_on.isoformat(),
        ends=compared.window.ends_on.isoformat(),
    )
