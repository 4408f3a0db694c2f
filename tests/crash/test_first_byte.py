"""Whoever sees the first byte of an answer can read, on another connection, what it says."""

from collections.abc import Callable

import asyncpg
import pytest
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from app.main import create_app
from app.settings import Settings
from bench.crash.controls import committing_late
from bench.crash.forms import Form, Forms
from tests.conftest import Tenant
from tests.crash.conftest import plain_client

ROWS = "SELECT count(*) FROM responses WHERE tenant_id = $1 AND external_id = $2"
Look = Callable[[Scope], object]


class FirstByte:
    """An application, and what another connection sees each time it begins to answer."""

    def __init__(self, app: FastAPI, tenant: Tenant, owner: asyncpg.Connection) -> None:
        self._app, self._tenant, self._owner = app, tenant, owner
        self.expected = ""
        self.seen: list[tuple[int, int]] = []
        """Status and number of rows, for each answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                rows = await self._owner.fetchval(ROWS, self._tenant.id, self.expected)
                self.seen.append((message["status"], rows))
            await send(message)

        await self._app(scope, receive, watched)

    async def submit(self, forms: list[Form]) -> None:
        async with plain_client(self, self._tenant.key) as client:
            for form in forms:
                self.expected = form.external_id
                await client.post("/v1/responses", content=form.body)


@pytest.fixture
def forms() -> list[Form]:
    return [Forms(1, 30, "first-byte").form(number) for number in range(300)]


async def test_what_is_answered_is_committed(
    app: FastAPI, tenant: Tenant, owner: asyncpg.Connection, forms: list[Form]
) -> None:
    watched = FirstByte(app, tenant, owner)
    await watched.submit(forms)

    assert watched.seen == [(201, 1)] * len(forms)


async def test_the_same_look_sees_a_late_commit(
    settings: Settings, tenant: Tenant, owner: asyncpg.Connection, forms: list[Form]
) -> None:
    late = committing_late(create_app(settings))
    async with late.router.lifespan_context(late):
        watched = FirstByte(late, tenant, owner)
        await watched.submit(forms[:5])

    assert watched.seen == [(201, 0)] * 5
