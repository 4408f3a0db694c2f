"""The template of a CSV file for one form, and what its columns mean, made from the definition."""

from typing import Final, Literal

from app.edge.tables import row_of
from app.errors import FieldError, InvalidRequest
from app.imports.columns import columns_of
from app.imports.schemas import ImportColumnOut, ImportDictionaryOut
from app.instruments.definitions import Catalogue
from app.instruments.service import ChosenForm, chosen_form

Separator = Literal["comma", "semicolon", "tab"]
SIGNS: Final[dict[Separator, str]] = {"comma": ",", "semicolon": ";", "tab": "\t"}
FIELDS: Final = tuple(ImportColumnOut.model_fields)


def form_named(
    catalogue: Catalogue, instrument: str, revision: str | None, form: str
) -> ChosenForm:
    """The form that a query names. Raises InvalidRequest, pointing at the parameter."""
    try:
        return chosen_form(catalogue, instrument, revision, form, None)
    except InvalidRequest as refused:
        errors = (FieldError(f"#/query{e.pointer}", e.code, e.detail) for e in refused.errors)
        raise InvalidRequest.of(*errors) from None


def template(chosen: ChosenForm, separator: Separator, *, totals: bool) -> bytes:
    """The header of a file with answers, or with the totals of an older system instead."""
    other = "answer" if totals else "number"
    names = (column.name for column in columns_of(chosen) if column.kind != other)
    return row_of(names, SIGNS[separator])


def dictionary(chosen: ChosenForm) -> ImportDictionaryOut:
    """What every column means that a file with this form may have."""
    return ImportDictionaryOut(
        instrument=chosen.definition.instrument,
        instrument_revision=chosen.definition.revision,
        form=chosen.form.id,
        columns=[
            ImportColumnOut(
                name=column.name,
                type=column.kind,
                field=column.pointer,
                low=column.low,
                high=column.high,
                meaning=column.meaning,
            )
            for column in columns_of(chosen)
        ],
    )


def dictionary_csv(found: ImportDictionaryOut) -> bytes:
    """The same as CSV, one line for each column."""
    rows = (row_of(column.model_dump().values()) for column in found.columns)
    return row_of(FIELDS) + b"".join(rows)
