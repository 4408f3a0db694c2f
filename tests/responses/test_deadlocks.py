"""Many who want the same records at once, in any order: all of them get through."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient, Response

from tests.conftest import Tenant
from tests.support.corrections import items, send_batch, store, withdrawal
from tests.support.factories import pair, submission
from tests.support.sending import send_until_answered, until_answered

Call = Callable[[], Awaitable[Response]]
AT_ONCE = 12


async def all_at_once(calls: list[Call]) -> list[Response]:
    """Every answer; each call is made again while the service asks for it."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(call: Call) -> Response:
        async with gate:
            return await until_answered(call)

    return await asyncio.gather(*(one(call) for call in calls))


async def deadlocks(database_url: str) -> int:
    """How often Postgres had to end one. Statistics lag behind by up to a second."""
    connection = await asyncpg.connect(database_url)
    await asyncio.sleep(1.1)
    found: int = await connection.fetchval(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    await connection.close()
    return found


def orders(sent: list[Any], count: int, seed: int) -> list[list[Any]]:
    """The same items in many orders, forwards and backwards among them."""
    random = Random(seed)  # noqa: S311 - no secret
    shuffled = [random.sample(sent, len(sent)) for _ in range(count - 2)]
    return [sent, sent[::-1], *shuffled]


def batch_of(client: AsyncClient, sent: list[Any]) -> Call:
    return lambda: send_batch(client, sent)


def single_of(client: AsyncClient, sent: dict[str, Any]) -> Call:
    return lambda: client.post("/v1/responses", json=sent)


def told(answers: list[Response]) -> dict[str, Counter[str]]:
    """External id -> how often each verdict was given, whatever the door."""
    found: dict[str, Counter[str]] = {}
    for answer in answers:
        if answer.status_code == 207:
            for one in answer.json()["items"]:
                found.setdefault(one["external_id"], Counter())[one["verdict"]] += 1
        else:
            verdict = {200: "replayed", 201: "accepted"}[answer.status_code]
            found.setdefault(answer.json()["external_id"], Counter())[verdict] += 1
    return found


@pytest.mark.parametrize("known", [False, True])
async def test_batches_over_the_same_records_in_any_order(
    client: AsyncClient, database_url: str, *, known: bool
) -> None:
    alliances = [pair() for _ in range(15)]
    sent = [
        submission(alliance=one, occasion={"session_number": number})
        for one in alliances
        for number in (1, 2)
    ]
    if known:
        for one in alliances:
            await store(client, submission(alliance=one, occasion={"session_number": 0}))
    before = await deadlocks(database_url)
    calls = [batch_of(client, one) for one in orders(sent, 16, seed=1)]
    calls += [single_of(client, one) for one in sent]
    Random(2).shuffle(calls)  # noqa: S311 - no secret
    answers = await all_at_once(calls)

    assert await deadlocks(database_url) == before
    assert told(answers) == {
        one["external_id"]: Counter({"replayed": 16, "accepted": 1}) for one in sent
    }


async def test_corrections_moves_and_withdrawals_between_them(
    client: AsyncClient, tenant: Tenant, database_url: str
) -> None:
    alliances = [pair() for _ in range(8)]
    sent = [submission(alliance=one) for one in alliances]
    made = [await store(client, one) for one in sent]
    before = await deadlocks(database_url)
    moved = [
        one | {"external_version": 2, "alliance": alliances[(n + 3) % 8], "answers": items(2)}
        for n, one in enumerate(sent)
    ]
    back = [one | {"external_version": 4} for one in sent]
    gone = [withdrawal(one, 3) for one in sent]
    work = [batch_of(client, one) for one in orders(moved + gone + back, 8, seed=3)]
    work += [single_of(client, one) for one in moved]
    work += [
        lambda id_=one["alliance_id"]: client.patch(  # type: ignore[misc]
            f"/v1/alliances/{id_}", json={"case_ref": "x"}, headers={"If-Match": "*"}
        )
        for one in made
    ]
    Random(4).shuffle(work)  # noqa: S311 - no secret
    answers = await all_at_once(work)

    assert await deadlocks(database_url) == before
    assert {one.status_code for one in answers} <= {200, 201, 207, 409}
    connection = await asyncpg.connect(database_url)
    heads = await connection.fetch(
        "SELECT max(external_version) AS newest, count(*) AS stored,"
        " count(DISTINCT amends) AS links FROM responses WHERE tenant_id = $1 GROUP BY external_id",
        tenant.id,
    )
    await connection.close()
    assert {row["newest"] for row in heads} == {4}
    assert all(row["stored"] == row["links"] + 1 for row in heads)


async def test_of_fifty_contents_under_one_external_id_one_is_stored(client: AsyncClient) -> None:
    alliance = pair()
    for external_id in ("one", "two"):
        bodies = [
            submission(
                external_id=external_id, alliance=alliance, occasion={"session_number": number}
            )
            for number in range(50)
        ]
        answers = await asyncio.gather(*(send_until_answered(client, one) for one in bodies))
        assert sorted(one.status_code for one in answers) == [201] + [422] * 49
        (stored,) = [one.json()["id"] for one in answers if one.status_code == 201]
        assert {one.json()["existing_id"] for one in answers if one.status_code == 422} == {stored}


async def test_of_many_amendments_of_one_version_one_is_stored(client: AsyncClient) -> None:
    sent = submission()
    made = await store(client, sent)
    path = f"/v1/responses/{made['id']}/amendments"
    kept = {name: sent[name] for name in ("instrument", "language", "rater", "occasion")}
    bodies = [
        kept | {"amendment_reason": "x", "answers": items(2) | {"1": one, "2": other}}
        for one in (1, 2, 3, 4, 5)
        for other in (1, 2, 3, 4, 5)
    ]
    answers = await all_at_once(
        [lambda body=body: client.post(path, json=body) for body in bodies]  # type: ignore[misc]
    )

    assert sorted(one.status_code for one in answers) == [201] + [409] * 24
    (stored,) = [one.json()["id"] for one in answers if one.status_code == 201]
    refused = [one.json() for one in answers if one.status_code == 409]
    assert {one["code"] for one in refused} == {"already_amended"}
    assert {one["existing_id"] for one in refused} == {stored}
