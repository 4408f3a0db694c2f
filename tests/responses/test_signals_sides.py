"""Signals that rest on both sides' answers: alike in any order, and never in an answer."""

from collections.abc import Awaitable, Callable
from itertools import permutations
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from httpx import AsyncClient

from tests.conftest import Tenant
from tests.responses.test_state import must_be_that_of_the_rows
from tests.support.corrections import items, send_batch, store, void
from tests.support.factories import pair
from tests.support.raising import day, falling, rating, signals_of, standing, store_all

TO_ALL = {"audience": ["client", "professional", "supervisor"], "level": "items"}
NARROW = {"audience": ["client", "supervisor"], "level": "items"}
SUPERVISION = {"audience": ["supervisor"], "level": "items"}
NOTICES = (TO_ALL, NARROW, SUPERVISION, TO_ALL | {"level": "signals"})
ACTORS = (None, "client;c", "professional;p", "supervisor;s", "client;another")
PROFESSIONAL: dict[str, Any] = {"rater": {"role": "professional"}}
GUESS: dict[str, Any] = {"rater": {"role": "professional"}, "form": "professional_guess"}
NewTenant = Callable[..., Awaitable[Tenant]]


def named(one: dict[str, Any]) -> dict[str, Any]:
    """With an external_id that says who rated which week."""
    who = one["rater"]["role"], one.get("form", "")
    return one | {"external_id": f"{one['occasion']['session_ref']} {who}"}


def client_falls(alliance: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    return [named(one) for one in falling(alliance, **fields)]


def professional_stays(alliance: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    return [named(rating(alliance, week, 4, **PROFESSIONAL, **fields)) for week in range(6)]


def professional_falls(alliance: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    return [named(one) for one in falling(alliance, **PROFESSIONAL, **fields)]


def both(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Week after week."""
    return [each for week in zip(one, other, strict=True) for each in week]


async def beside(owner: asyncpg.Connection, tenant: Tenant) -> list[dict[str, Any]]:
    """The signals that rest on both sides."""
    return [one for one in await signals_of(owner, tenant) if one["other_response_id"]]


async def test_a_fall_that_the_professional_did_not_see_is_for_supervision(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    alliance = pair()
    made = await store_all(client, both(client_falls(alliance), professional_stays(alliance)))
    found = {one["rule"]: one for one in await beside(owner, tenant)}
    blind = found["not_gone_along"]
    assert (blind["code"], blind["severity"], blind["state"]) == ("blind_spot", "alert", "open")
    assert blind["audience"] == ["supervisor"]
    assert blind["response_id"] == UUID(made[-2]["id"])
    assert blind["other_response_id"] == UUID(made[-1]["id"])
    assert "both_sides" not in found


async def test_a_fall_on_both_sides_is_high(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    alliance = pair()
    await store_all(client, both(client_falls(alliance), professional_falls(alliance)))
    found = [one for one in await beside(owner, tenant) if one["rule"] == "both_sides"]
    assert [(one["code"], one["severity"], one["scale"]) for one in found] == [
        ("sudden_drop", "high", "total")
    ]


async def test_a_wrong_guess_is_about_the_guess(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    alliance = pair()
    occasion = {"session_ref": "s-0", "occurred_at": day(0)}
    triad = {"instrument": "open-triad-1", "occasion": occasion}
    answer = rating(alliance, 0) | triad | {"answers": {str(n): 0 for n in range(1, 10)}}
    guess = rating(alliance, 0, **GUESS) | triad | {"answers": await strongest(client)}
    weakest = {item: 4 - value for item, value in guess["answers"].items()}
    said, guessed = await store_all(client, [answer | {"answers": weakest}, guess])
    (stored,) = await beside(owner, tenant)
    assert (stored["code"], stored["response_id"]) == ("perception_gap", UUID(guessed["id"]))
    assert stored["other_response_id"] == UUID(said["id"])


async def strongest(client: AsyncClient) -> dict[str, int]:
    """The strongest answers of the triad, whichever way an item is keyed."""
    answers = dict.fromkeys(map(str, range(1, 10)), 4)
    for item in answers:
        low = {"instrument": "open-triad-1", "form": "client", "answers": answers | {item: 0}}
        high = low | {"answers": answers | {item: 4}}
        scores = [
            (await client.post("/v1/scores", json=body)).json()["scores"] for body in (low, high)
        ]
        total = [next(s["value"] for s in each if s["scale"] == "total") for each in scores]
        answers[item] = 0 if total[0] > total[1] else 4
    return answers


@pytest.mark.parametrize("falls", [professional_falls, professional_stays])
async def test_whichever_side_comes_first_the_signals_are_the_same(
    owner: asyncpg.Connection,
    new_tenant: NewTenant,
    falls: Callable[[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    alliance = pair()
    one, other = client_falls(alliance), falls(alliance)
    orders = [
        both(one, other),
        both(other, one),
        [*one, *other],
        [*other, *one],
        [*other[::-1], *one],
        *(Random(seed).sample([*one, *other], 12) for seed in range(3)),  # noqa: S311 - no secret
    ]
    ends = []
    for order in orders:
        for batch in (False, True):
            tenant = await new_tenant()
            async with tenant.client() as client:
                if batch:
                    assert (await send_batch(client, order)).status_code == 207
                else:
                    await store_all(client, order)
            await must_be_that_of_the_rows(owner, tenant)
            ends.append(await standing(owner, tenant))
    assert ends == ends[:1] * len(ends)
    assert any(one[5] for one in ends[0])


async def test_the_other_side_may_come_long_after(
    owner: asyncpg.Connection, new_tenant: NewTenant
) -> None:
    """When the first side has gone on for longer than is kept of it."""
    alliance = pair()
    weeks = [4, 4, 4, 4, 4, 1, *[4] * 20]
    one = [named(rating(alliance, week, value)) for week, value in enumerate(weeks)]
    other = [
        named(rating(alliance, week, value, **PROFESSIONAL)) for week, value in enumerate(weeks)
    ]
    ends = []
    for order in ([*one, *other], both(one, other)):
        tenant = await new_tenant()
        async with tenant.client() as client:
            await store_all(client, order)
        ends.append(await standing(owner, tenant))
    assert ends[0] == ends[1]
    assert "both_sides" in {one[2] for one in ends[0]}


async def test_a_late_rating_of_one_side_supersedes_what_both_told(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    alliance = pair()
    await store_all(client, both(client_falls(alliance), professional_falls(alliance)))
    opened = [one["id"] for one in await beside(owner, tenant) if one["state"] == "open"]
    lows = [
        rating(alliance, 0, 1) | {"occasion": {"occurred_at": day(4, n), "session_ref": f"x-{n}"}}
        for n in range(1, 6)
    ]
    assert (await send_batch(client, lows)).status_code == 207
    stored = {one["id"]: one for one in await beside(owner, tenant)}
    both_sides = [stored[one] for one in opened if stored[one]["rule"] == "both_sides"]
    assert [one["state"] for one in both_sides] == ["superseded"]
    assert both_sides[0]["superseded_by"]["cause"] == "stream_changed"


@pytest.mark.parametrize("side", [-1, -2])
async def test_a_withdrawn_rating_of_either_side_supersedes_what_both_told(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection, side: int
) -> None:
    alliance = pair()
    made = await store_all(client, both(client_falls(alliance), professional_falls(alliance)))
    await void(client, made[side]["id"])
    found = await beside(owner, tenant)
    assert found
    assert {one["state"] for one in found} == {"superseded"}
    assert {one["superseded_by"]["cause"] for one in found} == {"response_voided"}


async def test_both_sides_corrected_at_once_supersede_once(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    alliance = pair()
    *_, one, other = sent = both(client_falls(alliance), professional_falls(alliance))
    await store_all(client, sent)
    before = {signal["id"] for signal in await beside(owner, tenant)}
    changed = [each | {"external_version": 2, "answers": items(4)} for each in (one, other)]
    assert (await send_batch(client, changed)).status_code == 207
    kinds = await owner.fetch(
        "SELECT subject_id FROM event_queue WHERE type = 'signal.superseded' AND tenant_id = $1",
        tenant.id,
    )
    told = [row["subject_id"] for row in kinds]
    assert before <= set(told)
    assert len(told) == len(set(told))


@pytest.mark.parametrize("notices", list(permutations(range(4), 2)))
async def test_what_rests_on_the_other_side_never_stands_in_an_answer(
    tenant: Tenant, owner: asyncpg.Connection, notices: tuple[int, int]
) -> None:
    """Whatever was told to whom, and whoever sends."""
    alliance = pair(client_ref="c", professional_ref="p")
    one = client_falls(alliance, notice=NOTICES[notices[0]])
    other = professional_falls(alliance, notice=NOTICES[notices[1]])
    sent = both(one, other)
    async with tenant.client() as door:
        await store_all(door, sent[:-2])
    shown = []
    for number, actor in enumerate(ACTORS):
        headers = {} if actor is None else {"Rapport-Actor": actor}
        async with tenant.client(**headers) as caller:
            for each in sent[-2:]:
                made = await store(caller, each | {"external_version": number + 1})
                shown += made["signals"]
    of_both = {str(signal["id"]) for signal in await beside(owner, tenant)}
    assert not of_both & {signal["id"] for signal in shown}
    assert all(len(signal["response_ids"]) == 1 for signal in shown)
    narrowest = set(NOTICES[notices[0]]["audience"]) & set(NOTICES[notices[1]]["audience"])
    for signal in await beside(owner, tenant):
        assert set(signal["audience"]) - {"system"} <= narrowest


@pytest.mark.parametrize("narrow_week", [0, 3])
@pytest.mark.parametrize("side", [0, 1])
async def test_a_signal_of_both_sides_reaches_no_wider_than_the_narrowest_of_their_pasts(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection, *, narrow_week: int, side: int
) -> None:
    alliance = pair()
    streams = [client_falls(alliance), professional_falls(alliance)]
    streams[side][narrow_week] |= {"notice": NARROW}
    await store_all(client, both(*streams))
    found = [one for one in await beside(owner, tenant) if one["rule"] == "both_sides"]
    assert [set(one["audience"]) for one in found] == [{"client", "supervisor", "system"}]


async def test_merged_references_keep_both_sides_together(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    alliance = pair(client_ref="c", professional_ref="p")
    sent = both(client_falls(alliance), professional_falls(alliance))
    await store_all(client, sent[:-2])
    merge = {"source": "ehr", "role": "client", "from": "c", "into": "c-2"}
    assert (await client.post("/v1/people/merge", json=merge)).status_code == 201
    await store_all(client, sent[-2:])
    assert "both_sides" in {one["rule"] for one in await beside(owner, tenant)}
    await must_be_that_of_the_rows(owner, tenant)
