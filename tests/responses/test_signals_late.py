"""Signals where the past changes: held, superseded with their cause, recorded; never deleted."""

from collections.abc import Awaitable, Callable
from random import Random
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from httpx import AsyncClient

from app.database import TRANSACTION_SECONDS
from tests.conftest import Tenant
from tests.responses.test_state import must_be_that_of_the_rows
from tests.support.corrections import (
    EVERY_DOOR,
    Door,
    items,
    record,
    send_batch,
    store,
    void,
    withdrawal,
)
from tests.support.factories import pair
from tests.support.raising import (
    day,
    events_of,
    falling,
    rating,
    signals_of,
    standing,
    store_all,
)

WEEKS = 260
NARROW = {"audience": ["client", "supervisor"], "level": "items"}


@pytest.fixture
async def fallen(client: AsyncClient) -> list[dict[str, Any]]:
    """What was sent of a stream whose last rating is an open alert, each with its id."""
    sent = falling(pair())
    return [
        one | {"id": made["id"]}
        for one, made in zip(sent, await store_all(client, sent), strict=True)
    ]


def bare(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "id"}


@pytest.mark.parametrize("door", EVERY_DOOR)
async def test_a_corrected_rating_supersedes_what_rested_on_it(
    client: AsyncClient,
    tenant: Tenant,
    owner: asyncpg.Connection,
    fallen: list[dict[str, Any]],
    door: Door,
) -> None:
    low = fallen[-1]
    newest = await door(client, bare(low) | {"answers": items(4), "external_version": 2}, low["id"])
    (stored,) = await signals_of(owner, tenant)
    assert (stored["state"], stored["opened_as"]) == ("superseded", "open")
    assert stored["superseded_by"] == {"cause": "response_amended", "response_id": newest}
    assert (await events_of(owner, tenant))[-2:] == [
        ("response.amended", UUID(newest)),
        ("signal.superseded", stored["id"]),
    ]
    await must_be_that_of_the_rows(owner, tenant)


async def test_a_correction_that_is_as_low_supersedes_and_raises_anew(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection, fallen: list[dict[str, Any]]
) -> None:
    newest = await store(client, bare(fallen[-1]) | {"external_version": 2})
    old, new = await signals_of(owner, tenant)
    assert (old["state"], new["state"]) == ("superseded", "open")
    assert (new["response_id"], new["severity"]) == (UUID(newest["id"]), old["severity"])


@pytest.mark.parametrize("batch", [False, True])
async def test_a_withdrawn_rating_supersedes_and_a_higher_version_raises_again(
    client: AsyncClient,
    tenant: Tenant,
    owner: asyncpg.Connection,
    fallen: list[dict[str, Any]],
    *,
    batch: bool,
) -> None:
    low = fallen[-1]
    if batch:
        await send_batch(client, [withdrawal(low, 2)])
    else:
        await void(client, low["id"])
    (stored,) = await signals_of(owner, tenant)
    assert stored["state"] == "superseded"
    assert stored["superseded_by"] == {"cause": "response_voided", "response_id": low["id"]}
    assert (await events_of(owner, tenant))[-2:] == [
        ("response.voided", UUID(low["id"])),
        ("signal.superseded", stored["id"]),
    ]
    revived = await store(client, bare(low) | {"external_version": 3})
    old, new = await signals_of(owner, tenant)
    assert (old["state"], new["state"]) == ("superseded", "open")
    assert new["response_id"] == UUID(revived["id"])


async def test_a_rating_moved_to_another_alliance_takes_its_signals_from_the_first(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection, fallen: list[dict[str, Any]]
) -> None:
    moved = await store(client, bare(fallen[-1]) | {"external_version": 2, "alliance": pair()})
    (stored,) = await signals_of(owner, tenant)
    assert stored["state"] == "superseded"
    assert stored["superseded_by"] == {"cause": "response_amended", "response_id": moved["id"]}
    assert moved["signals"] == []


async def test_a_late_rating_supersedes_what_the_past_no_longer_supports(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    """Low all along, it turns out: then the low rating is no fall."""
    alliance = pair()
    await store_all(client, falling(alliance))
    (opened,) = await signals_of(owner, tenant)
    between = [
        rating(alliance, 0, 1) | {"occasion": {"occurred_at": day(4, n), "session_ref": f"x-{n}"}}
        for n in range(1, 6)
    ]
    assert (await send_batch(client, between)).status_code == 207
    stored = next(one for one in await signals_of(owner, tenant) if one["id"] == opened["id"])
    assert stored["state"] == "superseded"
    assert stored["superseded_by"]["cause"] == "stream_changed"
    told = [kind for kind, subject in await events_of(owner, tenant) if subject == opened["id"]]
    assert told == ["signal.opened", "signal.superseded"]
    await must_be_that_of_the_rows(owner, tenant)


async def test_what_is_found_late_is_recorded(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    alliance = pair()
    *calm, low = falling(alliance)
    first = await store(client, low)
    assert first["signals"] == []
    assert (await send_batch(client, calm)).status_code == 207
    (stored,) = await signals_of(owner, tenant)
    assert (stored["state"], stored["response_id"]) == ("recorded", UUID(first["id"]))
    assert (await record(client, first["id"]))["record_status"] == "current"
    told = await events_of(owner, tenant)
    assert told[-1] == ("signal.opened", stored["id"])


async def test_a_late_rating_for_fewer_readers_narrows_what_stands(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection, fallen: list[dict[str, Any]]
) -> None:
    """A signal rests on all before it: nobody may read out of it what they were not to see."""
    alliance = fallen[0]["alliance"]
    late = {"session_ref": "between", "occurred_at": day(0, 2)}
    await store(client, rating(alliance, 0) | {"occasion": late, "notice": NARROW})
    old, new = await signals_of(owner, tenant)
    assert (old["state"], new["state"]) == ("superseded", "recorded")
    for one in (old, new):
        assert set(one["audience"]) == {"client", "supervisor", "system"}


async def test_what_was_raised_and_taken_back_in_one_batch_is_stored_all_the_same(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    sent = falling(pair())
    changed = sent[-1] | {"external_version": 2, "answers": items(4)}
    assert (await send_batch(client, [*sent, changed])).status_code == 207
    (stored,) = await signals_of(owner, tenant)
    assert stored["state"] == "superseded"
    kinds = [kind for kind, subject in await events_of(owner, tenant) if subject == stored["id"]]
    assert kinds == ["signal.opened", "signal.superseded"]


def five_years(seed: int) -> list[dict[str, Any]]:
    """Weekly ratings with falls that last for some weeks."""
    random = Random(seed)  # noqa: S311 - no secret
    alliance, low = pair(), 0
    sent = []
    for week in range(WEEKS):
        low = low - 1 if low else (random.randint(1, 5) if random.random() < 0.04 else 0)
        answers = {
            str(item): max(1, min(5, (2 if low else 4) + random.choice((-1, 0, 0, 0, 1))))
            for item in range(1, 13)
        }
        sent.append(
            rating(alliance, week, backfill=True)
            | {"answers": answers, "external_id": f"week-{week}"}
        )
    return sent


Load = Callable[[AsyncClient, list[dict[str, Any]]], Awaitable[None]]


async def singly(client: AsyncClient, sent: list[dict[str, Any]]) -> None:
    await store_all(client, sent)


async def in_batches(client: AsyncClient, sent: list[dict[str, Any]]) -> None:
    for start in range(0, len(sent), 500):
        begun = perf_counter()
        answer = await send_batch(client, sent[start : start + 500])
        print(f"{perf_counter() - begun:.2f} s")  # noqa: T201 - shown when it fails
        assert {one["verdict"] for one in answer.json()["items"]} == {"accepted"}


def in_order(sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sent


def backwards(sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sent[::-1]


def shuffled(sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return Random(1).sample(sent, len(sent))  # noqa: S311 - no secret


async def test_five_years_of_history_end_alike_however_they_come(
    tenant: Tenant, owner: asyncpg.Connection, new_tenant: Callable[..., Awaitable[Tenant]]
) -> None:
    ends = []
    ways: list[tuple[Any, Load]] = [
        (in_order, singly),
        (in_order, in_batches),
        (backwards, in_batches),
        (shuffled, in_batches),
    ]
    sent = five_years(seed=7)
    for order, load in ways:
        one = await new_tenant()
        async with one.client() as client:
            await load(client, order(sent))
        await must_be_that_of_the_rows(owner, one)
        ends.append(await standing(owner, one))
    assert ends == ends[:1] * len(ways)
    assert len(ends[0]) > 5


@pytest.mark.parametrize("order", [shuffled, backwards])
async def test_a_full_batch_of_one_stream_in_no_order_is_done_in_time(
    client: AsyncClient, order: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]
) -> None:
    sent = five_years(seed=3)
    more = [
        one | {"external_id": f"more-{week}", "occasion": {"occurred_at": day(WEEKS + week)}}
        for week, one in enumerate(five_years(seed=4)[:240])
    ]
    both = [one | {"alliance": sent[0]["alliance"]} for one in (*sent, *more)]
    begun = perf_counter()
    answer = await send_batch(client, order(both))
    taken = perf_counter() - begun
    print(f"{taken:.2f} s")  # noqa: T201 - shown when it fails
    assert answer.status_code == 207, answer.json()
    assert {one["verdict"] for one in answer.json()["items"]} == {"accepted"}
    assert taken < TRANSACTION_SECONDS
