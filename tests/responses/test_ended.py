"""Corrections of what is about an alliance that has ended."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.support.corrections import (
    EVERY_DOOR,
    Door,
    amend,
    amendment,
    items,
    points,
    record,
    store,
    trend,
)
from tests.support.factories import pair, submission


async def ended(client: AsyncClient, alliance_id: str) -> None:
    answer = await client.patch(
        f"/v1/alliances/{alliance_id}", json={"ended_on": "2026-10-10"}, headers={"If-Match": "*"}
    )
    assert answer.status_code == 200, answer.json()


@pytest.mark.parametrize("door", EVERY_DOOR)
async def test_after_the_end_a_correction_of_the_same_occasion_is_taken(
    client: AsyncClient, door: Door
) -> None:
    sent = submission(occasion={"occurred_on": "2026-10-20", "session_number": 4})
    made = await store(client, sent)
    await ended(client, made["alliance_id"])
    newest = await door(client, sent | {"answers": items(2)}, made["id"])
    assert points(await trend(client, made["alliance_id"])) == [(newest, 24.0)]


@pytest.mark.parametrize(
    ("occasion", "taken"),
    [
        ({"occurred_on": "2026-10-20", "session_number": 4}, True),
        ({"occurred_on": "2026-10-21", "session_number": 4}, False),
        ({"occurred_on": "2026-10-20", "session_number": 5}, False),
        ({"occurred_on": "2026-10-20", "session_number": 4, "session_ref": "s"}, False),
        ({"occurred_at": "2026-10-20T09:00:00Z", "session_number": 4}, False),
        ({"occurred_on": "2026-10-10"}, True),
        ({"session_number": 9}, True),
    ],
)
async def test_after_the_end_a_correction_moves_no_further_beyond_it(
    client: AsyncClient, occasion: dict[str, Any], *, taken: bool
) -> None:
    sent = submission(occasion={"occurred_on": "2026-10-20", "session_number": 4})
    made = await store(client, sent)
    await ended(client, made["alliance_id"])
    changed = sent | {"external_version": 2, "occasion": occasion}
    answers = [
        await client.post("/v1/responses", json=changed),
        await amend(client, made["id"], amendment(changed)),
    ]
    if taken:
        assert [answer.status_code for answer in answers] == [201, 200]
    else:
        found = {(one.status_code, one.json()["errors"][0]["code"]) for one in answers}
        assert found == {(422, "alliance_ended")}
        assert (await record(client, made["id"]))["record_status"] == "current"


async def test_a_record_does_not_move_into_an_alliance_that_had_ended(client: AsyncClient) -> None:
    over = pair()
    known = await store(client, submission(alliance=over))
    await ended(client, known["alliance_id"])
    sent = submission(occasion={"occurred_on": "2026-10-20"})
    made = await store(client, sent)
    moved = sent | {"external_version": 2, "alliance": over}
    refused = await client.post("/v1/responses", json=moved)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "alliance_ended")
    assert points(await trend(client, made["alliance_id"])) == [(made["id"], 49.0)]
