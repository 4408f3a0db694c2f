"""What a tenant's own definition must keep to, beyond what holds for every definition."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from app.edge.scalars import CONTROL, LINE_CHARACTERS
from app.instruments.definition_checking import faults_of_sense
from app.instruments.definitions import Definition, Document, form_revision_of
from app.instruments.faults import Fault, pointer_to, schema_faults
from app.instruments.own import is_own

MOST_KEYS: Final = 10
MOST_FORMS: Final = 20
MOST_ITEMS: Final = 100
MOST_SCALES: Final = 30
MOST_VECTORS: Final = 20
MOST_ANSWERS: Final = 101
"""From the lowest to the highest answer of a list; more are drawn as a line. House rule, as all."""
FARTHEST: Final = 1000
LINE: Final = (0, 10)
"""The ends of every visual analogue line, whatever its length on paper or screen."""


def own_faults(document: Document) -> list[Fault]:
    """Everything wrong with a tenant's own definition: shape, then size, then sense."""
    return (
        list(_control_characters(document, ()))
        or list(schema_faults(document, "definition"))
        or list(_of_its_kind(document))
        or list(faults_of_sense(document))
    )


def departures(document: Document, published: Sequence[Definition]) -> list[Fault]:
    """Where a definition asks otherwise than a published one of the same form revision.

    What was asked is the number before the dot: forms, their raters, items, kind and range. What
    scores it anew may differ in everything else.
    """
    same = form_revision_of(document["revision"])
    before = next((one for one in published if one.form_revision == same), None)
    if before is None:
        return []
    asked, now = _asked(before.document), _asked(document)
    detail = "It asks otherwise than the published revision of the same number before the dot."
    return [
        Fault(pointer_to("forms", name), "asks_otherwise", detail, f"form {name} asks otherwise")
        for name in sorted(asked.keys() | now.keys())
        if asked.get(name) != now.get(name)
    ]


def _asked(document: Document) -> dict[str, Any]:
    found = {}
    for name, form in document["forms"].items():
        key = document["keys"][form["key"]]
        found[name] = (form["rater_role"], key["kind"], key["low"], key["high"], key["items"])
    return found


def _control_characters(part: object, way: tuple[object, ...]) -> Iterator[Fault]:
    """Every text that Postgres or a screen could stumble over; lines and tabs are taken."""
    if isinstance(part, Mapping):
        for name, value in part.items():
            if CONTROL.search(name):
                yield _control(way)
            else:
                yield from _control_characters(value, (*way, name))
    elif isinstance(part, list):
        for number, value in enumerate(part):
            yield from _control_characters(value, (*way, number))
    elif isinstance(part, str) and CONTROL.search(part.translate(LINE_CHARACTERS)):
        yield _control(way)


def _control(way: tuple[object, ...]) -> Fault:
    detail = "Control characters are not taken."
    return Fault(pointer_to(*way), "control_character", detail, detail)


def _of_its_kind(document: Document) -> Iterator[Fault]:
    if not is_own(document["instrument"]):
        detail = "Expected x- and then up to 58 small letters, digits and hyphens."
        yield _fault("/instrument", "not_an_own_id", detail)
    if document["availability"] != "scorable":
        detail = "Expected scorable: what cannot be scored yet stays with you."
        yield _fault("/availability", "not_scorable", detail)
        return
    yield from _too_many(document["keys"], MOST_KEYS, "/keys")
    yield from _too_many(document["forms"], MOST_FORMS, "/forms")
    yield from _too_many(document["test_vectors"], MOST_VECTORS, "/test_vectors")
    for name, key in document["keys"].items():
        where = pointer_to("keys", name)
        yield from _too_many(key["items"], MOST_ITEMS, f"{where}/items")
        yield from _too_many(key["scales"], MOST_SCALES, f"{where}/scales")
        yield from _range_faults(key, where)


def _range_faults(key: Document, where: str) -> Iterator[Fault]:
    low, high = key["low"], key["high"]
    if key["kind"] == "visual_analogue":
        if (low, high) != LINE:
            yield _fault(f"{where}/high", "not_a_line", "A line goes from 0 to 10.")
        return
    for name, end in (("low", low), ("high", high)):
        if end != int(end) or abs(end) > FARTHEST:
            detail = f"Expected a whole number from -{FARTHEST} to {FARTHEST}."
            yield _fault(f"{where}/{name}", "out_of_range", detail)
    if high - low >= MOST_ANSWERS:
        detail = f"Expected at most {MOST_ANSWERS} answers to choose from."
        yield _fault(f"{where}/high", "out_of_range", detail)


def _too_many(parts: Sequence[Any] | Mapping[str, Any], most: int, where: str) -> Iterator[Fault]:
    if len(parts) > most:
        yield _fault(where, "too_many", f"Expected at most {most}.")


def _fault(pointer: str, code: str, detail: str) -> Fault:
    return Fault(pointer, code, detail, detail)
