"""No answer gives away a rating that its reader was not promised: not by a difference either."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Clock, Tenant
from tests.support.corrections import (
    EVERY_DOOR,
    Door,
    items,
    points,
    record,
    store,
    store_new,
    trend,
    versions,
    void,
)
from tests.support.factories import pair, submission

TO_CLIENT = {"audience": ["client"], "level": "items"}
SUPERVISION = {"audience": ["supervisor"], "level": "items"}
TO_ALL = {"audience": ["client", "professional", "supervisor"], "level": "items"}
SIGNALS_ONLY = TO_ALL | {"level": "signals"}
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
PAIR = {"client_ref": "c", "professional_ref": "p"}


@pytest.mark.parametrize(
    ("notice", "actor", "compared"),
    [
        (TO_CLIENT, "professional;p", False),
        (TO_CLIENT, "client;somebody", True),  # the audience is told by role
        (TO_CLIENT, "client;c", True),
        (TO_CLIENT, None, True),
        (TO_CLIENT | {"level": "signals"}, None, False),
        (TO_CLIENT | {"level": "signals"}, "client;somebody", False),
        (TO_CLIENT | {"level": "signals"}, "client;c", True),
        (TO_CLIENT | {"level": "scores"}, "client;somebody", True),
        (SUPERVISION, None, False),
        (SUPERVISION, "professional;p", False),
        (SUPERVISION, "supervisor;s", True),
        (SUPERVISION, "client;c", True),
        (TO_ALL, "professional;p", True),
        (TO_ALL, None, True),
    ],
)
@pytest.mark.parametrize("late", [False, True])
async def test_change_is_against_what_the_caller_may_see(
    tenant: Tenant, notice: dict[str, Any], actor: str | None, *, compared: bool, late: bool
) -> None:
    alliance = pair(client_ref="c", professional_ref="p")
    headers = {} if actor is None else {"Rapport-Actor": actor}
    async with tenant.client() as door, tenant.client(**headers) as caller:
        hidden = await store_new(
            door,
            alliance=alliance,
            occasion={"session_number": 1},
            answers=items(2),
            notice=notice,
        )
        if late:
            await store_new(door, alliance=alliance, occasion={"session_number": 9})
        made = await store_new(
            caller, alliance=alliance, occasion={"session_number": 2}, answers=items(4)
        )

    against = {(c["reference"], c["reference_response_id"]) for c in made["change"]}
    expected = {("previous", hidden["id"]), ("first", hidden["id"])}
    assert against == (expected if compared else set())
    why = made["not_computed"][-1]
    assert why["code"] == ("reliable_change" if compared else "change")
    assert ("may not see" in why["why"]) == (not compared)


@pytest.mark.parametrize(
    ("actor", "shown"),
    [
        (None, False),
        ("professional;p", False),
        ("client;another", False),
        ("supervisor;s", True),
        ("client;c", True),
    ],
)
async def test_what_is_for_supervision_is_shown_to_supervisors_and_the_rater(
    tenant: Tenant, actor: str | None, *, shown: bool
) -> None:
    alliance = pair(client_ref="c", professional_ref="p")
    headers = {} if actor is None else {"Rapport-Actor": actor}
    async with tenant.client() as door, tenant.client(**headers) as reader:
        made = await store_new(door, alliance=alliance, notice=SUPERVISION)
        record = (await reader.get(f"/v1/responses/{made['id']}")).json()
        trend = (await reader.get(f"/v1/alliances/{made['alliance_id']}/trend")).json()

    assert record["withheld"] == ([] if shown else ["answers", "scores"])
    assert (record["answers"] is not None, bool(record["scores"])) == (shown, shown)
    values = {point["value"] for stream in trend["streams"] for point in stream["points"]}
    assert (values != {None}) == shown


@pytest.mark.parametrize("door", EVERY_DOOR)
async def test_a_correction_that_says_no_notice_keeps_the_one_before(
    tenant: Tenant, door: Door
) -> None:
    sent = submission(alliance=pair(**PAIR), notice=SUPERVISION)
    silent = {name: value for name, value in sent.items() if name != "notice"}
    async with tenant.client() as system:
        made = await store(system, sent)
        newest = await door(system, silent | {"answers": items(2)}, made["id"])
        shown = await record(system, newest)
        found = await trend(system, made["alliance_id"])
    assert shown["notice"] == SUPERVISION | {"ref": None}
    assert shown["withheld"] == ["answers", "scores"]
    assert points(found) == [(newest, None)]


@pytest.mark.parametrize("widened", [False, True])
async def test_the_notice_before_is_that_of_the_newest_version(
    client: AsyncClient, *, widened: bool
) -> None:
    sent = submission(notice=SUPERVISION if widened else TO_ALL)
    silent = {name: value for name, value in sent.items() if name != "notice"}
    newest = TO_ALL if widened else SUPERVISION
    await store(client, sent)
    await store(client, sent | {"external_version": 2, "notice": newest})
    made = await store(client, silent | {"external_version": 3})
    assert (await record(client, made["id"]))["notice"] == newest | {"ref": None}


async def test_the_notice_is_kept_through_a_withdrawal(client: AsyncClient) -> None:
    sent = submission(notice=SUPERVISION)
    silent = {name: value for name, value in sent.items() if name != "notice"}
    made = await store(client, sent)
    await void(client, made["id"])
    back = await store(client, silent | {"external_version": 2})
    assert (await record(client, back["id"]))["notice"]["audience"] == ["supervisor"]


@pytest.mark.parametrize(
    ("narrowest", "actor", "withheld"),
    [
        (SUPERVISION, None, ["answers", "scores"]),
        (SUPERVISION, "professional;p", ["answers", "scores"]),
        (SUPERVISION, "supervisor;s", []),
        (SUPERVISION, "client;c", []),
        (SIGNALS_ONLY, None, ["answers", "scores"]),
        (SIGNALS_ONLY | {"level": "scores"}, "professional;p", ["answers"]),
        (TO_ALL, None, []),
    ],
)
@pytest.mark.parametrize("place", [1, 2])
async def test_an_older_version_shows_no_more_than_those_after_it(
    tenant: Tenant,
    clock: Clock,
    *,
    narrowest: dict[str, Any],
    actor: str | None,
    withheld: list[str],
    place: int,
) -> None:
    """The narrower notice stands on the second version or on the third; none gives it away."""
    sent = submission(alliance=pair(**PAIR), notice=TO_ALL)
    headers = {} if actor is None else {"Rapport-Actor": actor}
    async with tenant.client() as system, tenant.client(**headers) as reader:
        for number in range(3):
            clock.fixed = START + timedelta(hours=number)
            notice = narrowest if number == place else TO_ALL
            changed = {"external_version": number + 1, "answers": items(number + 1)}
            made = await store(system, sent | changed | {"notice": notice})
        alliance = made["alliance_id"]
        listed = await versions(reader, sent["external_id"])
        alone = [await record(reader, one["id"]) for one in listed]
        then = [
            await trend(reader, alliance, as_of=(START + timedelta(hours=hour)).isoformat())
            for hour in range(3)
        ]

    assert alone == listed
    older = range(place + 1)
    assert [listed[number]["withheld"] for number in older] == [withheld] * len(older)
    hidden = "scores" in withheld
    assert [points(then[number])[0][1] is None for number in older] == [hidden] * len(older)
    assert [bool(listed[number]["scores"]) for number in older] == [not hidden] * len(older)
    unseen = "answers" in withheld
    assert [listed[number]["answers"] is None for number in older] == [unseen] * len(older)


async def test_an_older_version_shows_no_more_in_a_listing_of_others(client: AsyncClient) -> None:
    """The newest version may stand on another page, or be about another alliance."""
    sent = submission(notice=TO_ALL)
    made = await store(client, sent)
    moved = sent | {"external_version": 2, "alliance": pair(), "notice": SUPERVISION}
    await store(client, moved)
    by_alliance = {"alliance_id": made["alliance_id"]}
    pages = [
        await client.get("/v1/responses", params=parameters)
        for parameters in (by_alliance, {"external_id": sent["external_id"], "limit": 1})
    ]
    for page in pages:
        (only,) = page.json()["items"]
        assert (only["id"], only["withheld"]) == (made["id"], ["answers", "scores"])
