"""Submissions that arrive at once: each is answered for itself, whatever becomes of the others."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from httpx import AsyncClient

from app.alliances import creation_queries
from app.errors import Unavailable
from app.responses import flights
from tests.conftest import Tenant
from tests.support.corrections import items, send_batch, store
from tests.support.factories import pair, submission
from tests.support.sending import send_until_answered, until_answered

ANSWERED_SECONDS = 3


async def test_who_is_overtaken_again_and_again_is_asked_to_come_again(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing_made(*_: Any) -> dict[str, Any]:
        return {}

    monkeypatch.setattr(creation_queries, "insert_alliances", nothing_made)
    for answer in (
        await send_batch(client, [submission()]),
        await client.post("/v1/responses", json=submission(external_version=2)),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, "overtaken")
        assert answer.headers["Retry-After"] == "1"


async def test_wrong_and_right_ones_at_once(client: AsyncClient) -> None:
    known = submission()
    await store(client, known)
    sent = [
        (submission(), 201),
        (known, 200),
        (known | {"answers": items(1)}, 422),
        (submission(alliance=known["alliance"] | {"client_ref": "x"}), 409),
        (submission(rater={"role": "client", "ref": "nobody"}), 422),
        (submission(alliance={"id": "01a20546-cbdf-7696-ab47-5fe4ee35dee3"}), 404),
    ] * 5
    answers = await asyncio.gather(*(send_until_answered(client, one) for one, _ in sent))

    first = [answer.status_code for answer in answers[:6]]
    rest = {answer.status_code for answer in answers[6::6]}
    assert (first[1:], {first[0]} | rest) == ([200, 422, 409, 422, 404], {200, 201})
    for number in range(1, 6):
        assert {answer.status_code for answer in answers[number::6]} == {sent[number][1]}


async def test_each_is_recorded_as_sent_by_its_own_caller(tenant: Tenant) -> None:
    alliance = pair(client_ref="c", professional_ref="p")
    actors = ["client;c", "professional;p", "supervisor;s"] * 4
    clients = [tenant.client(**{"Rapport-Actor": actor}) for actor in actors]
    sent = [
        submission(alliance=alliance, occasion={"session_number": number})
        for number in range(len(actors))
    ]
    answers = await asyncio.gather(
        *(send_until_answered(one, body) for one, body in zip(clients, sent, strict=True))
    )
    for one, answer, actor in zip(clients, answers, actors, strict=True):
        record = (await one.get(f"/v1/responses/{answer.json()['id']}")).json()
        role, _, ref = actor.partition(";")
        assert record["recorded_by"] == {"role": role, "ref": ref}
        await one.aclose()


@pytest.mark.parametrize("error", [RuntimeError, Unavailable])
async def test_what_nobody_foresaw_is_answered_at_once(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise error

    await client.get("/v1/alliances")
    monkeypatch.setattr(flights, "apply", fail)
    monkeypatch.setattr(flights, "submit", fail)
    sent = [submission() for _ in range(5)]
    async with asyncio.timeout(ANSWERED_SECONDS):
        answers = await asyncio.gather(*(client.post("/v1/responses", json=one) for one in sent))
    assert {answer.status_code for answer in answers} <= {500, 503}
    monkeypatch.undo()
    assert [(await client.post("/v1/responses", json=one)).status_code for one in sent] == [201] * 5


async def test_callers_who_stop_waiting_keep_nobody_waiting(client: AsyncClient) -> None:
    sent = [submission() for _ in range(40)]
    calls = [asyncio.create_task(send_until_answered(client, one)) for one in sent]
    await asyncio.sleep(0.01)
    for call in calls[::2]:
        call.cancel()
    answers = await asyncio.gather(*calls, return_exceptions=True)

    stayed = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert {answer.status_code for answer in stayed} == {201}
    assert len(stayed) >= 20
    again = [await client.post("/v1/responses", json=one) for one in sent]
    assert {answer.status_code for answer in again} <= {200, 201}


async def test_two_tenants_at_once_get_their_own(new_tenant: Callable[..., Any]) -> None:
    tenants: list[Tenant] = [await new_tenant() for _ in range(3)]
    clients = [tenant.client() for tenant in tenants]
    sent = [submission(external_id=f"r-{number}") for number in range(10)]
    answers = await asyncio.gather(
        *(
            until_answered(lambda one=one, body=body: one.post("/v1/responses", json=body))  # type: ignore[misc]
            for body in sent
            for one in clients
        )
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 30
    for one in clients:
        assert len((await one.get("/v1/responses")).json()["items"]) == 10
        await one.aclose()
