"""Elements of pictures and pages, and their text. Whatever is put in comes out escaped."""

import re
from typing import Final
from xml.etree import ElementTree as ET

Element = ET.Element
NO_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (section 2.2) has no place for, not even escaped."""
WITHOUT_END: Final = ("meta",)
"""Elements of our pages that HTML writes without an end tag."""
SHOWN_INSTEAD: Final = "\ufffd"
Attribute = str | float | None


def element(name: str, /, *inside: Element | str, **attributes: Attribute) -> Element:
    """An element with what is inside, in order; an attribute that is None is left out.

    `text_anchor` stands for `text-anchor`, `class_` for `class`.
    """
    made = Element(name, {_name(key): text_of(value) for key, value in attributes.items()
                          if value is not None})  # fmt: skip
    for part in inside:
        if isinstance(part, Element):
            made.append(part)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + clean(part)
        else:
            made.text = (made.text or "") + clean(part)
    return made


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def text_of(value: str | float) -> str:
    """A text as it is, a number with at most one decimal: pictures need no more."""
    return clean(value) if isinstance(value, str) else number(value)


def number(value: float) -> str:
    """A coordinate with at most one decimal, and no zeros behind the point.

    >>> number(12.0), number(3.14159), number(-0.02)
    ('12', '3.1', '0')
    """
    rounded = round(value, 1)
    whole = int(rounded)
    return str(whole) if rounded == whole else f"{rounded:.1f}"


def clean(text: str) -> str:
    """The text without characters that no XML may hold."""
    return NO_XML.sub(SHOWN_INSTEAD, text)


def xml_text(root: Element) -> str:
    """The element as XML."""
    return ET.tostring(root, encoding="unicode") + "\n"


def html_text(root: Element) -> str:
    """The element as an HTML document.

    Written as XML is, which escapes more: in attributes, too, no `<` is left as it was.
    """
    text = ET.tostring(root, encoding="unicode", short_empty_elements=False)
    for name in WITHOUT_END:
        text = text.replace(f"></{name}>", ">")
    return f"<!doctype html>\n{text}\n"
