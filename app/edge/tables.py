"""Tables as answers: bytes as they come, and lines of CSV that a spreadsheet can be given."""

import csv
import io
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from typing import Final

from fastapi.responses import StreamingResponse
from starlette.types import Send

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
FORMULA_FIRST: Final = "=+@\t\r\n'\uff1d\uff0b\uff0d\uff20-"
"""What a formula may begin with, full width too, and the sign itself that is set before it."""


class TableResponse(StreamingResponse):
    """A stream that is closed when it has been sent, and when its reader has hung up."""

    def __init__(
        self,
        content: AsyncGenerator[bytes],
        name: str,
        format: str,  # noqa: A002 - as everywhere here
        length: int | None = None,
        status_code: int = 200,
    ) -> None:
        headers = {"Content-Disposition": f'attachment; filename="{name}.{format}"'}
        if length is not None:
            headers["Content-Length"] = str(length)
        super().__init__(content, status_code, headers=headers, media_type=MEDIA_TYPES[format])
        self._generator = content

    async def stream_response(self, send: Send) -> None:
        """Send what comes, and have it end whatever happens."""
        async with aclosing(self._generator):
            await super().stream_response(send)


async def begun(content: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """The same bytes, of which the first have come: whatever fails until then can be answered."""
    first = await anext(content, b"")

    async def whole() -> AsyncGenerator[bytes]:
        async with aclosing(content):
            yield first
            async for part in content:
                yield part

    return whole()


def row_of(cells: Iterable[object], separator: str = ",") -> bytes:
    """One line of cells; None is an empty one."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()


def neutral(text: str) -> str:
    """The text as no spreadsheet takes it for a formula; without one leading ' it is as it was.

    As app.exports.page_queries writes every text of a caller's (OWASP, CSV injection).

    >>> neutral("=1+1"), neutral("'"), neutral("c-1")
    ("'=1+1", "''", 'c-1')
    """
    return f"'{text}" if text and text[0] in FORMULA_FIRST else text
