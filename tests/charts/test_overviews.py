"""The funnel and the strip of a caseload, drawn from made-up values."""

import os
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts.figures import Span
from app.charts.funnel import funnel_picture
from app.charts.palette import Theme
from app.charts.strip import Spark, Strip, StripRow, strip_picture
from app.charts.words import words_for
from app.measurement.funnel import Funnel, FunnelFigure, Limits, Point, limits, position

PICTURES = Path(__file__).parent / "pictures"
NAMESPACE = "{http://www.w3.org/2000/svg}"
CHANCE = Funnel(centre=3.1, client_sd=0.6, over_dispersion=0.01)
CURVES: tuple[Limits, ...] = tuple(limits(CHANCE, n) for n in range(10, 121, 2))


def unit(name: str, clients: int, value: float) -> Point:
    return Point(name, clients, value, position(value, limits(CHANCE, clients)))


FUNNEL = FunnelFigure(
    CHANCE.centre,
    (
        unit("p-01", 10, 2.6), unit("p-02", 15, 3.4), unit("p-03", 20, 3.12),
        unit("p-04", 20, 3.1), unit("p-05", 35, 2.7), unit("p-06", 45, 3.3),
        unit("p-07", 60, 3.75), unit("p-08", 85, 3.0), unit("p-09", 120, 3.15),
    ),
    CURVES,
)  # fmt: skip
RANGE = Span(0.0, 4.0)
STRIP = Strip(
    "p-9",
    (
        StripRow(
            "c-1", (Spark("client", (3.1, 3.3, 3.2, 1.2)), Spark("professional", (3, 3, 3.1, 3))),
            RANGE, open_drop=True, signal="alert", silent=False, days_since=3,
        ),
        StripRow(
            "c-2", (Spark("client", (2.0, None, 2.4)), Spark("professional", (None, None))),
            RANGE, open_drop=False, signal=None, silent=True, days_since=41,
        ),
        StripRow("c-3", (), RANGE, open_drop=False, signal=None, silent=False, days_since=None),
        StripRow(
            "a reference of somebody that is longer than there is room for in any column",
            (Spark("client", (4.0,)),), Span(0, 40), open_drop=False, signal="watch", silent=False,
            days_since=1,
        ),
    ),
)  # fmt: skip


def kept(name: str, text: str) -> str:
    path = PICTURES / name
    if os.environ.get("PICTURES") == "write":
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "language", "width", "theme"),
    [
        ("funnel.svg", "en", 960, "light"),
        ("funnel-narrow-de.svg", "de", 360, "dark"),
        ("strip.svg", "en", 960, "light"),
        ("strip-narrow-es.svg", "es", 360, "dark"),
    ],
)
def test_an_overview_is_the_one_that_was_looked_at(
    name: str, language: str, width: int, theme: Theme
) -> None:
    words = words_for(language)
    if name.startswith("funnel"):
        text = funnel_picture(FUNNEL, "Open Triad, total", words, width, theme)
    else:
        text = strip_picture(STRIP, words, width, theme)
    assert text == kept(name, text)


def test_a_funnel_tells_every_unit_in_the_order_given_and_ranks_none() -> None:
    text = funnel_picture(FUNNEL, "Open Triad", words_for("en"), 960, "light")
    root = ET.fromstring(text)  # noqa: S314 - our own
    told = str(root.findtext(f"{NAMESPACE}desc"))
    assert re.findall(r"p-\d\d", told) == [point.name for point in FUNNEL.points]
    assert "p-07: 60 clients, 3.75, beyond the 99.8 % limits." in told
    assert "No ranking" in told
    shapes = {position(p.value, limits(CHANCE, p.clients)) for p in FUNNEL.points}
    assert shapes == {"inside", "outside_95", "outside_998"}


@given(
    st.lists(
        st.tuples(st.text(max_size=30), st.integers(1, 400), st.floats(-100, 100)), max_size=40
    )
)
def test_names_in_a_funnel_never_lie_on_each_other(units: list[tuple[str, int, float]]) -> None:
    points = tuple(Point(name, clients, value, "inside") for name, clients, value in units)
    text = funnel_picture(FunnelFigure(3.1, points, CURVES), "x", words_for("en"), 360, "light")
    assert ET.fromstring(text).get("role") == "img"  # noqa: S314 - our own


def test_a_strip_says_in_words_what_it_shows() -> None:
    text = strip_picture(STRIP, words_for("en"), 960, "light")
    told = str(ET.fromstring(text).findtext(f"{NAMESPACE}desc"))  # noqa: S314 - our own
    assert told.startswith(
        "c-1: Client 1.2, Professional 3, Signal: alert, open drop, last rated 3 days ago. "
        "c-2: Client 2.4, Professional none, no answer, last rated 41 days ago. c-3: none."
    )


def test_a_gap_breaks_the_line_of_a_strip() -> None:
    def path(*values: float | None) -> str:
        row = StripRow("c", (Spark("client", values),), RANGE, open_drop=False, signal=None,
                       silent=False, days_since=None)  # fmt: skip
        return strip_picture(Strip("p", (row,)), words_for("en"), 960, "light")

    assert re.search(r'd="M[\d. ]+L[\d. ]+M[\d. ]+L[\d. ]+" fill="none"', path(1, 2, None, 3, 4))
    assert re.search(r'd="M[\d. ]+(L[\d. ]+){3}" fill="none"', path(1, 2, 3, 4))
    # A rating between two gaps is a dot of its own.
    assert path(1, None, 2, 3).count("<path") == path(None, None, 2, 3).count("<path") + 1


def test_the_newest_ratings_of_both_sides_stand_above_each_other_on_the_right() -> None:
    sparks = (Spark("client", (1, 2, 3, 4)), Spark("professional", (None, 2, 3)))
    row = StripRow("c", sparks, RANGE, open_drop=False, signal=None, silent=False, days_since=0)
    text = strip_picture(Strip("p", (row,)), words_for("en"), 960, "light")
    post, line = (
        re.search(r'd="M[\d.]+ [\d.]+L([\d.]+) [\d.]+" fill="none"', text),
        re.search(r'd="M[\d.]+ [\d.]+(?:L[\d.]+ [\d.]+){2}L([\d.]+) [\d.]+" fill="none"', text),
    )
    assert post
    assert line
    assert post[1] == line[1]


def test_what_is_empty_is_drawn_as_such() -> None:
    words = words_for("en")
    assert words("strip_empty") in strip_picture(Strip("p", ()), words, 360, "light")
    nothing = FunnelFigure(3.1, (), ())
    assert words("no_ratings") in funnel_picture(nothing, "x", words, 360, "auto")
