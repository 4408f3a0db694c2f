"""What the contract says of how an export is answered."""

from typing import Any, Final

from app.edge.tables import MEDIA_TYPES

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
