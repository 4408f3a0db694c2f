"""What the driver raises when Postgres or the way to it fails, and what is answered then."""

import logging
from typing import Final

import asyncpg
import structlog

from app.errors import InternalError, Locked, Overtaken, Problem, Unavailable

DRIVER_ERRORS: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""What asyncpg raises when Postgres or the way to it fails."""

_log = structlog.get_logger("rapport.database")


def problem_from(error: Exception) -> Problem:
    """The problem to answer. Only the SQLSTATE is logged: a driver's message can hold answers."""
    sqlstate = getattr(error, "sqlstate", None)
    race = isinstance(error, asyncpg.LockNotAvailableError | asyncpg.TransactionRollbackError)
    level = logging.WARNING if race else logging.ERROR
    _log.log(level, "database_error", kind=type(error).__name__, sqlstate=sqlstate)
    if isinstance(error, asyncpg.LockNotAvailableError):
        return Locked("Somebody else is changing the same.")
    if isinstance(error, asyncpg.TransactionRollbackError):
        return Overtaken("Others were quicker, again and again.")
    passing = (
        asyncpg.PostgresConnectionError,
        asyncpg.QueryCanceledError,
        asyncpg.OperatorInterventionError,
        asyncpg.InsufficientResourcesError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        asyncpg.InvalidCachedStatementError,
        OSError,
        TimeoutError,
    )
    if isinstance(error, passing):
        return Unavailable("The database did not answer in time.")
    return InternalError("Nothing was stored. Trying again is safe.")
