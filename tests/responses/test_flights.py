"""Submissions that travel in one transaction: each keeps its own caller, and its own fate."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.main import create_app
from app.responses import flights
from app.settings import Settings
from app.tenants.scopes import Scope
from app.tenants.service import create_key
from tests.conftest import Tenant, make_tenant
from tests.support.corrections import items, store
from tests.support.factories import pair, submission
from tests.support.keyed import count, unnamed
from tests.support.lanes import flown, gated, together, until, waiting

TO_SUPERVISORS = {"ref": None, "audience": ["supervisor"], "level": "scores"}
LOCK = "SELECT 1 FROM alliance_state WHERE alliance_id = $1 FOR UPDATE"
TO_CLIENT = {"audience": ["client"], "level": "items"}


@pytest.fixture
async def acting() -> AsyncIterator[Callable[..., Any]]:
    """Makes clients whose keys the process knows already."""
    async with AsyncExitStack() as stack:

        async def made(tenant: Tenant, actor: str | None = None) -> AsyncClient:
            headers = {} if actor is None else {"Rapport-Actor": actor}
            client = await stack.enter_async_context(tenant.client(**headers))
            assert (await client.get("/v1/alliances")).status_code == 200
            return client

        yield made


async def with_another_key(app: FastAPI, tenant: Tenant) -> Tenant:
    async with app.state.database.platform_transaction(tenant.id) as transaction:
        key = await create_key(transaction, "another", tuple(Scope), datetime.now(UTC))
    assert key is not None
    return Tenant(app, tenant.id, key)


async def test_each_is_recorded_under_its_own_key_actor_and_default(
    app: FastAPI,
    tenant: Tenant,
    owner: asyncpg.Connection,
    acting: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = await acting(tenant, "client;c")
    another = await with_another_key(app, tenant)
    await owner.execute(
        "UPDATE tenants SET default_notice = $2 WHERE tenant_id = $1", tenant.id, TO_SUPERVISORS
    )
    second, system = await acting(another, "professional;p"), await acting(another)
    noted = flown(monkeypatch)
    sent = [(one, submission()) for one in (system, first, second, system, first)]
    answers = await together(app, tenant, sent)

    assert [answer.status_code for answer in answers] == [201] * 5
    assert noted == [[body["external_id"] for _, body in sent[1:]]]
    found = {
        row["external_id"]: (row["key_id"], row["actor_role"], row["actor_ref"], row["notice"])
        for row in await owner.fetch("SELECT * FROM responses WHERE tenant_id = $1", tenant.id)
    }
    keys = [one.key.split("_")[2] for one in (tenant, another)]
    everybody = ["client", "professional", "supervisor"]
    told = {
        first: (keys[0], "client", "c", {"ref": None, "audience": everybody, "level": "items"}),
        second: (keys[1], "professional", "p", TO_SUPERVISORS),
        system: (keys[1], None, None, TO_SUPERVISORS),
    }
    assert found == {body["external_id"]: told[one] for one, body in sent}


async def test_each_is_answered_what_its_own_caller_may_see(
    app: FastAPI, tenant: Tenant, acting: Callable[..., Any]
) -> None:
    alliance = pair(client_ref="c", professional_ref="p")
    rater, other = await acting(tenant, "client;c"), await acting(tenant, "professional;p")
    hidden = await store(rater, submission(alliance=alliance, notice=TO_CLIENT, answers=items(2)))
    sent = [
        (one, submission(alliance=alliance, occasion={"session_number": number}))
        for number, one in enumerate((rater, other, rater, other), start=2)
    ]
    answers = [answer.json() for answer in await together(app, tenant, sent)]

    assert [one["external_id"] for one in answers] == [body["external_id"] for _, body in sent]
    firsts = [
        {c["reference_response_id"] for c in one["change"] if c["reference"] == "first"}
        for one in answers
    ]
    assert firsts == [{hidden["id"]}, set(), {hidden["id"]}, set()]


@pytest.fixture
async def poison(owner: asyncpg.Connection) -> AsyncIterator[str]:
    """An external_id that the table refuses."""
    await owner.execute(
        "ALTER TABLE responses ADD CONSTRAINT poison CHECK (external_id <> 'poison') NOT VALID"
    )
    yield "poison"
    await owner.execute("ALTER TABLE responses DROP CONSTRAINT IF EXISTS poison")


async def test_what_the_table_refuses_fails_alone(
    app: FastAPI,
    tenant: Tenant,
    owner: asyncpg.Connection,
    acting: Callable[..., Any],
    poison: str,
) -> None:
    client = await acting(tenant)
    bodies = [submission() for _ in range(8)]
    bodies[4]["external_id"] = poison
    answers = await together(app, tenant, [(client, body) for body in bodies])

    expected = [201] * 8
    expected[4] = 500
    assert [answer.status_code for answer in answers] == expected
    assert await count(owner, tenant, "responses") == 7
    await owner.execute("ALTER TABLE responses DROP CONSTRAINT poison")
    again = [await client.post("/v1/responses", json=body) for body in bodies]
    expected = [200] * 8
    expected[4] = 201
    assert [answer.status_code for answer in again] == expected
    for answer, replay in zip(answers, again, strict=True):
        assert answer.status_code == 500 or replay.json() == answer.json()


@pytest.mark.parametrize("place", [0, 3])
async def test_only_the_caller_of_a_locked_alliance_is_asked_to_come_again(
    app: FastAPI, tenant: Tenant, owner: asyncpg.Connection, acting: Callable[..., Any], place: int
) -> None:
    """All others are answered while the lock is held."""
    client = await acting(tenant)
    busy = pair()
    made = await store(client, submission(alliance=busy))
    sent = [submission() for _ in range(6)]
    sent[place] = submission(alliance=busy, occasion={"session_number": 2})
    async with owner.transaction():
        await owner.fetch(LOCK, made["alliance_id"])
        answers = await together(app, tenant, [(client, body) for body in sent])

    expected = [201] * 6
    expected[place] = 503
    assert [answer.status_code for answer in answers] == expected
    assert answers[place].headers["Retry-After"] == "1"
    assert (await client.post("/v1/responses", json=sent[place])).status_code == 201


async def test_a_lock_is_waited_for_aside(
    app: FastAPI, tenant: Tenant, owner: asyncpg.Connection, acting: Callable[..., Any]
) -> None:
    """Not for long while others may be waiting behind it, then in a transaction of its own."""
    client = await acting(tenant)
    busy = pair()
    made = await store(client, submission(alliance=busy))
    async with gated(app) as gate:
        gate.open.set()
        async with owner.transaction():
            await owner.fetch(LOCK, made["alliance_id"])
            sent = submission(alliance=busy, occasion={"session_number": 2})
            call = asyncio.create_task(client.post("/v1/responses", json=sent))
            await until(lambda: gate.begun == 2)
        assert (await call).status_code == 201


async def test_what_could_not_be_sent_again_goes_alone(
    app: FastAPI,
    tenant: Tenant,
    acting: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A submission without an external_id; and an amendment, which may lock several alliances."""
    client = await acting(tenant)
    known = submission()
    await store(client, known)
    noted = flown(monkeypatch)
    alone = [submission(), unnamed(), unnamed(), known | {"external_version": 2}]
    async with gated(app) as gate:
        calls = [asyncio.create_task(client.post("/v1/responses", json=one)) for one in alone]
        await until(lambda: gate.begun == len(alone))
        assert waiting(app, tenant) == 0
        gate.open.set()
        answers = await asyncio.gather(*calls)
    assert [answer.status_code for answer in answers] == [201] * 4
    assert noted == []


async def test_who_finds_no_room_to_wait_is_asked_to_come_again(
    app: FastAPI,
    tenant: Tenant,
    acting: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = await acting(tenant)
    monkeypatch.setattr(flights, "WAITING", 3)
    async with gated(app) as gate:
        calls = []
        for number in range(4):
            calls.append(asyncio.create_task(client.post("/v1/responses", json=submission())))
            await until(lambda number=number: gate.begun + waiting(app, tenant) == number + 1)  # type: ignore[misc]
        late = submission()
        refused = await client.post("/v1/responses", json=late)
        gate.open.set()
        answers = await asyncio.gather(*calls)

    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert refused.headers["Retry-After"] == "1"
    assert [answer.status_code for answer in answers] == [201] * 4
    assert (await client.post("/v1/responses", json=late)).status_code == 201


async def test_what_nobody_waits_for_any_more_does_not_travel(
    app: FastAPI, tenant: Tenant, acting: Callable[..., Any]
) -> None:
    client = await acting(tenant)
    sent = [submission() for _ in range(4)]
    async with gated(app) as gate:
        calls = [asyncio.create_task(client.post("/v1/responses", json=one)) for one in sent]
        await until(lambda: waiting(app, tenant) == 3)
        calls[2].cancel()
        await asyncio.wait([calls[2]])
        gate.open.set()
        kept = await asyncio.gather(*calls[:2], calls[3])
    assert [answer.status_code for answer in kept] == [201] * 3
    again = [await client.post("/v1/responses", json=one) for one in sent]
    assert [answer.status_code for answer in again] == [200, 200, 201, 200]


async def test_when_the_service_stops_everybody_is_answered(settings: Settings) -> None:
    sent = [submission() for _ in range(6)]
    stopping = create_app(settings)
    async with stopping.router.lifespan_context(stopping):
        tenant = await make_tenant(stopping, tuple(Scope))
        client = tenant.client()
        await client.get("/v1/alliances")
        async with gated(stopping) as gate:
            calls = [asyncio.create_task(client.post("/v1/responses", json=one)) for one in sent]
            await until(lambda: waiting(stopping, tenant) == len(sent) - 1)
            asyncio.get_running_loop().call_soon(gate.open.set)
    answers = await asyncio.gather(*calls)
    assert answers[0].status_code == 201
    assert {answer.status_code for answer in answers} <= {201, 503}
    await client.aclose()

    again = create_app(settings)
    async with (
        again.router.lifespan_context(again),
        Tenant(again, tenant.id, tenant.key).client() as client,
    ):
        for one, answer in zip(sent, answers, strict=True):
            replay = await client.post("/v1/responses", json=one)
            assert replay.status_code == {201: 200, 503: 201}[answer.status_code]


async def test_of_two_hundred_at_once_of_three_tenants_each_is_stored_once(
    app: FastAPI,
    owner: asyncpg.Connection,
    acting: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same external_ids everywhere; of the many of one tenant some wait for a third flight."""
    tenants = [await make_tenant(app, tuple(Scope)) for _ in range(3)]
    clients = [await acting(tenant) for tenant in tenants]
    noted = flown(monkeypatch)
    sent = [(number % 3, submission(external_id=f"r-{number // 3}")) for number in range(200)]
    async with gated(app) as gate:
        calls = [
            asyncio.create_task(clients[whose].post("/v1/responses", json=body))
            for whose, body in sent
        ]
        await until(lambda: sum(waiting(app, tenant) for tenant in tenants) == len(sent) - 3)
        gate.open.set()
        answers = await asyncio.gather(*calls)

    assert {answer.status_code for answer in answers} == {201}
    assert max(len(one) for one in noted) == flights.TOGETHER
    rows = await owner.fetch(
        "SELECT tenant_id, external_id, id FROM responses WHERE tenant_id = ANY($1)",
        [tenant.id for tenant in tenants],
    )
    stored = sorted((row["tenant_id"], row["external_id"], str(row["id"])) for row in rows)
    assert stored == sorted(
        (tenants[whose].id, body["external_id"], answer.json()["id"])
        for (whose, body), answer in zip(sent, answers, strict=True)
    )
