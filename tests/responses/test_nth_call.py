"""Whichever call to Postgres fails, everything is stored or nothing, and again is safe."""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.conftest import Tenant
from tests.support.interrupted import AtCall, hooked
from tests.support.stored import rows_of
from tests.support.writing import EVERY_WRITE, Call, Prepare

Rows = Callable[[], Awaitable[dict[str, list[str]]]]
"""Every row of the tenant."""
every_write = pytest.mark.parametrize("call", EVERY_WRITE, indirect=True)
FEWEST_CALLS = 4


@pytest.fixture
async def call(client: AsyncClient, request: pytest.FixtureRequest) -> Call:
    """The write, ready to go; the process already knows the caller's key."""
    await client.get("/v1/alliances")
    prepare: Prepare = request.param
    return await prepare(client)


@pytest.fixture
def rows(tenant: Tenant, database_url: str) -> Rows:
    return lambda: rows_of(database_url, tenant.id)


@every_write
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (asyncpg.ConnectionDoesNotExistError, 503),
        (asyncpg.DiskFullError, 503),
        (asyncpg.DivisionByZeroError, 500),
    ],
)
async def test_when_a_call_fails_nothing_is_stored_and_again_is_safe(
    app: FastAPI,
    call: Call,
    rows: Rows,
    error: type[Exception],
    status: int,
) -> None:
    before = await rows()

    async def fail(_sql: str, _call: Callable[[], Awaitable[Any]]) -> None:
        raise error

    for number in count(1):
        hook = AtCall(number, fail)
        async with hooked(app, hook):
            answer = await call()
        if not hook.reached:
            break
        assert answer.status_code == status, (number, answer.json())
        assert ("Retry-After" in answer.headers) == (status == 503)
        assert await rows() == before, number
    assert answer.status_code in {200, 201, 207}
    assert number > FEWEST_CALLS
    assert await rows() != before


@every_write
async def test_a_commit_that_is_answered_rollback_is_answered_500(
    app: FastAPI, call: Call, rows: Rows
) -> None:
    before = await rows()

    async def roll_back(sql: str, called: Callable[[], Awaitable[Any]]) -> Any:
        return "ROLLBACK" if sql == "COMMIT" else await called()

    async with hooked(app, roll_back):
        answer = await call()

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert await rows() == before
    assert (await call()).status_code in {200, 201, 207}


@every_write
async def test_after_a_commit_whose_answer_was_lost_the_same_again_changes_nothing(
    app: FastAPI, call: Call, rows: Rows
) -> None:

    async def lose(sql: str, called: Callable[[], Awaitable[Any]]) -> Any:
        found = await called()
        if sql == "COMMIT":
            raise asyncpg.ConnectionDoesNotExistError
        return found

    async with hooked(app, lose):
        answer = await call()
    assert answer.status_code == 503
    stored = await rows()
    again = await call()

    # A change that names the version that it read is refused: its caller reads what is stored.
    assert again.status_code in ({412} if again.request.method == "PATCH" else {200, 207})
    if again.status_code == 207:
        assert {one["verdict"] for one in again.json()["items"]} == {"replayed"}
    assert await rows() == stored
