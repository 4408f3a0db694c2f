"""`rapport migrate`: brings the schema to what this code needs."""

import argparse
import asyncio
from pathlib import Path
from typing import Any, Final

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from app.cli.serve import database_place
from app.database import APP_ROLE, PLATFORM_ROLE, WORKER_ROLE
from app.errors import StartRefused
from app.settings import Settings, read_settings

ROOT: Final = Path(__file__).parents[2]


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse's own kind
    """Add the command."""
    parser = commands.add_parser("migrate", help="bring the schema up to date (DATABASE_OWNER_URL)")
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> None:
    """Migrate. Raises StartRefused when the database cannot be used."""
    settings = read_settings()
    migrate(settings)
    print("The schema is up to date.")


def migrate(settings: Settings) -> None:
    """Apply every migration as the owner, and let the service's login take its roles.

    Raises StartRefused when the database cannot be used.
    """
    place = database_place(settings.database_owner_url)
    try:
        command.upgrade(alembic_config(settings.database_owner_url), "head")
        asyncio.run(_let_login_take_roles(settings))
    except (SQLAlchemyError, asyncpg.PostgresError, OSError, TimeoutError, ValueError) as error:
        reason = type(getattr(error, "orig", None) or error).__name__
        raise StartRefused(f"The database at {place} cannot be migrated ({reason}).") from None


def alembic_config(url: str) -> Config:
    """Alembic's configuration for one database. Raises StartRefused for an unreadable URL."""
    try:
        make_url(url)
    except ArgumentError:
        raise StartRefused("The database URL cannot be read.") from None
    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = url
    return config


async def _let_login_take_roles(settings: Settings) -> None:
    login = make_url(settings.database_url).username
    connection = await asyncpg.connect(settings.database_owner_url)
    try:
        owner = await connection.fetchval("SELECT current_user")
        name = await connection.fetchval("SELECT quote_ident($1)", login or owner)
        # By itself the login may do nothing: who forgets to take a role sees no data.
        inherit = " WITH INHERIT FALSE" if connection.get_server_version().major >= 16 else ""  # noqa: PLR2004 - Postgres 15 has no such words
        roles = f"{APP_ROLE}, {PLATFORM_ROLE}, {WORKER_ROLE}"
        await connection.execute(f"GRANT {roles} TO {name}{inherit}")
    finally:
        await connection.close()
