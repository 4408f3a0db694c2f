"""Two who change one alliance at once: each sees what the other has committed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient, Response

from tests.support.factories import pair, submission

WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'rapport' AND wait_event_type = 'Lock'
"""


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that can stand in the way."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@asynccontextmanager
async def held(owner: asyncpg.Connection, alliance_id: str) -> AsyncIterator[None]:
    """Everybody who wants to change this alliance waits, in the order of coming."""
    async with owner.transaction():
        await owner.execute(
            "SELECT 1 FROM alliance_state WHERE alliance_id = $1 FOR UPDATE", alliance_id
        )
        yield


async def until_waiting(owner: asyncpg.Connection, count: int) -> None:
    """Until so many wait, or until they would have given up: then their answer is 503."""
    for _ in range(150):
        if await owner.fetchval(WAITING) == count:
            return
        await asyncio.sleep(0.01)


async def patch(client: AsyncClient, alliance_id: str, change: dict[str, Any]) -> Response:
    """Change what was read as version 1; again while the service has no room (503)."""
    for _ in range(20):
        answer = await client.patch(
            f"/v1/alliances/{alliance_id}", json=change, headers={"If-Match": '"1"'}
        )
        if answer.status_code != 503:
            break
        await asyncio.sleep(0.2)
    return answer


async def make(client: AsyncClient, alliance: dict[str, Any]) -> str:
    # At once, so that the pool has its connections open before anybody must wait.
    await asyncio.gather(*(client.get("/v1/alliances") for _ in range(4)))
    answer = await client.post("/v1/alliances", json=alliance | {"source": "ehr"})
    made: str = answer.json()["id"]
    return made


async def one_wins(client: AsyncClient, alliance_id: str, answers: list[Response]) -> None:
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    stored = (await client.get(f"/v1/alliances/{alliance_id}")).json()
    (winner,) = (answer.json() for answer in answers if answer.status_code == 200)
    assert stored == winner
    assert stored["version"] == 2
    assert sorted((stored["case_ref"] or "", stored["program_ref"] or "")) == ["", "x"]


async def test_of_two_changes_to_one_version_one_wins(client: AsyncClient) -> None:
    for _ in range(20):
        alliance_id = await make(client, pair())
        answers = await asyncio.gather(
            *(patch(client, alliance_id, {name: "x"}) for name in ("case_ref", "program_ref"))
        )
        await one_wins(client, alliance_id, answers)


async def test_a_change_that_waited_for_another_is_refused(
    client: AsyncClient, owner: asyncpg.Connection
) -> None:
    alliance_id = await make(client, pair())
    async with held(owner, alliance_id):
        both = [
            asyncio.create_task(patch(client, alliance_id, {name: "x"}))
            for name in ("case_ref", "program_ref")
        ]
        await until_waiting(owner, 2)
    await one_wins(client, alliance_id, await asyncio.gather(*both))


async def behind_a_change(
    client: AsyncClient, owner: asyncpg.Connection, change: dict[str, Any]
) -> Response:
    """The answer to a submission that came while a change was on its way.

    On a busy machine one of the two may have to give up waiting (503): then all over again.
    """
    for _ in range(20):
        alliance = pair(program_ref="old")
        alliance_id = await make(client, alliance)
        async with held(owner, alliance_id):
            path, header = f"/v1/alliances/{alliance_id}", {"If-Match": '"1"'}
            changing = asyncio.create_task(client.patch(path, json=change, headers=header))
            await until_waiting(owner, 1)
            sent = submission(alliance=alliance)
            submitting = asyncio.create_task(client.post("/v1/responses", json=sent))
            await until_waiting(owner, 2)
        changed, submitted = await changing, await submitting
        if 503 not in {changed.status_code, submitted.status_code}:
            break
    assert changed.status_code == 200
    return submitted


async def test_a_submission_behind_a_change_is_stamped_with_it(
    client: AsyncClient, owner: asyncpg.Connection
) -> None:
    changed = {"program_ref": "new", "setting": "coaching"}
    answer = await behind_a_change(client, owner, changed)
    assert answer.status_code == 201
    record = (await client.get(f"/v1/responses/{answer.json()['id']}")).json()
    assert {name: record[name] for name in changed} == changed


async def test_a_submission_behind_the_end_is_refused(
    client: AsyncClient, owner: asyncpg.Connection
) -> None:
    answer = await behind_a_change(client, owner, {"ended_on": "2026-09-01"})
    assert answer.status_code == 422
    assert [error["code"] for error in answer.json()["errors"]] == ["alliance_ended"]
