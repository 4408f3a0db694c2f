"""Occasions as they are reported: known by their key, corrected, never contradicted."""

from typing import Any

import pytest
from httpx import AsyncClient

from app.database import Database
from tests.conftest import Tenant
from tests.events.test_end_to_end import told
from tests.support.factories import invitation, pair, report, submission
from tests.support.meetings import new_alliance, occasions, refused, reported, states


async def test_a_report_is_given_back_with_its_offset(client: AsyncClient) -> None:
    sent = report(session_ref="s", invited=[invitation(at="2026-10-01T11:00:00+02:00")])
    made = await reported(client, sent)

    for name in ("session_ref", "session_number", "occurred_at", "status"):
        assert made[name] == sent[name]
    (one,) = made["invitations"]
    assert one["rater"] == {"role": "client", "ref": sent["alliance"]["client_ref"]}
    assert (one["form"], one["state"], one["at"]) == (
        "client",
        "invited",
        "2026-10-01T11:00:00+02:00",
    )
    assert await occasions(client, made["alliance_id"]) == [made]


async def test_the_same_again_is_the_same_and_tells_nothing(
    client: AsyncClient, database: Database
) -> None:
    sent = report(invited=[invitation()])
    first = await reported(client, sent)
    assert await reported(client, sent, 200) == first

    events = [(one["type"], one["subject_id"]) for one in await told(client, database)]
    assert events == [
        ("alliance.created", first["alliance_id"]),
        ("occasion.recorded", first["id"]),
    ]


async def test_a_correction_changes_status_and_invitations_and_is_told(
    client: AsyncClient, database: Database
) -> None:
    sent = report(invited=[invitation(), invitation("professional")])
    first = await reported(client, sent)
    changed = sent | {"status": "missed", "invited": [invitation(state="declined", reason="No.")]}
    after = await reported(client, changed, 200)

    assert (after["id"], after["status"]) == (first["id"], "missed")
    assert states(after) == {"client": "declined", "professional": "invited"}
    assert after["invitations"][0]["reason"] == "No."
    assert after["invitations"][1] == first["invitations"][1]
    assert [one["type"] for one in await told(client, database)] == [
        "alliance.created",
        "occasion.recorded",
        "occasion.recorded",
    ]


async def test_a_report_that_says_more_adds_it_and_one_that_says_less_takes_nothing_away(
    client: AsyncClient,
) -> None:
    alliance = pair()
    few = {"alliance": alliance, "session_ref": "s", "session_number": None}
    day = few | {"occurred_at": None, "occurred_on": "2026-10-01"}
    await reported(client, report(**day))
    more = await reported(client, report(**few, occurred_on="2026-10-01"), 200)
    assert more["occurred_at"] == "2026-10-01T10:00:00+02:00"
    less = await reported(client, report(**day), 200)
    assert less == more


@pytest.mark.parametrize(
    "other",
    [
        {"session_number": 2},
        {"occurred_at": "2026-10-01T10:00:01+02:00"},
        {"occurred_at": None, "occurred_on": "2026-10-02"},
    ],
)
async def test_another_number_time_or_day_is_a_conflict_that_names_the_known_one(
    client: AsyncClient, other: dict[str, Any]
) -> None:
    sent = report(session_ref="s")
    first = await reported(client, sent)
    answer = await client.post("/v1/occasions", json=sent | other)

    assert (answer.status_code, answer.json()["code"]) == (409, "occasion_conflict")
    assert answer.json()["existing_id"] == first["id"]
    assert await occasions(client, first["alliance_id"]) == [first]


async def test_one_instant_in_two_offsets_contradicts_nothing(client: AsyncClient) -> None:
    sent = report(session_ref="s", occurred_at="2026-10-01T23:30:00+00:00")
    first = await reported(client, sent)
    again = sent | {"occurred_at": "2026-10-02T01:30:00+02:00"}
    assert await reported(client, again, 200) == first


@pytest.mark.parametrize(
    ("occasion", "key"),
    [
        ({"session_ref": "s", "session_number": 3}, {"session_ref": "s"}),
        ({"session_number": 3}, {"session_number": 3}),
        ({"occurred_on": "2026-10-01"}, {"occurred_on": "2026-10-01"}),
    ],
)
async def test_a_form_and_a_report_of_one_key_are_one_occasion(
    client: AsyncClient, occasion: dict[str, Any], key: dict[str, Any]
) -> None:
    alliance = pair()
    sent = submission(alliance=alliance, occasion=occasion)
    form = (await client.post("/v1/responses", json=sent)).json()
    (known,) = await occasions(client, form["alliance_id"])
    assert (known["status"], known["reported_at"], known["occurred_at"]) == (None, None, None)
    named = {name: known[name] for name in ("session_ref", "session_number", "occurred_on")}
    assert {name: value for name, value in named.items() if value is not None} == key

    unset = {"session_number": None, "occurred_at": None}
    made = await reported(client, report(**{"alliance": alliance} | unset | occasion))
    assert made["id"] == form["occasion_id"] == known["id"]


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"status": "planned"}, [("/status", "literal_error")]),
        ({"status": None}, [("/status", "literal_error")]),
        ({"session_number": None, "occurred_at": None}, [("", "occasion_unplaced")]),
        ({"occurred_on": "2026-10-02"}, [("", "occasion_contradicts")]),
        ({"occurred_at": "2999-10-01T10:00:00Z"}, [("/occurred_at", "in_the_future")]),
        (
            {"invited": [invitation(at="2999-10-01T10:00:00Z")]},
            [("/invited/0/at", "in_the_future")],
        ),
        ({"invited": [invitation(state="completed")]}, [("/invited/0/state", "literal_error")]),
        ({"invited": [invitation(reason=" ")]}, [("/invited/0/reason", "blank")]),
        (
            {"invited": [invitation(), invitation("professional", instrument="no-such")]},
            [("/invited/1/instrument", "unknown_instrument")],
        ),
        ({"invited": [invitation(form="no-such")]}, [("/invited/0/form", "unknown_form")]),
        (
            {"invited": [invitation("professional", form="client")]},
            [("/invited/0/form", "form_of_another_role")],
        ),
        (
            {"invited": [invitation(rater={"role": "client", "ref": "stranger"})]},
            [("/invited/0/rater/ref", "rater_not_member")],
        ),
        (
            {"invited": [invitation(), invitation(form="client")]},
            [("/invited/1", "invited_twice")],
        ),
        ({"invited": [invitation()] * 51}, [("/invited", "too_long")]),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_stored(
    client: AsyncClient, changes: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    assert await refused(client, report(**changes)) == faults
    found = (await client.get("/v1/alliances")).json()["items"]
    assert found == []


async def test_in_a_family_it_must_be_said_who_was_invited(client: AsyncClient) -> None:
    members = [{"role": "client", "ref": ref} for ref in ("a", "b")]
    members.append({"role": "professional", "ref": "p"})
    alliance = {"external_id": "family", "members": members}
    sent = report(alliance=alliance, invited=[invitation()])
    assert await refused(client, sent) == [("/invited/0/rater/ref", "rater_ref_required")]

    both = [invitation(rater={"role": "client", "ref": ref}) for ref in ("b", "a")]
    made = await reported(client, report(alliance=alliance, invited=both))
    assert [one["rater"]["ref"] for one in made["invitations"]] == ["a", "b"]


async def test_an_observer_from_outside_may_be_invited(client: AsyncClient) -> None:
    observer = invitation(
        rater={"role": "observer", "ref": "o"}, instrument="open-triad-1", form="observer"
    )
    made = await reported(client, report(invited=[observer]))
    assert states(made) == {"observer": "invited"}


async def test_after_the_alliance_has_ended_only_what_was_before_or_is_known_is_taken(
    client: AsyncClient,
) -> None:
    alliance = pair()
    late = report(alliance=alliance, session_number=9, occurred_at="2026-10-20T10:00:00Z")
    known = await reported(client, late)
    path = f"/v1/alliances/{known['alliance_id']}"
    await client.patch(path, json={"ended_on": "2026-10-10"}, headers={"If-Match": "*"})

    later = late | {"session_number": 10, "occurred_at": "2026-10-11T10:00:00Z"}
    assert await refused(client, later) == [("/occurred_at", "alliance_ended")]
    await reported(client, later | {"occurred_at": "2026-10-10T10:00:00Z"})
    corrected = await reported(client, late | {"status": "cancelled"}, 200)
    assert corrected["status"] == "cancelled"


async def test_an_alliance_is_named_as_in_a_submission(client: AsyncClient) -> None:
    alliance_id = await new_alliance(client, external_id="a", client_ref="c")
    by_id = await reported(client, report(alliance={"id": alliance_id}))
    assert by_id["alliance_id"] == alliance_id
    by_name = report(alliance={"external_id": "a"}, session_number=2)
    assert (await reported(client, by_name))["alliance_id"] == alliance_id
    other = report(alliance=pair(external_id="a"))
    answer = await client.post("/v1/occasions", json=other)
    assert (answer.status_code, answer.json()["code"]) == (409, "alliance_conflict")


async def test_another_tenants_alliance_is_no_alliance(
    client: AsyncClient, new_tenant: Any
) -> None:
    stranger: Tenant = await new_tenant()
    async with stranger.client() as theirs:
        made = await reported(theirs, report())
    answer = await client.post("/v1/occasions", json=report(alliance={"id": made["alliance_id"]}))
    assert answer.status_code == 404
    assert await occasions(client, made["alliance_id"]) == []


async def test_occasions_are_listed_in_pages_and_by_status_and_reference(
    client: AsyncClient,
) -> None:
    alliance, made = pair(), []
    for number, status in enumerate(("held", "missed", "held"), 1):
        named = {"session_ref": f"s-{number}", "session_number": number}
        sent = report(alliance=alliance, status=status, invited=[invitation()], **named)
        made.append(await reported(client, sent | {"occurred_at": None}))
    alliance_id = made[0]["alliance_id"]

    assert await occasions(client, alliance_id, status="held") == [made[0], made[2]]
    assert await occasions(client, alliance_id, session_ref="s-2") == [made[1]]
    read: list[Any] = []
    asked: dict[str, Any] = {"alliance_id": alliance_id, "limit": 2}
    while True:
        page = (await client.get("/v1/occasions", params=asked)).json()
        read += page["items"]
        if page["next_cursor"] is None:
            break
        asked["cursor"] = page["next_cursor"]
    assert read == made


async def test_a_report_leaves_the_course_as_it_is(client: AsyncClient) -> None:
    alliance = pair()
    form = submission(alliance=alliance)
    stored = (await client.post("/v1/responses", json=form)).json()
    path = f"/v1/alliances/{stored['alliance_id']}/trend"
    before = (await client.get(path)).json()
    await reported(client, report(alliance=alliance, invited=[invitation()]))
    assert (await client.get(path)).json() == before
    later = submission(alliance=alliance, occasion={"session_number": 2}, answers=form["answers"])
    changes = (await client.post("/v1/responses", json=later)).json()["change"]
    assert {one["reference_response_id"] for one in changes} == {stored["id"]}
