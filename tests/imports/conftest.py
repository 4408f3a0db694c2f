"""Files as their senders make them, and the worker that works them off."""

import csv
import io
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import pytest
from httpx import AsyncClient, Response

from app.database import Database
from app.imports.working import work_off
from app.instruments.definitions import shipped
from tests.conftest import Clock

Work = Callable[[], Awaitable[int]]

NDJSON = "application/x-ndjson"
CSV = "text/csv"


def lines_of(rows: Iterable[Any]) -> bytes:
    """The rows as NDJSON."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def csv_of(rows: Iterable[Mapping[str, object]], separator: str = ",") -> bytes:
    """The rows as CSV, their names from the first of them."""
    found = list(rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(found[0]), delimiter=separator)
    writer.writeheader()
    writer.writerows(found)
    return text.getvalue().encode()


async def upload(
    client: AsyncClient, content: Any, media_type: str = NDJSON, **query: str
) -> Response:
    """The answer to a file."""
    headers = {"Content-Type": media_type}
    return await client.post("/v1/imports", content=content, params=query, headers=headers)


async def taken(
    client: AsyncClient, content: Any, media_type: str = NDJSON, **query: str
) -> dict[str, Any]:
    """The import of a file that is taken."""
    answer = await upload(client, content, media_type, **query)
    assert answer.status_code == 202, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/imports/{made['id']}"
    return made


async def standing(client: AsyncClient, made: Mapping[str, Any]) -> dict[str, Any]:
    """How an import stands."""
    answer = await client.get(f"/v1/imports/{made['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def work(database: Database, clock: Clock) -> Work:
    """Has a worker do all there is to do."""

    async def done() -> int:
        total = steps = await work_off(database, shipped(), clock)
        while steps:
            steps = await work_off(database, shipped(), clock)
            total += steps
        return total

    return done
