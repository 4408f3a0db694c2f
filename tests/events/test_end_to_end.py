"""From a call over HTTP to the event that tells of it."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from httpx import AsyncClient

from app.database import Database
from app.events import service
from tests.conftest import Clock
from tests.support.factories import pair, submission
from tests.support.sending import send_until_answered


async def told(client: AsyncClient, database: Database, after: int = 0) -> list[dict[str, Any]]:
    """The tenant's events after a position, once the worker has been there."""
    await service.move(database)
    page = (await client.get("/v1/events", params={"after": after, "limit": 500})).json()
    items: list[dict[str, Any]] = page["items"]
    return items


async def test_a_submission_tells_of_its_alliance_and_of_itself(
    client: AsyncClient, database: Database
) -> None:
    sent = submission()
    made = (await client.post("/v1/responses", json=sent)).json()
    events = await told(client, database)

    assert [(one["type"], one["subject_id"]) for one in events] == [
        ("alliance.created", made["alliance_id"]),
        ("response.recorded", made["id"]),
    ]
    assert {one["alliance_id"] for one in events} == {made["alliance_id"]}
    assert events[1]["recorded_at"] == made["received_at"]

    replay = await client.post("/v1/responses", json=sent)
    refused = await client.post("/v1/responses", json=submission(answers={"1": 99}))
    assert (replay.status_code, refused.status_code) == (200, 422)
    assert await told(client, database, after=2) == []


async def test_a_change_of_an_alliance_is_told(client: AsyncClient, database: Database) -> None:
    made = await client.post("/v1/alliances", json=pair())
    url, headers = made.headers["Location"], {"If-Match": made.headers["ETag"]}
    changed = await client.patch(url, json={"case_ref": "case-1"}, headers=headers)
    refused = await client.patch(url, json={"case_ref": "case-2"}, headers=headers)
    assert (changed.status_code, refused.status_code) == (200, 412)

    events = await told(client, database)
    assert [one["type"] for one in events] == ["alliance.created", "alliance.changed"]
    assert {one["subject_id"] for one in events} == {made.json()["id"]}


async def test_corrections_are_told_in_both_alliances_that_they_touch(
    client: AsyncClient, database: Database
) -> None:
    sent = submission()
    first = (await client.post("/v1/responses", json=sent)).json()
    higher = {"external_version": 2, "amendment_reason": "The other pair."}
    moved = (await client.post("/v1/responses", json=sent | higher | {"alliance": pair()})).json()
    void = await client.post(f"/v1/responses/{moved['id']}/void", json={"reason": "By mistake."})
    assert void.is_success, void.text
    events = await told(client, database, after=2)

    left, entered = first["alliance_id"], moved["alliance_id"]
    found = Counter((one["type"], one["alliance_id"], one["subject_id"]) for one in events)
    assert found == {
        ("alliance.created", entered, entered): 1,
        ("response.moved", left, first["id"]): 1,
        ("response.amended", entered, moved["id"]): 1,
        ("response.voided", entered, moved["id"]): 1,
    }
    of_entered = [one["type"] for one in events if one["alliance_id"] == entered]
    assert of_entered == ["alliance.created", "response.amended", "response.voided"]


async def test_a_merge_is_told_and_so_is_each_alliance_that_it_changes(
    client: AsyncClient, database: Database
) -> None:
    sent = submission(alliance=pair(client_ref="c-double"))
    made = (await client.post("/v1/responses", json=sent)).json()
    merge = {"source": "ehr", "role": "client", "from": "c-double", "into": "c"}
    merged = await client.post("/v1/people/merge", json=merge)
    assert merged.is_success, merged.text
    events = await told(client, database, after=2)

    assert Counter((one["type"], one["alliance_id"], one["subject_id"]) for one in events) == {
        ("people.merged", None, merged.json()["id"]): 1,
        ("alliance.changed", made["alliance_id"], made["alliance_id"]): 1,
    }


async def test_clocks_that_differ_reverse_nothing_within_an_alliance(
    client: AsyncClient, database: Database, clock: Clock
) -> None:
    """Each write by a process whose clock is behind that of the one before."""
    alliance = pair()

    async def submitted(minutes: int) -> str:
        clock.fixed = datetime(2026, 11, 1, 12, tzinfo=UTC) - timedelta(minutes=minutes)
        sent = submission(alliance=alliance, occasion={"session_number": minutes})
        made: str = (await client.post("/v1/responses", json=sent)).json()["id"]
        return made

    clock.fixed = datetime(2026, 11, 1, 12, tzinfo=UTC)
    made = await client.post("/v1/alliances", json={"source": "ehr", **alliance})
    first = await submitted(1)
    clock.fixed = datetime(2026, 11, 1, 13, tzinfo=UTC)
    headers = {"If-Match": made.headers["ETag"]}
    await client.patch(made.headers["Location"], json={"case_ref": "x"}, headers=headers)
    second, third = await submitted(2), await submitted(3)
    events = await told(client, database)

    own = made.json()["id"]
    assert [(one["type"], one["subject_id"]) for one in events] == [
        ("alliance.created", own),
        ("response.recorded", first),
        ("alliance.changed", own),
        ("response.recorded", second),
        ("response.recorded", third),
    ]
    assert sorted(one["recorded_at"] for one in events) == [one["recorded_at"] for one in events]


async def test_every_one_of_many_submissions_is_told_once(
    client: AsyncClient, database: Database
) -> None:
    alliances = [pair() for _ in range(4)]
    bodies = [
        submission(alliance=alliances[number % 4], occasion={"session_number": number})
        for number in range(1, 41)
    ]
    moving = asyncio.create_task(_move_again_and_again(database))
    answers = await asyncio.gather(*(send_until_answered(client, body) for body in bodies))
    moving.cancel()
    events = await told(client, database)

    assert Counter(one["type"] for one in events) == {
        "alliance.created": 4,
        "response.recorded": 40,
    }
    stored = {answer.json()["id"] for answer in answers}
    assert {one["subject_id"] for one in events if one["type"] == "response.recorded"} == stored
    assert [one["position"] for one in events] == list(range(1, 45))


async def _move_again_and_again(database: Database) -> None:
    while True:
        await service.move(database)
        await asyncio.sleep(0.01)
