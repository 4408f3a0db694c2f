"""Whether a process says that it can serve."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from app.database import SCHEMA_REVISION, Database, Standing
from app.main import create_app
from app.settings import Settings
from tests.conftest import Clock, Tenant
from tests.support.factories import submission


@asynccontextmanager
async def asked(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://service") as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 200),
        ({"schema_revision": None}, 503),
        ({"schema_revision": "2026_11_22_2100"}, 503),
        ({"schema_revision": SCHEMA_REVISION[:-4] + "9999"}, 200),
        ({"keeps_rows_out_of_its_log": False}, 503),
        ({"durable": False}, 503),
    ],
)
async def test_what_it_takes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], status: int
) -> None:
    async def standing(_: Database) -> Standing:
        return replace(
            Standing(SCHEMA_REVISION, keeps_rows_out_of_its_log=True, durable=True), **changed
        )

    monkeypatch.setattr(Database, "standing", standing)
    async with asked(create_app(replace(settings, allow_lossy_postgres=False))) as client:
        assert (await client.get("/readyz")).status_code == status


async def test_a_lossy_postgres_is_taken_where_that_is_allowed(settings: Settings) -> None:
    async with asked(create_app(replace(settings, allow_lossy_postgres=True))) as client:
        assert (await client.get("/readyz")).status_code == 200


async def test_a_process_that_is_about_to_stop_is_not_ready_and_says_goodbye(
    settings: Settings,
) -> None:
    app = create_app(settings)
    async with asked(app) as client:
        before = await client.get("/livez")
        app.state.draining.begun = True
        ready, alive = await client.get("/readyz"), await client.get("/livez")

    assert "connection" not in before.headers
    assert (ready.status_code, alive.status_code) == (503, 200)
    assert alive.headers["connection"] == "close"


async def test_it_looks_at_most_once_a_second(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0

    async def standing(_: Database) -> Standing:
        nonlocal looked
        looked += 1
        return Standing(SCHEMA_REVISION, keeps_rows_out_of_its_log=True, durable=True)

    monkeypatch.setattr(Database, "standing", standing)
    async with asked(create_app(settings)) as client:
        for _ in range(10):
            await client.get("/readyz")

    assert looked <= 2


async def test_a_late_worker_is_told_and_is_no_reason(
    settings: Settings, tenant: Tenant, clock: Clock
) -> None:
    async with tenant.client() as client:
        await client.post("/v1/responses", json=submission())
    app = create_app(settings, clock=lambda: datetime.now(clock().tzinfo) + timedelta(minutes=2))
    async with asked(app) as client:
        answer = await client.get("/readyz")
        shown = (await client.get("/metrics")).text

    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "worker": "late"})
    (line,) = (
        line
        for line in shown.splitlines()
        if line.startswith("rapport_event_queue_oldest_seconds ")
    )
    assert float(line.split()[1]) > 60
