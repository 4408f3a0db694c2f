"""The code that is here goes on while the schema becomes that of versions to come."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from fastapi import FastAPI
from httpx import AsyncClient

from app.cli.migrate import ROOT, alembic_config
from app.database import SCHEMA_REVISION
from app.main import create_app
from app.settings import settings_from
from app.tenants.scopes import Scope
from tests.conftest import make_tenant
from tests.migrations.emitted import emitted
from tests.migrations.refusals import refusals
from tests.support.databases import new_database
from tests.support.factories import pair, submission

NEXT, LATER, LATEST = (f"9{n}99_01_01_0000" for n in range(1, 4))
COMING = {
    NEXT: """
    op.add_column("responses", sa.Column("to_come", sa.Text(), server_default="x", nullable=False))
    op.execute("ALTER TABLE responses ADD CONSTRAINT ck_to_come CHECK (to_come <> '') NOT VALID")
    with op.get_context().autocommit_block():
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_to_come ON responses (tenant_id, to_come)"
        )
    """,
    LATER: """
    op.add_column("alliance_state", sa.Column("to_come", sa.Integer()))
    make_tenant_table(
        "to_come",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("alliance_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "alliance_id", name="pk_to_come"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "alliance_id"],
            ["alliances.tenant_id", "alliances.id"],
            name="fk_to_come_tenant_id_alliance_id",
        ),
        grants="SELECT, INSERT",
    )
    keep_apart("to_come")
    """,
    LATEST: """
    op.execute("ALTER TABLE responses VALIDATE CONSTRAINT ck_to_come")
    """,
}
"""Migrations that a release to come might bring: all that the rules allow."""


@pytest.fixture
def url(postgres_server: str) -> Iterator[str]:
    with new_database(postgres_server) as made:
        yield made


@pytest.fixture
def coming(url: str, tmp_path: Path) -> Config:
    """How to apply what is to come."""
    before = SCHEMA_REVISION
    for revision, body in COMING.items():
        (tmp_path / f"{revision}.py").write_text(
            '"""To come."""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
            "from migrations.tables import keep_apart, make_tenant_table\n\n"
            f'revision = "{revision}"\ndown_revision = "{before}"\n\n\n'
            f"def upgrade() -> None:{body}\n"
        )
        before = revision
    config = alembic_config(url)
    config.set_main_option("version_locations", f"{ROOT / 'migrations/versions'}:{tmp_path}")
    return config


@pytest.fixture
async def app_beside(url: str) -> AsyncIterator[FastAPI]:
    app = create_app(
        settings_from({"DATABASE_URL": url, "ALLOW_LOSSY_POSTGRES": "yes", "KEY_RATE": "0"})
    )
    async with app.router.lifespan_context(app):
        yield app


class Load:
    """Submits, amends and reads trends, one after the other, until it is told to stop."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self.statuses: list[int] = []
        self.stopped = False

    async def run(self) -> None:
        alliance, number = pair(), 0
        while not self.stopped:
            number += 1
            form = submission(alliance=alliance, occasion={"session_number": number})
            made = await self._asked(self.client.post("/v1/responses", json=form))
            await self._asked(self.client.get(f"/v1/alliances/{made['alliance_id']}/trend"))
            await self._asked(self.client.post("/v1/responses", json=form))

    async def _asked(self, call: Any) -> Any:
        answer = await call
        self.statuses.append(answer.status_code)
        return answer.json()


async def in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)


async def revision(url: str) -> str:
    connection = await asyncpg.connect(url)
    found: str = await connection.fetchval("SELECT version_num FROM alembic_version")
    await connection.close()
    return found


def test_what_is_to_come_is_what_the_rules_allow(coming: Config) -> None:
    scripts = ScriptDirectory.from_config(coming)
    to_come = [scripts.get_revision(one) for one in COMING]

    assert [refusals(emitted(one.module)) for one in to_come if one] == [[], [], []]


async def test_nobody_notices_the_schemas_to_come(
    url: str, coming: Config, app_beside: FastAPI
) -> None:
    tenant = await make_tenant(app_beside, tuple(Scope))
    async with tenant.client() as client:
        loads = [Load(client) for _ in range(4)]
        running = [asyncio.create_task(load.run()) for load in loads]
        await asyncio.sleep(0.3)
        await in_thread(command.upgrade, coming, "head")
        done = sum(len(load.statuses) for load in loads)
        await asyncio.sleep(0.5)
        for load in loads:
            load.stopped = True
        await asyncio.gather(*running)
        ready = await client.get("/readyz")

    statuses = [status for load in loads for status in load.statuses]
    assert set(statuses) == {200, 201}
    assert 0 < done < len(statuses)
    assert (await revision(url), ready.status_code) == (LATEST, 200)


async def test_a_table_that_is_in_use_is_waited_for_without_making_others_wait(
    url: str, coming: Config, app_beside: FastAPI
) -> None:
    """A long read holds the table; the migration gives way again and again until it is over."""
    tenant = await make_tenant(app_beside, tuple(Scope))
    reader = await asyncpg.connect(url)
    await reader.execute("BEGIN; LOCK TABLE responses IN ACCESS SHARE MODE")
    async with tenant.client() as client:
        migrating = asyncio.create_task(in_thread(command.upgrade, coming, "head"))
        load = Load(client)
        running = asyncio.create_task(load.run())
        await asyncio.sleep(2.5)
        kept = (migrating.done(), await revision(url))
        await reader.execute("COMMIT")
        await migrating
        load.stopped = True
        await running
    await reader.close()

    assert kept == (False, SCHEMA_REVISION)
    assert set(load.statuses) == {200, 201}
    assert len(load.statuses) > 3
    assert await revision(url) == LATEST


async def test_who_holds_the_lock_of_migrations_is_waited_for(url: str, coming: Config) -> None:
    other = await asyncpg.connect(url)
    await other.execute("SELECT pg_advisory_lock(7310221042109)")
    migrating = asyncio.create_task(in_thread(command.upgrade, coming, "head"))
    await asyncio.sleep(1)
    asking = await other.fetch(
        "SELECT wait_event FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    before = await revision(url)
    await other.close()
    await migrating

    assert (before, asking) == (SCHEMA_REVISION, [])
    assert await revision(url) == LATEST
