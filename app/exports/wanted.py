"""Which export is made, for whom, as of when: all that a page of it depends on."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from app.exports.columns import Column
from app.exports.items import Item, columns_of, form_items
from app.exports.page_queries import Shape, Written
from app.exports.schemas import ExportRequest
from app.instruments.definitions import Catalogue
from app.signals.queries import Reading
from app.tenants.notices import SYSTEM

FILTERS: Final = (
    "instrument",
    "form",
    "program_ref",
    "received_from",
    "received_to",
    "occasion_from",
    "occasion_to",
)


@dataclass(frozen=True)
class Wanted:
    """An export that somebody wants."""

    request: ExportRequest
    reading: Reading
    as_of: datetime
    items: tuple[Item, ...]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Its columns, in order."""
        return columns_of(self.request.kind, self.items)

    @cached_property
    def filters(self) -> dict[str, Any]:
        """The filters that are given."""
        values = {name: getattr(self.request, name) for name in FILTERS}
        return {name: value for name, value in values.items() if value is not None}

    def shape(self) -> Shape:
        """How its rows are asked for."""
        ways: dict[str, Written] = {"csv": "csv", "ndjson": "ndjson", "parquet": "typed"}
        given = set(self.filters)
        if self.request.versions == "all":
            given.add("all")
        if self.reading.kind == SYSTEM:
            given.add(SYSTEM)
        return Shape(self.request.kind, ways[self.request.format], self.items, frozenset(given))


def wanted(
    catalogue: Catalogue,
    request: ExportRequest,
    reading: Reading,
    as_of: datetime,
    where: str = "/",
) -> Wanted:
    """The export of a request. where: what a pointer to a field of the request begins with.

    Raises InvalidRequest for an instrument or a form that there is not.
    """
    items = form_items(catalogue, request.kind, request.instrument, request.form, where)
    return Wanted(request, reading, as_of, items)
