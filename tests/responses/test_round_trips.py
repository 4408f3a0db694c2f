"""How often a submission goes to Postgres and back, counted on the wire. Never a time."""

from collections.abc import AsyncIterator

import httpx
import pytest

from app.main import create_app
from app.settings import settings_from
from app.tenants.service import Scope
from tests.conftest import make_tenant
from tests.support.factories import pair, submission
from tests.support.wire import Wire, counted

KNOWN_ALLIANCE = 4
AT_MOST = 6


@pytest.fixture
async def wire(database_url: str) -> AsyncIterator[Wire]:
    async with counted(database_url) as made:
        yield made


@pytest.fixture
async def caller(wire: Wire) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose key, statements and connection the process already knows."""
    settings = settings_from({"DATABASE_URL": wire.url, "POOL_SIZE": "1"})
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        tenant = await make_tenant(app, tuple(Scope))
        async with tenant.client() as client:
            await warm(client)
            yield client


async def warm(client: httpx.AsyncClient) -> None:
    """Prepare every statement once: a first use costs one more trip to prepare it."""
    alliance = pair()
    for number in (5, 6, 2):
        sent = submission(alliance=alliance, occasion={"session_number": number})
        for _ in range(2):
            await client.post("/v1/responses", json=sent)


async def submit(client: httpx.AsyncClient, sent: dict[str, object], status: int) -> None:
    answer = await client.post("/v1/responses", json=sent)
    assert answer.status_code == status


async def test_a_known_alliance_costs_four(caller: httpx.AsyncClient, wire: Wire) -> None:
    alliance = pair()
    await submit(caller, submission(alliance=alliance, occasion={"session_number": 1}), 201)
    wire.reset()
    await submit(caller, submission(alliance=alliance, occasion={"session_number": 2}), 201)
    assert wire.trips == KNOWN_ALLIANCE


async def test_first_sight_costs_at_most_two_more(caller: httpx.AsyncClient, wire: Wire) -> None:
    wire.reset()
    await submit(caller, submission(), 201)
    assert KNOWN_ALLIANCE < wire.trips <= AT_MOST


async def test_a_replay_costs_no_more(caller: httpx.AsyncClient, wire: Wire) -> None:
    sent = submission()
    await submit(caller, sent, 201)
    wire.reset()
    await submit(caller, sent, 200)
    assert wire.trips == KNOWN_ALLIANCE


async def test_a_late_response_costs_at_most_two_more(
    caller: httpx.AsyncClient, wire: Wire
) -> None:
    alliance = pair()
    for number in (1, 3):
        await submit(
            caller, submission(alliance=alliance, occasion={"session_number": number}), 201
        )
    wire.reset()
    await submit(caller, submission(alliance=alliance, occasion={"session_number": 2}), 201)
    assert KNOWN_ALLIANCE < wire.trips <= AT_MOST


async def test_an_invalid_submission_costs_none(caller: httpx.AsyncClient, wire: Wire) -> None:
    wire.reset()
    await submit(caller, submission(answers={"1": 3.5}), 422)
    assert wire.trips == 0


async def test_scoring_without_storing_costs_none(caller: httpx.AsyncClient, wire: Wire) -> None:
    body = {"instrument": "srs-3", "form": "client", "answers": {"1": 9, "2": 9, "3": 9, "4": 9}}
    wire.reset()
    answer = await caller.post("/v1/scores", json=body)
    assert answer.status_code == 200
    assert wire.trips == 0
