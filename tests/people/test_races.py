"""Merges of people against each other, and against alliances that are made meanwhile."""

import asyncio
from typing import Any

from httpx import AsyncClient, Response

from tests.support.factories import pair, submission
from tests.support.sending import send_until_answered

TRIES = 12


async def merge(client: AsyncClient, old: str, new: str) -> Response:
    body = {"source": "ehr", "role": "client", "from": old, "into": new}
    return await client.post("/v1/people/merge", json=body)


async def found(client: AsyncClient, ref: str) -> list[dict[str, Any]]:
    answer = await client.get("/v1/alliances", params={"client_ref": ref, "limit": 500})
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_two_merges_never_make_a_ring(client: AsyncClient) -> None:
    for number in range(TRIES):
        one, other = f"a-{number}", f"b-{number}"
        answers = await asyncio.gather(merge(client, one, other), merge(client, other, one))
        assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_a_chain_of_merges_at_once_leads_to_its_end(client: AsyncClient) -> None:
    for number in range(TRIES):
        x, y, z = (f"{letter}-{number}" for letter in "xyz")
        alliance = pair(client_ref=x)
        await client.post("/v1/responses", json=submission(alliance=alliance))
        answers = await asyncio.gather(merge(client, x, y), merge(client, y, z))
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses in ([201, 201], [201, 409])
        if statuses == [201, 409]:
            assert (await merge(client, x, z)).status_code == 201
        (one,) = await found(client, z)
        assert one["external_id"] == alliance["external_id"]


async def test_an_alliance_made_while_its_people_are_merged_has_the_new_reference(
    client: AsyncClient,
) -> None:
    for number in range(TRIES):
        old, new = f"o-{number}", f"n-{number}"
        sent = [submission(alliance=pair(client_ref=old)) for _ in range(3)]
        batch = {"items": [submission(alliance=pair(client_ref=old)) for _ in range(3)]}
        merged, together, *alone = await asyncio.gather(
            merge(client, old, new),
            client.post("/v1/responses:batch", json=batch),
            *(send_until_answered(client, one) for one in sent),
        )
        assert merged.status_code == 201
        assert together.status_code == 207
        assert {answer.status_code for answer in alone} == {201}
        assert await found(client, old) == []
        assert len(await found(client, new)) == 6


async def test_two_merges_in_one_family_both_hold(client: AsyncClient) -> None:
    for number in range(TRIES):
        a, b, c, d = (f"{letter}-{number}" for letter in "abcd")
        members = [{"role": "client", "ref": ref} for ref in (a, c)]
        members.append({"role": "professional", "ref": "p"})
        body = {"source": "ehr", "external_id": f"family-{number}", "members": members}
        assert (await client.post("/v1/alliances", json=body)).status_code == 201
        answers = await asyncio.gather(merge(client, a, b), merge(client, c, d))
        assert [answer.status_code for answer in answers] == [201, 201]
        (family,) = await found(client, b)
        assert {one["ref"] for one in family["members"]} == {b, d, "p"}
