"""How migrations run: as the owner of the tables, one transaction each, one migrator at a time.

Whoever waits for a table makes everybody wait who comes after. A migration therefore gives up its
lock before a submission would (half a second to a second), lets the others go on, and is begun
anew; what is done stays done.
"""

import asyncio

import asyncpg
import sqlalchemy as sa
from alembic import context
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

import app.alliances.models
import app.events.models
import app.idempotency.models
import app.instruments.models
import app.marks.models
import app.occasions.models
import app.responses.models
import app.signals.models
import app.tenants.models
import app.wordings.models  # noqa: F401 - the imports fill the metadata
from app.statements import metadata

ONE_MIGRATOR_AT_A_TIME = 7310221042109  # any number, the same in every process
LOCK_MILLISECONDS = 500
TRIES = 60
PAUSE_SECONDS = 0.5
LOCK_NOT_AVAILABLE = "55P03"


def run(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=True,
        compare_type=True,
    )
    context.run_migrations()


async def run_as_owner(url: str) -> None:
    # asyncpg reads the URL itself, as the service does, with every parameter it knows.
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url), poolclass=NullPool
    )
    async with engine.connect() as alone:
        await be_the_only_one(alone)
        for left in reversed(range(TRIES)):
            try:
                await attempt(engine)
            except DBAPIError as error:
                if not left or getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                    raise
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                break
    await engine.dispose()


async def be_the_only_one(connection: AsyncConnection) -> None:
    """Asks again and again: a statement that waits would keep concurrent indexes waiting for it."""
    ask = sa.text(f"SELECT pg_try_advisory_lock({ONE_MIGRATOR_AT_A_TIME})")
    while not await connection.scalar(ask):
        await connection.rollback()
        await asyncio.sleep(PAUSE_SECONDS)
    await connection.commit()


async def attempt(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.execute(sa.text(f"SET lock_timeout = {LOCK_MILLISECONDS}"))
        await connection.commit()
        await connection.run_sync(run)


existing: sa.Connection | None = context.config.attributes.get("connection")
if existing is not None:
    run(existing)
else:
    asyncio.run(run_as_owner(context.config.attributes["url"]))
