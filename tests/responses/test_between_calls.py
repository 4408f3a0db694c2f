"""Whenever another caller comes in between, one of the two stores and the other is told of it."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from tests.support.corrections import send_batch, store, versions
from tests.support.factories import pair, submission
from tests.support.interrupted import AtCall, hooked
from tests.support.sending import until_answered

Door = Callable[[AsyncClient, dict[str, Any]], Awaitable[Response]]
BLOCKED_SECONDS = 0.05


async def alone(client: AsyncClient, sent: dict[str, Any]) -> Response:
    return await client.post("/v1/responses", json=sent)


async def in_a_batch(client: AsyncClient, sent: dict[str, Any]) -> Response:
    return await send_batch(client, [sent])


def new(answer: Response) -> bool:
    """Whether the record was stored by this call; refused is neither."""
    if answer.status_code == 207:
        (item,) = answer.json()["items"]
        assert item["verdict"] in {"accepted", "amended", "replayed"}, item
        return bool(item["verdict"] != "replayed")
    assert answer.status_code in {200, 201}, answer.json()
    return answer.status_code == 201


async def in_a_new_alliance(_client: AsyncClient) -> dict[str, Any]:
    return submission()


async def in_a_known_alliance(client: AsyncClient) -> dict[str, Any]:
    alliance = pair()
    await store(client, submission(alliance=alliance))
    return submission(alliance=alliance)


async def as_an_amendment(client: AsyncClient) -> dict[str, Any]:
    sent = submission()
    await store(client, sent)
    return sent | {"external_version": 2, "mode": "phone"}


async def as_a_move(client: AsyncClient) -> dict[str, Any]:
    sent = submission()
    await store(client, sent)
    return sent | {"external_version": 2, "alliance": pair()}


@pytest.mark.parametrize(
    "prepare", [in_a_new_alliance, in_a_known_alliance, as_an_amendment, as_a_move]
)
@pytest.mark.parametrize("first", [alone, in_a_batch])
@pytest.mark.parametrize("second", [alone, in_a_batch])
async def test_the_same_from_another_caller_before_any_call(
    app: FastAPI,
    client: AsyncClient,
    prepare: Callable[[AsyncClient], Awaitable[dict[str, Any]]],
    first: Door,
    second: Door,
) -> None:
    for number in count(1):
        sent = await prepare(client)
        others: list[asyncio.Task[Response]] = []

        async def come_in(
            _sql: str,
            call: Callable[[], Awaitable[Any]],
            others: list[asyncio.Task[Response]] = others,
            sent: dict[str, Any] = sent,
        ) -> Any:
            others.append(asyncio.create_task(until_answered(lambda: second(client, sent))))
            await asyncio.wait(others, timeout=BLOCKED_SECONDS)
            return await call()

        hook = AtCall(number, come_in)
        async with hooked(app, hook):
            answer = await first(client, sent)
            if not others:
                break
            other = await others[0]
        assert new(answer) != new(other), number
        stored = await versions(client, sent["external_id"])
        assert len(stored) == sent.get("external_version", 1)
    assert number > 4
