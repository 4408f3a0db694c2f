"""Submissions that are sure to wait for one another, and what travelled with what."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from app.responses import changes, flights
from tests.conftest import Tenant
from tests.support.interrupted import hooked

BOUND_SECONDS = 20
"""Only so that a test that waits for what never comes fails."""


class Gate:
    """A hook that lets no call through to Postgres before it is open."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.begun = 0
        """How many transactions stand before it, or have passed."""

    async def __call__(self, sql: str, call: Callable[[], Awaitable[Any]]) -> Any:
        self.begun += sql.startswith("BEGIN")
        await self.open.wait()
        return await call()


def waiting(app: FastAPI, tenant: Tenant) -> int:
    """How many of the tenant's submissions wait for a transaction that is under way."""
    lane = app.state.flights._lanes.get(tenant.id)  # noqa: SLF001 - what is looked at
    return len(lane.waiting) if lane else 0


async def until(reached: Callable[[], bool]) -> None:
    """Let others go on until it is so."""
    async with asyncio.timeout(BOUND_SECONDS):
        while not reached():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.001)


@asynccontextmanager
async def gated(app: FastAPI) -> AsyncIterator[Gate]:
    """The application's calls to Postgres wait at a gate; open at the end in any case."""
    gate = Gate()
    async with hooked(app, gate):
        try:
            yield gate
        finally:
            gate.open.set()


async def together(
    app: FastAPI, tenant: Tenant, sent: Sequence[tuple[AsyncClient, dict[str, Any]]]
) -> list[Response]:
    """The answer to each: the first goes alone, all others wait for it and travel together.

    Each key has been used before, so that nobody has to look it up.
    """
    async with gated(app) as gate:
        tasks = [asyncio.create_task(c.post("/v1/responses", json=body)) for c, body in sent]
        await until(lambda: waiting(app, tenant) == len(sent) - 1)
        gate.open.set()
        return await asyncio.gather(*tasks)


def flown(monkeypatch: pytest.MonkeyPatch) -> list[list[str | None]]:
    """The external_ids of each transaction of several, noted from now on."""
    noted: list[list[str | None]] = []
    apply = changes.apply

    async def noting(transaction: Any, catalogue: Any, changes: Any, clock: Any) -> Any:
        noted.append([change.external_id for change in changes])
        return await apply(transaction, catalogue, changes, clock)

    monkeypatch.setattr(flights, "apply", noting)
    return noted
