"""An own instrument from nothing to a trend, everywhere where an instrument can be named."""

from typing import Any

import httpx
from fastapi import FastAPI
from httpx import AsyncClient

from app.main import create_app
from app.settings import Settings
from tests.conftest import Tenant
from tests.support.contract import ContractTransport
from tests.support.factories import pair, report, submission
from tests.support.own import ANSWERS, OWN, definition, draft, filled, publish, sums, unreversed


async def stored(client: AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post("/v1/responses", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def trend(client: AsyncClient, alliance_id: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/alliances/{alliance_id}/trend")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_made_revised_and_used_through_the_api_from_nothing(client: AsyncClient) -> None:
    assert (await client.post("/v1/responses", json=filled())).status_code == 422
    await draft(client, definition())
    answer = await client.post("/v1/responses", json=filled())
    assert answer.json()["errors"][0]["code"] == "unknown_instrument"  # a draft scores nothing

    published = await publish(client, definition())
    alliance = pair()
    first = await stored(client, filled(alliance=alliance))
    assert sums(first) == {"bond": 7, "tasks": 5, "total": 12}
    assert first["instrument_revision"] == "1.0"
    record = (await client.get(f"/v1/responses/{first['id']}")).json()
    assert record["definition_sha256"] == published["sha256"]

    await publish(client, unreversed("1.1"))
    occasion = {"session_number": 2, "occurred_at": "2026-10-08T10:00:00+02:00"}
    second = await stored(client, filled(alliance=alliance, occasion=occasion))
    assert (second["instrument_revision"], sums(second)["tasks"]) == ("1.1", 3)
    # Compared under one key: nothing has changed.
    assert {one["difference"] for one in second["change"] if one["scale"] == "tasks"} == {0}

    found = await trend(client, first["alliance_id"])
    streams = {one["scale"]: one for one in found["streams"]}
    assert streams["tasks"]["instrument_revision"] == "1.1"
    assert [point["value"] for point in streams["tasks"]["points"]] == [3, 3]
    kept = (await client.get(f"/v1/responses/{first['id']}")).json()
    assert sums(kept)["tasks"] == 5  # as it was answered first
    named = filled(instrument_revision="1.0")
    assert sums(await stored(client, named))["tasks"] == 5


async def test_scores_batches_occasions_and_settings_know_it(client: AsyncClient) -> None:
    await publish(client, definition())
    score = {"instrument": OWN, "form": "client", "answers": ANSWERS}
    assert sums((await client.post("/v1/scores", json=score)).json())["total"] == 12
    both = {"items": [score, score | {"instrument": "srs-3", "answers": {"1": 9}}]}
    batch = (await client.post("/v1/scores:batch", json=both)).json()["items"]
    assert [one["status"] for one in batch] == [200, 200]

    alliance = pair()
    rows = [filled(alliance=alliance), submission(alliance=alliance), filled()]
    answer = await client.post("/v1/responses:batch", json={"items": rows})
    assert [one["status"] for one in answer.json()["items"]] == [201, 201, 201]
    again = await client.post("/v1/responses:batch", json={"items": rows})
    assert [one["status"] for one in again.json()["items"]] == [200, 200, 200]

    invited = {"rater": {"role": "client"}, "instrument": OWN, "state": "invited"}
    told = await client.post("/v1/occasions", json=report(invited=[invited]))
    assert told.status_code == 201

    known = {"instrument": OWN, "form": "client", "scale": "total"}
    parameters = {
        "mean": 2.5, "between_sd": 0.6, "slope_mean": 0.02, "slope_sd": 0.03, "within_sd": 0.4,
        "reliability": 0.7, "decay_per_day": 0.1, "volatility_log_sd": 0.4,
    }  # fmt: skip
    one = known | {"parameters": parameters, "cases": 100, "ratings": 400, "method": "m"}
    settings = {"alerts_per_100_ratings": 3, "parameter_sets": [one]}
    put = await client.put("/v1/signal-settings", json=settings, headers={"If-Match": '"0"'})
    assert put.status_code == 200


async def test_corrections_reach_an_instrument_that_they_do_not_name(client: AsyncClient) -> None:
    await publish(client, definition())
    alliance = pair()
    own = filled(alliance=alliance)
    first = await stored(client, own)
    shipped = submission(alliance=alliance, external_id=own["external_id"], external_version=2)
    moved = await stored(client, shipped)
    found = await trend(client, first["alliance_id"])
    assert {one["instrument"] for one in found["streams"]} == {"wai-sr-2006"}
    back = await stored(client, own | {"external_version": 3})
    answer = await client.post(f"/v1/responses/{back['id']}/void", json={"reason": "wrong person"})
    assert (answer.status_code, moved["amends"]) == (200, first["id"])
    assert (await trend(client, first["alliance_id"]))["streams"] == []


async def test_what_one_process_publishes_the_next_request_of_another_sees(
    client: AsyncClient, tenant: Tenant, settings: Settings
) -> None:
    other: FastAPI = create_app(settings)
    async with other.router.lifespan_context(other):
        transport = ContractTransport(httpx.ASGITransport(other))
        headers = {"Authorization": f"Bearer {tenant.key}"}
        async with AsyncClient(
            transport=transport, base_url="http://service", headers=headers
        ) as second:
            assert (await second.post("/v1/responses", json=filled())).status_code == 422
            await publish(client, definition())
            alliance = pair()
            assert sums(await stored(second, filled(alliance=alliance)))["tasks"] == 5
            await publish(second, unreversed("1.1"))
            occasion = {"session_number": 2}
            made = await stored(client, filled(alliance=alliance, occasion=occasion))
            assert made["instrument_revision"] == "1.1"


async def test_the_marks_of_its_wording_are_kept_with_a_response(client: AsyncClient) -> None:
    await publish(client, definition())
    body = filled(text_sha256="0123456789abcdef" * 4)
    made = await stored(client, body)
    record = (await client.get(f"/v1/responses/{made['id']}")).json()
    assert record["text_sha256"] == body["text_sha256"]
    replay = await client.post("/v1/responses", json=body)
    assert replay.status_code == 200
    other = await client.post("/v1/responses", json=body | {"text_sha256": "f" * 64})
    assert other.json()["code"] == "external_id_reused"
    malformed = await client.post("/v1/responses", json=filled(text_sha256="F" * 64))
    assert malformed.json()["errors"][0]["pointer"] == "/text_sha256"


async def test_a_fall_in_an_own_instrument_raises_a_signal(client: AsyncClient) -> None:
    await publish(client, definition())
    alliance = pair()
    high, low = {"1": 4, "2": 4, "3": 4, "4": 0}, {"1": 0, "2": 0, "3": 0, "4": 4}
    for number in range(1, 7):
        answers = high | {"1": 3 + number % 2}
        occasion = {"session_number": number, "occurred_on": f"2026-10-{number * 3:02}"}
        calm = await stored(client, filled(alliance=alliance, occasion=occasion, answers=answers))
        assert calm["signals"] == []
    occasion = {"session_number": 7, "occurred_on": "2026-10-21"}
    fallen = await stored(client, filled(alliance=alliance, occasion=occasion, answers=low))
    assert "sudden_drop" in {one["code"] for one in fallen["signals"]}
    listed = (await client.get("/v1/signals")).json()["items"]
    assert {one["id"] for one in fallen["signals"]} <= {one["id"] for one in listed}
    drops = (await trend(client, fallen["alliance_id"]))["drops"]
    assert drops
