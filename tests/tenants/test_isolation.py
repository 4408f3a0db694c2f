"""Two tenants' identifiers never meet; tests/isolation tries whatever else could."""

from collections.abc import Awaitable, Callable

from tests.conftest import Tenant
from tests.support.factories import submission

NewTenant = Callable[[], Awaitable[Tenant]]


async def test_the_same_identifiers_in_two_tenants_are_two_records(new_tenant: NewTenant) -> None:
    sent = submission()
    made = []
    for tenant in (await new_tenant(), await new_tenant()):
        async with tenant.client() as client:
            answer = await client.post("/v1/responses", json=sent)
            alliances = (await client.get("/v1/alliances")).json()["items"]
            responses = (await client.get("/v1/responses")).json()["items"]
            assert (answer.status_code, len(alliances), len(responses)) == (201, 1, 1)
            made.append(answer.json())

    for name in ("id", "alliance_id", "occasion_id"):
        assert made[0][name] != made[1][name]


async def test_one_tenants_other_content_is_no_conflict_for_the_other(
    new_tenant: NewTenant,
) -> None:
    sent = submission()
    others = sent | {"answers": {str(item): 1 for item in range(1, 13)}}
    others["alliance"] = sent["alliance"] | {"client_ref": "somebody else"}
    async with (await new_tenant()).client() as a, (await new_tenant()).client() as b:
        statuses = [
            (await client.post("/v1/responses", json=body)).status_code
            for client, body in ((a, sent), (b, others), (a, sent), (b, others))
        ]

    assert statuses == [201, 201, 200, 200]
