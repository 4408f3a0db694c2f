"""`rapport worker`: checks what it needs, then works until it is stopped."""

import argparse
import asyncio
import signal
from datetime import UTC, datetime
from typing import Any

import structlog
from prometheus_client import start_http_server

from app.cli.serve import database_place, must_be_ready
from app.database import connected
from app.database_errors import DRIVER_ERRORS
from app.errors import StartRefused
from app.instruments.definitions import shipped
from app.settings import Settings, read_settings
from app.telemetry import configure_logging
from app.worker import work

_log = structlog.get_logger("rapport.worker")


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse's own kind
    """Add the command."""
    parser = commands.add_parser(
        "worker", help="move events, look for silence, add up programmes (DATABASE_URL)"
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> None:
    """Work until stopped. Raises StartRefused when something that it needs is not there."""
    settings = read_settings()
    configure_logging(settings.log_level)
    asyncio.run(must_be_ready(settings))
    if settings.metrics_port:
        show_metrics(settings)
    asyncio.run(_work_until_told(settings))


def show_metrics(settings: Settings) -> None:
    """Answer Prometheus at HOST:METRICS_PORT, from a thread that ends with the process.

    Raises StartRefused when the port is taken.
    """
    try:
        start_http_server(settings.metrics_port, settings.host)
    except OSError as error:
        raise StartRefused(
            f"Cannot listen on {settings.host}:{settings.metrics_port} ({error.strerror}); "
            "set METRICS_PORT."
        ) from None


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
            await work(database, shipped(), stopping, lambda: datetime.now(UTC))
            _log.info("worker_stopped")
    except DRIVER_ERRORS as error:
        place = database_place(settings.database_url)
        reason = type(error).__name__
        raise StartRefused(f"The database at {place} cannot be used ({reason}).") from None
