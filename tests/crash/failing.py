"""A pool whose n-th call to Postgres fails, before it is made or although it was made."""

from typing import Any, Final, Literal

import asyncpg

from app.database import Database

When = Literal["not made", "made"]
ENDS: Final = "ROLLBACK"


class FailingPool:
    """Stands before a real pool. Unarmed it fails nothing."""

    def __init__(self, real: asyncpg.Pool) -> None:
        self._real = real
        self._left = 0
        self._when: When = "not made"
        self.failed = ""
        """The text of the call that failed; empty: none has."""

    def arm(self, number: int, when: When) -> None:
        """Fail the call with this number, from 1 on; those that end a transaction do not count."""
        self._left, self._when, self.failed = number, when, ""

    def disarm(self) -> None:
        self._left = 0

    async def acquire(self) -> "FailingConnection":
        return FailingConnection(await self._real.acquire(), self)

    async def release(self, connection: "FailingConnection", **options: Any) -> None:
        await self._real.release(connection.real, **options)

    async def called(self, made: Any, text: str, arguments: Any, options: Any) -> Any:
        """Make the call; it is the one that fails, or not."""
        self._left -= text != ENDS
        fails = self._left == 0 and text != ENDS
        if fails:
            self.failed = text
        if fails and self._when == "not made":
            raise asyncpg.ConnectionDoesNotExistError("gone")
        result = await made(text, *arguments, **options)
        if fails:
            raise asyncpg.ConnectionDoesNotExistError("gone")
        return result


class FailingConnection:
    """One connection of a failing pool."""

    def __init__(self, real: asyncpg.Connection, pool: FailingPool) -> None:
        self.real, self._pool = real, pool

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.real, name)
        if name not in {"execute", "fetch", "fetchrow", "fetchval"}:
            return found

        async def call(text: str, *arguments: Any, **options: Any) -> Any:
            return await self._pool.called(found, text, arguments, options)

        return call


def failing(database: Database) -> tuple[Database, FailingPool]:
    """The same database behind a failing pool."""
    pool = FailingPool(database._pool)  # noqa: SLF001 - the only seam below a transaction
    return Database(pool), pool
