"""`rapport signals fit`: parameters of a tenant's own population, for a person to accept or not."""

import argparse
import asyncio
import json
import sys
from typing import Any
from uuid import UUID

from app.cli.serve import database_place
from app.database import connected
from app.database_errors import DRIVER_ERRORS
from app.errors import NotFound, Problem, StartRefused
from app.fitting.figures import lines_of
from app.fitting.sample import Asked
from app.fitting.service import Read, asked_for, fit, read
from app.instruments.definitions import shipped
from app.settings import Settings, read_settings


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse's own kind
    """Add the command."""
    signals = commands.add_parser("signals", help="fit the detector to a tenant's own ratings")
    parser = signals.add_subparsers(required=True).add_parser(
        "fit",
        help="print signal settings with fitted parameters of one scale; stores nothing",
    )
    parser.add_argument("--tenant", type=UUID, required=True, help="id of the tenant")
    parser.add_argument("--instrument", required=True)
    parser.add_argument("--form", required=True)
    parser.add_argument("--scale", required=True)
    parser.add_argument("--language", help="of this language only; without it: of all together")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Print a body for PUT /v1/signal-settings; the figures go to standard error.

    Raises StartRefused when there is no such scale, too few streams, or no database.
    """
    settings = read_settings()
    try:
        asked = asked_for(
            shipped(), arguments.instrument, arguments.form, arguments.scale, arguments.language
        )
        found = fit(asyncio.run(_read(settings, arguments.tenant, asked)))
    except NotFound as refused:
        raise StartRefused(refused.detail) from None
    for line in lines_of(found):
        print(line, file=sys.stderr)
    print(json.dumps(found.settings, indent=2, ensure_ascii=False))


async def _read(settings: Settings, tenant_id: UUID, asked: Asked) -> Read:
    try:
        async with connected(settings.database_url, pool_size=1) as database:
            return await read(database, tenant_id, asked)
    except (Problem, *DRIVER_ERRORS, ValueError) as error:
        place = database_place(settings.database_url)
        # A driver's words may repeat part of the URL, and so of a password.
        reason = str(error) if isinstance(error, Problem) else type(error).__name__
        raise StartRefused(f"The database at {place} cannot be used ({reason}).") from None
