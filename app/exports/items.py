"""The item columns of one form: a value, and beside it what became of the item."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.errors import FieldError, InvalidRequest
from app.exports.columns import ANSWERS, OF_KIND, Column, Kind
from app.instruments.definitions import Catalogue, Definition

STATES: Final = (
    "`answered`; `skipped`: left out; `declined`, `not_applicable` or `not_understood`: answered "
    "so, without a value; `not_asked`: not on this revision of the form; `scores_only`: an older "
    "system sent scores alone; `withheld`: not for this reader."
)


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a form."""

    id: str
    asked_in: frozenset[str]
    """The form revisions that have it."""
    value: Column
    state: Column


def items_of(catalogue: Catalogue, instrument: str, form: str) -> tuple[Item, ...]:
    """The items of every revision of a form, those of the newest first, each once.

    Empty: the instrument has no such form.
    """
    newest_first = [
        one for one in reversed(catalogue.definitions.get(instrument, ())) if form in one.forms
    ]
    ids = dict.fromkeys(item for one in newest_first for item in one.forms[form].key.items)
    return tuple(_item(item, form, newest_first) for item in ids)


def columns_of(kind: Kind, items: Sequence[Item]) -> tuple[Column, ...]:
    """The columns of an export, in order. items: of the one form that its responses are of."""
    if kind != "responses":
        return OF_KIND[kind]
    asked = tuple(column for item in items for column in (item.value, item.state))
    return OF_KIND[kind] + (asked or ANSWERS)


def form_items(
    catalogue: Catalogue, kind: Kind, instrument: str | None, form: str | None, where: str
) -> tuple[Item, ...]:
    """The items that an export with these filters shows; none unless it names one form.

    where: what a pointer to a filter begins with. Raises InvalidRequest for an instrument or a
    form that there is not.
    """
    if instrument is None:
        if form is None:
            return ()
        detail = "Name the instrument that the form is of."
        raise InvalidRequest.of(FieldError(f"{where}instrument", "instrument_unnamed", detail))
    known = catalogue.definitions.get(instrument)
    if known is None:
        detail = "No such instrument: see GET /v1/instruments."
        raise InvalidRequest.of(FieldError(f"{where}instrument", "unknown_instrument", detail))
    if form is None:
        return ()
    items = items_of(catalogue, instrument, form)
    if not items:
        names = sorted({name for one in known for name in one.forms})
        detail = f"Its forms are: {', '.join(names)}." if names else "It cannot be scored yet."
        raise InvalidRequest.of(FieldError(f"{where}form", "unknown_form", detail))
    return items if kind == "responses" else ()


def _item(item: str, form: str, newest_first: Sequence[Definition]) -> Item:
    having = [one for one in newest_first if item in one.forms[form].key.items]
    keys = [one.forms[form].key for one in having]
    newest = having[0]
    source = f"{newest.instrument} {newest.revision} {form}"
    turned = "; reversed when it is scored" if item in keys[0].reversed else ""
    value = Column(
        f"item_{item}",
        "integer" if all(key.kind == "likert" for key in keys) else "number",
        f"Answer to item {item}, as given{turned}. Empty: see its state; never 0.",
        "points",
        float(min(key.low for key in keys)),
        float(max(key.high for key in keys)),
        source,
    )
    state = Column(f"item_{item}_state", "code", STATES, source=source)
    return Item(item, frozenset(one.form_revision for one in having), value, state)
