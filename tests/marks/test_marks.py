"""Ruptures and repairs that a person noticed: recorded once, on an occasion, by somebody known."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from app.database import Database
from tests.conftest import Tenant
from tests.events.test_end_to_end import told
from tests.support.corrections import store, trend
from tests.support.factories import mark, pair, report, submission
from tests.support.interrupted import AtCall, hooked
from tests.support.meetings import marks, new_alliance, noticed, occasions, reported
from tests.support.sending import until_answered

KEY = {"Idempotency-Key": "k"}


async def recorded(client: AsyncClient, alliance_id: str, sent: dict[str, Any]) -> dict[str, Any]:
    answer = await noticed(client, alliance_id, sent)
    assert answer.status_code == 201, answer.json()
    made: dict[str, Any] = answer.json()
    return made


async def test_a_mark_is_given_back_and_told(client: AsyncClient, database: Database) -> None:
    alliance_id = await new_alliance(client, client_ref="c")
    made = await recorded(client, alliance_id, mark(note="Went quiet.\nThen left."))

    assert (made["kind"], made["note"]) == ("rupture", "Went quiet.\nThen left.")
    assert made["by"] == {"role": "client", "ref": "c"}
    assert made["occasion"]["session_number"] == 1
    assert (made["withheld"], made["response_id"]) == ([], None)
    assert await marks(client, alliance_id, None) == [made]
    (signal,) = (await client.get("/v1/signals")).json()["items"]
    assert [(one["type"], one["subject_id"]) for one in await told(client, database)] == [
        ("alliance.created", alliance_id),
        ("mark.recorded", made["id"]),
        ("signal.opened", signal["id"]),
    ]


@pytest.mark.parametrize("key", [{}, KEY])
async def test_the_same_again_is_replayed_and_tells_nothing(
    client: AsyncClient, database: Database, key: dict[str, str]
) -> None:
    alliance_id = await new_alliance(client)
    sent = mark(external_id=None) if key else mark()
    first = await noticed(client, alliance_id, sent, **key)
    again = await noticed(client, alliance_id, sent, **key)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert len(await told(client, database)) == 3  # alliance, mark and its signal


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "repair"},
        {"note": "Another note."},
        {"by": {"role": "professional"}},
        {"occasion": {"session_number": 2}},
        {"notice": {"audience": ["supervisor"], "level": "items"}},
    ],
)
async def test_other_content_under_the_same_external_id_is_refused(
    client: AsyncClient, other: dict[str, Any]
) -> None:
    alliance_id = await new_alliance(client)
    sent = mark()
    first = await recorded(client, alliance_id, sent)
    answer = await noticed(client, alliance_id, sent | other)
    assert (answer.status_code, answer.json()["code"]) == (422, "external_id_reused")
    assert answer.json()["existing_id"] == first["id"]
    assert await marks(client, alliance_id, None) == [first]


async def test_the_same_external_id_in_another_alliance_or_source_is_another_matter(
    client: AsyncClient,
) -> None:
    one, other = await new_alliance(client), await new_alliance(client)
    sent = mark()
    await recorded(client, one, sent)
    answer = await noticed(client, other, sent)
    assert (answer.status_code, answer.json()["code"]) == (422, "external_id_reused")
    await recorded(client, other, sent | {"source": "another"})


async def test_the_same_key_with_other_content_or_alliance_is_refused(client: AsyncClient) -> None:
    one, other = await new_alliance(client), await new_alliance(client)
    sent = mark(external_id=None)
    assert (await noticed(client, one, sent, **KEY)).status_code == 201
    for alliance_id, changed in ((one, sent | {"kind": "repair"}), (other, sent)):
        answer = await noticed(client, alliance_id, changed, **KEY)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"kind": "drop"}, ("/kind", "literal_error")),
        ({"note": "  \n"}, ("/note", "blank")),
        ({"note": "a\x07b"}, ("/note", "control_character")),
        ({"note": "x" * 2001}, ("/note", "string_too_long")),
        ({"occasion": {}}, ("/occasion", "occasion_unnamed")),
        (
            {"occasion": {"occurred_on": "2026-10-02", "occurred_at": "2026-10-01T10:00:00Z"}},
            ("/occasion", "occasion_contradicts"),
        ),
        ({"occasion": {"occurred_on": "2999-10-02"}}, ("/occasion/occurred_on", "in_the_future")),
        ({"by": {"role": "client", "ref": "stranger"}}, ("/by/ref", "by_not_member")),
        ({"by": {"role": "family_member"}}, ("/by/ref", "by_ref_required")),
        ({"by": {"role": "group"}}, ("/by/role", "literal_error")),
    ],
)
async def test_what_cannot_be_is_refused(
    client: AsyncClient, changes: dict[str, Any], fault: tuple[str, str]
) -> None:
    alliance_id = await new_alliance(client)
    answer = await noticed(client, alliance_id, mark(**changes))
    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [fault]
    assert await occasions(client, alliance_id) == []


async def test_a_note_may_be_as_long_as_it_says(client: AsyncClient) -> None:
    alliance_id = await new_alliance(client)
    note = "ä" * 1998 + "\t\n"
    assert (await recorded(client, alliance_id, mark(note=note)))["note"] == note


@pytest.mark.parametrize(
    "by", [{"role": "observer", "ref": "o"}, {"role": "supervisor", "ref": "s"}]
)
async def test_who_stands_outside_may_notice(client: AsyncClient, by: dict[str, str]) -> None:
    alliance_id = await new_alliance(client)
    assert (await recorded(client, alliance_id, mark(by=by)))["by"] == by


async def test_a_mark_stands_on_the_occasion_of_its_form_and_of_its_report(
    client: AsyncClient,
) -> None:
    alliance = pair()
    named = {"session_ref": "s", "session_number": 4}
    form = await store(client, submission(alliance=alliance, occasion=named))
    alliance_id = form["alliance_id"]
    made = await recorded(client, alliance_id, mark(occasion={"session_ref": "s"}))
    told_of = await reported(client, report(alliance=alliance, **named))
    assert made["occasion_id"] == form["occasion_id"] == told_of["id"]

    day = {"occurred_at": "2026-10-05T23:30:00-05:00"}
    later = await recorded(client, alliance_id, mark(occasion=day))
    assert later["occasion"]["occurred_on"] == "2026-10-05"
    listed = {one["id"]: one for one in await occasions(client, alliance_id)}
    assert listed.keys() == {made["occasion_id"], later["occasion_id"]}
    assert listed[later["occasion_id"]]["status"] is None


async def test_a_mark_leaves_the_course_as_it_is(client: AsyncClient) -> None:
    form = await store(client, submission())
    before = await trend(client, form["alliance_id"])
    await recorded(client, form["alliance_id"], mark())
    after = await trend(client, form["alliance_id"])
    assert (before.pop("marks"), len(after.pop("marks"))) == ([], 1)
    assert (before.pop("signals"), len(after.pop("signals"))) == ([], 1)
    assert after == before


async def test_after_the_end_only_what_was_before_is_taken_or_replayed(
    client: AsyncClient,
) -> None:
    alliance_id = await new_alliance(client)
    late = mark(occasion={"occurred_on": "2026-10-20"})
    first = await recorded(client, alliance_id, late)
    path = f"/v1/alliances/{alliance_id}"
    await client.patch(path, json={"ended_on": "2026-10-10"}, headers={"If-Match": "*"})

    assert (await noticed(client, alliance_id, late)).json() == first
    answer = await noticed(client, alliance_id, mark(occasion={"occurred_on": "2026-10-21"}))
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [
        ("/occasion", "alliance_ended")
    ]
    await recorded(client, alliance_id, mark(occasion={"occurred_on": "2026-10-10"}))


async def test_a_merged_reference_is_the_same_person(client: AsyncClient) -> None:
    alliance_id = await new_alliance(client, client_ref="old")
    sent = mark(by={"role": "client", "ref": "old"})
    first = await recorded(client, alliance_id, sent)
    merge = {"source": "ehr", "role": "client", "from": "old", "into": "new"}
    assert (await client.post("/v1/people/merge", json=merge)).status_code == 201

    for ref in ("old", "new"):
        again = await noticed(client, alliance_id, sent | {"by": {"role": "client", "ref": ref}})
        assert again.status_code == 200
        assert again.json() == first | {"by": {"role": "client", "ref": "new"}}


async def test_of_many_at_once_under_one_external_id_one_is_stored(client: AsyncClient) -> None:
    alliances = [await new_alliance(client) for _ in range(2)]
    sent = mark(by={"role": "observer", "ref": "o"})
    answers = await asyncio.gather(
        *(
            until_answered(lambda one=one: noticed(client, one, sent))  # type: ignore[misc]
            for one in alliances * 8
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201] + [422] * 8
    assert sum([len(await marks(client, one, None)) for one in alliances]) == 1


async def test_who_comes_in_between_with_the_same_external_id_is_found(
    app: FastAPI, client: AsyncClient
) -> None:
    """The mark is not there when it is looked for, and is when it is to be written."""
    one, other = await new_alliance(client), await new_alliance(client)
    sent = mark(by={"role": "observer", "ref": "o"})
    others: list[Response] = []

    async def come_in(_sql: str, call: Callable[[], Awaitable[Any]]) -> Any:
        others.append(await noticed(client, other, sent))
        return await call()

    hook = AtCall(4, come_in)
    async with hooked(app, hook):
        answer = await noticed(client, one, sent)
    assert "INSERT INTO marks" in hook.calls[3]
    assert [each.status_code for each in others] == [201]
    assert (answer.status_code, answer.json()["code"]) == (422, "external_id_reused")
    assert answer.json()["existing_id"] == others[0].json()["id"]


async def test_another_tenants_alliance_is_no_alliance(
    client: AsyncClient, new_tenant: Any
) -> None:
    stranger: Tenant = await new_tenant()
    async with stranger.client() as theirs:
        alliance_id = await new_alliance(theirs)
    assert (await noticed(client, alliance_id, mark())).status_code == 404
    assert (await client.get(f"/v1/alliances/{alliance_id}/marks")).status_code == 404
