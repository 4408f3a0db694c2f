"""Two references that turned out to be one person."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient

from tests.support.factories import pair, submission

LOW = {str(item): 2 for item in range(1, 13)}
HIGH = {str(item): 5 for item in range(1, 13)}


def merge(old: str, new: str, **overrides: Any) -> dict[str, Any]:
    return {"source": "ehr", "role": "client", "from": old, "into": new, **overrides}


async def merged(client: AsyncClient, old: str, new: str, status: int = 201) -> dict[str, Any]:
    answer = await client.post("/v1/people/merge", json=merge(old, new))
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def recorded(client: AsyncClient, **overrides: Any) -> dict[str, Any]:
    answer = await client.post("/v1/responses", json=submission(**overrides))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def trend(client: AsyncClient, alliance_id: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/alliances/{alliance_id}/trend?scale=total")
    found: dict[str, Any] = answer.json()
    return found


async def test_alliances_are_found_under_the_new_reference(client: AsyncClient) -> None:
    made = await recorded(client, alliance=pair(client_ref="double"))
    answer = await merged(client, "double", "c-1")
    assert (answer["from"], answer["into"], answer["alliances"]) == ("double", "c-1", 1)

    old = (await client.get("/v1/alliances?client_ref=double")).json()["items"]
    new = (await client.get("/v1/alliances?client_ref=c-1")).json()["items"]
    assert old == []
    assert [one["id"] for one in new] == [made["alliance_id"]]
    assert {"role": "client", "ref": "c-1"} in new[0]["members"]
    assert new[0]["version"] == 2


async def test_responses_keep_what_they_say(client: AsyncClient) -> None:
    made = await recorded(client, alliance=pair(client_ref="double"))
    await merged(client, "double", "c-1")
    stored = (await client.get(f"/v1/responses/{made['id']}")).json()
    assert stored["rater"]["ref"] == "double"


@pytest.mark.parametrize("rater", [{"role": "client"}, {"role": "client", "ref": "double"}])
async def test_a_stream_goes_on_as_one(client: AsyncClient, rater: dict[str, Any]) -> None:
    alliance = pair(client_ref="double")
    first = await recorded(
        client, alliance=alliance, occasion={"session_number": 1}, answers=LOW, rater=rater
    )
    await merged(client, "double", "c-1")
    second = await recorded(
        client,
        alliance=alliance | {"client_ref": "c-1"},
        rater={"role": "client", "ref": "c-1"},
        occasion={"session_number": 2},
        answers=HIGH,
    )
    third = await recorded(
        client, alliance=alliance, occasion={"session_number": 3}, answers=HIGH, rater=rater
    )
    late = await recorded(
        client, alliance=alliance, occasion={"session_number": 0}, answers=LOW, rater=rater
    )
    assert {one["reference_response_id"] for one in second["change"]} == {first["id"]}
    assert second["id"] in {one["reference_response_id"] for one in third["change"]}

    (stream,) = (await trend(client, first["alliance_id"]))["streams"]
    assert stream["rater"]["ref"] == "c-1"
    ids = [late["id"], first["id"], second["id"], third["id"]]
    assert [point["response_id"] for point in stream["points"]] == ids


async def test_what_was_sent_with_the_old_reference_is_replayed(client: AsyncClient) -> None:
    sent = submission(alliance=pair(client_ref="double"), rater={"role": "client", "ref": "double"})
    first = await client.post("/v1/responses", json=sent)
    await merged(client, "double", "c-1")
    again = await client.post("/v1/responses", json=sent)
    in_new_words = sent | {
        "alliance": sent["alliance"] | {"client_ref": "c-1"},
        "rater": {"role": "client", "ref": "c-1"},
    }
    batch = await client.post("/v1/responses:batch", json={"items": [sent, in_new_words]})
    other = await client.post("/v1/responses", json=sent | {"answers": LOW})

    assert (again.status_code, again.json()) == (200, first.json())
    assert [one["verdict"] for one in batch.json()["items"]] == ["replayed", "replayed"]
    assert (other.status_code, other.json()["code"]) == (422, "external_id_reused")


async def test_an_alliance_made_later_knows_both_references(client: AsyncClient) -> None:
    await recorded(client, alliance=pair(client_ref="double"))
    await merged(client, "double", "c-1")
    late = pair(client_ref="double", external_id="late")
    right = pair(client_ref="c-1", external_id="right")
    for number, alliance in enumerate((late, right, right | {"client_ref": "double"})):
        await recorded(client, alliance=alliance, occasion={"session_number": number})
    found = (await client.get("/v1/alliances?client_ref=c-1")).json()["items"]
    assert {one["external_id"] for one in found} >= {"late", "right"}


async def test_an_alliance_that_had_the_new_reference_knows_the_old_one(
    client: AsyncClient,
) -> None:
    alliance = pair(client_ref="c-1")
    made = await recorded(client, alliance=alliance)
    answer = await merged(client, "double", "c-1")
    assert answer["alliances"] == 0
    again = alliance | {"client_ref": "double"}
    other = await recorded(client, alliance=again, occasion={"session_number": 2})
    assert other["alliance_id"] == made["alliance_id"]
    shown = (await client.get(f"/v1/alliances/{made['alliance_id']}")).json()
    assert shown["version"] == 1


async def test_merges_of_merges_lead_on(client: AsyncClient) -> None:
    alliance = pair(client_ref="a")
    first = await recorded(client, alliance=alliance, occasion={"session_number": 1})
    await merged(client, "a", "b")
    await merged(client, "b", "c")
    assert (await merged(client, "a", "c", 200))["current"] == "c"
    second = await recorded(client, alliance=alliance, occasion={"session_number": 2})
    new = await recorded(client, alliance=pair(client_ref="a"))
    (stream,) = (await trend(client, first["alliance_id"]))["streams"]
    assert [p["response_id"] for p in stream["points"]] == [first["id"], second["id"]]
    members = (await client.get(f"/v1/alliances/{new['alliance_id']}")).json()["members"]
    assert {"role": "client", "ref": "c"} in members


async def test_merging_again_changes_nothing(client: AsyncClient) -> None:
    await recorded(client, alliance=pair(client_ref="double"))
    first = await merged(client, "double", "c-1")
    again = await merged(client, "double", "c-1", 200)
    assert (again["id"], again["alliances"]) == (first["id"], 0)


@pytest.mark.parametrize(
    ("before", "old", "new"),
    [
        (("a", "b"), "a", "c"),
        (("a", "b"), "b", "a"),
        (("b", "c"), "a", "b"),
    ],
)
async def test_merges_that_contradict_stored_ones_are_refused(
    client: AsyncClient, before: tuple[str, str], old: str, new: str
) -> None:
    await merged(client, *before)
    assert (await merged(client, old, new, 409))["code"] == "merge_conflict"


async def test_two_members_of_one_alliance_are_two_people(client: AsyncClient) -> None:
    members = [
        {"role": "client", "ref": "a"},
        {"role": "client", "ref": "b"},
        {"role": "professional", "ref": "p"},
    ]
    family = {"source": "ehr", "external_id": "family", "members": members}
    assert (await client.post("/v1/alliances", json=family)).status_code == 201
    assert (await merged(client, "a", "b", 409))["code"] == "merge_conflict"


async def test_only_the_named_role_and_source_are_touched(client: AsyncClient) -> None:
    await recorded(client, alliance=pair(client_ref="x", professional_ref="y"))
    await recorded(client, alliance=pair(client_ref="y", professional_ref="x"))
    await recorded(client, source="other", alliance=pair(client_ref="x"))
    assert (await merged(client, "x", "z"))["alliances"] == 1
    assert len((await client.get("/v1/alliances?professional_ref=x")).json()["items"]) == 1
    assert len((await client.get("/v1/alliances?client_ref=x")).json()["items"]) == 1


async def test_the_rater_sees_their_own_under_either_reference(
    client: AsyncClient,
) -> None:
    notice = {"audience": ["supervisor"], "level": "scores"}
    made = await recorded(client, alliance=pair(client_ref="double"), notice=notice)
    await merged(client, "double", "c-1")
    for ref in ("double", "c-1"):
        actor = {"Rapport-Actor": f"client;{ref}"}
        stored = (await client.get(f"/v1/responses/{made['id']}", headers=actor)).json()
        assert stored["withheld"] == []
    stranger = {"Rapport-Actor": "client;c-2"}
    stored = (await client.get(f"/v1/responses/{made['id']}", headers=stranger)).json()
    assert stored["withheld"] == ["answers", "scores"]


async def test_of_many_that_merge_one_reference_one_succeeds(client: AsyncClient) -> None:
    for _ in range(5):
        await recorded(client, alliance=pair(client_ref="double"))
    bodies = [merge("double", f"c-{number % 2}") for number in range(8)]
    answers = await asyncio.gather(*(client.post("/v1/people/merge", json=body) for body in bodies))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses.count(201) == 1
    assert set(statuses) <= {200, 201, 409, 503}
    winner = next(a for a in answers if a.status_code == 201).json()["into"]
    found = (await client.get(f"/v1/alliances?client_ref={winner}")).json()["items"]
    assert len(found) == 5


async def test_one_reference_twice_is_refused(client: AsyncClient) -> None:
    answer = await client.post("/v1/people/merge", json=merge("a", "a"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "same_reference"
