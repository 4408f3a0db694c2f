"""How migrations run: as the owner of the tables, one transaction each, one migrator at a time."""

import asyncio

import asyncpg
import sqlalchemy as sa
from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine
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
    async with engine.connect() as waiting:
        await waiting.execute(sa.text(f"SELECT pg_advisory_lock({ONE_MIGRATOR_AT_A_TIME})"))
        async with engine.connect() as connection:
            await connection.execute(sa.text("SET lock_timeout = '4s'"))
            await connection.commit()
            await connection.run_sync(run)
    await engine.dispose()


existing: sa.Connection | None = context.config.attributes.get("connection")
if existing is not None:
    run(existing)
else:
    asyncio.run(run_as_owner(context.config.attributes["url"]))
