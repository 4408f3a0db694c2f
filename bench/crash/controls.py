"""Services that are wrong on purpose: whoever looks for lost submissions must find some here.

`python -m bench.crash.controls NAME` serves one. The product cannot be set to be like this.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final
from uuid import UUID

import asyncpg
import uvicorn
from fastapi import FastAPI
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.cli.serve import SERVER
from app.database import Database, Transaction
from app.main import app_from_environment
from app.settings import read_settings

LATE: Final = 0.1
"""Seconds from the answer to the commit."""
KEYS_TABLE: Final = "CREATE TABLE crash_keys (external_id text PRIMARY KEY)"
"""What key_first needs in the database; to be made by its superuser."""
_KEEP: Final = "INSERT INTO crash_keys VALUES ($1) ON CONFLICT DO NOTHING RETURNING external_id"
_STORED: Final = "SELECT count(*) FROM responses WHERE external_id = $1"


def late_commit() -> FastAPI:
    """A service that answers first and commits later."""
    return committing_late(app_from_environment())


def key_first() -> FastAPI:
    """A service that keeps the external_id in a transaction before that of the response."""
    return keeping_keys_first(app_from_environment(), read_settings().database_url)


CONTROLS: Final[dict[str, Callable[[], FastAPI]]] = {
    "late_commit": late_commit,
    "key_first": key_first,
}


def committing_late(api: FastAPI) -> FastAPI:
    """The application, with every transaction committed some time after its block was left."""

    @asynccontextmanager
    async def late(app: FastAPI) -> AsyncIterator[None]:
        app.state.database = LateDatabase(app.state.database)
        yield
        await app.state.database.settled()

    return _started_with(api, late)


class LateDatabase(Database):
    """A database that says it has committed when it is only going to."""

    def __init__(self, real: Database) -> None:
        super().__init__(real._pool)  # noqa: SLF001 - there is no other way to the same pool
        self._commits: set[asyncio.Task[None]] = set()

    def transaction(
        self, tenant_id: UUID, *more: int, **named: int
    ) -> AbstractAsyncContextManager[Transaction]:
        """As the real one, but that leaving it waits for nothing."""
        return self._late(super().transaction(tenant_id, *more, **named))

    async def settled(self) -> None:
        """Come back when everything is committed, or is not going to be."""
        await asyncio.gather(*self._commits, return_exceptions=True)

    def _done(self, held: asyncio.Task[None]) -> None:
        self._commits.discard(held)
        if not held.cancelled():
            held.exception()  # the caller was told otherwise; that is the point of this control

    @asynccontextmanager
    async def _late(
        self, real: AbstractAsyncContextManager[Transaction]
    ) -> AsyncIterator[Transaction]:
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[Transaction] = loop.create_future()
        left: asyncio.Future[None] = loop.create_future()
        held = loop.create_task(_hold(real, opened, left))
        self._commits.add(held)
        held.add_done_callback(self._done)
        waiting: list[asyncio.Future[Any]] = [held, opened]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not opened.done():
            await held  # it could not begin, and says why
        try:
            yield opened.result()
        except BaseException as error:
            left.set_exception(error)
            await held
            raise
        left.set_result(None)


async def _hold(
    real: AbstractAsyncContextManager[Transaction],
    opened: asyncio.Future[Transaction],
    left: asyncio.Future[None],
) -> None:
    """Hold a transaction open until its block was left, and a little longer."""
    async with real as transaction:
        opened.set_result(transaction)
        await left
        await asyncio.sleep(LATE)


def keeping_keys_first(api: FastAPI, database_url: str) -> FastAPI:
    """The application behind a layer that remembers external_ids in transactions of its own.

    The database must have crash_keys, and the login of the URL the right to write it.
    """

    @asynccontextmanager
    async def pool(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as keys:
            app.state.crash_keys = keys
            yield

    api.add_middleware(KeyFirst, pool=lambda: api.state.crash_keys)
    return _started_with(api, pool)


class KeyFirst:
    """Takes an external_id that it has seen for a response that is stored."""

    def __init__(self, app: ASGIApp, pool: Callable[[], asyncpg.Pool]) -> None:
        self._app, self._pool = app, pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; a submission seen before is answered without asking the service."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        external_id = json.loads(body).get("external_id")
        try:
            new = await self._pool().fetchval(_KEEP, external_id)
            stored = new is None and await self._pool().fetchval(_STORED, external_id)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await JSONResponse({}, 503)(scope, receive, send)
            return
        if new is None and not stored:
            replay = JSONResponse({"external_id": external_id}, 200)
            await replay(scope, receive, send)
            return
        await self._app(scope, _again(body, receive), send)


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body


def _again(body: bytes, receive: Receive) -> Receive:
    """What gives a body that was read already, and after it what is still to come."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return messages.pop() if messages else await receive()

    return give


def _started_with(
    api: FastAPI, more: Callable[[FastAPI], AbstractAsyncContextManager[None]]
) -> FastAPI:
    """The application, which does something more between its start and its stop."""
    usual = api.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[Any]:  # noqa: ANN401 - as Starlette has it
        async with usual(app) as state, more(app):
            yield state

    api.router.lifespan_context = lifespan
    return api


def main() -> None:
    """Serve a control as the product is served, until stopped."""
    settings = read_settings()
    uvicorn.run(
        f"{__spec__.name}:{sys.argv[1]}",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        **SERVER,
    )


if __name__ == "__main__":
    main()
