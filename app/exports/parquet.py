"""A Parquet file, row group by row group. Only the worker loads this, for such an export."""

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from app.exports.columns import Column, Type
from app.exports.wanted import Wanted

TYPES: Final[Mapping[Type, pa.DataType]] = {
    "text": pa.string(),
    "code": pa.string(),
    "id": pa.string(),
    "json": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "instant": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
}


class File:
    """A file on its way: what was written so far has been handed over."""

    def __init__(self, wanted: Wanted) -> None:
        self._columns = wanted.columns
        self._schema = pa.schema([_field(column) for column in wanted.columns])
        self._sink = _Sink()
        self._rows = 0
        self._as_of = wanted.as_of.isoformat()
        self._writer = pq.ParquetWriter(self._sink, self._schema)

    def added(self, rows: Sequence[Mapping[str, Any]]) -> bytes:
        """The bytes of the file that these rows add; a row group, if there are any."""
        if rows:
            arrays = [
                pa.array([row[column.name] for row in rows], TYPES[column.type])
                for column in self._columns
            ]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
            self._rows += len(rows)
        return self._sink.taken()

    def end(self) -> bytes:
        """The last bytes, without which it is no Parquet file; they say how many rows there are."""
        told = {"rapport.rows": str(self._rows), "rapport.as_of": self._as_of}
        self._writer.add_key_value_metadata(told)
        self._writer.close()
        return self._sink.taken()


class _Sink(io.RawIOBase):
    """A file that is only ever written on, and whose bytes are taken out as they come."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()
        self._position = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def write(self, data: Any) -> int:  # noqa: ANN401 - any buffer
        part = bytes(data)
        self._written += part
        self._position += len(part)
        return len(part)

    def taken(self) -> bytes:
        """What was written since the last time."""
        part = bytes(self._written)
        self._written.clear()
        return part


def _field(column: Column) -> pa.Field:
    about = {"meaning": column.meaning, "unit": column.unit, "source": column.source}
    told = {name: text for name, text in about.items() if text is not None}
    return pa.field(column.name, TYPES[column.type], metadata=told)
