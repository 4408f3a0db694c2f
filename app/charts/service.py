"""Pictures and pages of what other packages have made for one caller."""

from dataclasses import replace

from app.charts.funnel import funnel_picture
from app.charts.page import NARROW, WIDE, course_page
from app.charts.palette import Theme
from app.charts.picture import course_picture
from app.charts.placing import View
from app.charts.reading import course_of
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
    return course_page(course, tables_of(whole, course.sections, words), pictures, words, theme)


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
