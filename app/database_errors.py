"""What goes wrong between us and Postgres, and the problem that it is to our caller."""

import logging
from typing import Final

import asyncpg
import structlog

from app.errors import InternalError, Interrupted, Locked, Overtaken, Problem, Unavailable
from app.metrics import DATABASE_ERRORS

DRIVER_ERRORS: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""What asyncpg raises when Postgres or the way to it fails."""

_log = structlog.get_logger("rapport.database")


def problem_from(error: Exception, *, lost: bool = False) -> Problem:
    """The problem to answer. Only the SQLSTATE is logged: a driver's message can hold answers.

    lost: the connection went away before COMMIT was sent, so that nothing is stored.
    """
    sqlstate = getattr(error, "sqlstate", None)
    race = isinstance(error, asyncpg.LockNotAvailableError | asyncpg.TransactionRollbackError)
    level = logging.WARNING if race else logging.ERROR
    DATABASE_ERRORS.labels(sqlstate or "none").inc()
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
    if isinstance(error, passing) and lost and not isinstance(error, TimeoutError):
        return Interrupted("The connection to the database was lost.")
    if isinstance(error, passing):
        return Unavailable("The database did not answer in time.")
    return InternalError("Nothing was stored. Trying again is safe.")
