"""Rows out of bytes as they come: each begins at a line, and in CSV may go on over several."""

from collections.abc import Iterator
from typing import Final

from app.errors import FieldError, InvalidRequest

Row = tuple[int, bytes]
"""The line of the file that it begins at, from 1, and its bytes without the end of the line."""
MAX_ROW_BYTES: Final = 64 * 1024
"""House rule; a form of 500 items takes some 10 KiB."""
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_QUOTE: Final = b'"'
_EMPTY: Final = b' \t\r\n,;"'


class Splitter:
    """Gives the rows of one file. A blank line is none, nor is a line of empty cells."""

    def __init__(self, *, quotes: bool) -> None:
        self.separator = b","
        """Of a CSV file: set once its header is known."""
        self._quotes = quotes
        """Whether a quoted cell may hold the end of a line."""
        self._rest = b""
        self._open: list[bytes] = []
        self._open_bytes = 0
        self._line = 0
        self._began = 1

    def rows(self, data: bytes) -> Iterator[Row]:
        """The rows that end in these bytes, the next of the file.

        Raises InvalidRequest for a row of more than MAX_ROW_BYTES.
        """
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            yield from self._taken(line)
        self._refuse_too_long(self._rest)

    def last(self) -> Iterator[Row]:
        """The row after the last end of a line, if there is one. Raises as rows does."""
        if self._rest or self._open:
            yield from self._taken(self._rest)
        if self._open:
            # What a quotation mark has swallowed is one row, and is judged as one.
            yield from self._ended()

    def _taken(self, line: bytes) -> Iterator[Row]:
        self._line += 1
        if self._line == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        if not self._open:
            self._began = self._line
        self._refuse_too_long(line)
        inside = bool(self._open)
        self._open.append(line)
        self._open_bytes += len(line) + 1
        if not (self._quotes and ends_inside(line, self.separator, inside=inside)):
            yield from self._ended()

    def _ended(self) -> Iterator[Row]:
        row = b"\n".join(self._open).removesuffix(b"\r")
        self._open, self._open_bytes = [], 0
        if row.strip(_EMPTY if self._quotes else None):
            yield self._began, row

    def _refuse_too_long(self, more: bytes) -> None:
        if self._open_bytes + len(more) > MAX_ROW_BYTES:
            detail = (
                f"The row that begins at line {self._began} has more than {MAX_ROW_BYTES} bytes. "
                "In CSV a quotation mark may be missing before that."
            )
            raise InvalidRequest.of(FieldError("", "row_too_long", detail))


def ends_inside(line: bytes, separator: bytes, *, inside: bool) -> bool:
    """Whether a line of CSV ends inside a quoted cell; inside: whether it begins in one.

    A quotation mark opens a cell only where the cell begins.

    >>> ends_inside(b'a,"b', b",", inside=False), ends_inside(b'a,b"c', b",", inside=False)
    (True, False)
    >>> ends_inside(b'b""c', b",", inside=True), ends_inside(b'b",c', b",", inside=True)
    (True, False)
    """
    if _QUOTE not in line:
        return inside
    at = 0
    while True:
        if not inside and line[at : at + 1] == _QUOTE:
            inside, at = True, at + 1
        if inside:
            at = _after_closing(line, at)
            if at < 0:
                return True
            inside = False
        at = line.find(separator, at) + 1
        if at == 0:
            return False


def _after_closing(line: bytes, at: int) -> int:
    """The place after the mark that closes the cell; -1: it is not closed here."""
    while True:
        at = line.find(_QUOTE, at)
        if at < 0:
            return -1
        if line[at + 1 : at + 2] != _QUOTE:
            return at + 1
        at += 2
