"""A pool that many tenants share and that clients leave at any moment stays whole and clean."""

import os
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from random import Random

import asyncpg
import httpx

from app.database import APP_ROLE, Database
from app.main import create_app
from app.settings import Settings
from tests.isolation.poisoning import Crowd, at_rest, poison, served
from tests.isolation.worlds import World, world

REQUESTS = int(os.environ.get("POOL_POISONING_REQUESTS", "1500"))
TENANTS = 20
POOL = 2
SEED = 20261123


async def test_no_tenant_sees_another_however_clients_break_off(
    settings: Settings, scratch: str, record_property: Callable[[str, object], None]
) -> None:
    app = create_app(replace(settings, database_url=scratch, pool_size=POOL))
    watching = await asyncpg.connect(scratch)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        url = await stack.enter_async_context(served(app))
        worlds = [await stack.enter_async_context(world(app)) for _ in range(TENANTS)]
        sockets = {
            one.mark: await stack.enter_async_context(
                httpx.AsyncClient(base_url=url, headers=dict(one.client.headers))
            )
            for one in worlds
        }
        crowd = Crowd(worlds, sockets, Random(SEED))  # noqa: S311 - no secret
        await poison(crowd, REQUESTS, watching)
        states = await at_rest(watching)
        left = await left_on_connections(app.state.database)
        later = [await everything_works(one) for one in worlds]
    await watching.close()

    seen, statuses = crowd.seen, Counter(crowd.seen.statuses)
    figures = [REQUESTS, seen.broken_off, statuses[503], len(seen.foreign_rows)]
    record_property("pool", [*figures, seen.most_connections])
    assert seen.foreign_rows == []
    assert len(states) <= POOL
    assert set(states) <= {"idle"}
    assert left == [("", APP_ROLE, False)] * POOL
    assert all(later)
    assert set(statuses) <= {200, 201, 404, 503}
    assert seen.broken_off > REQUESTS * 0.2


async def left_on_connections(database: Database) -> list[tuple[str, str, bool]]:
    """Of every connection of the pool: its tenant, its role, whether it is in a transaction."""
    async with AsyncExitStack() as stack:
        pool = database._pool  # noqa: SLF001 - what is left on them
        taken = [await stack.enter_async_context(pool.acquire()) for _ in range(POOL)]
        rows = [
            await one.fetchrow(
                "SELECT coalesce(current_setting('app.tenant', true), ''), current_user::text"
            )
            for one in taken
        ]
        return [(*row, one.is_in_transaction()) for row, one in zip(rows, taken, strict=True)]


async def everything_works(one: World) -> bool:
    """Whether the tenant can store, and then finds it."""
    answer = await one.client.post("/v1/responses", json=one.submission("later"))
    found = await one.client.get("/v1/responses", params={"external_id": one.ref("response-later")})
    return [one["id"] for one in found.json()["items"]] == [answer.json()["id"]]
