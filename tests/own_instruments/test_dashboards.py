"""An own instrument on dashboards, in pictures and in exports, as any other."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from app.database import Database
from app.events import service as events
from app.exports.working import Files, work_off
from app.instruments.definitions import shipped
from app.programs import service as programs
from tests.conftest import Tenant
from tests.support.factories import pair
from tests.support.own import OWN, definition, filled, publish


@pytest.fixture
async def rated(client: AsyncClient) -> dict[str, Any]:
    """What a rating with an own instrument was answered."""
    await publish(client, definition())
    alliance = pair(professional_ref="p-own", program_ref="north", setting="counselling")
    answer = await client.post("/v1/responses", json=filled(alliance=alliance))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_it_stands_in_its_caseload(client: AsyncClient, rated: dict[str, Any]) -> None:
    asked = {"professional_ref": "p-own", "source": "ehr"}
    answer = await client.get("/v1/caseloads", params=asked)
    (item,) = answer.json()["items"]

    assert item["alliance"]["id"] == rated["alliance_id"]
    assert {one["instrument"] for one in item["streams"]} == {OWN}


@pytest.mark.parametrize("kind", ["svg", "html"])
async def test_its_trend_is_drawn(client: AsyncClient, rated: dict[str, Any], kind: str) -> None:
    answer = await client.get(f"/v1/alliances/{rated['alliance_id']}/trend.{kind}")

    assert answer.status_code == 200, answer.text


async def test_it_is_added_up(
    client: AsyncClient, database: Database, tenant: Tenant, rated: dict[str, Any]
) -> None:
    await events.move(database)
    await programs.add_up(database, shipped(), datetime.now(UTC))
    answer = await client.get("/v1/program-summaries", params={"program_ref": "north"})
    async with database.transaction(tenant.id) as transaction:
        again = await programs.add_up_next(transaction, shipped(), datetime.now(UTC))

    assert answer.status_code == 200, answer.text
    assert again == 0  # nothing was left out for want of its definition
    assert rated["instrument"] == OWN


async def test_it_is_exported_item_by_item(
    client: AsyncClient, database: Database, rated: dict[str, Any]
) -> None:
    asked = {"instrument": OWN, "form": "client"}
    direct = await client.get("/v1/exports/responses", params=asked)
    order = await client.post("/v1/exports", json={"kind": "responses", **asked})
    files: Files = {}
    url = f"/v1/exports/{order.json()['id']}"
    for _ in range(5):
        await work_off(database, shipped(), files, datetime.now(UTC) + timedelta(seconds=10))
    file = await client.get(f"{url}/download")

    assert rated["id"] in direct.text
    assert "item_4" in direct.text.splitlines()[0]
    assert rated["id"] in file.text
    assert (await client.get("/v1/coverage")).status_code == 200
