"""Invitations and the responses that complete them, whichever is told first."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient

from app.occasions.invited import ANSWER_DAYS
from tests.conftest import Clock, Tenant
from tests.support.corrections import amend, amendment, items, store, void
from tests.support.factories import invitation, pair, report, submission
from tests.support.meetings import occasions, reported, states
from tests.support.sending import send_until_answered, until_answered

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees what is due."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def due(owner: asyncpg.Connection, tenant: Tenant) -> list[datetime]:
    """When the tenant's alliances are to be looked at."""
    rows = await owner.fetch(
        "SELECT due_at FROM silence_checks WHERE tenant_id = $1 ORDER BY due_at", tenant.id
    )
    return [row["due_at"] for row in rows]


async def test_a_response_that_is_there_completes_its_invitation_and_no_other(
    client: AsyncClient,
) -> None:
    alliance = pair()
    form = await store(client, submission(alliance=alliance))
    await store(client, submission(alliance=alliance, occasion={"session_number": 2}))
    await store(client, submission(alliance=alliance, instrument="srs-3", answers={"1": 9.0}))
    invited = [invitation("client", state="lapsed"), invitation("professional")]
    made = await reported(client, report(alliance=alliance, invited=invited))

    assert states(made) == {"client": "completed", "professional": "invited"}
    assert [one["response_id"] for one in made["invitations"]] == [form["id"], None]
    assert (made["invitations"][0]["at"], made["invitations"][0]["reason"]) == (None, None)


async def test_what_is_completed_stays_completed_whatever_is_sent(client: AsyncClient) -> None:
    sent = report(invited=[invitation()])
    await reported(client, sent)
    form = await store(client, submission(alliance=sent["alliance"]))
    first = await reported(client, sent, 200)
    assert first["invitations"][0]["response_id"] == form["id"]

    for state in ("invited", "opened", "declined", "not_offered", "lapsed"):
        again = sent | {"invited": [invitation(state=state, reason="Too late.")]}
        assert await reported(client, again, 200) == first


async def test_the_newest_version_is_the_one_that_completes(client: AsyncClient) -> None:
    alliance = pair()
    sent = submission(alliance=alliance)
    first = await store(client, sent)
    second = (await amend(client, first["id"], amendment(sent, answers=items(2)))).json()
    told = report(alliance=alliance, invited=[invitation()])
    made = await reported(client, told)
    assert made["invitations"][0]["response_id"] == second["id"]

    third = (await amend(client, second["id"], amendment(sent, answers=items(3)))).json()
    after = await reported(client, told, 200)
    assert after["invitations"][0]["response_id"] == third["id"]


async def test_a_response_that_was_voided_completes_nothing(client: AsyncClient) -> None:
    alliance = pair()
    told = report(alliance=alliance, invited=[invitation(state="declined")])
    made = await store(client, submission(alliance=alliance))
    assert states(await reported(client, told)) == {"client": "completed"}
    await void(client, made["id"])
    assert states(await reported(client, told, 200)) == {"client": "declined"}


async def test_an_answer_by_proxy_completes_the_invitation_of_its_rater(
    client: AsyncClient,
) -> None:
    alliance = pair()
    helped = submission(alliance=alliance, assistance={"proxy_ref": "x"})
    await store(client, helped)
    made = await reported(client, report(alliance=alliance, invited=[invitation()]))
    assert states(made) == {"client": "completed"}


async def test_a_reason_is_shown_to_its_rater_and_to_the_system_alone(
    client: AsyncClient,
) -> None:
    alliance = pair(client_ref="c", professional_ref="p")
    declined = invitation(state="declined", reason="Not today.")
    made = await reported(client, report(alliance=alliance, invited=[declined]))
    assert made["invitations"][0]["reason"] == "Not today."
    for actor, shown in (
        (None, "Not today."),
        ("client;c", "Not today."),
        ("client;other", None),
        ("professional;p", None),
        ("supervisor;s", None),
    ):
        headers = {"Rapport-Actor": actor} if actor else {}
        asked = {"alliance_id": made["alliance_id"]}
        page = (await client.get("/v1/occasions", params=asked, headers=headers)).json()
        (one,) = page["items"][0]["invitations"]
        assert (one["state"], one["reason"]) == ("declined", shown), actor


async def test_a_merged_reference_names_the_same_invitation(client: AsyncClient) -> None:
    alliance = pair(client_ref="old", external_id="a")
    first = await reported(client, report(alliance=alliance, invited=[invitation(state="opened")]))
    form = await store(client, submission(alliance=alliance, occasion={"session_number": 2}))
    merge = {"source": "ehr", "role": "client", "from": "old", "into": "new"}
    assert (await client.post("/v1/people/merge", json=merge)).status_code == 201

    for ref in ("old", "new"):
        named = invitation(rater={"role": "client", "ref": ref}, state="lapsed")
        told = report(alliance={"external_id": "a"}, invited=[named])
        (one,) = (await reported(client, told, 200))["invitations"]
        assert (one["rater"]["ref"], one["state"]) == ("new", "lapsed")
        both = await reported(client, told | {"session_number": 2}, 201 if ref == "old" else 200)
        assert both["invitations"][0]["response_id"] == form["id"]
    listed = await occasions(client, first["alliance_id"])
    assert [len(one["invitations"]) for one in listed] == [1, 1]


@pytest.mark.parametrize(
    ("sent", "from_when"),
    [
        (
            {"invited": [invitation(at="2026-10-02T10:00:00+02:00")]},
            datetime(2026, 10, 2, 8, tzinfo=UTC),
        ),
        ({"invited": [invitation(state="opened")]}, datetime(2026, 10, 1, 8, tzinfo=UTC)),
        (
            {"invited": [invitation()], "occurred_at": None, "occurred_on": "2026-10-01"},
            datetime(2026, 10, 2, tzinfo=UTC),
        ),
        ({"invited": [invitation()], "occurred_at": None}, NOW),
        (
            {
                "invited": [
                    invitation(at="2026-10-09T10:00:00Z"),
                    invitation("professional", at="2026-10-08T10:00:00Z"),
                ]
            },
            datetime(2026, 10, 8, 10, tzinfo=UTC),
        ),
    ],
)
async def test_seven_days_after_an_invitation_its_alliance_is_looked_at(
    client: AsyncClient,
    tenant: Tenant,
    owner: asyncpg.Connection,
    *,
    clock: Clock,
    sent: dict[str, Any],
    from_when: datetime,
) -> None:
    clock.fixed = NOW
    await reported(client, report(**sent))
    assert timedelta(days=7) == ANSWER_DAYS
    assert await due(owner, tenant) == [from_when + ANSWER_DAYS]


@pytest.mark.parametrize("state", ["declined", "not_offered"])
async def test_where_no_answer_is_awaited_nothing_is_due(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection, state: str
) -> None:
    alliance = pair()
    await store(client, submission(alliance=alliance))
    answered = [invitation("client"), invitation("professional", state=state)]
    await reported(client, report(alliance=alliance, invited=answered))
    await reported(client, report(invited=None))
    assert await due(owner, tenant) == []


async def test_of_several_invitations_the_first_that_is_late_counts(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    alliance = pair()
    for number, day in ((1, 5), (2, 3), (3, 9)):
        invited = [invitation(at=f"2026-10-0{day}T10:00:00Z")]
        await reported(client, report(alliance=alliance, session_number=number, invited=invited))
    assert await due(owner, tenant) == [datetime(2026, 10, 3, 10, tzinfo=UTC) + ANSWER_DAYS]


async def test_reports_and_forms_of_one_alliance_at_once_all_count(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    alliance = pair()
    numbers = range(1, 9)
    told = [
        report(alliance=alliance, session_number=number, invited=[invitation()])
        for number in numbers
    ]
    forms = [submission(alliance=alliance, occasion={"session_number": one}) for one in numbers]
    answers = await asyncio.gather(
        *(until_answered(lambda one=one: client.post("/v1/occasions", json=one)) for one in told),  # type: ignore[misc]
        *(send_until_answered(client, one) for one in forms),
    )
    assert {answer.status_code for answer in answers} == {201}
    alliance_id = answers[0].json()["alliance_id"]
    for one in told:
        await reported(client, one, 200)
    found = await occasions(client, alliance_id)
    assert [states(one) for one in found] == [{"client": "completed"}] * len(numbers)
    rows = await owner.fetch(
        "SELECT s.version, (SELECT max(sequence) FROM event_queue q"
        " WHERE q.tenant_id = s.tenant_id) AS sequence, (SELECT count(*) FROM event_queue q"
        " WHERE q.tenant_id = s.tenant_id) AS events FROM alliance_state s WHERE tenant_id = $1",
        tenant.id,
    )
    # One event for each write, and one for the alliance itself, which counts none.
    (row,) = rows
    assert (row["version"], row["sequence"]) == (row["events"] - 1, row["version"])


async def test_of_many_who_report_the_same_one_is_the_first(client: AsyncClient) -> None:
    sent = report(invited=[invitation()])
    answers = await asyncio.gather(
        *(until_answered(lambda: client.post("/v1/occasions", json=sent)) for _ in range(12))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    assert len({answer.text for answer in answers}) == 1
