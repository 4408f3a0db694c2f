"""Alliances: made once, members fixed for life, the rest changed forward only."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.support.factories import pair, submission


async def make(client: AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await client.post("/v1/alliances", json=pair(source="ehr", **fields))
    assert answer.status_code == 201, answer.json()
    made: dict[str, Any] = answer.json() | {"etag": answer.headers["ETag"]}
    return made


async def test_a_known_alliance_comes_back_unaltered(client: AsyncClient) -> None:
    body = pair(source="ehr", program_ref="one")
    first = await client.post("/v1/alliances", json=body)
    again = await client.post("/v1/alliances", json=body | {"program_ref": "two"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


@pytest.mark.parametrize("path", ["/v1/alliances", "/v1/responses"])
async def test_other_members_are_a_conflict_that_names_the_known_one(
    client: AsyncClient, path: str
) -> None:
    known = await make(client, external_id="a")
    other = {"external_id": "a", "client_ref": "somebody", "professional_ref": "else"}
    body = other | {"source": "ehr"}
    if path == "/v1/responses":
        body = submission(alliance=other, source="ehr")
    answer = await client.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "alliance_conflict")
    assert answer.json()["existing_id"] == known["id"]


async def test_the_pair_and_its_members_are_one_alliance(client: AsyncClient) -> None:
    known = await make(client, external_id="a", client_ref="c", professional_ref="p")
    members = [{"role": "professional", "ref": "p"}, {"role": "client", "ref": "c"}]
    answer = await client.post(
        "/v1/alliances", json={"source": "ehr", "external_id": "a", "members": members}
    )
    assert (answer.status_code, answer.json()["id"]) == (200, known["id"])
    assert known["members"] == [
        {"role": "client", "ref": "c"},
        {"role": "professional", "ref": "p"},
    ]


@pytest.mark.parametrize(
    "members",
    [
        [],
        [{"role": "client", "ref": "c"}],
        [{"role": "client", "ref": "c"}, {"role": "client", "ref": "d"}],
        [
            {"role": "client", "ref": "c"},
            {"role": "professional", "ref": "p"},
            {"role": "client", "ref": "c"},
        ],
        [{"role": "client", "ref": "c"}, {"role": "observer", "ref": "p"}],
    ],
)
async def test_members_that_make_no_alliance_are_refused(
    client: AsyncClient, members: list[dict[str, str]]
) -> None:
    body = {"source": "ehr", "external_id": "a", "members": members}
    assert (await client.post("/v1/alliances", json=body)).status_code == 422


async def test_a_change_acts_forward_only(client: AsyncClient) -> None:
    alliance = pair(external_id="a", setting="coaching", program_ref="one")
    before = await client.post(
        "/v1/responses", json=submission(alliance=alliance, occasion={"session_number": 1})
    )
    alliance_id = before.json()["alliance_id"]
    read = await client.get(f"/v1/alliances/{alliance_id}")
    changed = await client.patch(
        f"/v1/alliances/{alliance_id}",
        json={"program_ref": "two", "setting": None},
        headers={"If-Match": read.headers["ETag"]},
    )
    after = await client.post(
        "/v1/responses", json=submission(alliance=alliance, occasion={"session_number": 2})
    )

    assert changed.status_code == 200
    assert (changed.json()["program_ref"], changed.json()["setting"]) == ("two", None)
    assert changed.headers["ETag"] != read.headers["ETag"]
    stamped = [
        (await client.get(f"/v1/responses/{answer.json()['id']}")).json()
        for answer in (before, after)
    ]
    assert [(one["program_ref"], one["setting"]) for one in stamped] == [
        ("one", "coaching"),
        ("two", None),
    ]


async def test_a_change_needs_the_current_version(client: AsyncClient) -> None:
    made = await make(client)
    path = f"/v1/alliances/{made['id']}"
    without = await client.patch(path, json={"case_ref": "x"})
    first = await client.patch(path, json={"case_ref": "x"}, headers={"If-Match": made["etag"]})
    lost = await client.patch(path, json={"case_ref": "y"}, headers={"If-Match": made["etag"]})

    assert (without.status_code, without.json()["code"]) == (428, "precondition_required")
    assert first.status_code == 200
    assert (lost.status_code, lost.json()["code"]) == (412, "precondition_failed")
    assert (await client.get(path)).json()["case_ref"] == "x"


@pytest.mark.parametrize("if_match", ["*", 'W/"1"', '"7", "1"'])
async def test_every_way_to_name_the_current_version_is_understood(
    client: AsyncClient, if_match: str
) -> None:
    made = await make(client)
    answer = await client.patch(
        f"/v1/alliances/{made['id']}", json={"case_ref": "x"}, headers={"If-Match": if_match}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"members": []},
        {"client_ref": "x"},
        {"external_id": "x"},
        {"ended_on": "2025-12-31"},
        {"end_reason": "bored"},
        {"setting": "circus"},
    ],
)
async def test_what_cannot_change_is_refused(client: AsyncClient, change: dict[str, Any]) -> None:
    made = await make(client, started_on="2026-01-01")
    answer = await client.patch(
        f"/v1/alliances/{made['id']}", json=change, headers={"If-Match": made["etag"]}
    )
    assert answer.status_code == 422
    assert (await client.get(f"/v1/alliances/{made['id']}")).json()["version"] == 1


async def test_a_reopened_case_continues_an_alliance_that_exists(client: AsyncClient) -> None:
    ended = await make(client, started_on="2026-01-01", ended_on="2026-02-01")
    again = await make(client, continues=ended["id"])
    assert again["continues"] == ended["id"]

    unknown = pair(source="ehr", continues="01a20546-cbdf-7696-ab47-5fe4ee35dee3")
    assert (await client.post("/v1/alliances", json=unknown)).status_code == 404
    itself = await client.patch(
        f"/v1/alliances/{again['id']}",
        json={"continues": again["id"]},
        headers={"If-Match": again["etag"]},
    )
    assert itself.status_code == 404


async def test_alliances_are_found_by_every_reference_of_the_caller(client: AsyncClient) -> None:
    family = await client.post(
        "/v1/alliances",
        json={
            "source": "ehr",
            "external_id": "family",
            "case_ref": "case",
            "program_ref": "program",
            "members": [
                {"role": "client", "ref": "c-1"},
                {"role": "client", "ref": "c-2"},
                {"role": "family_member", "ref": "m"},
                {"role": "professional", "ref": "p"},
            ],
        },
    )
    await make(client)
    for name, value in {
        "external_id": "family",
        "case_ref": "case",
        "program_ref": "program",
        "client_ref": "c-2",
        "professional_ref": "p",
    }.items():
        found = (await client.get("/v1/alliances", params={name: value})).json()["items"]
        assert [one["id"] for one in found] == [family.json()["id"]], name
    both = {"client_ref": "c-1", "professional_ref": "somebody"}
    assert (await client.get("/v1/alliances", params=both)).json()["items"] == []


async def test_the_list_goes_on_where_its_page_ended(client: AsyncClient) -> None:
    made = [(await make(client))["id"] for _ in range(3)]
    first = (await client.get("/v1/alliances", params={"limit": 2})).json()
    second = (
        await client.get("/v1/alliances", params={"limit": 2, "cursor": first["next_cursor"]})
    ).json()
    assert [one["id"] for one in first["items"] + second["items"]] == made
    assert second["next_cursor"] is None
