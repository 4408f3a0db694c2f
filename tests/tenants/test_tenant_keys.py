"""Making, listing and revoking a tenant's keys over HTTP."""

import asyncio
import base64
import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.pagination import Listing
from app.settings import LogLevel
from app.tenants.scopes import Scope
from tests.conftest import Clock, KeyHolder, Tenant
from tests.support.logs import logging_at
from tests.tenants.conftest import START, Seconds, bearer

WHOLE = re.compile(r"rpt_([0-9a-f]{32})_([0-9a-f]{12})_([0-9a-f]{48})")
SHOWN = {"key_id", "state", "label", "scopes", "created_at", "expires_at", "revoked_at"}
STRANGE: dict[str, tuple[dict[str, Any], str]] = {
    "no label": ({}, "/label"),
    "empty label": ({"label": ""}, "/label"),
    "long label": ({"label": "x" * 201}, "/label"),
    "label of two lines": ({"label": "a\nb"}, "/label"),
    "unknown field": ({"label": "x", "secret": "x"}, "/secret"),
    "unknown scope": ({"label": "x", "scopes": ["answers:sell"]}, "/scopes/0"),
    "scope in capitals": (
        {"label": "x", "scopes": ["trends:read", "TRENDS:READ"]},
        "/scopes/1",
    ),
    "no scopes": ({"label": "x", "scopes": []}, "/scopes"),
    "scopes as text": ({"label": "x", "scopes": "trends:read"}, "/scopes"),
    "expires at no time": ({"label": "x", "expires_at": "tomorrow"}, "/expires_at"),
    "without offset": ({"label": "x", "expires_at": "2036-01-01T00:00:00"}, "/expires_at"),
    "in the past": ({"label": "x", "expires_at": "2026-11-22T11:59:59Z"}, "/expires_at"),
    "now": ({"label": "x", "expires_at": "2026-11-22T13:00:00+01:00"}, "/expires_at"),
}


@pytest.fixture
def url(tenant: Tenant) -> str:
    """Where the tenant's keys are."""
    return f"/v1/tenants/{tenant.id}/keys"


async def make(client: AsyncClient, url: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(url, json={"label": "ehr"} | body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_key_is_shown_whole_once(
    platform_client: AsyncClient, tenant: Tenant, url: str, clock: Clock
) -> None:
    clock.fixed = START
    made = await make(platform_client, url)
    tenant_part, key_id, secret = WHOLE.fullmatch(made["key"]).groups()  # type: ignore[union-attr]
    listed = await platform_client.get(url)

    assert tenant_part == tenant.id.hex
    assert made == {
        "key_id": key_id,
        "state": "valid",
        "label": "ehr",
        "scopes": list(Scope),
        "created_at": "2026-11-22T12:00:00Z",
        "expires_at": None,
        "revoked_at": None,
        "key": made["key"],
    }
    assert made.keys() - {"key"} == SHOWN
    assert {name: made[name] for name in SHOWN} in listed.json()["items"]
    assert secret not in listed.text
    assert "sha256" not in listed.text


async def test_a_key_opens_what_it_was_made_for(
    platform_client: AsyncClient, app: FastAPI, tenant: Tenant, url: str
) -> None:
    twice = [Scope.TRENDS_READ, Scope.ALLIANCES_READ, Scope.TRENDS_READ]
    made = await make(platform_client, url, scopes=twice)
    async with Tenant(app, tenant.id, made["key"]).client() as client:
        allowed = await client.get("/v1/alliances")
        refused = await client.get("/v1/responses")

    assert made["scopes"] == [Scope.ALLIANCES_READ, Scope.TRENDS_READ]
    assert (allowed.status_code, refused.status_code) == (200, 403)


async def test_a_new_key_is_taken_by_a_process_that_knows_others(
    platform_client: AsyncClient, app: FastAPI, tenant: Tenant, url: str
) -> None:
    for _ in range(3):
        made = await make(platform_client, url)
        async with Tenant(app, tenant.id, made["key"]).client() as client:
            assert (await client.get("/v1/alliances")).status_code == 200


@pytest.mark.parametrize(("body", "pointer"), STRANGE.values(), ids=STRANGE.keys())
async def test_a_key_that_cannot_be_is_refused(
    platform_client: AsyncClient, url: str, clock: Clock, body: dict[str, Any], pointer: str
) -> None:
    clock.fixed = START
    before = (await platform_client.get(url)).json()
    answer = await platform_client.post(url, json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert (await platform_client.get(url)).json() == before


async def test_how_a_key_stands(
    platform_client: AsyncClient, url: str, anybody: AsyncClient, clock: Clock
) -> None:
    clock.fixed = START
    ends = (START + timedelta(seconds=10)).isoformat()
    made = {
        "valid": await make(platform_client, url, label="valid"),
        "expired": await make(platform_client, url, label="expired", expires_at=ends),
        "revoked": await make(platform_client, url, label="revoked", expires_at=ends),
    }
    await platform_client.post(f"{url}/{made['revoked']['key_id']}/revoke")
    clock.fixed = START + timedelta(seconds=10)
    items = (await platform_client.get(url)).json()["items"]
    states = {one["label"]: one["state"] for one in items if one["label"] != "test"}

    assert states == {name: name for name in made}
    for name, key in made.items():
        answer = await anybody.get("/v1/alliances", headers=bearer(key["key"]))
        assert answer.status_code == (200 if name == "valid" else 401)


async def test_revoking_is_done_once_and_answered_again(
    platform_client: AsyncClient, url: str, clock: Clock
) -> None:
    clock.fixed = START
    made = await make(platform_client, url)
    first = await platform_client.post(f"{url}/{made['key_id']}/revoke")
    clock.fixed = START + timedelta(days=1)
    again = await platform_client.post(f"{url}/{made['key_id']}/revoke")

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert first.json()["state"] == "revoked"
    assert first.json()["revoked_at"] == "2026-11-22T12:00:00Z"
    assert first.json().keys() == SHOWN


async def test_revoking_at_the_same_moment_is_one_revocation(
    platform_client: AsyncClient, url: str
) -> None:
    made = await make(platform_client, url)
    path = f"{url}/{made['key_id']}/revoke"
    answers = await asyncio.gather(*(platform_client.post(path) for _ in range(6)))

    assert {one.status_code for one in answers} == {200}
    assert all(one.json() == answers[0].json() for one in answers)


@pytest.mark.parametrize(
    "key_id", ["0123456789ab", "x", "0123456789AB", "0123456789abc", "0123456789ab%0a", "%00", "é"]
)
async def test_a_key_that_is_not_there_cannot_be_revoked(
    platform_client: AsyncClient, url: str, key_id: str
) -> None:
    answer = await platform_client.post(f"{url}/{key_id}/revoke")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_key_is_revoked_by_its_own_tenants_path_alone(
    platform_client: AsyncClient, anybody: AsyncClient, url: str, seconds: Seconds
) -> None:
    other = (await platform_client.post("/v1/tenants", json={"name": "Other"})).json()
    made = await make(platform_client, url)
    answer = await platform_client.post(f"/v1/tenants/{other['id']}/keys/{made['key_id']}/revoke")
    used = await anybody.get("/v1/alliances", headers=bearer(made["key"]))
    listed = (await platform_client.get(f"/v1/tenants/{other['id']}/keys")).json()

    assert (answer.status_code, used.status_code) == (404, 200)
    assert listed == {"items": [], "next_cursor": None}


async def test_a_closed_tenant_gets_no_key_and_shows_those_it_had(
    platform_client: AsyncClient, tenant: Tenant, url: str
) -> None:
    made = await make(platform_client, url)
    await platform_client.post(f"/v1/tenants/{tenant.id}/close")
    answer = await platform_client.post(url, json={"label": "late"})
    listed = (await platform_client.get(url)).json()["items"]
    revoked = await platform_client.post(f"{url}/{made['key_id']}/revoke")

    assert (answer.status_code, answer.json()["code"]) == (409, "tenant_conflict")
    assert answer.json()["existing_id"] == str(tenant.id)
    assert {one["label"] for one in listed} == {"test", "ehr"}
    assert revoked.json()["state"] == "revoked"


async def test_the_list_shows_every_key_once(platform_client: AsyncClient, url: str) -> None:
    made = {(await make(platform_client, url))["key_id"] for _ in range(6)}
    found: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        page = (await platform_client.get(url, params=query)).json()
        found += [one["key_id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    assert found == sorted(set(found))
    assert made < set(found)
    assert len(found) == len(made) + 1


@pytest.mark.parametrize("position", ["", "\x00", "0123456789ab\n", "'; --", "x" * 12])
async def test_a_cursor_that_was_made_by_hand_reaches_no_statement(
    platform_client: AsyncClient, tenant: Tenant, url: str, position: str
) -> None:
    """Its fingerprint is no secret."""
    listing = Listing("tenant_keys", {"tenant_id": tenant.id}, 1, None)
    text = json.dumps([position, listing._fingerprint(position)], separators=(",", ":"))  # noqa: SLF001 - as a forger has it
    cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    answer = await platform_client.get(url, params={"cursor": cursor})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


async def test_no_log_line_holds_a_name_a_label_or_a_key(
    platform: KeyHolder, capfd: pytest.CaptureFixture[str]
) -> None:
    with logging_at(LogLevel.DEBUG):
        async with platform.client() as client:
            sent = {"name": "qzxmark", "id": str(uuid4())}
            for body in (sent, sent, sent | {"name": "qzxmark 2"}, sent | {"qzxmark": 1}):
                await client.post("/v1/tenants", json=body)
            made = await make(client, f"/v1/tenants/{sent['id']}/keys", label="qzxmark")
            await client.get("/v1/tenants?state=qzxmark")
            await client.get("/v1/alliances", headers=bearer(made["key"]))
            await client.post(f"/v1/tenants/{sent['id']}/keys/{made['key_id']}/revoke")
            await client.get("/v1/alliances", headers=bearer(f"{made['key'][:-1]}x"))
    written = capfd.readouterr()

    assert len(written.err.splitlines()) == 9
    for secret in ("qzxmark", made["key"].split("_")[3][:40], platform.key.split("_")[3]):
        assert secret not in written.out + written.err
