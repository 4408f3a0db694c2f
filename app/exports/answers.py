"""How an export is answered: bytes as they come, and what the contract says of them."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final

from fastapi.responses import StreamingResponse
from starlette.types import Send

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
_TEXT: Final = {"schema": {"type": "string"}}
STREAMED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "One record a line. The last line says that all of it came, with the number "
        "of rows and a hash of every byte before it: without it the answer was cut off.",
        "content": {MEDIA_TYPES["csv"]: _TEXT, MEDIA_TYPES["ndjson"]: _TEXT},
    }
}
FETCHED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file. In CSV and NDJSON the last line says that all of it came; a "
        "Parquet file that was cut off has no footer and cannot be opened.",
        "content": {
            **STREAMED[200]["content"],
            MEDIA_TYPES["parquet"]: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


class ExportResponse(StreamingResponse):
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
