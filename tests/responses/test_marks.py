"""Ruptures and repairs that are said with a form: recorded once, on its occasion, and signalled."""

from typing import Any

from httpx import AsyncClient

from app.database import Database
from tests.conftest import Tenant
from tests.events.test_end_to_end import told
from tests.support.corrections import amend, amendment, items, send_batch, store, void
from tests.support.factories import submission
from tests.support.meetings import marks

RUPTURE = {"by": {"role": "professional"}, "kind": "rupture", "note": "Went quiet."}
REPAIR = {"by": {"role": "client"}, "kind": "repair"}


async def signals(client: AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/v1/signals")).json()["items"]
    return found


async def test_marks_come_with_a_form_on_its_occasion(
    client: AsyncClient, database: Database
) -> None:
    made = await store(client, submission(marks=[RUPTURE, REPAIR]))
    found = await marks(client, made["alliance_id"], None)
    assert [(one["kind"], one["note"]) for one in found] == [
        ("rupture", "Went quiet."),
        ("repair", None),
    ]
    assert {one["response_id"] for one in found} == {made["id"]}
    assert {one["occasion_id"] for one in found} == {made["occasion_id"]}
    (signal,) = await signals(client)
    assert (signal["code"], signal["mark_id"]) == ("reported_rupture", found[0]["id"])
    assert made["signals"] == []  # it is no rating that raised it
    assert [(one["type"], one["subject_id"]) for one in await told(client, database)] == [
        ("alliance.created", made["alliance_id"]),
        ("response.recorded", made["id"]),
        ("mark.recorded", found[0]["id"]),
        ("signal.opened", signal["id"]),
        ("mark.recorded", found[1]["id"]),
    ]


async def test_a_retry_says_nothing_again_and_other_marks_are_other_content(
    client: AsyncClient,
) -> None:
    sent = submission(marks=[RUPTURE])
    made = await store(client, sent)
    again = await client.post("/v1/responses", json=sent)
    assert (again.status_code, again.json()) == (200, made)
    for other in (None, [REPAIR], [RUPTURE | {"note": "Left early."}]):
        refused = await client.post("/v1/responses", json=sent | {"marks": other})
        assert (refused.status_code, refused.json()["code"]) == (422, "external_id_reused")
    assert len(await marks(client, made["alliance_id"], None)) == 1


async def test_a_new_version_says_only_what_is_new(client: AsyncClient) -> None:
    sent = submission(marks=[RUPTURE])
    made = await store(client, sent)
    changed = amendment(sent, answers=items(3), marks=[RUPTURE, REPAIR])
    second = (await amend(client, made["id"], changed)).json()
    found = await marks(client, made["alliance_id"], None)
    assert [(one["kind"], one["response_id"]) for one in found] == [
        ("rupture", made["id"]),
        ("repair", second["id"]),
    ]
    third = amendment(sent, answers=items(4))
    await amend(client, second["id"], third)
    assert await marks(client, made["alliance_id"], None) == found
    assert len(await signals(client)) == 1


async def test_what_a_person_noticed_stays_when_the_form_is_withdrawn(client: AsyncClient) -> None:
    made = await store(client, submission(marks=[RUPTURE]))
    await void(client, made["id"])
    assert len(await marks(client, made["alliance_id"], None)) == 1
    assert [one["state"] for one in await signals(client)] == ["open"]


async def test_a_batch_takes_marks_as_a_single_submission_does(client: AsyncClient) -> None:
    sent = [submission(marks=[RUPTURE]), submission(marks=[REPAIR]), submission()]
    answer = await send_batch(client, sent)
    assert {one["verdict"] for one in answer.json()["items"]} == {"accepted"}
    assert [one["code"] for one in await signals(client)] == ["reported_rupture"]


async def test_marks_are_for_those_whom_the_form_is_for(
    client: AsyncClient, tenant: Tenant
) -> None:
    notice = {"audience": ["supervisor"], "level": "items"}
    made = await store(client, submission(marks=[REPAIR], notice=notice))
    seen = {}
    for actor in (None, "professional;p", "supervisor;s"):
        seen[actor] = len(await marks(client, made["alliance_id"], actor))
    assert seen == {None: 0, "professional;p": 0, "supervisor;s": 1}


async def test_who_noticed_must_be_somebody_of_the_alliance(client: AsyncClient) -> None:
    stranger = {"by": {"role": "client", "ref": "somebody"}, "kind": "rupture"}
    answer = await client.post("/v1/responses", json=submission(marks=[REPAIR, stranger]))
    errors = [(one["pointer"], one["code"]) for one in answer.json()["errors"]]
    assert (answer.status_code, errors) == (422, [("/marks/1/by/ref", "by_not_member")])
    assert (await client.get("/v1/responses")).json()["items"] == []
