"""CSV as RFC 4180 has it, out of what Postgres writes: header, line ends, last line."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from app.edge.tables import row_of
from app.exports.columns import END, Column

LINE_END: Final = b"\r\n"


def header(columns: Sequence[Column]) -> bytes:
    """The first line: the names of the columns."""
    return row_of([column.name for column in columns])


def with_line_ends(page: bytes, rows: int) -> bytes:
    """The page, whose rows end with LF, with rows that end with CRLF.

    Line ends inside of a cell stay as they are.
    """
    if page.count(b"\n") == rows:
        return page.replace(b"\n", LINE_END)
    # Between an even and an odd quotation mark nothing is the end of a row; "" inside is both.
    parts = page.split(b'"')
    parts[::2] = [part.replace(b"\n", LINE_END) for part in parts[::2]]
    return b'"'.join(parts)


def last_line(columns: int, rows: int, sha256: str, as_of: datetime) -> bytes:
    """The line that says that all of it came, with as many cells as the others.

    sha256: of every byte before it.
    """
    told = f"{END} rows={rows} sha256={sha256} as_of={as_of.isoformat()}"
    return told.encode() + b"," * (columns - 1) + LINE_END
