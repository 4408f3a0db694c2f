"""The course after corrections: who made them, what was known when, and what counts."""

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
    send_batch,
    store,
    trend,
    void,
    withdrawal,
)
from tests.support.factories import pair, submission

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
PAIR = {"client_ref": "c", "professional_ref": "p"}


def acting(tenant: Tenant, actor: str | None) -> AsyncClient:
    return tenant.client(**({} if actor is None else {"Rapport-Actor": actor}))


def person(actor: str | None) -> dict[str, str] | None:
    return None if actor is None else dict(zip(("role", "ref"), actor.split(";"), strict=True))


def edits(found: dict[str, Any]) -> list[Any]:
    return [point["edit"] for stream in found["streams"] for point in stream["points"]]


every_door = pytest.mark.parametrize("door", EVERY_DOOR)


@every_door
@pytest.mark.parametrize("actor", [None, "professional;p", "client;another", "supervisor;c"])
async def test_a_correction_by_another_than_the_rater_is_told(
    tenant: Tenant, door: Door, actor: str | None
) -> None:
    sent = submission(alliance=pair(**PAIR))
    async with acting(tenant, "client;c") as rater, acting(tenant, actor) as other:
        made = await store(rater, sent)
        before = edits(await trend(rater, made["alliance_id"]))
        newest = await door(other, sent | {"answers": items(2)}, made["id"])
        found = await trend(rater, made["alliance_id"])

        received_at = (await record(rater, newest))["received_at"]
    assert before == [None]
    assert points(found) == [(newest, 24.0)]
    assert edits(found) == [{"by": person(actor), "at": received_at}]


@every_door
async def test_a_rater_s_own_correction_is_not(tenant: Tenant, door: Door) -> None:
    sent = submission(alliance=pair(**PAIR))
    async with tenant.client() as system, acting(tenant, "client;c") as rater:
        made = await store(system, sent)
        await door(rater, sent | {"answers": items(2)}, made["id"])
        assert edits(await trend(system, made["alliance_id"])) == [None]


@pytest.mark.parametrize("actor", ["client;c", "professional;p"])
async def test_a_change_of_rater_is_nobody_s_own(tenant: Tenant, actor: str) -> None:
    sent = submission(alliance=pair(**PAIR))
    async with acting(tenant, actor) as one:
        made = await store(one, sent)
        changed = {"rater": {"role": "professional"}, "external_version": 2}
        await store(one, sent | changed)
        (edit,) = edits(await trend(one, made["alliance_id"]))
    assert edit["by"] == person(actor)


@pytest.mark.parametrize("actor", [None, "professional;p", "client;c"])
@pytest.mark.parametrize("in_batch", [False, True])
async def test_a_withdrawal_by_another_than_the_rater_is_told(
    tenant: Tenant, actor: str | None, *, in_batch: bool
) -> None:
    sent = submission(alliance=pair(**PAIR))
    async with acting(tenant, "client;c") as rater, acting(tenant, actor) as other:
        made = await store(rater, sent)
        if in_batch:
            await send_batch(other, [withdrawal(sent, 2)])
        else:
            await void(other, made["id"])
        found = await trend(rater, made["alliance_id"])
        at = (await record(rater, made["id"]))["voided"]["at"]

    told = {
        "response_id": made["id"],
        "occasion_id": made["occasion_id"],
        "rater": {"role": "client", "ref": "c"},
        "instrument": "wai-sr-2006",
        "form": "client",
        "how": "voided",
        "by": person(actor),
        "at": at,
    }
    assert points(found) == []
    assert found["withdrawn"] == ([] if actor == "client;c" else [told])


async def test_a_revival_takes_the_withdrawal_back(tenant: Tenant) -> None:
    sent = submission(alliance=pair(**PAIR))
    async with tenant.client() as system:
        made = await store(system, sent)
        await void(system, made["id"])
        back = await store(system, sent | {"external_version": 2})
        found = await trend(system, made["alliance_id"])
    assert found["withdrawn"] == []
    assert points(found) == [(back["id"], 49.0)]


async def test_as_of_tells_what_was_known_then(client: AsyncClient, clock: Clock) -> None:
    """Stored, amended, moved, withdrawn and brought back, an hour after another."""
    here, there = pair(), pair()
    sent = submission(alliance=here, answers=items(1))
    clock.fixed = START
    first = await store(client, sent)
    elsewhere = await store(client, submission(alliance=there, answers=items(5)))
    ids = [first["id"]]
    for hour, (alliance, value) in enumerate(((here, 2), (there, 3)), start=1):
        clock.fixed = START + timedelta(hours=hour)
        changed = {"external_version": hour + 1, "alliance": alliance, "answers": items(value)}
        ids.append((await store(client, sent | changed))["id"])
    clock.fixed = START + timedelta(hours=3)
    await void(client, ids[-1])
    clock.fixed = START + timedelta(hours=4)
    back = sent | {"external_version": 9, "answers": items(4)}
    ids.append((await store(client, back))["id"])
    fixed = (elsewhere["id"], 60.0)
    here_then = [[], [(ids[0], 12.0)], [(ids[1], 24.0)], [], [], [(ids[3], 48.0)]]
    there_then = [[], [fixed], [fixed], [fixed, (ids[2], 36.0)], [fixed], [fixed]]
    for number, (left, right) in enumerate(zip(here_then, there_then, strict=True)):
        end = START + timedelta(hours=number)
        for moment in (end - timedelta(hours=1), end - timedelta(microseconds=1)):
            seen = [
                await trend(client, one["alliance_id"], as_of=moment.isoformat())
                for one in (first, elsewhere)
            ]
            assert points(seen[0]) == left, moment
            assert sorted(points(seen[1])) == sorted(right), moment
            assert [len(one["withdrawn"]) for one in seen] == [
                number in {3, 4},
                number == 4,
            ], moment


async def test_both_sides_and_their_changes_are_of_the_newest_versions(
    client: AsyncClient,
) -> None:
    alliance, other = pair(**PAIR), pair(**PAIR)
    sides: dict[tuple[str, int], dict[str, Any]] = {}
    for number in (1, 2):
        for role in ("client", "professional"):
            occasion = {"session_ref": f"s-{number}", "session_number": number}
            sent = submission(alliance=alliance, rater={"role": role}, occasion=occasion)
            sides[role, number] = sent | {"answers": items(2)}
            made = await store(client, sides[role, number])
    changed = sides["client", 2] | {"external_version": 2, "answers": items(4)}
    await store(client, changed)
    moved = sides["professional", 1] | {"external_version": 2, "alliance": other}
    await store(client, moved)
    found = await trend(client, made["alliance_id"])

    (both,) = found["dyad"]["pairs"]
    assert (both["client"]["value"], both["professional"]["value"]) == (48.0, 24.0)
    assert len(found["dyad"]["unpaired"]) == 1
    client_s = next(one for one in found["streams"] if one["rater"]["role"] == "client")
    assert client_s["change_since_previous"]["difference"] == 24.0
    later = submission(alliance=alliance, occasion={"session_number": 3}, answers=items(5))
    answered = await store(client, later)
    totals = {c["reference"]: c["difference"] for c in answered["change"] if c["scale"] == "total"}
    assert totals == {"previous": 12.0, "first": 36.0}


@pytest.mark.parametrize("corrected", [False, True])
async def test_one_between_others_is_compared_with_the_one_before_and_the_first(
    client: AsyncClient, *, corrected: bool
) -> None:
    """Whether it comes late, or takes its place by a correction."""
    alliance = pair()
    ids = []
    for number, value in ((1, 1), (2, 2), (4, 5), (5, 5)):
        sent = submission(
            alliance=alliance, occasion={"session_number": number}, answers=items(value)
        )
        ids.append((await store(client, sent))["id"])
    changed = {"occasion": {"session_number": 3}, "answers": items(4)}
    again = sent | {"external_version": 2} if corrected else submission(alliance=alliance)
    made = await store(client, again | changed)

    against = {
        c["reference"]: (c["reference_response_id"], c["difference"])
        for c in made["change"]
        if c["scale"] == "total"
    }
    assert against == {"previous": (ids[1], 24.0), "first": (ids[0], 36.0)}


async def test_a_rating_that_another_moves_away_leaves_its_trace(client: AsyncClient) -> None:
    here = pair()
    sent = submission(alliance=here)
    made = (await client.post("/v1/responses", json=sent)).json()
    there = sent | {"alliance": pair(), "external_version": 2}
    actor = {"Rapport-Actor": f"professional;{here['professional_ref']}"}
    before = (await client.post("/v1/responses", json=there, headers=actor)).json()

    left = (await client.get(f"/v1/alliances/{made['alliance_id']}/trend")).json()
    assert left["streams"] == []
    (gone,) = left["withdrawn"]
    assert (gone["response_id"], gone["how"]) == (made["id"], "moved")
    assert gone["by"] == {"role": "professional", "ref": here["professional_ref"]}
    assert gone["at"] == before["received_at"]
    url = f"/v1/alliances/{made['alliance_id']}/trend"
    for wanted in ({"as_of": made["received_at"]}, {"role": "professional"}, {"form": "observer"}):
        assert (await client.get(url, params=wanted)).json()["withdrawn"] == []
