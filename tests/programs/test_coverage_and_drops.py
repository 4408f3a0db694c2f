"""Beside every figure stands how much of what was asked for has come; drops in their weeks."""

from datetime import date, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from app.database import Database
from tests.conftest import Clock, Tenant
from tests.programs.test_adding import of_stage
from tests.support.corrections import items, store
from tests.support.factories import invitation, pair, report, submission
from tests.support.meetings import reported
from tests.support.programmes import LATE, MONDAY, rating, send, shown, work


@pytest.fixture(autouse=True)
def late(clock: Clock) -> None:
    clock.fixed = LATE


def invited(form: dict[str, Any]) -> dict[str, Any]:
    """A report of the form's meeting, to which its client was invited."""
    sent = report(**form["occasion"], alliance=form["alliance"], invited=[invitation()])
    return {name: value for name, value in sent.items() if name != "occurred_at"}


async def test_completed_of_invited_and_both_sides_of_held(
    client: AsyncClient, database: Database
) -> None:
    forms = [rating(number) for number in range(20)]
    for form in forms:
        await reported(client, invited(form))
    await send(client, forms[:10])
    for form in forms[:5]:
        same = {name: form[name] for name in ("alliance", "occasion", "answers")}
        await store(client, submission(rater={"role": "professional"}, **same))
    await work(database)

    (one,) = (await shown(client))["items"]
    assert one["rater_role"] == "client"
    assert one["coverage"]["completed"] == {"share": 0.5, "low": 0.3, "high": 0.7, "of": 20}
    assert one["coverage"]["both_sides"]["share"] == 0.25
    assert one["coverage"]["sufficiency"] == "low"


async def test_where_nobody_said_who_was_asked_it_is_unknown(
    client: AsyncClient, database: Database
) -> None:
    await send(client, [rating(number) for number in range(10)])
    await work(database)
    (one,) = (await shown(client))["items"]
    assert one["coverage"] == {"completed": None, "both_sides": None, "sufficiency": "unknown"}


async def ratings(client: AsyncClient, *values: int) -> str:
    """One rating a week of a new pair; the alliance's id."""
    alliance = pair(program_ref="north")
    for number, value in enumerate(values):
        day = MONDAY + timedelta(days=7 * number)
        occasion = {"session_number": number + 1, "occurred_on": str(day)}
        sent = submission(alliance=alliance, occasion=occasion, answers=items(value))
        made = await store(client, sent)
    found: str = made["alliance_id"]
    return found


async def drops(database: Database, tenant: Tenant, name: str) -> dict[date, dict[str, Any]]:
    """Week -> what is added there, where there are such drops."""
    await work(database)
    rows = await of_stage(database, tenant, "later")
    return {row["week"]: row for row in rows if row["scale"] == "total" and row[name]}


async def test_a_drop_counts_when_it_opened_and_when_it_was_repaired(
    client: AsyncClient, tenant: Tenant, database: Database
) -> None:
    await ratings(client, 5, 5, 5, 5, 5, 5, 1, 5)
    opened = await drops(database, tenant, "drops_opened")
    repaired = await drops(database, tenant, "drops_repaired")
    assert list(opened) == [MONDAY + timedelta(days=42)]
    assert list(repaired) == [MONDAY + timedelta(days=49)]
    (row,) = repaired.values()
    assert row["repair_weeks"].index(1) == 1


async def test_a_drop_without_repair_counts_where_its_window_has_passed(
    client: AsyncClient, tenant: Tenant, database: Database
) -> None:
    await ratings(client, 5, 5, 5, 5, 5, 5, 1, 1, 1, 1, 1, 1)
    given_up = await drops(database, tenant, "drops_unrepaired")
    assert list(given_up) == [MONDAY + timedelta(days=77)]
    assert await drops(database, tenant, "drops_repaired") == {}


async def test_an_open_drop_ends_with_its_alliance_in_the_week_of_its_end(
    client: AsyncClient, tenant: Tenant, database: Database
) -> None:
    alliance_id = await ratings(client, 5, 5, 5, 5, 5, 5, 1)
    assert await drops(database, tenant, "drops_ended_open") == {}
    end = MONDAY + timedelta(days=60)
    body = {"ended_on": str(end), "end_reason": "dropped_out"}
    path = f"/v1/alliances/{alliance_id}"
    assert (await client.patch(path, json=body, headers={"If-Match": "*"})).status_code == 200

    ended = await drops(database, tenant, "drops_ended_open")
    assert list(ended) == [end - timedelta(days=end.weekday())]
    (row,) = ended.values()
    assert (row["ratings"], row["records"]) == (0, [])


async def test_an_invitation_counts_for_its_person_after_a_merge(
    client: AsyncClient, tenant: Tenant, database: Database
) -> None:
    """Else one person would count as two clients, and a group would seem larger than it is."""
    form = rating(0)
    await reported(client, invited(form))
    alliance = form["alliance"]
    merge = {"source": form["source"], "role": "client", "from": alliance["client_ref"]}
    answer = await client.post("/v1/people/merge", json=merge | {"into": "another"})
    assert answer.status_code == 201, answer.json()
    await work(database)
    refs = {row["client_ref"] for row in await of_stage(database, tenant, "invited", "held")}
    assert refs == {"another"}
