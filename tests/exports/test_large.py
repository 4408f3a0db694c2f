"""An export of many rows: equal to the table, flat in memory, ended by a reader who hangs up."""

import asyncio
import json
import tracemalloc
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app.database import Database
from app.exports import pages
from app.exports.schemas import ExportRequest
from app.exports.streams import stream
from app.exports.wanted import Wanted, wanted
from app.instruments.definitions import shipped
from app.signals.queries import Reading
from app.tenants.scopes import Scope
from bench.exports.filling import fill
from tests.conftest import Tenant, make_tenant
from tests.exports.reading import csv_rows
from tests.support.factories import pair, submission
from tests.support.served import serving

ROWS = 20_000
AS_STORED = """
SELECT id::text, external_id, session_number::text, rater_ref, alliance_id::text,
  answers::text, to_char(received_at, 'YYYY-MM-DD"T"HH24:MI:SS.US') AS received_at
FROM responses WHERE tenant_id = $1 ORDER BY id
"""
READING = "query LIKE 'COPY%' AND state = 'active'"


@pytest.fixture(scope="module")
async def large(app: FastAPI, database_url: str) -> Tenant:
    """A tenant with twenty thousand responses and one."""
    tenant = await make_tenant(app, tuple(Scope))
    async with tenant.client() as client:
        body = submission(external_id="pattern", alliance=pair(case_ref="case"))
        assert (await client.post("/v1/responses", json=body)).status_code == 201
    await fill(database_url, tenant.id, ROWS)
    return tenant


def everything() -> Wanted:
    reading = Reading("system", supervision=False, rater_role=None, rater_ref=None)
    return wanted(shipped(), ExportRequest(kind="responses"), reading, datetime.now(UTC))


async def test_it_is_equal_to_the_table_row_by_row(large: Tenant, database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    stored = [dict(row) for row in await connection.fetch(AS_STORED, large.id)]
    await connection.close()
    async with large.client() as client:
        answer = await client.get("/v1/exports/responses")
    rows = csv_rows(answer.content)

    assert len(rows) == ROWS + 1
    for row, kept in zip(rows, stored, strict=True):
        found = {name: row[name] for name in kept}
        found["received_at"] = found["received_at"].removesuffix("+00:00").ljust(26, "0")
        assert found == kept


async def test_memory_stays_flat(
    large: Tenant, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of ten megabytes never more than some pages are there at once."""
    monkeypatch.setattr(pages, "PAGE_SIZE", dict.fromkeys(pages.PAGE_SIZE, 500))
    tracemalloc.start()
    try:
        size = largest = 0
        async for part in stream(database, large.id, everything()):
            size += len(part)
            largest = max(largest, tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert size > 8_000_000
    assert largest < size / 3


async def test_one_page_is_read_ahead_and_none_after_a_reader_has_left(
    large: Tenant, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PAGE_SIZE", dict.fromkeys(pages.PAGE_SIZE, 100))
    genuine, begun = pages.page_between, 0

    async def counted(*args: object) -> object:
        nonlocal begun
        begun += 1
        return await genuine(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(pages, "page_between", counted)
    before = asyncio.all_tasks()
    async with aclosing(stream(database, large.id, everything())) as content:
        for _ in range(3):
            await anext(content)
            await asyncio.sleep(0.2)  # a reader who takes their time
    assert begun == 4
    assert asyncio.all_tasks() == before
    async with database.transaction(large.id) as transaction:  # and its connection is of use
        assert await pages.page_after(transaction, everything(), pages.BEGINNING) is not None


async def test_a_reader_who_hangs_up_ends_the_reading(
    large: Tenant, database_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "serve.log"
    with serving(database_url, log) as url:
        headers = {"Authorization": f"Bearer {large.key}"}
        async with (
            httpx.AsyncClient(headers=headers, trust_env=False) as client,
            client.stream("GET", f"{url}/v1/exports/responses") as answer,
        ):
            assert answer.status_code == 200
            await anext(answer.aiter_bytes())
        async with asyncio.timeout(20):
            while not any(route == "/v1/exports/responses" for route in routes(log)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        connection = await asyncpg.connect(database_url)
        query = f"SELECT count(*) FROM pg_stat_activity WHERE {READING}"  # noqa: S608 - ours
        assert await connection.fetchval(query) == 0
        await connection.close()
        async with httpx.AsyncClient(headers=headers, trust_env=False) as client:
            whole = await client.get(f"{url}/v1/exports/responses", timeout=60)
    assert len(csv_rows(whole.content)) == ROWS + 1
    assert not [one for one in lines(log) if one["level"] == "error"]


def lines(log: Path) -> list[dict[str, object]]:
    return [json.loads(text) for text in log.read_text().splitlines()]


def routes(log: Path) -> list[object]:
    return [one.get("route") for one in lines(log)]
