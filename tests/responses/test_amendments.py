"""A higher version takes the place of the newest one; every version stays as it was."""

from typing import Any

import pytest
from httpx import AsyncClient, Response

from tests.support.corrections import (
    REASON,
    amend,
    amendment,
    items,
    points,
    record,
    store,
    trend,
    versions,
    void,
)
from tests.support.factories import pair, submission

UNKNOWN = "01a20546-cbdf-7696-ab47-5fe4ee35dee3"


def told(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [one["id"] for one in records]


async def test_a_higher_version_takes_the_place_of_the_newest(client: AsyncClient) -> None:
    sent = submission(answers=items(2))
    first = await store(client, sent)
    second = await store(client, sent | {"external_version": 2, "answers": items(4)})
    third = await store(client, sent | {"external_version": 7, "answers": items(5)})
    listed = await versions(client, sent["external_id"])

    assert ids(listed) == ids([first, second, third])
    assert [one["external_version"] for one in listed] == [1, 2, 7]
    assert [one["record_status"] for one in listed] == ["amended", "amended", "current"]
    assert [one["amends"] for one in listed] == [None, first["id"], second["id"]]
    assert [one["amended_by"] for one in listed] == [second["id"], third["id"], None]
    assert [one["answers"] for one in listed] == [items(2), items(4), items(5)]
    found = await trend(client, first["alliance_id"])
    assert points(found) == [(third["id"], 60.0)]


async def test_an_earlier_version_stays_readable_as_it_was(client: AsyncClient) -> None:
    sent = submission(answers=items(2), mode="kiosk")
    first = await store(client, sent)
    before = await record(client, first["id"])
    second = await store(client, sent | {"external_version": 2, "answers": items(4)})
    after = await record(client, first["id"])

    assert after == before | {"record_status": "amended", "amended_by": second["id"]}


@pytest.mark.parametrize(
    "other",
    [
        {"answers": items(1)},
        {"occasion": {"session_number": 9, "occurred_on": "2026-09-01"}},
        {"rater": {"role": "professional"}},
        {"instrument": "wai-s-1989"},
        {"language": "de"},
        {"mode": "phone"},
        {"alliance": pair()},
        {"completed_on": "2026-10-01"},
        {"assistance": {"proxy_ref": "mother"}},
        {"notice": {"audience": ["client", "professional"], "level": "items"}},
        {"answers": None, "reported_scores": [{"scale": "total", "sum": 40}]},
        {},
    ],
)
async def test_a_version_may_say_anything_else(client: AsyncClient, other: dict[str, Any]) -> None:
    sent = submission()
    first = await store(client, sent)
    again = {k: v for k, v in (sent | other | {"external_version": 2}).items() if v is not None}
    second = await store(client, again)
    replay = await client.post("/v1/responses", json=again)
    old = await trend(client, first["alliance_id"])
    new = await trend(client, second["alliance_id"])

    assert (second["amends"], second["record_status"]) == (first["id"], "current")
    assert (replay.status_code, replay.json()) == (200, second)
    shown = points(old) + (points(new) if old["alliance"]["id"] != new["alliance"]["id"] else [])
    assert [response_id for response_id, _ in shown] == [second["id"]]


async def test_a_record_moves_to_another_alliance_and_back(client: AsyncClient) -> None:
    sent, other = submission(answers=items(2)), pair()
    first = await store(client, sent)
    kept = await store(client, submission(alliance=sent["alliance"], answers=items(3)))
    moved = await store(client, sent | {"external_version": 2, "alliance": other})
    left = points(await trend(client, first["alliance_id"]))
    joined = points(await trend(client, moved["alliance_id"]))
    back = await store(client, sent | {"external_version": 3})
    again = points(await trend(client, moved["alliance_id"]))

    assert (left, joined) == ([(kept["id"], 36.0)], [(moved["id"], 24.0)])
    assert again == []
    assert back["alliance_id"] == first["alliance_id"]
    found = points(await trend(client, first["alliance_id"]))
    assert dict(found) == {kept["id"]: 36.0, back["id"]: 24.0}


async def test_every_stored_version_sent_again_is_a_replay(client: AsyncClient) -> None:
    sent = submission()
    bodies = [sent | {"external_version": n, "answers": items(n)} for n in (1, 2, 3)]
    stored = [await store(client, one) for one in bodies]
    replays = [await client.post("/v1/responses", json=one) for one in bodies]

    assert [one.status_code for one in replays] == [200] * 3
    assert [one.headers["Idempotent-Replayed"] for one in replays] == ["true"] * 3
    assert ids([one.json() for one in replays]) == ids(stored)
    assert [one.json()["record_status"] for one in replays] == ["amended", "amended", "current"]
    standing = {"record_status", "amended_by"}
    for stored_answer, replay in zip(stored, replays, strict=True):
        assert {k: v for k, v in replay.json().items() if k not in standing} == {
            k: v for k, v in stored_answer.items() if k not in standing
        }
    assert len(await versions(client, sent["external_id"])) == 3


async def test_a_lower_version_is_stale_and_another_content_of_a_stored_one_is_refused(
    client: AsyncClient,
) -> None:
    sent = submission(answers=items(2))
    await store(client, sent | {"external_version": 2})
    newest = await store(client, sent | {"external_version": 5, "answers": items(3)})
    for version in (1, 3, 4):
        for answers in (items(2), items(3)):
            stale = await client.post(
                "/v1/responses", json=sent | {"external_version": version, "answers": answers}
            )
            assert told(stale) == (409, "stale_version")
            assert stale.json()["existing_id"] == newest["id"]
    listed = await versions(client, sent["external_id"])
    for stored, other in zip(listed, (items(3), items(2)), strict=True):
        version = stored["external_version"]
        reused = await client.post(
            "/v1/responses", json=sent | {"external_version": version, "answers": other}
        )
        assert told(reused) == (422, "external_id_reused")
        assert reused.json()["existing_id"] == stored["id"]
    assert await versions(client, sent["external_id"]) == listed


async def test_a_record_may_begin_with_any_version(client: AsyncClient) -> None:
    made = await store(client, submission(external_version=4))
    assert (made["external_version"], made["amends"]) == (4, None)


async def test_the_endpoint_counts_on_and_takes_over_what_is_not_said(client: AsyncClient) -> None:
    sent = submission(answers=items(2))
    first = await store(client, sent | {"external_version": 3})
    answer = await amend(client, first["id"], amendment(sent, answers=items(4)))
    second = answer.json()

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/responses/{second['id']}"
    same = ("external_id", "source", "alliance_id", "occasion_id", "rater")
    assert {name: second[name] for name in same} == {name: first[name] for name in same}
    assert (second["external_version"], second["amends"]) == (4, first["id"])
    read = await record(client, second["id"])
    assert read["amendment_reason"] == REASON
    assert points(await trend(client, first["alliance_id"])) == [(second["id"], 48.0)]


async def test_a_record_without_an_external_id_can_be_amended(client: AsyncClient) -> None:
    sent = submission(answers=items(2))
    del sent["external_id"]
    first = await store(client, sent)
    second = (await amend(client, first["id"], amendment(sent, answers=items(4)))).json()
    again = await amend(client, first["id"], amendment(sent, answers=items(4)))
    third = (await amend(client, second["id"], amendment(sent, answers=items(5)))).json()

    assert (again.status_code, again.json()["id"]) == (200, second["id"])
    assert (second["external_id"], second["external_version"]) == (None, 2)
    assert (third["amends"], third["external_version"]) == (second["id"], 3)
    assert points(await trend(client, first["alliance_id"])) == [(third["id"], 60.0)]


async def test_a_chain_never_forks(client: AsyncClient) -> None:
    sent = submission(answers=items(2))
    first = await store(client, sent)
    body = amendment(sent, answers=items(4))
    second = (await amend(client, first["id"], body)).json()
    same = await amend(client, first["id"], body)
    assert (same.status_code, same.json()["id"]) == (200, second["id"])
    assert same.headers["Idempotent-Replayed"] == "true"
    third = (await amend(client, second["id"], amendment(sent, answers=items(5)))).json()

    for other in ({"answers": items(5)}, {"external_version": 9}, {"external_version": 1}):
        refused = await amend(client, first["id"], body | other)
        assert told(refused) == (409, "already_amended")
        assert refused.json()["existing_id"] == second["id"]
    late = await amend(client, first["id"], body)
    assert (late.status_code, late.json()["id"]) == (200, second["id"])
    assert late.json()["record_status"] == "amended"
    assert ids(await versions(client, sent["external_id"])) == ids([first, second, third])


async def test_the_doors_lead_to_one_chain(client: AsyncClient) -> None:
    sent = submission(answers=items(2))
    first = await store(client, sent)
    second = (await amend(client, first["id"], amendment(sent, answers=items(4)))).json()
    replay = await client.post(
        "/v1/responses", json=sent | {"external_version": 2, "answers": items(4)}
    )
    third = await store(client, sent | {"external_version": 3, "answers": items(5)})
    again = await amend(client, second["id"], amendment(sent, answers=items(5)))

    assert (replay.status_code, replay.json()["id"]) == (200, second["id"])
    assert (again.status_code, again.json()["id"]) == (200, third["id"])


@pytest.mark.parametrize("version", [1, 2, 3])
async def test_an_amendment_is_higher_than_the_newest(client: AsyncClient, version: int) -> None:
    sent = submission()
    first = await store(client, sent | {"external_version": 3})
    refused = await amend(client, first["id"], amendment(sent, external_version=version))

    assert told(refused) == (409, "stale_version")
    assert refused.json()["existing_id"] == first["id"]


async def test_an_amendment_can_name_an_alliance(client: AsyncClient) -> None:
    sent, other = submission(), pair()
    first = await store(client, sent)
    body = amendment(sent, alliance=other)
    moved = (await amend(client, first["id"], body)).json()
    again = await amend(client, first["id"], body)
    stays = await amend(client, moved["id"], amendment(sent, answers=items(1)))

    assert moved["alliance_id"] != first["alliance_id"]
    assert (again.status_code, again.json()["id"]) == (200, moved["id"])
    assert stays.json()["alliance_id"] == moved["alliance_id"]


@pytest.mark.parametrize(
    ("wrong", "pointer", "code"),
    [
        ({"amendment_reason": None}, "/amendment_reason", "required"),
        ({"amendment_reason": ""}, "/amendment_reason", "string_too_short"),
        ({"amendment_reason": "x" * 501}, "/amendment_reason", "string_too_long"),
        ({"amendment_reason": "a\u0007"}, "/amendment_reason", "control_character"),
        ({"external_id": "another"}, "/external_id", "unknown_field"),
        ({"source": "another"}, "/source", "unknown_field"),
        ({"external_version": 0}, "/external_version", "greater_than_equal"),
        ({"answers": {"1": 9}}, "/answers/1", "not_an_answer"),
        ({"rater": {"role": "client", "ref": "nobody"}}, "/rater/ref", "rater_not_member"),
        ({"alliance": {"external_id": "unheard"}}, "/alliance", "members_needed"),
    ],
)
async def test_amendments_that_cannot_be(
    client: AsyncClient, wrong: dict[str, Any], pointer: str, code: str
) -> None:
    sent = submission()
    first = await store(client, sent)
    body = {k: v for k, v in (amendment(sent) | wrong).items() if v is not None}
    refused = await amend(client, first["id"], body)

    assert refused.status_code == 422
    found = [(error["pointer"], error["code"]) for error in refused.json()["errors"]]
    assert (pointer, code) in found
    assert (await record(client, first["id"]))["record_status"] == "current"


async def test_nothing_unknown_can_be_amended_or_withdrawn(client: AsyncClient) -> None:
    body = amendment(submission())
    answers = [await amend(client, UNKNOWN, body), await void(client, UNKNOWN)]
    assert [told(one) for one in answers] == [(404, "not_found")] * 2
