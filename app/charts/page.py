"""A page with a picture and the numbers behind it, for those who read with their ears or hands.

A screen reader takes an image as one thing: it reads name and description and nothing inside, and
of an `<img>` not even these. So the numbers stand beside the picture as tables of the page.
"""

from collections.abc import Iterable
from typing import Final

from app.charts.figures import Table
from app.charts.markup import Element, element, html_text
from app.charts.palette import DARK, LIGHT, Theme, Tones
from app.charts.texts import FONT
from app.charts.words import Words

NARROW: Final = 358.0
WIDE: Final = 960.0
BREAK: Final = 700
"""Width of a page in pixels from which on the wide picture is shown, not the narrow one."""
MARKER: Final = "picture"


def picture_page(  # noqa: PLR0917 - named where it is called
    title: str,
    tables: Iterable[Table],
    notes: Iterable[str],
    pictures: tuple[str, str],
    words: Words,
    theme: Theme,
) -> str:
    """A page with this name. pictures: the narrow one and the wide one, as SVG."""
    body = element(
        "body",
        element("h1", title),
        element("div", MARKER, class_="narrow"),
        element("div", MARKER, class_="wide"),
        element("h2", words("page_data")),
        *(_table(table) for table in tables),
        *(element("p", note) for note in notes),
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width,initial-scale=1"),
        element("meta", name="color-scheme", content=_schemes(theme)),
        element("title", title),
        element("style", _style(theme)),
    )
    text = html_text(element("html", head, body, lang=words.language))
    for kind, picture in zip(("narrow", "wide"), pictures, strict=True):
        place = f'<div class="{kind}">{MARKER}</div>'
        text = text.replace(place, f'<div class="{kind}">{picture}</div>', 1)
    return text


def _table(table: Table) -> Element:
    heads = element("tr", *(element("th", name, scope="col") for name in table.columns))
    return element(
        "div",
        element(
            "table",
            element("caption", table.caption),
            element("thead", heads),
            element("tbody", *(_row(row) for row in table.rows)),
            class_="roomy" if table.roomy else None,
        ),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label=table.caption,
    )


def _row(cells: Iterable[str]) -> Element:
    first, *others = cells
    return element(
        "tr", element("th", first, scope="row"), *(element("td", cell) for cell in others)
    )


def _schemes(theme: Theme) -> str:
    return "light dark" if theme == "auto" else theme


def _style(theme: Theme) -> str:
    dark = f"@media (prefers-color-scheme:dark){{{_colours(DARK)}}}" if theme == "auto" else ""
    return (
        f"body{{font:16px/1.45 {FONT};margin:0 auto;padding:16px;max-width:{WIDE:g}px}}"
        "h1{font-size:22px}h2{font-size:18px}svg{display:block;max-width:100%;height:auto}"
        "table{border-collapse:collapse;font-size:14px;margin:8px 0 20px}"
        "caption{text-align:start;font-weight:bold;padding:4px 0}"
        "th,td{border:1px solid;padding:4px 8px;text-align:start;vertical-align:top}"
        "tbody th{font-weight:normal;white-space:nowrap}"
        ".roomy{min-width:720px}.scroll{overflow-x:auto}.wide{display:none}"
        f"@media (min-width:{BREAK}px){{.narrow{{display:none}}.wide{{display:block}}}}"
        f"{_colours(DARK if theme == 'dark' else LIGHT)}{dark}"
    )


def _colours(tones: Tones) -> str:
    return (
        f"body{{background:{tones['paper']};color:{tones['ink']}}}"
        f"th,td{{border-color:{tones['edge']}}}"
    )
