"""What the columns of an export mean, made from the columns and the definitions themselves."""

from app.edge.tables import row_of
from app.exports.columns import Kind
from app.exports.items import columns_of, form_items
from app.exports.schemas import ColumnOut, DictionaryOut
from app.instruments.definitions import Catalogue

FIELDS = tuple(ColumnOut.model_fields)


def dictionary_of(
    catalogue: Catalogue, kind: Kind, instrument: str | None, form: str | None
) -> DictionaryOut:
    """The columns of an export with these filters, in order.

    Raises InvalidRequest for an instrument or a form that there is not.
    """
    items = form_items(catalogue, kind, instrument, form, "#/query/")
    columns = columns_of(kind, items)
    return DictionaryOut(
        kind=kind,
        columns=[
            ColumnOut(**{name: getattr(column, name) for name in FIELDS}) for column in columns
        ],
    )


def dictionary_csv(dictionary: DictionaryOut) -> bytes:
    """The same as CSV, one line for each column."""
    rows = (row_of(column.model_dump().values()) for column in dictionary.columns)
    return row_of(FIELDS) + b"".join(rows)
