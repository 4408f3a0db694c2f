"""Calls with one Idempotency-Key at once: one is done, the others wait for it."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import asyncpg
from httpx import AsyncClient

from tests.conftest import Tenant
from tests.support.corrections import amend, amendment, items, store_new
from tests.support.factories import submission
from tests.support.keyed import count, submit, told, unnamed
from tests.support.sending import until_answered

IN_USE = (409, "idempotency_key_in_use")


async def claimed(owner: asyncpg.Connection, tenant: Tenant, key: str) -> None:
    """Another call has the key and is not done yet."""
    await owner.execute(
        "INSERT INTO idempotency_keys VALUES ($1, $2, 'x', 'submit_response', '', NULL, $3)",
        tenant.id,
        key,
        datetime.now(UTC) + timedelta(days=7),
    )


async def test_a_call_waits_for_the_first_one_with_its_key_and_then_gives_up(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    began = asyncio.get_running_loop().time()
    async with owner.transaction():
        await claimed(owner, tenant, "k")
        answer = await submit(client, unnamed(), "k")
    waited = asyncio.get_running_loop().time() - began

    assert told(answer) == IN_USE
    assert answer.headers["Retry-After"] == "1"
    assert 1.5 < waited < 4
    assert await count(owner, tenant, "responses") == 0


async def test_a_call_goes_on_when_the_first_one_came_to_nothing(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    first = owner.transaction()
    await first.start()
    await claimed(owner, tenant, "k")
    waiting = asyncio.create_task(submit(client, unnamed(), "k"))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await first.rollback()
    assert (await waiting).status_code == 201


async def test_fifty_calls_with_one_key_make_one_record(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    sent = unnamed()
    answers = await asyncio.gather(
        *(until_answered(lambda: submit(client, sent, "k")) for _ in range(50))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.content for answer in answers}) == 1
    for table in ("responses", "alliances", "idempotency_keys"):
        assert await count(owner, tenant, table) == 1


async def test_of_fifty_contents_with_one_key_one_is_stored(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    bodies = [unnamed() for _ in range(50)]
    answers = await asyncio.gather(
        *(until_answered(partial(submit, client, sent, "k")) for sent in bodies)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 49
    assert await count(owner, tenant, "responses") == 1


async def test_an_amendment_with_a_key_is_not_lost_to_the_next_version(client: AsyncClient) -> None:
    made = await store_new(client)
    body = amendment(submission(), answers=items(3))
    answers = await asyncio.gather(
        *(
            until_answered(lambda: amend(client, made["id"], body, **{"Idempotency-Key": "k"}))
            for _ in range(20)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.content for answer in answers}) == 1
