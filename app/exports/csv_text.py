"""CSV as RFC 4180 has it, out of what Postgres writes: header, line ends, last line."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from app.exports.columns import END, Column

LINE_END: Final = b"\r\n"


def header(columns: Sequence[Column]) -> bytes:
    """The first line: the names of the columns."""
    return row_of([column.name for column in columns])


def row_of(cells: Iterable[object]) -> bytes:
    """One line of cells; None is an empty one."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()


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


def neutral(text: str) -> str:
    """The text as no spreadsheet takes it for a formula; without one leading ' it is as it was.

    As app.exports.page_queries writes every text of a caller's (OWASP, CSV injection).

    >>> neutral("=1+1"), neutral("'"), neutral("c-1")
    ("'=1+1", "''", 'c-1')
    """
    return f"'{text}" if text and text[0] in FORMULA_FIRST else text


FORMULA_FIRST: Final = "=+@\t\r\n'\uff1d\uff0b\uff0d\uff20-"
"""What a formula may begin with, full width too, and the sign itself that is set before it."""
