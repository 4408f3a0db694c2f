"""`rapport serve`: checks what it needs, then serves."""

import argparse
import asyncio
import contextlib
import os
import re
import signal
import socket
import tempfile
from collections.abc import Iterator
from types import FrameType
from typing import Any, Final, NoReturn

import asyncpg
import uvicorn

from app.database import SCHEMA_REVISION, connected
from app.errors import StartRefused
from app.metrics import SHARED_DIRECTORY
from app.settings import Settings, read_settings
from app.telemetry import configure_logging

SERVER: Final[dict[str, Any]] = {
    "access_log": False,
    "server_header": False,
    "log_config": None,  # its loggers are left to app.telemetry, as everybody's
    "timeout_keep_alive": 75,  # longer than a balancer's 60 s, which else sends to a closed door
    "timeout_graceful_shutdown": 20,
}


PLACE: Final = re.compile(r"[a-z0-9+]+://(?:[^@/?#]*@)?([^@/?#]*)(/[^@?#]*)?(?:\?[^@]*)?")
"""Host and path of a URL that is written as it should be; of another nothing is repeated."""


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse's own kind
    """Add the command."""
    parser = commands.add_parser("serve", help="serve the API (HOST, PORT, WORKERS, DATABASE_URL)")
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> None:
    """Serve until stopped. Raises StartRefused when something that it needs is not there."""
    settings = read_settings()
    configure_logging(settings.log_level)
    asyncio.run(must_be_ready(settings))
    must_be_free(settings)
    # When all is answered, uvicorn raises the signal again that it was stopped with.
    signal.signal(signal.SIGTERM, _ended_in_order)
    with _shared_counts(settings):
        uvicorn.run(
            "app.main:app_from_environment",
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            **SERVER,
        )


def _ended_in_order(_number: int, _frame: FrameType | None) -> NoReturn:
    """End with status 0: whoever said to stop is not to take it for a crash."""
    raise SystemExit(0)


@contextlib.contextmanager
def _shared_counts(settings: Settings) -> Iterator[None]:
    """A place where several processes add up what they count, for as long as they run."""
    if settings.workers == 1 or SHARED_DIRECTORY in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="rapport-metrics-") as directory:
        os.environ[SHARED_DIRECTORY] = directory
        yield


async def must_be_ready(settings: Settings) -> None:
    """Raises StartRefused unless Postgres answers with the schema that this code knows."""
    place = database_place(settings.database_url)
    try:
        async with connected(settings.database_url, pool_size=1) as database:
            standing = await database.standing()
            revision = standing and standing.schema_revision
    except (asyncpg.InvalidParameterValueError, asyncpg.UndefinedObjectError):
        standing = revision = None  # there is no app role yet
    except (asyncpg.PostgresError, OSError, TimeoutError, ValueError) as error:
        reason = type(error).__name__
        raise StartRefused(f"The database at {place} cannot be used ({reason}).") from None
    if standing is not None and not standing.keeps_rows_out_of_its_log:
        raise StartRefused(
            f"The database at {place} must run with log_error_verbosity = terse: its log would "
            "hold answers."
        )
    if standing is not None and not standing.durable and not settings.allow_lossy_postgres:
        raise StartRefused(
            f"The database at {place} must run with fsync, full_page_writes and "
            "synchronous_commit on, or lose what was acknowledged (for a trial set "
            "ALLOW_LOSSY_POSTGRES=yes)."
        )
    if standing is None or not standing.schema_fits:
        found = revision or "empty"
        raise StartRefused(
            f"The schema of the database at {place} is not the one this version needs "
            f"(found {found}, needs {SCHEMA_REVISION}): run `rapport migrate`."
        )


def must_be_free(settings: Settings) -> None:
    """Raises StartRefused when the port is taken or the host is not ours."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise StartRefused(
                f"Cannot listen on {settings.host}:{settings.port} ({error.strerror}); "
                "set PORT or HOST."
            ) from None


def database_place(url: str) -> str:
    """Where a database URL points, without its password."""
    place = PLACE.fullmatch(url)
    if place is None:
        return "the address in the URL"
    return f"{place[1] or 'local socket'}{place[2] or ''}"
