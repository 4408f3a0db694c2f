"""A withdrawn record stays readable and counts no more; only a higher version brings it back."""

from datetime import UTC, datetime
from typing import Any

import pytest
from httpx import AsyncClient, Response

from tests.conftest import Clock, Tenant
from tests.support.corrections import (
    REASON,
    amend,
    amendment,
    items,
    points,
    record,
    send_batch,
    store,
    store_new,
    trend,
    verdicts,
    versions,
    void,
    withdrawal,
)
from tests.support.factories import pair, submission

HIDDEN = {"audience": ["client"], "level": "items"}


def told(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_voided_record_stays_readable_and_leaves_the_trend(client: AsyncClient) -> None:
    alliance = pair()
    kept = await store_new(client, alliance=alliance, answers=items(2))
    made = await store_new(client, alliance=alliance, occasion={"session_number": 2})
    before = await record(client, made["id"])
    answer = await void(client, made["id"], reason="Entered for the wrong person.")
    after = await record(client, made["id"])

    assert (answer.status_code, answer.json()) == (200, after)
    withdrawn = after["voided"]
    assert withdrawn["reason"] == "Entered for the wrong person."
    assert (withdrawn["by"], withdrawn["external_version"]) == (None, None)
    assert after == before | {"record_status": "voided", "voided": withdrawn}
    assert points(await trend(client, made["alliance_id"])) == [(kept["id"], 24.0)]


async def test_withdrawing_again_changes_nothing(client: AsyncClient) -> None:
    made = await store_new(client)
    first = await void(client, made["id"])
    again = await void(client, made["id"], reason="Another reason.")

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert await record(client, made["id"]) == first.json()


async def test_a_voided_version_sent_again_is_replayed_as_voided(client: AsyncClient) -> None:
    sent = submission()
    made = await store(client, sent)
    await void(client, made["id"])
    replay = await client.post("/v1/responses", json=sent)
    other = await client.post("/v1/responses", json=sent | {"answers": items(1)})

    assert replay.status_code == 200
    assert replay.json() == made | {"record_status": "voided"}
    assert told(other) == (422, "external_id_reused")
    assert await verdicts(client, [sent]) == [(200, "replayed")]


@pytest.mark.parametrize("door", ["submission", "amendment", "batch"])
async def test_only_a_higher_version_brings_a_record_back(client: AsyncClient, door: str) -> None:
    sent = submission(answers=items(2))
    made = await store(client, sent)
    await void(client, made["id"])
    body = sent | {"external_version": 2, "answers": items(4)}
    if door == "submission":
        back = await store(client, body)
    elif door == "amendment":
        back = (await amend(client, made["id"], amendment(sent, answers=items(4)))).json()
    else:
        back = (await send_batch(client, [body])).json()["items"][0]
    listed = await versions(client, sent["external_id"])

    assert [one["id"] for one in listed] == [made["id"], back["id"]]
    assert [one["record_status"] for one in listed] == ["voided", "current"]
    assert listed[0]["amended_by"] == back["id"]
    assert points(await trend(client, made["alliance_id"])) == [(back["id"], 48.0)]


async def test_only_the_newest_version_can_be_voided(client: AsyncClient) -> None:
    sent = submission()
    first = await store(client, sent)
    second = await store(client, sent | {"external_version": 2, "answers": items(4)})
    refused = await void(client, first["id"])

    assert told(refused) == (409, "already_amended")
    assert refused.json()["existing_id"] == second["id"]
    assert (await void(client, second["id"])).status_code == 200
    assert points(await trend(client, first["alliance_id"])) == []
    assert told(await void(client, first["id"])) == (409, "already_amended")


async def test_a_void_may_have_a_version_of_its_own(client: AsyncClient) -> None:
    sent = submission()
    made = await store(client, sent | {"external_version": 3})
    for stale in (1, 3):
        refused = await void(client, made["id"], external_version=stale)
        assert told(refused) == (409, "stale_version")
    done = await void(client, made["id"], external_version=5)
    assert done.json()["voided"]["external_version"] == 5

    for version, expected in ((4, (409, "stale_version")), (5, (422, "external_id_reused"))):
        for body in (sent, sent | {"answers": items(1)}):
            refused = await client.post("/v1/responses", json=body | {"external_version": version})
            assert told(refused) == expected
            assert refused.json()["existing_id"] == made["id"]
    assert (await void(client, made["id"], external_version=5)).json() == done.json()
    counted_on = await amend(client, made["id"], amendment(sent))
    assert (counted_on.status_code, counted_on.json()["external_version"]) == (201, 6)


async def test_a_void_in_a_batch_names_the_record_by_its_sender_s_id(client: AsyncClient) -> None:
    sent = submission()
    made = await store(client, sent)
    item = withdrawal(sent, 2)
    first, again = [(await send_batch(client, [item])).json()["items"][0] for _ in range(2)]

    assert first == {
        "index": 0,
        "status": 200,
        "verdict": "voided",
        "external_id": sent["external_id"],
        "external_version": 2,
        "id": made["id"],
        "problem": None,
    }
    assert again == first | {"verdict": "replayed"}
    assert (await record(client, made["id"]))["voided"]["reason"] == REASON


async def test_a_file_with_a_void_in_it_can_be_sent_again(client: AsyncClient) -> None:
    sent = submission()
    file = [sent, withdrawal(sent, 2), sent | {"external_version": 3, "answers": items(4)}]
    assert await verdicts(client, file) == [(201, "accepted"), (200, "voided"), (201, "amended")]
    before = await versions(client, sent["external_id"])

    assert await verdicts(client, file) == [(200, "replayed")] * 3
    assert await versions(client, sent["external_id"]) == before


async def test_of_a_void_that_was_followed_another_content_is_refused(client: AsyncClient) -> None:
    """Version 2 said that the record is withdrawn; it says nothing else for ever."""
    sent = submission()
    file = [sent, withdrawal(sent, 2), sent | {"external_version": 3}]
    await verdicts(client, file)
    refused = await client.post("/v1/responses", json=sent | {"external_version": 2})

    assert told(refused) == (422, "external_id_reused")


@pytest.mark.parametrize(
    ("item", "status", "code"),
    [
        ({"external_id": "unheard"}, 404, "not_found"),
        ({"source": "another"}, 404, "not_found"),
        ({"external_version": 1}, 409, "stale_version"),
        ({"external_version": None}, 422, "invalid_request"),
        ({"external_id": None}, 422, "invalid_request"),
        ({"void": {}}, 422, "invalid_request"),
        ({"void": None}, 422, "invalid_request"),
        ({"void": {"reason": "x", "unheard": 1}}, 422, "invalid_request"),
        ({"answers": items(1)}, 422, "invalid_request"),
    ],
)
async def test_voids_that_cannot_be(
    client: AsyncClient, item: dict[str, Any], status: int, code: str
) -> None:
    sent = submission()
    made = await store(client, sent)
    wrong = withdrawal(sent, 2) | item
    kept = {k: v for k, v in wrong.items() if v is not None or k == "void"}
    (refused,) = (await send_batch(client, [kept])).json()["items"]

    assert (refused["status"], refused["verdict"]) == (status, "refused")
    assert refused["problem"]["code"] == code
    assert (await record(client, made["id"]))["record_status"] == "current"


@pytest.mark.parametrize("wrong", [{}, {"reason": ""}, {"reason": "x", "external_version": 0}])
async def test_void_requests_that_cannot_be(client: AsyncClient, wrong: dict[str, Any]) -> None:
    made = await store_new(client)
    refused = await client.post(f"/v1/responses/{made['id']}/void", json=wrong)
    assert told(refused) == (422, "invalid_request")


async def test_the_reason_is_shown_to_those_who_may_see_the_answers(tenant: Tenant) -> None:
    alliance = pair(client_ref="c", professional_ref="p")
    async with (
        tenant.client(**{"Rapport-Actor": "client;c"}) as rater,
        tenant.client(**{"Rapport-Actor": "professional;p"}) as other,
    ):
        made = await store_new(rater, alliance=alliance, notice=HIDDEN)
        await void(rater, made["id"])
        seen = [(await record(one, made["id"]))["voided"] for one in (rater, other)]

    assert [one["reason"] for one in seen] == [REASON, None]
    assert [one["by"] for one in seen] == [{"role": "client", "ref": "c"}] * 2


async def test_a_void_is_never_dated_before_the_receipt(client: AsyncClient, clock: Clock) -> None:
    """As with receipts, time within an alliance never goes back."""
    clock.fixed = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
    made = await store_new(client)
    clock.fixed = datetime(2026, 11, 1, 12, 10, tzinfo=UTC)
    voided = (await void(client, made["id"])).json()["voided"]

    assert datetime.fromisoformat(voided["at"]) >= datetime.fromisoformat(made["received_at"])


async def test_a_void_that_came_with_its_record_is_not_dated_before_it_either(
    client: AsyncClient,
) -> None:
    sent = submission()
    await send_batch(client, [sent, withdrawal(sent, 2)])
    (stored,) = await versions(client, sent["external_id"])

    withdrawn = datetime.fromisoformat(stored["voided"]["at"])
    assert withdrawn >= datetime.fromisoformat(stored["received_at"])
