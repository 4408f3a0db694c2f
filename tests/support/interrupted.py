"""A door to Postgres at which something happens before each call: it fails, or others come in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from fastapi import FastAPI

from app.database import Database

Hook = Callable[[str, Callable[[], Awaitable[Any]]], Awaitable[Any]]
"""Is given the statement's text and the call, and gives what the call gives."""


class _Connection:
    """A connection of the pool whose calls go through the hook."""

    def __init__(self, connection: Any, hook: Hook) -> None:
        self.connection = connection
        self.hook = hook

    async def execute(self, sql: str, *args: Any, **options: Any) -> Any:
        return await self.hook(sql, lambda: self.connection.execute(sql, *args, **options))

    async def fetch(self, sql: str, *args: Any) -> Any:
        return await self.hook(sql, lambda: self.connection.fetch(sql, *args))

    async def fetchrow(self, sql: str, *args: Any) -> Any:
        return await self.hook(sql, lambda: self.connection.fetchrow(sql, *args))

    async def copy_from_query(self, sql: str, *args: Any, **options: Any) -> Any:
        return await self.hook(sql, lambda: self.connection.copy_from_query(sql, *args, **options))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


class _Pool:
    def __init__(self, pool: asyncpg.Pool, hook: Hook) -> None:
        self.pool = pool
        self.hook = hook

    async def acquire(self) -> _Connection:
        return _Connection(await self.pool.acquire(), self.hook)

    async def release(self, connection: _Connection, **options: Any) -> None:
        await self.pool.release(connection.connection, **options)


@asynccontextmanager
async def hooked(app: FastAPI, hook: Hook) -> AsyncIterator[None]:
    """The application's calls to Postgres go through the hook."""
    own: Database = app.state.database
    app.state.database = Database(_Pool(own._pool, hook))  # noqa: SLF001 - stands in for it
    try:
        yield
    finally:
        app.state.database = own


class AtCall:
    """A hook that does something instead of the n-th call, and lets all others through."""

    def __init__(self, number: int, instead: Hook) -> None:
        self.number = number
        self.instead = instead
        self.calls: list[str] = []

    @property
    def reached(self) -> bool:
        """Whether there was an n-th call."""
        return len(self.calls) >= self.number

    async def __call__(self, sql: str, call: Callable[[], Awaitable[Any]]) -> Any:
        self.calls.append(sql)
        if len(self.calls) == self.number:
            return await self.instead(sql, call)
        return await call()
