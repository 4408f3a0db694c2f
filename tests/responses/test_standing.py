"""Where streams stand, kept with their state, is what the trend shows of their newest ratings."""

from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from httpx import AsyncClient

from app.measurement.standing import ScaleStanding
from app.responses.stream_state import Stream, StreamStanding, standing_of
from tests.support.corrections import store, void
from tests.support.factories import pair, submission
from tests.support.raising import falling, rating, store_all

ALL = {"client", "professional", "supervisor", "system"}


async def standings(
    owner: asyncpg.Connection, alliance_id: str
) -> dict[tuple[str, str], StreamStanding]:
    """Rater's role and language -> where that stream stands."""
    found = await owner.fetchval(
        "SELECT streams FROM alliance_state WHERE alliance_id = $1", UUID(alliance_id)
    )
    read = {Stream.named(name): standing_of(state) for name, state in found.items()}
    assert all(read.values())
    return {(one.rater_role, one.language): state for one, state in read.items() if state}


def shown(found: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """The same as a trend tells it: scale -> level, since when, and the drop that is open."""
    streams: dict[tuple[str, str], dict[str, Any]] = {}
    for one in found["streams"]:
        told = streams.setdefault((one["rater"]["role"], one["language"]), {})
        judged = [point for point in one["points"] if point["level"]]
        if judged:
            level = judged[-1]["level"]
            told[one["scale"]] = (
                (level["mean"], level["low"], level["high"]),
                when(judged[-1]),
                open_drop(found, one),
            )
    return streams


def open_drop(found: dict[str, Any], stream: dict[str, Any]) -> tuple[Any, ...] | None:
    by_id = {point["response_id"]: point for point in stream["points"]}
    same = ("rater", "language", "scale", "form")
    drops = [
        (
            one["signalled_response_id"],
            when(by_id[one["signalled_response_id"]]),
            one["reference"],
            one["lowest"],
        )
        for one in found["drops"]
        if one["state"] == "open" and all(one[name] == stream[name] for name in same)
    ]
    assert len(drops) < 2
    return drops[0] if drops else None


def when(point: dict[str, Any]) -> tuple[datetime | None, str | None]:
    at = point["occurred_at"] and datetime.fromisoformat(point["occurred_at"])
    return at, str(at.date()) if at else point["occurred_on"]


def told(one: ScaleStanding) -> tuple[Any, ...]:
    drop = one.drop
    return (
        tuple(one.level),
        in_utc(one.at, one.on),
        drop
        and (
            drop.since_response, in_utc(drop.since_at, drop.since_on), drop.reference, drop.lowest
        ),
    )  # fmt: skip


def in_utc(at: datetime | None, on: object) -> tuple[datetime | None, str | None]:
    return at, None if on is None else str(on)


def history(random: Random, alliance: dict[str, Any]) -> list[dict[str, Any]]:
    """Both sides, in two languages, some totals only, falls among them; in any order."""
    sent = []
    for week in range(18):
        low = random.random() < 0.2
        one = submission(
            alliance=alliance,
            rater={"role": random.choice(("client", "professional"))},
            language=random.choice(("en", "en", "de")),
            occasion={"session_ref": f"s-{week}", "occurred_on": f"2026-03-{week + 1:02}"},
            answers={
                str(item): 1 if low else random.choice((4, 4, 5, "declined"))
                for item in range(1, 13)
            },
        )
        if random.random() < 0.1:
            del one["answers"]
            one["reported_scores"] = [{"scale": "total", "mean": 3.25}]
        sent.append(one)
    if random.random() < 0.5:
        random.shuffle(sent)
    return sent


@pytest.mark.parametrize("seed", range(6))
async def test_it_is_what_the_trend_shows_of_the_newest_ratings(
    client: AsyncClient, owner: asyncpg.Connection, seed: int
) -> None:
    random = Random(seed)  # noqa: S311 - no secret
    made = await store_all(client, history(random, pair()))
    await void(client, random.choice(made)["id"])

    kept = await standings(owner, made[0]["alliance_id"])
    answer = await client.get(f"/v1/alliances/{made[0]['alliance_id']}/trend")
    found = shown(answer.json())
    assert any(standing[2] for scales in found.values() for standing in scales.values()) or seed
    assert {
        stream: {scale: told(one) for scale, one in state.scales.items()}
        for stream, state in kept.items()
    } == found
    assert all(state.readers == ALL for state in kept.values())


async def test_an_open_drop_is_kept_since_its_alarm_and_gone_with_its_return(
    client: AsyncClient, owner: asyncpg.Connection
) -> None:
    alliance = pair()
    made = await store_all(client, [*falling(alliance), rating(alliance, 6, 2)])
    (state,) = (await standings(owner, made[0]["alliance_id"])).values()
    drop = state.scales["total"].drop
    assert drop is not None
    assert (drop.since_response, drop.reference, drop.lowest) == (made[5]["id"], 48.0, 12.0)
    assert str(drop.since_on) == "2014-02-10"
    assert str(state.scales["total"].on) == "2014-02-17"

    await store(client, rating(alliance, 7, 4))
    (state,) = (await standings(owner, made[0]["alliance_id"])).values()
    assert {scale: one.drop for scale, one in state.scales.items()} == dict.fromkeys(state.scales)


@pytest.mark.parametrize(
    ("narrow", "readers"),
    [
        ({"audience": ["client"], "level": "scores"}, {"client", "system"}),
        ({"audience": ["client", "professional"], "level": "signals"}, set()),
    ],
)
async def test_it_is_for_those_who_may_see_every_rating(
    client: AsyncClient, owner: asyncpg.Connection, narrow: dict[str, Any], readers: set[str]
) -> None:
    alliance = pair()
    made = await store(client, rating(alliance, 0, 5, notice=narrow))
    await store(client, rating(alliance, 1, 4))
    (state,) = (await standings(owner, made["alliance_id"])).values()
    assert state.readers == readers


async def test_a_scale_without_a_value_stands_where_it_stood(
    client: AsyncClient, owner: asyncpg.Connection
) -> None:
    alliance = pair()
    made = await store(client, rating(alliance, 0, 4))
    (before,) = (await standings(owner, made["alliance_id"])).values()
    later = rating(alliance, 1, 1)
    del later["answers"]
    later["reported_scores"] = [{"scale": "total", "mean": 2.0}]
    await store(client, later)
    (after,) = (await standings(owner, made["alliance_id"])).values()
    assert after.scales["bond"] == before.scales["bond"]
    assert after.scales["total"].level < before.scales["total"].level
    assert after.scales["total"].on != before.scales["total"].on


def test_a_state_of_an_earlier_release_has_none() -> None:
    assert standing_of({"revision": "1"}) is None
