"""`rapport programs rebuild`: what programmes add up to, made anew from what is stored."""

import argparse
import asyncio
import time
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from app.cli.serve import database_place, must_be_ready
from app.database import Database, connected
from app.database_errors import DRIVER_ERRORS
from app.errors import Problem, StartRefused
from app.instruments.definitions import shipped
from app.programs import service
from app.settings import Settings, read_settings
from app.telemetry import configure_logging

GOES_ON: Final = "What was begun goes on with `rapport worker`, or with this command."
FAILED: Final = "not made anew"


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse's own kind
    """Add the command."""
    programs = commands.add_parser("programs", help="make the sums of programmes anew")
    parser = programs.add_subparsers(required=True).add_parser(
        "rebuild",
        help="add up everything from what is stored, in pieces, while the service goes on",
    )
    parser.add_argument("--tenant", type=UUID, help="id of the tenant; without it: all tenants")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Make anew, tenant by tenant, and print a line for each: its id, and what came of it.

    Raises StartRefused when the database cannot be used, or when some tenant's could not be made.
    """
    settings = read_settings()
    configure_logging(settings.log_level)
    asyncio.run(must_be_ready(settings))
    try:
        left = asyncio.run(_rebuild(settings, arguments.tenant))
    except (Problem, *DRIVER_ERRORS) as error:
        place = database_place(settings.database_url)
        reason = str(error) if isinstance(error, Problem) else type(error).__name__
        raise StartRefused(
            f"The database at {place} cannot be used ({reason}). {GOES_ON}"
        ) from None
    if left:
        raise StartRefused(f"{left} could not be made anew to the end. {GOES_ON}")


async def _rebuild(settings: Settings, tenant_id: UUID | None) -> int:
    """How many tenants' sums could not be made: whatever is wrong with one, the others go on."""
    left = 0
    async with connected(settings.database_url, pool_size=1) as database:
        named = await service.tenants(database) if tenant_id is None else [tenant_id]
        for one in named:
            told = await _rebuild_one(database, one)
            left += told == FAILED
            print(one, told, sep="\t", flush=True)
    return left


async def _rebuild_one(database: Database, tenant_id: UUID) -> str:
    """What came of it."""
    began = time.monotonic()
    try:
        done = await service.rebuild(database, tenant_id, shipped(), lambda: datetime.now(UTC))
    except (Problem, *DRIVER_ERRORS):
        return FAILED
    return f"made anew in {time.monotonic() - began:.0f} s" if done else "nothing to add up"
