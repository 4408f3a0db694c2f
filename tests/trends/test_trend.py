"""The course of an alliance: order of occasions, streams apart, both sides side by side."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Clock
from tests.support.factories import pair, submission


def all_items(value: int) -> dict[str, int]:
    return {str(item): value for item in range(1, 13)}


async def send(client: AsyncClient, alliance: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = await client.post("/v1/responses", json=submission(alliance=alliance, **fields))
    assert answer.status_code == 201, answer.json()
    made: dict[str, Any] = answer.json()
    return made


async def trend_of(client: AsyncClient, alliance_id: str, **parameters: Any) -> dict[str, Any]:
    answer = await client.get(f"/v1/alliances/{alliance_id}/trend", params=parameters)
    assert answer.status_code == 200, answer.json()
    found: dict[str, Any] = answer.json()
    return found


def stream(trend: dict[str, Any], scale: str = "total", role: str = "client") -> dict[str, Any]:
    (found,) = (s for s in trend["streams"] if s["scale"] == scale and s["rater"]["role"] == role)
    made: dict[str, Any] = found
    return made


async def test_points_stand_in_the_order_of_occasions_not_of_arrival(client: AsyncClient) -> None:
    alliance = pair()
    for day, value in (("03", 3), ("01", 1), ("04", 4), ("02", 2)):
        made = await send(
            client,
            alliance,
            occasion={"occurred_at": f"2026-10-{day}T09:00:00+02:00"},
            answers=all_items(value),
        )
    found = stream(await trend_of(client, made["alliance_id"]))

    assert [point["value"] for point in found["points"]] == [12.0, 24.0, 36.0, 48.0]
    assert (found["first"]["value"], found["latest"]["value"]) == (12.0, 48.0)
    assert found["change_since_previous"]["difference"] == 12.0
    assert found["change_since_first"]["difference"] == 36.0
    assert found["points"][0]["occurred_at"] == "2026-10-01T09:00:00+02:00"


async def test_a_late_response_is_compared_with_what_came_before_its_occasion(
    client: AsyncClient,
) -> None:
    alliance = pair()
    first = await send(client, alliance, occasion={"session_number": 1}, answers=all_items(2))
    await send(client, alliance, occasion={"session_number": 3}, answers=all_items(5))
    late = await send(client, alliance, occasion={"session_number": 2}, answers=all_items(3))
    after = await send(client, alliance, occasion={"session_number": 4}, answers=all_items(4))

    totals = {c["reference"]: c for c in late["change"] if c["scale"] == "total"}
    assert totals["previous"]["difference"] == 12.0
    assert totals["previous"]["reference_response_id"] == first["id"]
    totals = {c["reference"]: c for c in after["change"] if c["scale"] == "total"}
    assert (totals["previous"]["difference"], totals["first"]["difference"]) == (-12.0, 24.0)


async def test_what_a_submission_was_answered_equals_what_the_trend_shows(
    client: AsyncClient,
) -> None:
    alliance = pair()
    for number, value in enumerate((4, 2, 5, 3), start=1):
        made = await send(
            client, alliance, occasion={"session_number": number}, answers=all_items(value)
        )
    found = stream(await trend_of(client, made["alliance_id"]), "bond")
    answered = {c["reference"]: c for c in made["change"] if c["scale"] == "bond"}
    assert found["change_since_previous"] == answered["previous"]
    assert found["change_since_first"] == answered["first"]


async def test_the_threshold_is_within_person_and_says_that_it_is_assumed(
    client: AsyncClient,
) -> None:
    alliance = pair()
    await send(client, alliance, occasion={"session_number": 1})
    made = await send(client, alliance, occasion={"session_number": 2}, answers=all_items(1))
    (total,) = (c for c in made["change"] if c["scale"] == "total" and c["reference"] == "previous")
    # 1.96 * sqrt(2) * 12 items * 0.55 * (5 - 1) / 6 * sqrt(1 - .75)
    assert total["threshold"] == pytest.approx(6.098, abs=0.001)
    assert total["reliable"] is None
    assert total["basis"]["source"] == "assumed"
    assert total["basis"]["kind"] == "within_person"


async def test_streams_are_never_joined(client: AsyncClient) -> None:
    alliance = pair()
    occasion = {"session_number": 1}
    await send(client, alliance, occasion=occasion)
    await send(client, alliance, occasion=occasion, language="de")
    await send(client, alliance, occasion=occasion, rater={"role": "professional"})
    await send(client, alliance, occasion=occasion, assistance={"proxy_ref": "sister"})
    await send(client, alliance, occasion=occasion, about_ref="group")
    made = await send(client, alliance, occasion=occasion, instrument="wai-s-1989")

    found = await trend_of(client, made["alliance_id"], scale="total")
    assert [len(s["points"]) for s in found["streams"]] == [1] * 6
    named = {
        (
            s["rater"]["role"],
            s["rater"]["proxy_ref"],
            s["about"]["role"],
            s["instrument"],
            s["language"],
        )
        for s in found["streams"]
    }
    assert len(named) == 6


async def test_both_sides_of_an_occasion_stand_side_by_side(client: AsyncClient) -> None:
    alliance = pair()
    for number, client_value, professional_value in ((1, 4, 3), (2, 2, 4)):
        occasion = {"session_ref": f"s-{number}", "session_number": number}
        await send(client, alliance, occasion=occasion, answers=all_items(client_value))
        await send(
            client,
            alliance,
            occasion=occasion,
            rater={"role": "professional"},
            answers=all_items(professional_value),
        )
    alone = await send(client, alliance, occasion={"session_number": 3}, answers=all_items(3))

    dyad = (await trend_of(client, alone["alliance_id"], scale="total"))["dyad"]
    assert [
        (p["client"]["value"], p["professional"]["value"], p["difference"]) for p in dyad["pairs"]
    ] == [(48.0, 36.0, 12.0), (24.0, 48.0, -24.0)]
    assert [one["response_id"] for one in dyad["unpaired"]] == [alone["id"]]
    of_one_side = await trend_of(client, alone["alliance_id"], scale="total", role="client")
    assert {s["rater"]["role"] for s in of_one_side["streams"]} == {"client"}
    assert of_one_side["dyad"] == dyad


async def test_a_rating_that_cannot_be_scored_stays_in_the_trend_as_null(
    client: AsyncClient,
) -> None:
    alliance = pair()
    await send(client, alliance, occasion={"session_number": 1})
    made = await send(
        client,
        alliance,
        occasion={"session_number": 2},
        answers={str(i): "declined" for i in range(1, 13)},
    )
    found = stream(await trend_of(client, made["alliance_id"]))
    point = found["points"][1]
    assert (point["value"], point["status"], point["band"]) == (None, "not_scorable", None)
    assert found["latest"]["response_id"] == found["first"]["response_id"]
    assert {score["value"] for score in made["scores"]} == {None}
    assert made["quality"][0]["code"] == "many_declined"


async def test_undated_ratings_without_numbers_everywhere_are_unplaced(client: AsyncClient) -> None:
    alliance = pair()
    await send(client, alliance, occasion={"occurred_on": "2026-10-01"})
    made = await send(client, alliance, occasion={"session_number": 2})
    found = stream(await trend_of(client, made["alliance_id"]))

    assert [point["response_id"] for point in found["unplaced"]] == [made["id"]]
    assert len(found["points"]) == 1
    assert [c["code"] for c in made["not_computed"]] == ["low_level", "drop_signals", "change"]


async def test_the_trend_can_be_narrowed(client: AsyncClient) -> None:
    alliance = pair()
    for day in (1, 2, 3):
        made = await send(client, alliance, occasion={"occurred_on": f"2026-10-0{day}"})
    await send(client, alliance, occasion={"occurred_on": "2026-10-01"}, instrument="wai-s-1989")

    window = await trend_of(
        client,
        made["alliance_id"],
        instrument="wai-sr-2006",
        form="client",
        role="client",
        scale="bond",
        **{"from": "2026-10-02", "to": "2026-10-02"},
    )
    assert [(s["scale"], len(s["points"])) for s in window["streams"]] == [("bond", 1)]


async def test_as_of_shows_what_was_known_then(client: AsyncClient, clock: Clock) -> None:
    alliance = pair()
    start = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
    for hour, number in enumerate((1, 3, 2)):
        clock.fixed = start + timedelta(hours=hour)
        made = await send(client, alliance, occasion={"session_number": number})

    known = stream(await trend_of(client, made["alliance_id"], as_of="2026-11-01T13:00:00Z"))
    assert [point["session_number"] for point in known["points"]] == [1, 3]
    before = await trend_of(client, made["alliance_id"], as_of="2026-11-01T11:59:59Z")
    assert before["streams"] == []


async def test_receipt_never_goes_back_within_an_alliance(
    client: AsyncClient, clock: Clock
) -> None:
    alliance = pair()
    times = []
    for minute in (30, 10, 40):
        clock.fixed = datetime(2026, 11, 1, 12, minute, tzinfo=UTC)
        times.append((await send(client, alliance))["received_at"])
    assert times == sorted(times)


async def test_what_is_not_computed_is_said(client: AsyncClient) -> None:
    alliance = pair()
    first = await send(client, alliance, occasion={"session_number": 1})
    nothing = {str(item): "declined" for item in range(1, 13)}
    unscored = await send(client, alliance, occasion={"session_number": 2}, answers=nothing)
    made = await send(client, alliance, occasion={"session_number": 3})
    why = [one["not_computed"][-1] for one in (first, unscored, made)]
    assert [one["code"] for one in why] == ["change", "change", "reliable_change"]
    assert "first" in why[0]["why"]
    assert "could be scored" in why[1]["why"]
    codes = [one["code"] for one in (await trend_of(client, made["alliance_id"]))["not_computed"]]
    assert codes == ["slope", "no_dates", "signal_parameters"]
