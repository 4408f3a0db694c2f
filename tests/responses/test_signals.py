"""A response that raises signals: in its answer, in the table, and among the events."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.responses.signals_shown import LATE
from app.responses.stored_watch import AT
from app.tenants.authentication import KnownKeys
from tests.conftest import Tenant
from tests.support.corrections import send_batch, store
from tests.support.factories import pair, submission
from tests.support.raising import (
    STEADY,
    events_of,
    falling,
    rating,
    signals_of,
    standing,
    store_all,
)

SUPERVISION = {"audience": ["supervisor"], "level": "items"}
NARROW = {"audience": ["client", "supervisor"], "level": "items"}
TO_ALL = {"audience": ["client", "professional", "supervisor"], "level": "items"}
ACTORS = (None, "client;c", "client;another", "professional;p", "supervisor;s")


async def test_a_fall_stands_in_the_answer_as_it_is_stored(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    *calm, low = await store_all(client, falling(pair()))
    assert [one["signals"] for one in calm] == [[]] * len(STEADY)
    (shown,) = low["signals"]
    (stored,) = await signals_of(owner, tenant)
    assert shown["id"] == str(stored["id"])
    assert (shown["scale"], shown["severity"], shown["state"]) == ("total", "alert", "open")
    assert shown["response_ids"] == [low["id"]]
    assert shown["value"] == 12.0
    assert 12.0 <= shown["threshold"] < 48.0
    assert shown["threshold"] == int(shown["threshold"])  # a value that the scale can have
    assert shown["parameters"]["kind"] == "sudden"
    assert [drop["state"] for drop in low["drops"] if drop["scale"] == "total"] == ["open"]


async def test_a_replay_answers_the_signals_that_were_raised(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    *_, sent = sendings = falling(pair())
    *_, made = await store_all(client, sendings)
    await store(client, rating(sent["alliance"], 9))
    again = await client.post("/v1/responses", json=sent)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == made
    assert len(await signals_of(owner, tenant)) == 1


async def test_the_event_of_a_signal_comes_after_that_of_its_response(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    *_, low = await store_all(client, falling(pair()))
    (stored,) = await signals_of(owner, tenant)
    assert (await events_of(owner, tenant))[-2:] == [
        ("response.recorded", UUID(low["id"])),
        ("signal.opened", stored["id"]),
    ]


@pytest.mark.parametrize("batch", [False, True])
async def test_history_is_only_recorded(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection, *, batch: bool
) -> None:
    sent = falling(pair(), backfill=True)
    if batch:
        assert (await send_batch(client, sent)).status_code == 207
    else:
        await store_all(client, sent)
    (stored,) = await signals_of(owner, tenant)
    assert (stored["state"], stored["opened_as"], stored["severity"]) == (
        "recorded",
        "recorded",
        "alert",
    )


async def test_a_rating_that_is_not_the_newest_only_records(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    alliance = pair()
    *calm, low = falling(alliance)
    await store_all(client, [*calm, rating(alliance, 9)])
    made = await store(client, low)
    (stored,) = await signals_of(owner, tenant)
    assert (stored["response_id"], stored["state"]) == (UUID(made["id"]), "recorded")
    assert (made["signals"], made["drops"]) == ([], [])
    whys = [one["why"] for one in made["not_computed"] if one["code"] == "drop_signals"]
    assert whys == [LATE.why]


async def test_a_rating_without_a_place_raises_nothing_and_says_so(client: AsyncClient) -> None:
    alliance = pair()
    await store_all(client, falling(alliance)[:-1])
    made = await store(client, rating(alliance, 9, 1) | {"occasion": {"session_number": 3}})
    assert made["signals"] == []
    assert "drop_signals" in {one["code"] for one in made["not_computed"]}


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize(
    ("first", "later", "seen_by"),
    [
        (TO_ALL, TO_ALL, {None, "client;another", "professional;p", "supervisor;s"}),
        (NARROW, TO_ALL, {None, "client;another", "supervisor;s"}),
        (TO_ALL, NARROW, {None, "client;another", "supervisor;s"}),
        (SUPERVISION, TO_ALL, set[Any]()),  # for supervision, so only in the list of signals
        (TO_ALL, SUPERVISION, set[Any]()),
    ],
)
async def test_a_signal_reaches_no_wider_than_the_narrowest_of_its_ratings(
    tenant: Tenant,
    owner: asyncpg.Connection,
    *,
    actor: str | None,
    first: Mapping[str, Any],
    later: Mapping[str, Any],
    seen_by: set[str | None],
) -> None:
    alliance = pair(client_ref="c", professional_ref="p")
    *calm, low = [
        one | {"notice": later if week else first} for week, one in enumerate(falling(alliance))
    ]
    headers = {} if actor is None else {"Rapport-Actor": actor}
    async with tenant.client() as door, tenant.client(**headers) as caller:
        await store_all(door, calm)
        made = await store(caller, low)
    (stored,) = await signals_of(owner, tenant)
    narrowest = SUPERVISION if SUPERVISION in (first, later) else first
    if NARROW in (first, later):
        narrowest = NARROW
    assert set(stored["audience"]) - {"system"} == set(narrowest["audience"])
    own = actor == "client;c" and narrowest != SUPERVISION
    assert bool(made["signals"]) == (actor in seen_by or own)


async def test_what_nobody_may_see_is_no_signal(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    only_client = {"audience": ["client"], "level": "items"}
    notices = [SUPERVISION, *[only_client] * len(STEADY)]
    pairs = zip(falling(pair()), notices, strict=True)
    await store_all(client, [one | {"notice": notice} for one, notice in pairs])
    assert await signals_of(owner, tenant) == []


@pytest.mark.parametrize(
    ("actor", "remarked"), [("professional;p", False), ("client;c", True), ("client;d", True)]
)
async def test_a_remark_on_earlier_answers_is_for_those_who_may_see_them(
    tenant: Tenant, actor: str, *, remarked: bool
) -> None:
    """Else the same answers again would tell what was answered before."""
    alliance = pair(client_ref="c", professional_ref="p")
    same = [submission()["answers"] for _ in range(6)]
    sent = [
        rating(alliance, week) | {"answers": answers, "notice": NARROW if week == 0 else TO_ALL}
        for week, answers in enumerate(same)
    ]
    async with tenant.client() as door, tenant.client(**{"Rapport-Actor": actor}) as caller:
        await store_all(door, sent[:-1])
        made = await store(caller, sent[-1])
    assert ("repeated_vector" in {one["code"] for one in made["quality"]}) == remarked


async def test_other_settings_watch_the_past_anew_and_unsay_nothing(
    app: FastAPI, client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    alliance = pair()
    await store_all(client, falling(alliance))
    before = await standing(owner, tenant)
    changed = await client.put(
        "/v1/signal-settings",
        json={"alerts_per_100_ratings": 1.0, "parameter_sets": [dull()], "reason": "Own data."},
        headers={"If-Match": '"0"'},
    )
    assert changed.status_code == 200, changed.json()
    app.state.known_keys = KnownKeys()  # else they would act only in half a minute
    await store(client, rating(alliance, 20))
    await store(client, rating(alliance, 19))  # late: the stream is held against its signals
    assert await standing(owner, tenant) == before
    assert len(before) == 1


def dull() -> dict[str, Any]:
    """Parameters of people who vary so much that no fall stands out."""
    return {
        "instrument": "wai-sr-2006", "form": "client", "scale": "total", "language": "en",
        "parameters": {
            "mean": 3.0, "between_sd": 9.0, "slope_mean": 0.0, "slope_sd": 0.1, "within_sd": 9.0,
            "reliability": 0.7, "decay_per_day": 0.1, "volatility_log_sd": 0.4,
        },
        "cases": 412, "ratings": 4630, "method": "Made up.",
    }  # fmt: skip


@pytest.mark.parametrize("left_out", [{AT}, {"standing"}, {AT, "standing"}])
async def test_states_without_a_watch_are_made_anew(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection, left_out: set[str]
) -> None:
    """As an earlier release has left them."""
    alliance, other = pair(), pair()
    *calm, low = falling(alliance)
    made = await store_all(client, calm)
    found = await owner.fetchval(
        "SELECT streams FROM alliance_state WHERE alliance_id = $1", UUID(made[0]["alliance_id"])
    )
    bare = {
        name: {k: v for k, v in state.items() if k not in left_out} | {"watch": {"version": "1"}}
        for name, state in found.items()
    }
    assert found != bare
    await owner.execute(
        "UPDATE alliance_state SET streams = $2 WHERE alliance_id = $1",
        UUID(made[0]["alliance_id"]),
        bare,
    )
    answered = await store(client, low)
    plain = (await store_all(client, falling(other)))[-1]
    assert [said(one) for one in answered["signals"]] == [said(one) for one in plain["signals"]]
    assert answered["signals"] != []


def said(signal: Mapping[str, Any]) -> str:
    kept = ("code", "severity", "scale", "value", "threshold", "parameters", "state", "audience")
    return json.dumps({name: signal[name] for name in kept}, sort_keys=True)


async def test_a_form_below_a_published_cut_is_a_low_level_at_once(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    """It needs no past: a screen, and no drop."""
    lines = {str(line): 6.0 for line in range(1, 5)}
    made = await store(client, submission(instrument="srs-3", answers=lines))
    (shown,) = made["signals"]
    assert (shown["code"], shown["severity"], shown["scale"]) == ("low_level", "watch", "total")
    assert (shown["value"], shown["threshold"]) == (24.0, 36.0)
    assert shown["parameters"]["citation"]
    (stored,) = await signals_of(owner, tenant)
    assert (stored["state"], str(stored["id"])) == ("open", shown["id"])


async def test_one_low_line_that_the_total_hides_is_a_low_item(client: AsyncClient) -> None:
    lines = {"1": 10.0, "2": 10.0, "3": 10.0, "4": 7.0}
    made = await store(client, submission(instrument="srs-3", answers=lines))
    (shown,) = made["signals"]
    assert (shown["code"], shown["value"], shown["threshold"]) == ("low_item", 7.0, 9.0)
    assert shown["parameters"]["items"] == ["4"]
    high = {str(line): 9.5 for line in range(1, 5)}
    assert (await store(client, submission(instrument="srs-3", answers=high)))["signals"] == []
