"""An export as it is sent while it is made."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from uuid import UUID

from pydantic_core import to_json

from app.database import Database
from app.exports import csv_text
from app.exports.columns import END
from app.exports.pages import pages
from app.exports.wanted import Wanted


async def stream(database: Database, tenant_id: UUID, wanted: Wanted) -> AsyncGenerator[bytes]:
    """The bytes of an export in CSV or as lines of JSON, down to the line that ends it.

    The first bytes come with the first page, so that a database that fails can still be told of.
    Raises Unavailable and the like when Postgres fails; without its last line it is not whole.
    """
    hashed, rows, waiting = hashlib.sha256(), 0, beginning(wanted)
    async with aclosing(pages(database, tenant_id, wanted)) as read:
        async for page in read:
            part, waiting = waiting + page.content, b""
            rows += page.rows
            hashed.update(part)
            if part:
                yield part
    hashed.update(waiting)
    format_, columns = wanted.request.format, len(wanted.columns)
    yield waiting + ending(format_, columns, rows, hashed.hexdigest(), wanted.as_of)


def beginning(wanted: Wanted) -> bytes:
    """What stands before the rows."""
    return csv_text.header(wanted.columns) if wanted.request.format == "csv" else b""


def ending(form: str, columns: int, rows: int, sha256: str, as_of: datetime) -> bytes:
    """What stands after the rows of a file in this format; nothing in Parquet, whose footer tells.

    sha256: of every byte before it. However many those are, it is as long.
    """
    if form == "csv":
        return csv_text.last_line(columns, rows, sha256, as_of)
    told = {"record": END, "rows": rows, "sha256": sha256, "as_of": as_of.isoformat()}
    return to_json(told) + b"\n" if form == "ndjson" else b""
