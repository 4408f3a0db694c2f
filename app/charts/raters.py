"""What raters are called in a picture, and which style each has on all of its panels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.charts.words import Words
from app.trends.schemas import StreamOut

CLIENT, PROFESSIONAL = 0, 1
"""Styles that are theirs alone."""
STYLES: int = 6
"""How many there are; whoever comes after that shares one, and is told apart by the panel."""


@dataclass(frozen=True, slots=True, order=True)
class LineName:
    """Whose line it is, whatever the scale."""

    role: str
    form: str
    ref: str
    about: str
    language: str
    proxy: bool


def name_of(stream: StreamOut) -> LineName:
    """Whose line a stream is."""
    return LineName(
        stream.rater.role,
        stream.form,
        stream.rater.ref or "",
        stream.about.ref or stream.about.role,
        stream.language,
        stream.rater.proxy_ref is not None,
    )


def in_order(names: Iterable[LineName]) -> list[LineName]:
    """The names, each once: clients' own views, professionals' own views, all others."""
    return sorted(set(names), key=lambda name: (_standing(name), name))


def _standing(name: LineName) -> int:
    own = name.form == name.role and not name.proxy
    return {"client": CLIENT, "professional": PROFESSIONAL}.get(name.role, 2) if own else 2


def styles_of(names: Sequence[LineName]) -> Mapping[LineName, int]:
    """The style of each: the first client and the first professional have their own."""
    styles: dict[LineName, int] = {}
    others = 0
    for name in in_order(names):
        standing = _standing(name)
        if standing < 2 and standing not in styles.values():  # noqa: PLR2004 - client, professional
            styles[name] = standing
        else:
            styles[name] = 2 + others % (STYLES - 2)
            others += 1
    return styles


def labels_of(names: Sequence[LineName], words: Words) -> Mapping[LineName, str]:
    """What each is called: references, languages and whom it is about only where they are needed.

    Pictures are printed and passed on, so an identifier stands in one only to tell two raters of
    the same role apart.
    """
    labels = {name: _base(name, words) for name in in_order(names)}
    for key, part in (("in_language", "language"), ("named", "ref"), ("about", "about")):
        said = dict(labels)
        for name, label in said.items():
            alike = [other for other in said if said[other] == label]
            if any(getattr(other, part) != getattr(name, part) for other in alike):
                slot = {"named": "ref"}.get(key, part)
                labels[name] = words(key, rater=label, **{slot: getattr(name, part)})
    return labels


def _base(name: LineName, words: Words) -> str:
    label = words.of("roles", name.role)
    if name.form == "professional_guess":
        label = words("guess")
    elif name.form != name.role:
        label = words("other_form", rater=label, form=name.form)
    return words("by_proxy", rater=label) if name.proxy else label
