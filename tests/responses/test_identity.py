"""One external_id, one record: what counts as the same, and what is refused."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient

from tests.support.factories import pair, submission
from tests.support.sending import send_until_answered

OCCASION = {"session_number": 4, "occurred_at": "2026-10-01T10:00:00+02:00"}


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"occasion": OCCASION}, {"occasion": OCCASION | {"occurred_at": "2026-10-01T08:00:00Z"}}),
        ({}, {"rater": {"role": "client", "ref": "c"}}),
        ({}, {"form": "client"}),
        ({}, {"about_ref": "p"}),
        ({}, {"external_version": 1}),
        ({}, {"backfill": True}),
        ({"language": "en-us"}, {"language": "EN-US"}),
        ({"mode": "unknown"}, {}),
        ({"answers": {"1": 4, "2": 4}}, {"answers": {"2": 4.0, "1": 4}}),
        ({}, {"alliance": {"external_id": "a"}}),
        ({}, {"alliance": {"external_id": "a", "program_ref": "another"}}),
    ],
)
async def test_the_same_said_another_way_is_a_replay(
    client: AsyncClient, first: dict[str, Any], again: dict[str, Any]
) -> None:
    base = submission(
        external_id="r", alliance=pair(external_id="a", client_ref="c", professional_ref="p")
    )
    stored = await client.post("/v1/responses", json=base | first)
    replay = await client.post("/v1/responses", json=base | first | again)

    assert (stored.status_code, replay.status_code) == (201, 200), replay.json()
    assert replay.json() == stored.json()


@pytest.mark.parametrize(
    "other",
    [
        {"answers": {"1": 4, "2": 5}},
        {"answers": {"1": "declined", "2": 4}},
        {"answers": None, "reported_scores": [{"scale": "total", "sum": 40}]},
        {"occasion": OCCASION | {"session_number": 5}},
        {"occasion": OCCASION | {"occurred_at": "2026-10-01T10:00:00+01:00"}},
        {"occasion": OCCASION | {"session_ref": "s"}},
        {"completed_at": "2026-10-01T11:00:00Z"},
        {"completed_on": "2026-10-01"},
        {"language": "de"},
        {"mode": "phone"},
        {"rater": {"role": "professional"}, "form": "professional"},
        {"instrument": "wai-s-1989"},
        {"instrument_revision": "1.0", "answers": {"1": 4, "2": 3}},
        {"assistance": {"interpreter": True}},
        {"notice": {"audience": ["client"], "level": "scores"}},
        {"alliance": pair(external_id="another", client_ref="c", professional_ref="p")},
    ],
)
async def test_other_content_under_a_stored_id_is_refused_and_changes_nothing(
    client: AsyncClient, other: dict[str, Any]
) -> None:
    base = submission(
        external_id="r",
        alliance=pair(external_id="a", client_ref="c", professional_ref="p"),
        occasion=OCCASION,
        answers={"1": 4, "2": 4, **{str(i): 4 for i in range(3, 13)}},
    )
    stored = await client.post("/v1/responses", json=base)
    refused = await client.post(
        "/v1/responses", json={k: v for k, v in (base | other).items() if v is not None}
    )

    assert refused.status_code == 422
    assert refused.json()["code"] == "external_id_reused"
    assert refused.json()["existing_id"] == stored.json()["id"]
    record = await client.get(f"/v1/responses/{stored.json()['id']}")
    assert record.json()["answers"] == base["answers"]
    everything = await client.get("/v1/responses")
    assert len(everything.json()["items"]) == 1
    alliances = await client.get("/v1/alliances")
    assert [one["external_id"] for one in alliances.json()["items"]] == ["a"]


async def test_a_lower_version_is_stale_and_a_higher_one_amends(client: AsyncClient) -> None:
    sent = submission(external_version=3)
    await client.post("/v1/responses", json=sent)
    lower = await client.post("/v1/responses", json=sent | {"external_version": 2})
    higher = await client.post("/v1/responses", json=sent | {"external_version": 4})

    assert (lower.status_code, lower.json()["code"]) == (409, "stale_version")
    assert higher.status_code == 201
    assert higher.json()["amends"] == lower.json()["existing_id"]


async def test_ids_of_two_sources_never_meet(client: AsyncClient) -> None:
    sent = submission(source="one")
    first = await client.post("/v1/responses", json=sent)
    second = await client.post(
        "/v1/responses", json=sent | {"source": "two", "answers": {str(i): 1 for i in range(1, 13)}}
    )
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["alliance_id"] != second.json()["alliance_id"]


async def test_submissions_without_an_id_are_records_of_their_own(client: AsyncClient) -> None:
    sent = submission()
    del sent["external_id"]
    answers = [await client.post("/v1/responses", json=sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["occasion_id"] == answers[1].json()["occasion_id"]


async def test_fifty_at_once_make_one_record(client: AsyncClient) -> None:
    sent = submission()
    answers = await asyncio.gather(*(send_until_answered(client, sent) for _ in range(50)))

    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.content for answer in answers}) == 1


async def test_of_different_bodies_at_once_one_wins(client: AsyncClient) -> None:
    alliances = [pair() for _ in range(4)]
    bodies = [
        submission(external_id="same", alliance=alliance, answers={str(i): v for i in range(1, 13)})
        for alliance in alliances
        for v in (1, 2, 3, 4, 5)
    ]
    answers = await asyncio.gather(*(send_until_answered(client, body) for body in bodies))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] + [422] * 19
    found = await client.get("/v1/responses", params={"external_id": "same"})
    assert len(found.json()["items"]) == 1


async def test_many_at_once_in_a_new_alliance_make_one_alliance(client: AsyncClient) -> None:
    alliance = pair()
    bodies = [submission(alliance=alliance, occasion={"session_number": n}) for n in range(1, 21)]
    answers = await asyncio.gather(*(send_until_answered(client, body) for body in bodies))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["alliance_id"] for answer in answers}) == 1
    received = sorted((answer.json()["received_at"], answer.json()["id"]) for answer in answers)
    assert len(received) == 20
