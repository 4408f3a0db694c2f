"""The pure parts: text that comes out whole, axes, colours, words, and what raters are called."""

import json
import re
from datetime import date
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.charts.axes import Axis, day_ticks, value_ticks, whole_ticks
from app.charts.figures import Flag
from app.charts.glyphs import FLAG, STYLES, WEIGHT
from app.charts.markup import element, html_text, number, xml_text
from app.charts.palette import DARK, LIGHT, Tones, contrast, paint
from app.charts.panels import clusters
from app.charts.patterns import PATHS
from app.charts.raters import STYLES as HOW_MANY
from app.charts.raters import LineName, labels_of, styles_of
from app.charts.texts import shortened, text_width, wrapped
from app.charts.words import DIRECTORY, languages, words_for

ENGLISH = words_for("en")
NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
anything = st.text(st.characters(codec=None), max_size=60)
themes = pytest.mark.parametrize("tones", [LIGHT, DARK], ids=["light", "dark"])


@given(anything, anything)
def test_any_text_comes_out_as_it_went_in_and_is_never_markup(text: str, other: str) -> None:
    made = xml_text(element("text", text, element("b", other), other, aria_label=text))
    read = ET.fromstring(made)  # noqa: S314 - our own
    as_read = re.sub(r"\r\n?", "\n", NO_XML.sub("\ufffd", text))
    assert (read.text or "") == as_read
    assert [child.tag for child in read] == ["b"]
    assert len(read) == 1
    assert "<script" not in html_text(element("p", "<script>", title="<script>"))


@given(st.floats(-1e5, 1e5))
def test_a_coordinate_is_short_and_near(value: float) -> None:
    assert abs(float(number(value)) - value) <= 0.0501
    assert re.fullmatch(r"-?\d+(\.[1-9])?", number(value))


@themes
def test_text_has_the_contrast_that_wcag_asks_for(tones: Tones) -> None:
    for tone in ("ink", "muted"):
        assert contrast(tones[tone], tones["paper"]) >= 4.5, tone


@themes
def test_graphics_have_the_contrast_that_wcag_asks_for(tones: Tones) -> None:
    for tone in ("first", "second", "third", "fourth", "edge"):
        assert contrast(tones[tone], tones["paper"]) >= 3, tone


@themes
def test_lines_are_read_in_the_shade_of_levels(tones: Tones) -> None:
    """Also where the shades of two raters lie on each other."""
    for one in ("first", "second", "third", "fourth"):
        for other in ("first", "second", "third", "fourth"):
            ground = mixed(tones[other], mixed(tones[one], tones["paper"]))
            assert contrast(tones[one], ground) >= 3, (one, other)
            assert contrast(tones["ink"], ground) >= 4.5


def mixed(colour: str, ground: str, share: float = 0.15) -> str:
    channels = [
        round(share * int(colour[at : at + 2], 16) + (1 - share) * int(ground[at : at + 2], 16))
        for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{channel:02x}" for channel in channels)


@pytest.mark.parametrize(("one", "other", "known"), [("#000000", "#ffffff", 21.0),
                                                     ("#777777", "#ffffff", 4.48),
                                                     ("#0000ff", "#ffffff", 8.59)])  # fmt: skip
def test_contrast_is_that_of_published_examples(one: str, other: str, known: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(known, abs=0.005)


def test_raters_are_told_apart_without_colour() -> None:
    looks = {(style.shape, style.dash) for style in STYLES}
    assert len(looks) == len(STYLES) == HOW_MANY
    assert len({style.shape for style in STYLES}) == len(STYLES)
    assert len(set(PATHS.values())) == len(PATHS)


def test_a_fixed_theme_has_no_style_sheet_and_auto_is_dark_where_asked_for() -> None:
    def drawn(theme: str) -> str:
        root = element("svg", element("path", d="M0 0", fill="none", stroke="first"))
        return xml_text(paint(root, theme))  # type: ignore[arg-type]

    assert "style" not in drawn("light") + drawn("dark")
    assert LIGHT["first"] in drawn("light")
    assert DARK["first"] in drawn("dark")
    auto = drawn("auto")
    assert f'stroke="{LIGHT["first"]}"' in auto
    rule = f".rapport-chart .stroke-first{{stroke:{DARK['first']}}}"
    assert f"@media (prefers-color-scheme:dark){{{rule}}}" in auto


@given(st.integers(-5, 20), st.integers(1, 400), st.integers(2, 8))
def test_value_marks_hold_both_ends_and_keep_apart(low: int, span: int, most: int) -> None:
    ticks = value_ticks(low, low + span, most, ENGLISH)
    values = [tick.value for tick in ticks]
    assert (values[0], values[-1]) == (low, low + span)
    assert values == sorted(set(values))
    assert len(values) <= most + 2


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 4, ["0", "1", "2", "3", "4"]),
        (1, 7, ["1", "3", "5", "7"]),
        (12, 60, ["12", "20", "30", "40", "50", "60"]),
        (0, 40, ["0", "10", "20", "30", "40"]),
    ],
)
def test_value_marks_are_easy_to_read(low: float, high: float, labels: list[str]) -> None:
    assert [tick.label for tick in value_ticks(low, high, 5, ENGLISH)] == labels


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(1, 40_000), st.integers(1, 14))
def test_day_marks_lie_on_the_axis_in_order_with_their_years(
    first: date, days: int, most: int
) -> None:
    low, high = first.toordinal(), first.toordinal() + days
    ticks = day_ticks(low, high, most, ENGLISH)
    assert ticks
    assert ticks[0].below
    assert all(low <= tick.value <= high for tick in ticks)
    assert all(one.value < other.value for one, other in pairwise(ticks))
    for one, other in pairwise(ticks):
        years = date.fromordinal(int(one.value)).year, date.fromordinal(int(other.value)).year
        assert bool(other.below) == (years[0] != years[1])


@given(st.integers(-1, 1000), st.integers(0, 1000), st.integers(0, 30))
def test_session_marks_are_whole(twice_low: int, twice_span: int, most: int) -> None:
    low, span = twice_low / 2, twice_span / 2
    ticks = whole_ticks(low, low + span, most)
    assert all(tick.value == int(tick.value) and low <= tick.value <= low + span for tick in ticks)


@given(st.floats(-50, 50), st.floats(0.1, 50), st.floats(-200, 200))
def test_nothing_leaves_its_axis(low: float, span: float, value: float) -> None:
    axis = Axis(low, low + span, 100, 20)
    assert 20 - 1e-9 <= axis.at(value) <= 100 + 1e-9
    assert axis.at(low) == 100
    assert axis.at(low + span) == pytest.approx(20)


@given(st.lists(st.floats(0, 100), max_size=40))
def test_flags_never_lie_on_each_other_and_none_is_lost(places: list[float]) -> None:
    across = Axis(0, 100, 0, 300)
    flags = [Flag(x, None, WEIGHT[int(x) % len(WEIGHT)]) for x in places]
    groups = clusters(flags, across)
    assert sorted(one.x for group in groups for one in group) == sorted(places)
    middles = [sum(across.at(one.x) for one in group) / len(group) for group in groups]
    assert all(other - one > FLAG for one, other in pairwise(middles))


@given(st.text(max_size=80), st.floats(30, 400))
def test_lines_fit_and_keep_their_words(text: str, room: float) -> None:
    lines = wrapped(text, room)
    assert all(text_width(line) <= room for line in lines)
    whole = [word for word in text.split() if text_width(word) <= room]
    kept = " ".join(lines).split()
    assert [word for word in whole if word in kept] == whole
    assert text_width(shortened(text, room)) <= room


def keys(value: object, place: str = "") -> set[str]:
    if isinstance(value, dict):
        return {name for key, part in value.items() for name in keys(part, f"{place}/{key}")}
    if isinstance(value, list):
        return {f"{place}[{len(value)}]"}
    slots = re.findall(r"\{(\w+)\}", str(value))
    return {f"{place} {sorted(slots)}"}


def test_every_language_says_the_same_things_with_the_same_slots() -> None:
    said = {
        name: keys(json.loads((DIRECTORY / f"{name}.json").read_text(encoding="utf-8")))
        for name in languages()
    }
    assert set(said) == {"de", "en", "es"}
    assert said["de"] == said["en"] == said["es"]


def test_words_are_those_of_the_nearest_language() -> None:
    assert words_for("de-AT").number(3.5) == "3,5"
    assert words_for("ES").day(date(2026, 3, 2)) == "2 mar"
    assert words_for("fr").language == "en"
    assert words_for("de").day(date(2026, 3, 2)) == "2. März"
    assert ENGLISH.number(-0.001) == "0"
    assert ENGLISH.of("scale", "goals_tasks") == "goals tasks"


def named(role: str, ref: str = "x", form: str | None = None, **other: object) -> LineName:
    fields = {"about": "p", "language": "en", "proxy": False} | other
    return LineName(role, form or role, ref, **fields)  # type: ignore[arg-type]


def test_raters_are_named_by_reference_only_where_it_is_needed() -> None:
    child, other, professional = (
        named("client", "c-1"),
        named("client", "c-2"),
        named("professional"),
    )
    assert labels_of([child, professional], ENGLISH) == {
        child: "Client",
        professional: "Professional",
    }
    assert set(labels_of([child, other, professional], ENGLISH).values()) == {
        "Client c-1",
        "Client c-2",
        "Professional",
    }
    spanish = named("client", "c-1", language="es")
    assert set(labels_of([child, spanish], ENGLISH).values()) == {"Client (en)", "Client (es)"}
    proxy = named("client", "c-1", proxy=True)
    assert labels_of([proxy], ENGLISH)[proxy] == "Client, answered by somebody else"


def test_client_and_professional_have_styles_of_their_own() -> None:
    child, professional = named("client", "c-1"), named("professional")
    guess, observer = named("professional", form="professional_guess"), named("observer")
    other = named("client", "c-2")
    styles = styles_of([observer, guess, professional, other, child])
    assert (styles[child], styles[professional]) == (0, 1)
    assert len(set(styles.values())) == 5
    assert styles_of([guess])[guess] > 1
    many = [named("family_member", str(number)) for number in range(20)]
    assert set(styles_of(many).values()) == set(range(2, HOW_MANY))
