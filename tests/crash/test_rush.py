"""Fifty callers with one external_id at the same moment: one record, and the same word for all."""

from collections import Counter
from collections.abc import AsyncIterator

import asyncpg
import pytest
from fastapi import FastAPI

from bench.crash.forms import Forms
from bench.crash.history import Answer
from bench.crash.rush import Send, differing, one_told_all, one_won, rushed
from tests.conftest import Tenant
from tests.crash.conftest import plain_client

IDS, AT_ONCE = 20, 50
ROWS = "SELECT external_id, count(*) FROM responses WHERE tenant_id = $1 GROUP BY external_id"
FORMS = Forms(1, IDS, "rush")


@pytest.fixture
async def send(app: FastAPI, tenant: Tenant) -> AsyncIterator[Send]:
    async with plain_client(app, tenant.key) as client:

        async def sent(_: int, body: bytes) -> Answer:
            answer = await client.post("/v1/responses", content=body)
            return Answer(answer.status_code, answer.content)

        yield sent


async def rows(owner: asyncpg.Connection, tenant: Tenant) -> dict[str, int]:
    return dict(await owner.fetch(ROWS, tenant.id))


async def test_the_same_body_at_once_is_one_record(
    send: Send, owner: asyncpg.Connection, tenant: Tenant
) -> None:
    forms, seen = [FORMS.form(number) for number in range(IDS)], Counter[int]()
    rushes = [await rushed(send, [form.body] * AT_ONCE, seen) for form in forms]

    assert all(one_told_all(answers) for answers in rushes)
    assert seen.keys() <= {200, 201, 503}
    assert await rows(owner, tenant) == {form.external_id: 1 for form in forms}


async def test_of_different_bodies_at_once_one_wins(
    send: Send, owner: asyncpg.Connection, tenant: Tenant
) -> None:
    seen = Counter[int]()
    rushes = [differing(FORMS, IDS + n * AT_ONCE, AT_ONCE) for n in range(IDS)]
    answers = [await rushed(send, bodies, seen) for bodies in rushes]

    assert all(one_won(of_one_id) for of_one_id in answers)
    assert seen.keys() <= {201, 422, 503}
    assert list((await rows(owner, tenant)).values()) == [1] * IDS
