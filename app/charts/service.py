"""Pictures and pages of a trend that was read for one caller."""

from dataclasses import replace

from app.charts.page import NARROW, WIDE, course_page
from app.charts.palette import Theme
from app.charts.picture import course_picture
from app.charts.placing import View
from app.charts.reading import course_of
from app.charts.tables import tables_of
from app.charts.words import words_for
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
