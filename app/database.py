"""The only door to Postgres: one transaction of one tenant at a time. Knows no HTTP.

SQLAlchemy Core describes tables and builds statements; each is compiled once, asyncpg runs it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from pydantic_core import from_json, to_json
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect

from app.errors import InternalError, Problem, Unavailable

Row: TypeAlias = asyncpg.Record
APP_ROLE: Final = "rapport_app"
SCHEMA_REVISION: Final = "2026_11_22_2100"
"""The migration that this code is written for; a test holds it against migrations/."""
POOL_WAIT_SECONDS: Final = 1.0
TRANSACTION_SECONDS: Final = 5.0
"""Whatever Postgres or the network does, a caller has its answer by then."""
LOCK_TIMEOUT: Final = "1s"
SERVER_SETTINGS: Final = {
    "role": APP_ROLE,
    "application_name": "rapport",
    "statement_timeout": "3000",
    "idle_in_transaction_session_timeout": "10000",
    "timezone": "UTC",
    "jit": "off",
}

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table of the service; a domain's tables stand in its models.py."""

DRIVER_ERRORS: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""What asyncpg raises when Postgres or the way to it fails."""

_log = logging.getLogger("rapport.database")
_dialect = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL ready for asyncpg and the names of its parameters in order; tenant_id is among them."""

    sql: str
    parameters: tuple[str, ...]
    literals: Mapping[str, object]
    """The parameters that the statement brings itself."""


def compiled(statement: sa.ClauseElement) -> Statement:
    """The statement as asyncpg runs it.

    Raises ValueError when it does not name tenant_id: every statement carries the tenant.
    """
    result = statement.compile(dialect=_dialect)
    parameters = tuple(result.positiontup or ())  # type: ignore[attr-defined]
    if "tenant_id" not in parameters:
        raise ValueError("A statement on tenant data must name tenant_id.")
    literals = {name: b.value for name, b in result.binds.items() if not b.required}  # type: ignore[attr-defined]
    return Statement(str(result), parameters, literals)


def parameter(column: sa.Column[Any]) -> sa.BindParameter[Any]:
    """A parameter with the name and the type of a column."""
    return sa.bindparam(column.name, type_=column.type)


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

    @asynccontextmanager
    async def transaction(self, tenant_id: UUID) -> AsyncIterator[Transaction]:
        """One transaction of one tenant: committed on leaving, rolled back on any exception.

        Raises Unavailable when Postgres cannot be reached or does not get to it in time, and
        InternalError when a statement failed or COMMIT did not commit. In each case nothing was
        stored, but for a connection lost while committing: then only a retry can tell.
        """
        try:
            async with (
                asyncio.timeout(TRANSACTION_SECONDS),
                _from(self._pool) as connection,
            ):
                # The tenant is a parsed UUID, so it can stand in the text; SET takes no parameter.
                await connection.execute(
                    f"BEGIN; SET LOCAL app.tenant = '{tenant_id}'; "
                    f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"
                )
                try:
                    yield Transaction(connection, tenant_id)
                except BaseException:
                    await _roll_back(connection)
                    raise
                await _commit(connection)
        except Problem:
            raise
        except DRIVER_ERRORS as error:
            raise _problem_from(error) from None

    async def schema_revision(self) -> str | None:
        """The migration that the database stands at; None when Postgres cannot be asked."""
        try:
            async with _from(self._pool) as connection:
                revision: str | None = await connection.fetchval(
                    "SELECT version_num FROM alembic_version", timeout=POOL_WAIT_SECONDS
                )
        except DRIVER_ERRORS:
            return None
        return revision


@asynccontextmanager
async def connected(database_url: str, *, pool_size: int) -> AsyncIterator[Database]:
    """A pool of up to pool_size connections as the app role, closed on leaving.

    Raises the driver's errors when the first connection fails.
    """
    async with asyncpg.create_pool(
        database_url,
        min_size=1,
        max_size=pool_size,
        connection_class=Connection,
        server_settings=SERVER_SETTINGS,
        init=_read_json,
    ) as pool:
        yield Database(pool)


@asynccontextmanager
async def _from(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the pool. The pool's own timeout would make a task for each wait."""
    async with asyncio.timeout(POOL_WAIT_SECONDS):
        connection = await pool.acquire()
    try:
        yield connection
    finally:
        await pool.release(connection, timeout=POOL_WAIT_SECONDS)


async def _read_json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_json_text, decoder=from_json
    )


def _json_text(value: object) -> str:
    """The JSON of plain values and of pydantic models alike."""
    return to_json(value).decode()


async def _commit(connection: asyncpg.Connection) -> None:
    """COMMIT, checked: after a swallowed error Postgres answers ROLLBACK, the driver nothing."""
    if await connection.execute("COMMIT") != "COMMIT":
        _log.error("commit answered ROLLBACK")
        raise InternalError("The record was not stored. Trying again is safe.")


async def _roll_back(connection: asyncpg.Connection) -> None:
    try:
        await connection.execute("ROLLBACK", timeout=POOL_WAIT_SECONDS)
    except DRIVER_ERRORS:
        connection.terminate()


def _problem_from(error: Exception) -> Problem:
    """The problem to answer. Only the SQLSTATE is logged: a driver's message can hold answers."""
    sqlstate = getattr(error, "sqlstate", None)
    _log.error("database error: %s, SQLSTATE %s", type(error).__name__, sqlstate)
    passing = (
        asyncpg.PostgresConnectionError,
        asyncpg.LockNotAvailableError,
        asyncpg.QueryCanceledError,
        asyncpg.TransactionRollbackError,
        asyncpg.OperatorInterventionError,
        asyncpg.InsufficientResourcesError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        asyncpg.InvalidCachedStatementError,
        OSError,
        TimeoutError,
    )
    if isinstance(error, passing):
        return Unavailable("The database did not answer in time.", headers={"Retry-After": "1"})
    return InternalError("Nothing was stored. Trying again is safe.")
