"""Levels, slopes, drops, agreement, marks and signals of a course, for one reader."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Clock, Tenant
from tests.support.corrections import store, trend, void
from tests.support.factories import mark, pair, submission
from tests.support.meetings import noticed

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
PARTS = {
    "goals": ("4", "6", "8", "11"),
    "tasks": ("1", "2", "10", "12"),
    "bond": ("3", "5", "7", "9"),
}
STEADY = {"goals": (4, 4, 4, 5), "tasks": (4, 4, 5, 4), "bond": (4, 4, 4, 4)}
FALLEN = STEADY | {"goals": (2, 1, 2, 2)}
Send = Callable[..., Awaitable[dict[str, Any]]]


def answers(parts: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    return {
        item: value
        for part, items in PARTS.items()
        for item, value in zip(items, parts[part], strict=True)
    }


@pytest.fixture
def alliance() -> dict[str, Any]:
    return pair(client_ref="c", professional_ref="p")


@pytest.fixture
def send(client: AsyncClient, alliance: dict[str, Any]) -> Send:
    async def one(number: int, role: str = "client", **fields: Any) -> dict[str, Any]:
        occasion = {
            "session_number": number,
            "occurred_at": (START + number * timedelta(days=7)).isoformat(),
        }
        sent = {"answers": answers(STEADY)} | fields
        return await store(
            client,
            submission(alliance=alliance, rater={"role": role}, occasion=occasion, **sent),
        )

    return one


async def every_scale(client: AsyncClient, alliance_id: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/alliances/{alliance_id}/trend")
    shown: dict[str, Any] = answer.json()
    return shown


async def course(send: Send) -> list[dict[str, Any]]:
    """Eight sessions of both sides: the client's goals fall at the sixth and are back at the 8th.

    The professional notices nothing.
    """
    made = []
    for number in range(1, 9):
        parts = FALLEN if number in {6, 7} else STEADY
        made.append(await send(number, answers=answers(parts)))
        await send(number, "professional", answers={str(n): 4 for n in range(1, 13)})
    return made


async def test_a_drop_that_one_side_did_not_see_and_its_repair(
    client: AsyncClient, tenant: Tenant, send: Send
) -> None:
    made = await course(send)
    sixth, eighth = made[5], made[7]
    (signal,) = sixth["signals"]
    assert (signal["code"], signal["severity"]) == ("sudden_drop", "alert")
    assert signal["parameters"]["fell"][0] == "goals"

    shown = await every_scale(client, sixth["alliance_id"])
    drops = {one["scale"]: one for one in shown["drops"]}
    assert drops.keys() == {"goals", "total"}
    goals = drops["goals"]
    assert (goals["state"], goals["shape"], goals["ratings_to_repair"]) == ("repaired", "u", 2)
    assert goals["days_to_repair"] == 14.0
    assert (goals["reference"], goals["lowest"], goals["depth"]) == (17.0, 7.0, 10.0)
    assert goals["signalled_response_id"] == sixth["id"]
    assert goals["repaired_response_id"] == eighth["id"]
    assert drops["total"]["signal_id"] == signal["id"]
    assert goals["signal_id"] is None  # the whole alarmed, and names the goals
    assert [one["id"] for one in shown["signals"] if one["severity"] == "alert"] == [signal["id"]]

    async with tenant.client(**{"Rapport-Actor": "supervisor;s"}) as supervisor:
        seen = await every_scale(supervisor, sixth["alliance_id"])
    blind = [one for one in seen["signals"] if one["code"] == "blind_spot"]
    assert {one["scale"] for one in blind} == {"total"}
    assert all(one["audience"] == ["supervisor"] for one in blind)
    assert {one["response_ids"][0] for one in blind} == {sixth["id"]}


async def test_a_drop_that_is_open_at_the_end_ended_with_the_alliance(
    client: AsyncClient, send: Send
) -> None:
    for number in range(1, 6):
        await send(number)
    last = await send(6, answers=answers(FALLEN))
    place = f"/v1/alliances/{last['alliance_id']}"

    async def states() -> set[str]:
        return {one["state"] for one in (await trend(client, last["alliance_id"]))["drops"]}

    assert await states() == {"open"}
    ended = {"ended_on": "2026-06-01", "end_reason": "dropped_out"}
    answer = await client.patch(place, json=ended, headers={"If-Match": '"1"'})
    assert answer.status_code == 200
    assert await states() == {"ended_while_open"}


async def test_level_and_slope_say_how_sure_they_are(client: AsyncClient, send: Send) -> None:
    for number in range(1, 4):
        made = await send(number)
    stream = (await trend(client, made["alliance_id"]))["streams"][0]
    widths = []
    for point in stream["points"]:
        level = point["level"]
        assert level["low"] <= level["mean"] <= level["high"]
        widths.append(level["high"] - level["low"])
    assert widths == sorted(widths, reverse=True)
    assert stream["slope"] is None

    await send(4)
    shown = await trend(client, made["alliance_id"])
    slope = shown["streams"][0]["slope"]
    assert slope["low"] < slope["per_rating"] < slope["high"]
    assert (slope["label"], slope["shape"], slope["ratings"]) == ("not_clear", None, 4)
    codes = [one["code"] for one in shown["not_computed"]]
    assert codes == ["signal_parameters"]


async def test_a_steep_fall_is_labelled_and_a_window_leaves_the_slope_whole(
    client: AsyncClient, send: Send
) -> None:
    values = (5, 5, 4, 4, 3, 3, 2, 2, 1, 1)
    for number, value in enumerate(values, start=1):
        made = await send(number, answers={str(n): value for n in range(1, 13)})
    whole = (await trend(client, made["alliance_id"]))["streams"][0]
    assert whole["slope"]["label"] == "falling"
    part = await trend(client, made["alliance_id"], **{"from": "2026-05-01"})
    windowed = part["streams"][0]
    assert len(windowed["points"]) < len(whole["points"])
    assert windowed["slope"] == whole["slope"]
    assert windowed["points"] == whole["points"][-len(windowed["points"]) :]


async def test_agreement_needs_eight_occasions_for_tracking(
    client: AsyncClient, send: Send
) -> None:
    for number in range(1, 10):
        client_value, professional_value = 2 + number % 3, 3 + (number % 3) / 3
        made = await send(number, answers={str(n): client_value for n in range(1, 13)})
        whole = int(professional_value)
        await send(number, "professional", answers={str(n): whole for n in range(1, 13)})
        if number == 7:
            early = (await trend(client, made["alliance_id"]))["dyad"]["agreement"]
            assert all(one["tracking"] is None for one in early)
    shown = await trend(client, made["alliance_id"])
    total = next(one for one in shown["dyad"]["agreement"] if one["scale"] == "total")
    assert (total["occasions"], total["client_ref"], total["professional_ref"]) == (9, "c", "p")
    differences = [one["difference"] for one in shown["dyad"]["pairs"] if one["scale"] == "total"]
    assert total["gap"]["mean"] == pytest.approx(sum(differences) / 9, abs=1e-3)
    assert total["tracking"]["tracking"] == 0.0  # the professional never moves
    assert total["congruence"] is None


async def test_published_rules_stand_beside_and_raise_nothing(
    client: AsyncClient, send: Send
) -> None:
    made = await course(send)
    shown = await trend(client, made[0]["alliance_id"], rules="jt_previous,srs36,individuals_2s")
    rules = {(one["rule"], one["form"]): one for one in shown["published_rules"]}
    assert rules.keys() == {
        (rule, form)
        for rule in ("jt_previous", "individuals_2s")  # srs36 belongs to another instrument
        for form in ("client", "professional")
    }
    assert rules["jt_previous", "client"]["response_ids"] == [made[5]["id"]]
    assert rules["jt_previous", "client"]["approximation"] is True
    assert len([one for one in shown["signals"] if one["code"] == "sudden_drop"]) == 1


async def test_what_was_known_then_is_shown_with_its_state_then(
    client: AsyncClient, send: Send, clock: Clock
) -> None:
    clock.fixed = now = datetime(2026, 11, 1, tzinfo=UTC)
    for number in range(1, 6):
        await send(number)
    last = await send(6, answers=answers(FALLEN))
    alliance_id, signal = last["alliance_id"], last["signals"][0]
    hour = timedelta(hours=1)
    clock.fixed = now + hour
    acted = await client.post(f"/v1/signals/{signal['id']}/actions", json={"kind": "discuss"})
    assert acted.status_code == 201
    await noticed(client, alliance_id, mark(occasion={"session_number": 6}))
    clock.fixed = now + 2 * hour
    await void(client, last["id"], reason="Entered for the wrong person.")

    async def at(moment: datetime) -> tuple[list[tuple[str, str]], int]:
        shown = await trend(client, alliance_id, as_of=moment.isoformat())
        return [(s["code"], s["state"]) for s in shown["signals"]], len(shown["marks"])

    assert await at(now - hour) == ([], 0)
    assert await at(now) == ([("sudden_drop", "open")], 0)
    rupture = ("reported_rupture", "open")
    assert await at(now + hour) == ([("sudden_drop", "discussed"), rupture], 1)
    assert await at(now + 2 * hour) == ([("sudden_drop", "superseded"), rupture], 1)


@pytest.mark.parametrize(
    ("level", "value", "level_shown"), [("scores", 40.0, True), ("signals", None, False)]
)
async def test_a_signal_shows_no_number_to_whom_scores_are_not_shown(
    tenant: Tenant,
    send: Send,
    level: str,
    value: float | None,
    level_shown: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    notice = {"audience": ["professional"], "level": level}
    for number in range(1, 6):
        await send(number, notice=notice)
    last = await send(6, answers=answers(FALLEN), notice=notice)
    async with tenant.client(**{"Rapport-Actor": "professional;p"}) as professional:
        shown = await trend(professional, last["alliance_id"])
    (signal,) = shown["signals"]
    assert (signal["value"], bool(signal["parameters"])) == (value, level_shown)
    levels = [one["level"] for stream in shown["streams"] for one in stream["points"]]
    assert any(levels) == level_shown
    assert bool(shown["drops"]) == level_shown
