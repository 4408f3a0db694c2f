"""A withdrawal that is said again, and what it shows to whom."""

from datetime import UTC, datetime

from fastapi import FastAPI
from httpx import AsyncClient

from app.tenants.scopes import Scope
from app.tenants.service import create_key
from tests.conftest import Tenant
from tests.support.factories import submission


async def test_a_withdrawal_that_is_said_again_by_a_higher_version_holds_for_it(
    client: AsyncClient,
) -> None:
    sent = submission()
    await client.post("/v1/responses", json=sent)
    name = {"external_id": sent["external_id"], "source": "ehr"}
    void = {"void": {"reason": "Entered twice."}}
    items = [name | void | {"external_version": version} for version in (2, 4)]
    answer = await client.post("/v1/responses:batch", json={"items": items})
    assert [one["verdict"] for one in answer.json()["items"]] == ["voided", "replayed"]
    higher = {"items": [items[1] | {"external_version": 6}]}
    again = await client.post("/v1/responses:batch", json=higher)
    assert again.json()["items"][0]["verdict"] == "replayed"
    for late in (3, 5):
        refused = await client.post("/v1/responses", json=sent | {"external_version": late})
        assert (refused.status_code, refused.json()["code"]) == (409, "stale_version")
    back = await client.post("/v1/responses", json=sent | {"external_version": 7})
    assert back.status_code == 201


async def test_a_key_that_may_not_read_learns_nothing_from_a_withdrawal(
    client: AsyncClient, tenant: Tenant, app: FastAPI
) -> None:
    made = (await client.post("/v1/responses", json=submission())).json()
    async with app.state.database.platform_transaction(tenant.id) as transaction:
        key = await create_key(transaction, "w", [Scope.RESPONSES_WRITE], datetime.now(UTC))
    assert key is not None
    async with Tenant(app, tenant.id, key).client() as writer:
        answer = await writer.post(f"/v1/responses/{made['id']}/void", json={"reason": "Wrong."})
    assert answer.json()["record_status"] == "voided"
    assert (answer.json()["answers"], answer.json()["scores"]) == (None, [])
