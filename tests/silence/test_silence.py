"""The worker lets invitations lapse at their time, and says where a rater has fallen silent."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from app.database import Database
from app.events import service as events
from app.silence import service
from tests.conftest import Clock, Tenant
from tests.support.corrections import store
from tests.support.factories import invitation, pair, report, submission
from tests.support.meetings import occasions, reported, states

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
WEEK = timedelta(days=7)


def week(number: int) -> dict[str, Any]:
    """The occasion of a weekly session."""
    return {"session_number": number, "occurred_at": (START + number * WEEK).isoformat()}


async def meetings(
    client: AsyncClient, alliance: dict[str, Any], answered: int, invited: int
) -> str:
    """Weekly sessions to which the client was invited, the first of them answered; the alliance."""
    for number in range(1, invited + 1):
        made = await reported(
            client, report(alliance=alliance, **week(number), invited=[invitation()])
        )
        if number <= answered:
            await store(client, submission(alliance=alliance, occasion=week(number)))
    found: str = made["alliance_id"]
    return found


async def signals(client: AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/v1/signals")).json()["items"]
    return [one for one in found if one["code"] == "silence"]


async def test_a_response_completes_its_invitation_at_once(client: AsyncClient) -> None:
    alliance_id = await meetings(client, pair(), answered=1, invited=2)
    assert [states(one)["client"] for one in await occasions(client, alliance_id)] == [
        "completed",
        "invited",
    ]


async def test_two_unanswered_after_two_answered_are_silence_once(
    client: AsyncClient, database: Database
) -> None:
    alliance_id = await meetings(client, pair(client_ref="c"), answered=2, invited=5)

    await service.look(database, START + 4 * WEEK - timedelta(hours=1))
    assert await signals(client) == []  # the third is late in the fourth week
    await service.look(database, START + 4 * WEEK)
    assert await signals(client) == []
    await service.look(database, START + 5 * WEEK)
    (signal,) = await signals(client)
    assert (signal["severity"], signal["state"], signal["rule"]) == (
        "alert",
        "open",
        "two_unanswered",
    )
    assert signal["rater"]["ref"] == "c"
    assert (signal["instrument"], signal["form"]) == ("wai-sr-2006", "client")
    assert signal["parameters"]["open_drop"] is False
    known = await occasions(client, alliance_id)
    assert [states(one)["client"] for one in known] == [
        "completed",
        "completed",
        "lapsed",
        "lapsed",
        "invited",
    ]
    third_and_fourth = [one["id"] for one in known[2:4]]
    assert signal["parameters"]["occasion_ids"] == third_and_fourth

    await service.look(database, START + 20 * WEEK)
    assert await signals(client) == [signal]  # a longer silence is the same one


async def test_who_answers_again_may_fall_silent_again(
    client: AsyncClient, database: Database
) -> None:
    alliance = pair()
    await meetings(client, alliance, answered=2, invited=4)
    await service.look(database, START + 20 * WEEK)
    await store(client, submission(alliance=alliance, occasion=week(5)))
    for number in (5, 6, 7):
        await reported(client, report(alliance=alliance, **week(number), invited=[invitation()]))
    await service.look(database, START + 30 * WEEK)
    assert len(await signals(client)) == 2


async def test_silence_while_a_drop_is_open_weighs_more(
    client: AsyncClient, database: Database
) -> None:
    alliance = pair()
    for number in range(1, 8):
        low = {str(item): 4 if number < 7 else 1 for item in range(1, 13)}
        sent = submission(alliance=alliance, occasion=week(number), answers=low)
        await reported(client, report(alliance=alliance, **week(number), invited=[invitation()]))
        last = await store(client, sent)
    assert [one["state"] for one in last["drops"]] == ["open"] * len(last["drops"])
    for number in (8, 9):
        await reported(client, report(alliance=alliance, **week(number), invited=[invitation()]))
    await service.look(database, START + 20 * WEEK)
    (signal,) = await signals(client)
    assert (signal["severity"], signal["parameters"]["open_drop"]) == ("high", True)


async def test_what_is_reported_as_lapsed_is_looked_at_at_once(
    client: AsyncClient, database: Database, clock: Clock
) -> None:
    clock.fixed = START + 9 * WEEK
    alliance = pair()
    await meetings(client, alliance, answered=2, invited=2)
    for number in (3, 4):
        lapsed = [invitation(state="lapsed")]
        await reported(client, report(alliance=alliance, **week(number), invited=lapsed))
    await service.look(database, clock.fixed)
    assert len(await signals(client)) == 1


async def test_two_workers_raise_it_once_and_it_is_told(
    client: AsyncClient, tenant: Tenant, database: Database
) -> None:
    await meetings(client, pair(), answered=2, invited=4)
    await asyncio.gather(*(service.look(database, START + 20 * WEEK) for _ in range(4)))
    (signal,) = await signals(client)
    await events.move(database)
    told = (await client.get("/v1/events", params={"limit": 500})).json()["items"]
    kinds = [(one["type"], one["subject_id"]) for one in told][-2:]
    assert kinds == [
        ("invitations.lapsed", signal["alliance_id"]),
        ("signal.opened", signal["id"]),
    ]


@pytest.mark.parametrize(("audience", "seen"), [(["professional"], 1), (["supervisor"], 0)])
async def test_it_is_shown_to_those_whom_the_tenant_tells_of_by_default(  # noqa: PLR0917
    client: AsyncClient,
    tenant: Tenant,
    database: Database,
    platform_client: AsyncClient,
    audience: list[str],
    seen: int,
) -> None:
    notice = {"audience": audience, "level": "signals"}
    made = await platform_client.post(
        "/v1/tenants", json={"name": "Quiet", "default_notice": notice}
    )
    key = await platform_client.post(
        f"/v1/tenants/{made.json()['id']}/keys", json={"label": "test"}
    )
    headers = {"Authorization": f"Bearer {key.json()['key']}"}
    async with tenant.client(**headers) as other:
        await meetings(other, pair(), answered=2, invited=4)
        await service.look(database, START + 20 * WEEK)
        acting = {"Rapport-Actor": "professional;p"}
        found = (await other.get("/v1/signals", headers=acting)).json()["items"]
        assert len([one for one in found if one["code"] == "silence"]) == seen
