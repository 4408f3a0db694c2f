"""Databases of the tests' own, on the server that the tests have."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import asyncpg

from app.cli.migrate import migrate
from app.settings import settings_from


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """The URL of a new database, built by the migrations, dropped when the block is left."""
    name = f"rapport_test_{secrets.token_hex(6)}"
    asyncio.run(_run(server, f"CREATE DATABASE {name}"))
    path = urlsplit(server).path
    url = server.replace(f"{path}?", f"/{name}?") if "?" in server else ""
    url = url or server.removesuffix(path) + f"/{name}"
    try:
        migrate(settings_from({"DATABASE_URL": url}))
        yield url
    finally:
        asyncio.run(_run(server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()
