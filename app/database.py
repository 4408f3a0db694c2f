"""The only door to Postgres: one transaction of one tenant at a time. Knows no HTTP.

asyncpg runs the statements; app.statements describes tables and compiles.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, TypeVar
from uuid import UUID

import asyncpg
import structlog
from pydantic_core import from_json

from app.database_errors import DRIVER_ERRORS, problem_from
from app.errors import InternalError, Interrupted, Overtaken
from app.metrics import POOL_IN_USE, POOL_SECONDS, POOL_SIZE
from app.statements import Statement, json_text

Row: TypeAlias = asyncpg.Record
Result = TypeVar("Result")
Role = Literal["rapport_app", "rapport_platform", "rapport_worker"]
APP_ROLE: Final = "rapport_app"
PLATFORM_ROLE: Final = "rapport_platform"
"""Makes and closes tenants and their keys; has no right on any table with data of theirs."""
WORKER_ROLE: Final = "rapport_worker"
"""May ask which tenants have events waiting or something due, and nothing else."""
NO_TENANT: Final = UUID(int=0)
"""Set where a transaction belongs to no tenant: row-level security then shows nobody's rows."""
SCHEMA_REVISION: Final = "2026_11_24_1660"
"""The migration that this code is written for; a test holds it against migrations/."""
POOL_WAIT_SECONDS: Final = 1.0
TRANSACTION_SECONDS: Final = 5.0
"""Whatever Postgres or the network does, a caller has its answer by then."""
LOCK_MILLISECONDS: Final = 1000
TRIES: Final = 4
"""How often a transaction that was overtaken by another is begun in all."""
LOSS_SECONDS: Final = 1.0
"""One whose connection was lost is begun once more, if that was within so long."""
SERVER_SETTINGS: Final = {
    "role": APP_ROLE,
    "application_name": "rapport",
    "statement_timeout": "3000",
    "idle_in_transaction_session_timeout": "10000",
    "timezone": "UTC",
    "jit": "off",
}

_log = structlog.get_logger("rapport.database")
LockNotAvailable: TypeAlias = asyncpg.LockNotAvailableError  # a lock was kept for too long
_STANDING: Final = (
    "SELECT (SELECT version_num FROM alembic_version) AS version_num, "
    "current_setting('log_error_verbosity') AS verbosity, "
    "current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' "
    "AND current_setting('synchronous_commit') <> 'off' AS durable"
)
_WAIT_FOR_LOCKS: Final = "SELECT set_config('lock_timeout', $1, true)"
_AS_ROLE: Final[Mapping[Role, str]] = {
    APP_ROLE: "",  # the connection's own
    PLATFORM_ROLE: "SET LOCAL ROLE rapport_platform;",
    WORKER_ROLE: "SET LOCAL ROLE rapport_worker;",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How the database stands towards this code."""

    schema_revision: str | None
    keeps_rows_out_of_its_log: bool
    """Whether Postgres logs errors tersely; otherwise their DETAIL carries answers."""
    durable: bool
    """Whether what was committed outlives a crash of the server, by its settings."""

    @property
    def schema_fits(self) -> bool:
        """Whether it is this code's schema or a newer one, which leaves what this code uses."""
        return self.schema_revision is not None and self.schema_revision >= SCHEMA_REVISION


class Transaction:
    """One open transaction of one tenant."""

    def __init__(self, connection: asyncpg.Connection, tenant_id: UUID) -> None:
        self._connection = connection
        self.tenant_id = tenant_id

    async def rows(self, statement: Statement, **values: object) -> list[Row]:
        """All rows of the statement; its tenant is this transaction's."""
        found: list[Row] = await self._connection.fetch(
            statement.sql, *self._arguments(statement, values)
        )
        return found

    async def row(self, statement: Statement, **values: object) -> Row | None:
        """The first row of the statement, or None."""
        found: Row | None = await self._connection.fetchrow(
            statement.sql, *self._arguments(statement, values)
        )
        return found

    async def row_when_free(self, statement: Statement, seconds: int, **values: object) -> Row:
        """The row of the statement, which waits up to seconds for what others have locked.

        Raises LockNotAvailable after that. Later statements wait as long.
        """
        await self._connection.execute(_WAIT_FOR_LOCKS, f"{seconds}s")
        found: Row = await self._connection.fetchrow(
            statement.sql, *self._arguments(statement, values)
        )
        return found

    async def copied(
        self, statement: Statement, *, as_lines: bool = False, **values: object
    ) -> tuple[bytes, int]:
        """All rows of the statement as Postgres writes them into CSV in UTF-8; and how many.

        A line ends with LF, null is an empty cell, an empty text is "". as_lines: of a statement
        with one column of JSON, each as a line just as it is.
        """
        written = bytearray()

        async def take(part: bytes) -> None:
            written.extend(part)

        # No JSON has these characters as such, so nothing in it is ever quoted.
        signs = {"quote": "\x01", "delimiter": "\x02"} if as_lines else {}
        told = await self._connection.copy_from_query(
            statement.sql,
            *self._arguments(statement, values),
            output=take,
            format="csv",
            encoding="utf-8",
            **signs,
        )
        return bytes(written), int(told.removeprefix("COPY "))

    def _arguments(self, statement: Statement, values: dict[str, object]) -> Sequence[object]:
        values = {**statement.literals, **values, "tenant_id": self.tenant_id}
        return [values[name] for name in statement.parameters]


class Connection(asyncpg.Connection):  # type: ignore[misc]
    """A connection without session state to clean up: every setting is transaction-local."""

    def get_reset_query(self) -> str:
        """Nothing: saves a round trip at each release."""
        return ""


class Database:
    """The pool of one process."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    def transaction(
        self, tenant_id: UUID, lock_milliseconds: int = LOCK_MILLISECONDS
    ) -> AbstractAsyncContextManager[Transaction]:
        """One transaction of one tenant: committed on leaving, rolled back on any exception.

        lock_milliseconds: how long it waits for what another one has locked. Raises Unavailable
        when Postgres cannot be reached or does not get to it in time, Locked when another kept its
        lock for too long, Overtaken when it lost a race, and InternalError when a statement failed
        or COMMIT did not commit. In each case nothing was stored, but for a connection lost while
        committing: then only a retry can tell.
        """
        return self._transaction(tenant_id, APP_ROLE, lock_milliseconds)

    def platform_transaction(
        self, tenant_id: UUID = NO_TENANT
    ) -> AbstractAsyncContextManager[Transaction]:
        """As transaction, with the platform's rights: tenants and keys, nothing of their data."""
        return self._transaction(tenant_id, PLATFORM_ROLE)

    def worker_transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """As transaction, of no tenant, with the worker's right to ask where work is waiting."""
        return self._transaction(NO_TENANT, WORKER_ROLE)

    async def attempt(
        self,
        tenant_id: UUID,
        work: Callable[[Transaction], Awaitable[Result]],
        lock_milliseconds: int = LOCK_MILLISECONDS,
    ) -> Result:
        """What work gives in a transaction of the tenant, committed.

        work is begun anew, in a new transaction, when another was quicker, and once when the
        connection was lost before COMMIT was sent. Raises as transaction does.
        """
        until, lost = time.monotonic() + LOSS_SECONDS, False
        for left in reversed(range(TRIES)):
            try:
                async with self.transaction(tenant_id, lock_milliseconds) as transaction:
                    result = await work(transaction)
            except (Overtaken, Interrupted) as passing:
                interrupted = isinstance(passing, Interrupted)
                if not left or (interrupted and (lost or time.monotonic() > until)):
                    raise
                lost |= interrupted
            else:
                return result
        raise InternalError("There is nothing to try.")

    @asynccontextmanager
    async def _transaction(
        self, tenant_id: UUID, role: Role, lock_milliseconds: int = LOCK_MILLISECONDS
    ) -> AsyncIterator[Transaction]:
        # The tenant is a parsed UUID, so it can stand in the text; SET takes no parameter.
        begin = (
            f"BEGIN; SET LOCAL app.tenant = '{tenant_id}'; {_AS_ROLE[role]}"
            f"SET LOCAL lock_timeout = {int(lock_milliseconds)}"
        )
        lost = False
        try:
            async with (
                asyncio.timeout(TRANSACTION_SECONDS),
                _from(self._pool) as connection,
            ):
                try:
                    await connection.execute(begin)
                    yield Transaction(connection, tenant_id)
                except BaseException:
                    lost = not await _rolled_back(connection)
                    raise
                await _commit(connection)
        except DRIVER_ERRORS as error:
            raise problem_from(error, lost=lost) from None

    async def standing(self) -> Standing | None:
        """How the database stands; None when Postgres cannot be asked."""
        try:
            async with _from(self._pool) as connection:
                found = await connection.fetchrow(_STANDING, timeout=POOL_WAIT_SECONDS)
        except DRIVER_ERRORS:
            return None
        return Standing(found["version_num"], found["verbosity"] == "terse", found["durable"])


@asynccontextmanager
async def connected(
    database_url: str, *, pool_size: int, at_once: bool = True
) -> AsyncIterator[Database]:
    """A pool of up to pool_size connections as the app role, closed on leaving.

    at_once: connect now, and raise the driver's errors if that fails; else on the first need, so
    that a process may start while Postgres is away.
    """
    async with asyncpg.create_pool(
        database_url,
        min_size=int(at_once),
        max_size=pool_size,
        connection_class=Connection,
        server_settings=SERVER_SETTINGS,
        init=_read_json,
    ) as pool:
        POOL_SIZE.set(pool_size)
        yield Database(pool)


@asynccontextmanager
async def _from(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the pool. The pool's own timeout would make a task for each wait."""
    began = time.perf_counter()
    async with asyncio.timeout(POOL_WAIT_SECONDS):
        connection = await pool.acquire()
    POOL_SECONDS.observe(time.perf_counter() - began)
    POOL_IN_USE.inc()
    try:
        yield connection
    finally:
        POOL_IN_USE.dec()
        await pool.release(connection, timeout=POOL_WAIT_SECONDS)


async def _read_json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=json_text, decoder=from_json
    )


async def _commit(connection: asyncpg.Connection) -> None:
    """COMMIT, checked: after a swallowed error Postgres answers ROLLBACK, the driver nothing."""
    if await connection.execute("COMMIT") != "COMMIT":
        _log.error("commit_answered_rollback")
        raise InternalError("The record was not stored. Trying again is safe.")


async def _rolled_back(connection: asyncpg.Connection) -> bool:
    """True after ROLLBACK; False when the connection is lost, and with it what was under way."""
    try:
        await connection.execute("ROLLBACK", timeout=POOL_WAIT_SECONDS)
    except DRIVER_ERRORS:
        with suppress(asyncpg.InterfaceError):  # the pool has let go of it already
            connection.terminate()
        return False
    return True
