"""A Postgres that stands still: an answer within the budget, and nothing lost when it goes on."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.database import POOL_WAIT_SECONDS, TRANSACTION_SECONDS
from app.main import create_app
from app.settings import settings_from
from bench.crash.family import children
from bench.crash.postgres import OwnPostgres
from bench.crash.tenancy import tenancy
from tests.crash.conftest import plain_client
from tests.support.factories import submission
from tests.support.sending import send_until_answered

SLACK = 3.0
"""Seconds, for a machine that has other things to do."""


@contextmanager
def standing_still(server: OwnPostgres) -> Iterator[None]:
    head = server.postmaster()
    family = [head, *children(head.pid)]
    for one in family:
        one.send(signal.SIGSTOP)
    try:
        yield
    finally:
        for one in family:
            one.send(signal.SIGCONT)


async def test_a_paused_database_is_answered_for_in_time(crash_server: OwnPostgres) -> None:
    async with tenancy(crash_server, "paused") as data:
        app = create_app(settings_from({"DATABASE_URL": data.url}))
        sent = submission()
        async with app.router.lifespan_context(app), plain_client(app, data.key) as client:
            first = await client.post("/v1/responses", json=submission())
            with standing_still(crash_server):
                began = time.monotonic()
                refused = await client.post("/v1/responses", json=sent)
                took = time.monotonic() - began
                alive = await client.get("/livez")
                ready = await client.get("/readyz")
            stored = await send_until_answered(client, sent)
            replay = await client.post("/v1/responses", json=sent)

    assert first.status_code == 201
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert refused.json()["code"] == "unavailable"
    assert took < POOL_WAIT_SECONDS + TRANSACTION_SECONDS + SLACK
    assert (alive.status_code, ready.status_code) == (200, 503)
    assert stored.status_code in {200, 201}  # what the pause caught may have been stored
    assert (replay.status_code, replay.content) == (200, stored.content)
