"""Making, listing and closing tenants over HTTP."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.main import create_app
from app.settings import LogLevel, Settings
from app.tenants.authentication import KEY_TRUSTED_SECONDS
from app.tenants.service import EVERYBODY_SEES_ALL
from tests.conftest import Clock, KeyHolder, Tenant
from tests.support.factories import submission
from tests.support.logs import logging_at
from tests.tenants.conftest import START, Seconds, bearer

NOTICE = {"ref": "leaflet", "audience": ["client"], "level": "scores"}
NOW = datetime(2026, 11, 22, 12, 0, 0, 123456, UTC)
STRANGE: dict[str, dict[str, Any]] = {
    "no name": {},
    "null": {"name": None},
    "empty": {"name": ""},
    "too long": {"name": "x" * 201},
    "control character": {"name": "a\tb"},
    "no text": {"name": 1},
    "unknown field": {"name": "x", "closed_at": None},
    "no id": {"name": "x", "id": "1"},
    "the id of none": {"name": "x", "id": str(UUID(int=0))},
    "no audience": {"name": "x", "default_notice": {"audience": [], "level": "items"}},
    "unknown audience": {"name": "x", "default_notice": NOTICE | {"audience": ["everybody"]}},
    "unknown level": {"name": "x", "default_notice": NOTICE | {"level": "all"}},
    "more in the notice": {"name": "x", "default_notice": NOTICE | {"until": "2027"}},
}


async def make(client: AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post("/v1/tenants", json={"name": "North Clinic"} | body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def make_key(client: AsyncClient, tenant_id: str) -> str:
    answer = await client.post(f"/v1/tenants/{tenant_id}/keys", json={"label": "x"})
    made: str = answer.json()["key"]
    return made


async def test_a_tenant_is_made_and_read_again(platform_client: AsyncClient, clock: Clock) -> None:
    clock.fixed = NOW
    answer = await platform_client.post("/v1/tenants", json={"name": "Müller & Söhne 日本"})
    made = answer.json()

    assert answer.status_code == 201
    assert made == {
        "id": made["id"],
        "name": "Müller & Söhne 日本",
        "state": "open",
        "default_notice": EVERYBODY_SEES_ALL,
        "created_at": "2026-11-22T12:00:00.123456Z",
        "closed_at": None,
    }
    assert UUID(made["id"]).version == 7
    assert answer.headers["Location"] == f"/v1/tenants/{made['id']}"
    assert (await platform_client.get(answer.headers["Location"])).json() == made


async def test_what_a_tenants_raters_are_told_is_what_was_said(
    platform_client: AsyncClient, app: FastAPI
) -> None:
    made = await make(platform_client, default_notice=NOTICE)
    tenant = Tenant(app, UUID(made["id"]), await make_key(platform_client, made["id"]))
    async with tenant.client() as client:
        record = await client.post("/v1/responses", json=submission())
        stored = await client.get(f"/v1/responses/{record.json()['id']}")

    assert made["default_notice"] == stored.json()["notice"] == NOTICE


@pytest.mark.parametrize("body", STRANGE.values(), ids=STRANGE.keys())
async def test_a_tenant_that_cannot_be_is_refused(
    platform_client: AsyncClient, body: dict[str, Any]
) -> None:
    answer = await platform_client.post("/v1/tenants", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert len(answer.json()["errors"]) == 1


async def test_without_an_id_every_call_makes_a_tenant(platform_client: AsyncClient) -> None:
    made = [await make(platform_client) for _ in range(2)]

    assert made[0]["id"] != made[1]["id"]


async def test_the_same_again_is_the_stored_tenant(
    platform_client: AsyncClient, clock: Clock
) -> None:
    clock.fixed = START
    tenant_id = str(uuid4())
    sent = {"id": tenant_id, "name": "North", "default_notice": NOTICE}
    first = await platform_client.post("/v1/tenants", json=sent)
    clock.fixed = NOW
    again = await platform_client.post("/v1/tenants", json=sent)
    without = await platform_client.post(
        "/v1/tenants", json={"name": "North", "id": tenant_id.upper()}
    )

    assert [one.status_code for one in (first, again, without)] == [201, 200, 200]
    assert first.json() == again.json() == without.json()
    assert first.headers["Location"] == without.headers["Location"]


@pytest.mark.parametrize("other", [{"name": "South"}, {"default_notice": NOTICE}])
async def test_an_id_of_another_tenant_is_a_conflict(
    platform_client: AsyncClient, other: dict[str, Any]
) -> None:
    made = await make(platform_client)
    sent = {"id": made["id"], "name": made["name"]} | other
    answer = await platform_client.post("/v1/tenants", json=sent)

    assert (answer.status_code, answer.json()["code"]) == (409, "tenant_conflict")
    assert answer.json()["existing_id"] == made["id"]
    assert next(iter(other)) in answer.json()["detail"]
    assert (await platform_client.get(f"/v1/tenants/{made['id']}")).json() == made


async def test_one_id_at_the_same_moment_is_one_tenant(platform_client: AsyncClient) -> None:
    for _ in range(5):
        sent = {"id": str(uuid4()), "name": "North"}
        answers = await asyncio.gather(
            *(platform_client.post("/v1/tenants", json=sent) for _ in range(6))
        )
        assert sorted(one.status_code for one in answers) == [200] * 5 + [201]
        assert all(one.json() == answers[0].json() for one in answers)


async def test_one_id_for_two_at_the_same_moment_is_the_quickers(
    platform_client: AsyncClient,
) -> None:
    for _ in range(5):
        tenant_id = str(uuid4())
        answers = await asyncio.gather(
            *(
                platform_client.post("/v1/tenants", json={"id": tenant_id, "name": name})
                for name in ("North", "South")
            )
        )
        won, lost = sorted(answers, key=lambda one: one.status_code)
        stored = (await platform_client.get(f"/v1/tenants/{tenant_id}")).json()
        assert (won.status_code, lost.status_code) == (201, 409)
        assert stored == won.json()


async def all_tenants(client: AsyncClient, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await client.get("/v1/tenants", params={"limit": "3"} | query | cursor)
        assert len(answer.json()["items"]) <= 3
        found += answer.json()["items"]
        if answer.json()["next_cursor"] is None:
            return found
        cursor = {"cursor": answer.json()["next_cursor"]}


async def test_the_list_shows_every_tenant_once_in_the_order_of_ids(
    platform_client: AsyncClient,
) -> None:
    made = [await make(platform_client, id=str(uuid4())) for _ in range(7)]
    closed = made[:3]
    for one in closed:
        await platform_client.post(f"/v1/tenants/{one['id']}/close")
    listed = {
        state: [one["id"] for one in await all_tenants(platform_client, **query)]
        for state, query in (
            ("all", {}),
            ("open", {"state": "open"}),
            ("closed", {"state": "closed"}),
        )
    }

    for ids in listed.values():
        assert ids == sorted(set(ids))
    assert {one["id"] for one in closed} <= set(listed["closed"])
    assert {one["id"] for one in made[3:]} <= set(listed["open"])
    assert set(listed["open"]) | set(listed["closed"]) == set(listed["all"])
    assert not set(listed["open"]) & set(listed["closed"])


@pytest.mark.parametrize("path", ["", "/close", "/keys", "/keys/0123456789ab/revoke"])
async def test_of_an_unknown_tenant_there_is_nothing(
    platform_client: AsyncClient, path: str
) -> None:
    url = f"/v1/tenants/{uuid4()}{path}"
    method = "POST" if path.endswith(("close", "revoke")) else "GET"
    answer = await platform_client.request(method, url)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_an_unknown_tenant_gets_no_key(platform_client: AsyncClient) -> None:
    answer = await platform_client.post(f"/v1/tenants/{uuid4()}/keys", json={"label": "x"})

    assert answer.status_code == 404


async def test_closing_is_done_once_and_answered_again(
    platform_client: AsyncClient, tenant: Tenant, clock: Clock
) -> None:
    url = f"/v1/tenants/{tenant.id}"
    before = (await platform_client.get(url)).json()
    clock.fixed = NOW
    first = await platform_client.post(f"{url}/close")
    clock.fixed = None
    again = await platform_client.post(f"{url}/close")

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json() == (await platform_client.get(url)).json()
    assert first.json() == before | {
        "state": "closed",
        "closed_at": "2026-11-22T12:00:00.123456Z",
    }


async def test_two_who_close_at_the_same_moment_are_told_the_same(
    platform_client: AsyncClient, tenant: Tenant
) -> None:
    url = f"/v1/tenants/{tenant.id}/close"
    answers = await asyncio.gather(*(platform_client.post(url) for _ in range(6)))

    assert {one.status_code for one in answers} == {200}
    assert all(one.json() == answers[0].json() for one in answers)


async def test_a_closed_tenants_keys_end_when_they_are_no_longer_trusted(
    platform: KeyHolder,
    anybody: AsyncClient,
    tenant: Tenant,
    seconds: Seconds,
) -> None:
    async with platform.client() as client:
        unused = await make_key(client, str(tenant.id))
        used = [(await anybody.get("/v1/alliances", headers=bearer(tenant.key))).status_code]
        await client.post(f"/v1/tenants/{tenant.id}/close")
    fresh = (await anybody.get("/v1/alliances", headers=bearer(unused))).status_code
    for passed in (0.0, KEY_TRUSTED_SECONDS, KEY_TRUSTED_SECONDS + 0.001):
        seconds.now = 1000 + passed
        answer = await anybody.get("/v1/alliances", headers=bearer(tenant.key))
        used.append(answer.status_code)

    assert fresh == 401
    assert used == [200, 200, 200, 401]


async def test_a_process_that_has_not_seen_the_key_refuses_it_at_once(
    platform_client: AsyncClient, tenant: Tenant, settings: Settings
) -> None:
    async with tenant.client() as client:
        assert (await client.get("/v1/alliances")).status_code == 200
        await platform_client.post(f"/v1/tenants/{tenant.id}/close")
    another = create_app(settings)
    async with (
        another.router.lifespan_context(another),
        Tenant(another, tenant.id, tenant.key).client() as client,
    ):
        assert (await client.get("/v1/alliances")).status_code == 401


async def test_the_data_of_a_closed_tenant_stay(
    platform_client: AsyncClient, app: FastAPI, tenant: Tenant
) -> None:
    async with tenant.client() as client:
        made = (await client.post("/v1/responses", json=submission())).json()
        await platform_client.post(f"/v1/tenants/{tenant.id}/close")
        # The key is still remembered here, so it can still show what is there.
        stored = await client.get(f"/v1/responses/{made['id']}")

    assert stored.json()["answers"]


async def test_a_tenant_knows_nothing_of_the_others_that_are_closed(
    platform_client: AsyncClient, new_tenant: Callable[[], Awaitable[Tenant]], seconds: Seconds
) -> None:
    one, other = await new_tenant(), await new_tenant()
    await platform_client.post(f"/v1/tenants/{other.id}/close")
    async with one.client() as client:
        assert (await client.get("/v1/alliances")).status_code == 200


async def test_the_request_log_names_tenant_and_key(
    tenant: Tenant, platform: KeyHolder, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = []
    with logging_at(LogLevel.INFO):
        for holder, path in (
            (tenant, "/v1/alliances"),
            (tenant, "/v1/tenants"),
            (platform, f"/v1/tenants/{tenant.id}"),
            (platform, "/v1/alliances"),
        ):
            async with holder.client() as client:
                await client.get(path)
            lines.append(json.loads(capfd.readouterr().err))

    tenants_own = (str(tenant.id), tenant.key.split("_")[2], 200)
    assert [(one["tenant"], one["key_id"], one["status"]) for one in lines] == [
        tenants_own,
        (*tenants_own[:2], 403),
        (None, platform.key.split("_")[2], 200),
        (None, platform.key.split("_")[2], 403),
    ]
