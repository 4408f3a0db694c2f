"""`rapport worker`: checks what it needs, then works until it is stopped."""

import argparse
import asyncio
import signal
from datetime import UTC, datetime
from typing import Any

import structlog

from app.cli.serve import database_place, must_be_ready
from app.database import connected
from app.driver_errors import DRIVER_ERRORS
from app.errors import StartRefused
from app.settings import Settings, read_settings
from app.telemetry import configure_logging
from app.worker import work

_log = structlog.get_logger("rapport.worker")


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse's own kind
    """Add the command."""
    parser = commands.add_parser(
        "worker", help="move events into their log, look for silence (DATABASE_URL)"
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> None:
    """Work until stopped. Raises StartRefused when something that it needs is not there."""
    settings = read_settings()
    configure_logging(settings.log_level)
    asyncio.run(must_be_ready(settings))
    asyncio.run(_work_until_told(settings))


async def _work_until_told(settings: Settings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for told in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(told, stopping.set)
    await work_until(settings, stopping)


async def work_until(settings: Settings, stopping: asyncio.Event) -> None:
    """Work, with a connection of its own, until stopping is set.

    Raises StartRefused when there is no first connection.
    """
    try:
        async with connected(settings.database_url, pool_size=1) as database:
            _log.info("worker_started")
            await work(database, stopping, lambda: datetime.now(UTC))
            _log.info("worker_stopped")
    except DRIVER_ERRORS as error:
        place = database_place(settings.database_url)
        reason = type(error).__name__
        raise StartRefused(f"The database at {place} cannot be used ({reason}).") from None
