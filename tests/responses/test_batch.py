"""Many items at once: a verdict on each, in their order, as if each had come alone."""

import json
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Tenant
from tests.support.corrections import (
    items,
    points,
    send_batch,
    store,
    trend,
    verdicts,
    versions,
    withdrawal,
)
from tests.support.factories import pair, submission
from tests.support.stored import rows_of

STRICT = "handling=strict"
WRONG: list[tuple[Any, int, str, str | None]] = [
    ({"answers": {"1": 9}}, 422, "invalid_request", "/answers/1"),
    ({"external_id": None}, 422, "invalid_request", "/external_id"),
    ({"unheard": 1}, 422, "invalid_request", "/unheard"),
    ({"rater": {"role": "client", "ref": "nobody"}}, 422, "invalid_request", "/rater/ref"),
    ({"alliance": {"external_id": "unheard"}}, 422, "invalid_request", "/alliance"),
    ({"alliance": {"id": "01a20546-cbdf-7696-ab47-5fe4ee35dee3"}}, 404, "not_found", None),
]
NO_OBJECTS: list[Any] = [None, 5, "text", [], True, {}]


def mixed() -> list[dict[str, Any]]:
    """Accepted, refused, replayed, amended, withdrawn: each once."""
    sent = submission(answers=items(2))
    return [
        sent,
        submission(answers={"1": 9}),
        sent,
        sent | {"external_version": 2, "answers": items(4)},
        withdrawal(sent, 3),
    ]


MIXED = [
    (201, "accepted"),
    (422, "refused"),
    (200, "replayed"),
    (201, "amended"),
    (200, "voided"),
]


async def test_each_item_has_its_verdict_in_the_order_of_the_items(client: AsyncClient) -> None:
    sent = mixed()
    answer = await send_batch(client, sent)
    told = answer.json()

    assert (answer.status_code, told["dry_run"]) == (207, False)
    assert [one["index"] for one in told["items"]] == [0, 1, 2, 3, 4]
    assert [(one["status"], one["verdict"]) for one in told["items"]] == MIXED
    assert [one["external_id"] for one in told["items"]] == [one["external_id"] for one in sent]
    assert [one["external_version"] for one in told["items"]] == [1, 1, 1, 2, 3]
    stored = await versions(client, sent[0]["external_id"])
    first, second = (one["id"] for one in stored)
    assert [one["id"] for one in told["items"]] == [first, None, first, second, second]
    assert [one["record_status"] for one in stored] == ["amended", "voided"]


async def test_a_batch_sent_again_is_replayed(client: AsyncClient) -> None:
    sent = mixed()
    await send_batch(client, sent)
    expected = [(422, "refused") if one == (422, "refused") else (200, "replayed") for one in MIXED]
    assert await verdicts(client, sent) == expected


@pytest.mark.parametrize(("wrong", "status", "code", "pointer"), WRONG)
async def test_a_refused_item_says_what_is_wrong_and_the_others_are_stored(
    client: AsyncClient, wrong: dict[str, Any], status: int, code: str, pointer: str | None
) -> None:
    item = {k: v for k, v in (submission() | wrong).items() if v is not None}
    before, after = submission(), submission()
    told = (await send_batch(client, [before, item, after])).json()["items"]

    assert [one["verdict"] for one in told] == ["accepted", "refused", "accepted"]
    assert (told[1]["status"], told[1]["id"]) == (status, None)
    problem = told[1]["problem"]
    assert (problem["status"], problem["code"]) == (status, code)
    found = [error["pointer"] for error in problem["errors"]]
    assert found == ([] if pointer is None else [pointer])


@pytest.mark.parametrize("item", NO_OBJECTS)
async def test_what_is_no_submission_is_refused_by_itself(client: AsyncClient, item: Any) -> None:
    told = (await send_batch(client, [item, submission()])).json()["items"]
    assert [one["status"] for one in told] == [422, 201]
    assert (told[0]["external_id"], told[0]["id"]) == (None, None)


async def test_a_refused_item_answers_what_the_same_alone_is_answered(client: AsyncClient) -> None:
    sent = submission()
    await store(client, sent)
    for wrong in (
        sent | {"answers": items(1)},
        submission(alliance=sent["alliance"] | {"client_ref": "another"}),
        submission(answers={"1": 9, "2": 9}),
    ):
        alone = await client.post("/v1/responses", json=wrong)
        (told,) = (await send_batch(client, [wrong])).json()["items"]
        ids = {"request_id": told["problem"]["request_id"]}
        assert told["status"] == alone.status_code
        assert told["problem"] == alone.json() | ids


@pytest.mark.parametrize("dry_run", ["true", "false"])
async def test_refused_items_leave_nothing_behind(
    client: AsyncClient, tenant: Tenant, database_url: str, dry_run: str
) -> None:
    before = await rows_of(database_url, tenant.id)
    sent = [submission() | wrong for wrong, *_ in WRONG if "external_id" not in wrong]
    answer = await send_batch(client, sent, dry_run=dry_run)

    assert {one["verdict"] for one in answer.json()["items"]} == {"refused"}
    assert await rows_of(database_url, tenant.id) == before


@pytest.mark.parametrize("count", [0, 501])
async def test_a_batch_has_1_to_500_items(client: AsyncClient, count: int) -> None:
    answer = await send_batch(client, [5] * count)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/items")


async def test_a_batch_has_at_most_a_mebibyte(client: AsyncClient) -> None:
    sent = submission()
    room = 1024 * 1024 - len(json.dumps({"items": [sent]}))
    for spaces, status in ((room, 207), (room + 1, 413)):
        answer = await client.post(
            "/v1/responses:batch",
            content=json.dumps({"items": [sent]}) + " " * spaces,
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == status


@pytest.mark.parametrize(
    "prefer", [STRICT, "respond-async, Handling = strict;x=1", '"x", ' + STRICT]
)
async def test_a_strict_batch_is_stored_whole(client: AsyncClient, prefer: str) -> None:
    answer = await send_batch(client, [submission(), submission()], prefer)
    assert answer.status_code == 207
    assert answer.headers["Preference-Applied"] == STRICT
    assert [one["status"] for one in answer.json()["items"]] == [201, 201]


async def test_a_strict_batch_with_a_wrong_item_stores_nothing_and_names_each_fault(
    client: AsyncClient, tenant: Tenant, database_url: str
) -> None:
    sent = submission()
    await store(client, sent)
    before = await rows_of(database_url, tenant.id)
    batch = [
        submission(),
        submission(answers={"1": 9, "2": 9}),
        sent | {"answers": items(1)},
        withdrawal(submission(), 2),
        7,
        withdrawal(sent, 2),
    ]
    answer = await send_batch(client, batch, STRICT)

    assert (answer.status_code, answer.json()["code"]) == (422, "batch_refused")
    found = [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
    assert found[:4] == [
        ("/items/1/answers/1", "not_an_answer"),
        ("/items/1/answers/2", "not_an_answer"),
        ("/items/2", "external_id_reused"),
        ("/items/3", "not_found"),
    ]
    assert {pointer for pointer, _ in found[4:]} == {"/items/4"}
    assert await rows_of(database_url, tenant.id) == before


async def test_a_dry_run_decides_everything_and_stores_nothing(
    client: AsyncClient, tenant: Tenant, database_url: str
) -> None:
    known = submission(answers=items(2))
    made = await store(client, known)
    before = await rows_of(database_url, tenant.id)
    batch = [*mixed(), known, known | {"external_version": 2, "alliance": pair()}]
    batch += [submission(alliance=known["alliance"], occasion={"session_number": 0})]
    answer = (await send_batch(client, batch, dry_run="true")).json()

    expected = [*MIXED, (200, "replayed"), (201, "amended"), (201, "accepted")]
    assert answer["dry_run"] is True
    assert [(one["status"], one["verdict"]) for one in answer["items"]] == expected
    assert answer["items"][5]["id"] == made["id"]
    assert await rows_of(database_url, tenant.id) == before
    assert await verdicts(client, batch) == expected


async def test_a_dry_run_names_no_record_that_will_never_be(client: AsyncClient) -> None:
    sent = submission()
    batch = [*mixed(), sent, sent | {"answers": items(1)}]
    told = (await send_batch(client, batch, dry_run="true")).json()["items"]

    assert [one["id"] for one in told] == [None] * len(batch)
    assert "existing_id" not in told[6]["problem"]


async def test_a_strict_dry_run_is_refused_as_it_would_be(client: AsyncClient) -> None:
    refused = await send_batch(client, mixed(), STRICT, dry_run="true")
    taken = await send_batch(client, [submission()], STRICT, dry_run="true")
    assert (refused.status_code, taken.status_code) == (422, 207)
    assert taken.json()["dry_run"] is True


async def test_full_batches_of_late_points_and_corrections_end_as_they_should(
    client: AsyncClient,
) -> None:
    alliances = [pair() for _ in range(50)]
    sent = [
        submission(alliance=one, occasion={"session_number": number}, answers=items(number))
        for number in (5, 4, 3, 2, 1)
        for one in alliances
    ]
    again = [one | {"external_version": 2, "language": "de"} for one in sent]
    told = (await send_batch(client, sent + again)).json()["items"]

    assert [one["verdict"] for one in told] == ["accepted"] * 250 + ["amended"] * 250
    found = await client.get("/v1/responses", params={"external_id": sent[0]["external_id"]})
    alliance_id = found.json()["items"][0]["alliance_id"]
    values = [value for _, value in points(await trend(client, alliance_id))]
    assert values == [12.0, 24.0, 36.0, 48.0, 60.0]
