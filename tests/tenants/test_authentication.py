"""Who calls is settled first: without a valid key a caller learns nothing about anything."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from app.database import Database
from app.edge.json_body import MAX_BODY_BYTES
from app.tenants.authentication import KEY_TRUSTED_SECONDS, KEYS_REMEMBERED, KnownKeys
from app.tenants.scopes import Scope
from app.tenants.service import create_key, new_tenant_id, revoke_key
from app.tenants.verification import key_parts
from tests.conftest import Clock, Tenant
from tests.support.contract import Operation, operations_with_key
from tests.tenants.conftest import START, Seconds, bearer, without_request_id

PATH = "/v1/instruments"
MALFORMED = {
    "none": None,
    "empty": "",
    "scheme only": "Bearer",
    "scheme and space": "Bearer ",
    "no scheme": "{key}",
    "Basic": "Basic {key}",
    "Token": "Token {key}",
    "not a key": "Bearer something",
    "capitals": "Bearer {upper}",
    "no prefix": "Bearer {bare}",
    "cut short": "Bearer {short}",
    "one longer": "Bearer {key}0",
    "two keys": "Bearer {key} {key}",
    "comma": "Bearer {key},{key}",
    "path in it": "Bearer rpt_../../_x_y",
    "very long": "Bearer " + "x" * 60_000,
}


@pytest.mark.parametrize("header", MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_is_no_key_is_refused(
    anybody: AsyncClient, tenant: Tenant, header: str | None
) -> None:
    parts = {"key": tenant.key, "upper": tenant.key.upper(), "bare": tenant.key[4:]}
    headers = {}
    if header is not None:
        headers["Authorization"] = header.format(**parts, short=tenant.key[:-1])
    answer = await anybody.get(PATH, headers=headers)

    scheme, _, text = (header or "").strip().partition(" ")
    is_bearer = scheme == "Bearer" and text
    expected = "The key is not valid." if is_bearer else "Send Authorization: Bearer rpt_…."
    assert without_request_id(answer)["detail"] == expected


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_is_read_in_any_case(
    anybody: AsyncClient, tenant: Tenant, scheme: str
) -> None:
    headers = {"Authorization": f"{scheme} {tenant.key}"}

    assert (await anybody.get(PATH, headers=headers)).status_code == 200


async def made_key(database: Database, tenant: Tenant, **more: Any) -> str:
    async with database.platform_transaction(tenant.id) as transaction:
        key = await create_key(transaction, "more", tuple(Scope), START, **more)
    assert key is not None
    return key


async def revoke(database: Database, tenant: Tenant, key: str) -> None:
    async with database.platform_transaction(tenant.id) as transaction:
        assert await revoke_key(transaction, key_parts(key).key_id, START)


async def test_unknown_revoked_and_expired_read_the_same(
    anybody: AsyncClient,
    database: Database,
    tenant: Tenant,
    clock: Clock,
    new_tenant: Callable[[], Awaitable[Tenant]],
) -> None:
    """So that nobody finds out which tenants and keys there are."""
    clock.fixed = START
    expired = await made_key(database, tenant, expires_at=START)
    revoked = await made_key(database, tenant)
    await revoke(database, tenant, revoked)
    prefix, _, key_id, secret = tenant.key.split("_")
    other = await new_tenant()
    refused = {
        "unknown tenant": f"{prefix}_{new_tenant_id().hex}_{key_id}_{secret}",
        "another tenant's key": f"{prefix}_{other.id.hex}_{key_id}_{secret}",
        "unknown key": f"{prefix}_{tenant.id.hex}_{secrets.token_hex(6)}_{secret}",
        "wrong secret": f"{prefix}_{tenant.id.hex}_{key_id}_{secrets.token_hex(24)}",
        "another key's secret": f"{prefix}_{tenant.id.hex}_{key_id}_{revoked.split('_')[3]}",
        "revoked": revoked,
        "expired": expired,
        "revoked, wrong secret": revoked[:-1] + ("0" if revoked[-1] != "0" else "1"),
    }
    bodies = [
        without_request_id(await anybody.get(PATH, headers=bearer(k))) for k in refused.values()
    ]

    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["detail"] == "The key is not valid."
    assert (await anybody.get(PATH, headers=bearer(tenant.key))).status_code == 200


async def test_a_key_ends_on_the_second_also_while_it_is_remembered(
    anybody: AsyncClient, database: Database, tenant: Tenant, clock: Clock
) -> None:
    clock.fixed = START
    key = await made_key(database, tenant, expires_at=START + timedelta(seconds=10))

    statuses = []
    for passed in (0, 9.999, 10, 11):
        clock.fixed = START + timedelta(seconds=passed)
        statuses.append((await anybody.get(PATH, headers=bearer(key))).status_code)
    assert statuses == [200, 200, 401, 401]


async def test_a_revoked_key_ends_when_it_is_no_longer_trusted(
    anybody: AsyncClient, database: Database, tenant: Tenant, seconds: Seconds
) -> None:
    key = await made_key(database, tenant)
    statuses = [(await anybody.get(PATH, headers=bearer(key))).status_code]
    await revoke(database, tenant, key)
    for passed in (0.0, KEY_TRUSTED_SECONDS, KEY_TRUSTED_SECONDS + 0.001, 0.0):
        seconds.now = max(seconds.now, 1000 + passed)
        statuses.append((await anybody.get(PATH, headers=bearer(key))).status_code)

    assert statuses == [200, 200, 200, 401, 401]
    assert KEY_TRUSTED_SECONDS <= 60


async def test_a_key_used_all_the_time_is_looked_up_again_all_the_same(
    anybody: AsyncClient, database: Database, tenant: Tenant, seconds: Seconds
) -> None:
    key = await made_key(database, tenant)
    await anybody.get(PATH, headers=bearer(key))
    await revoke(database, tenant, key)
    statuses = []
    for _ in range(4):
        seconds.now += KEY_TRUSTED_SECONDS * 0.3
        statuses.append((await anybody.get(PATH, headers=bearer(key))).status_code)

    assert statuses == [200, 200, 200, 401]


async def test_what_is_remembered_has_an_end(tenant: Tenant, seconds: Seconds) -> None:
    known = KnownKeys(seconds)
    key: Any = type("Key", (), {"expires_at": None})()
    for number in range(KEYS_REMEMBERED + 1):
        known.remember(str(number), key)

    found = [known.find(str(number), START) for number in range(KEYS_REMEMBERED + 1)]
    assert 1 <= sum(one is not None for one in found) <= KEYS_REMEMBERED


BAD_REQUESTS: dict[str, dict[str, Any]] = {
    "unknown field": {"json": {"nothing": 1}},
    "no object": {"json": []},
    "malformed JSON": {"content": b"{", "headers": {"Content-Type": "application/json"}},
    "empty": {"content": b""},
    "no media type": {"content": b"{}"},
    "too large": {"content": b" " * (MAX_BODY_BYTES * 4 + 1)},
    "unknown parameter": {"params": {"nothing": "1"}},
    "doubled parameter": {"params": [("limit", "1"), ("limit", "1")]},
    "wrong limit": {"params": {"limit": "x"}},
    "malformed actor": {"headers": {"Rapport-Actor": "x" * 300}},
    "wrong If-Match": {"headers": {"If-Match": "x" * 300}},
}


@pytest.mark.parametrize("bad", BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
@pytest.mark.parametrize("operation", operations_with_key(), ids=lambda one: one.id)
async def test_the_key_is_asked_for_before_anything_is_said_about_the_request(
    anybody: AsyncClient, operation: Operation, bad: dict[str, Any]
) -> None:
    for url in (operation.url(), operation.url(alliance_id="x", response_id="x", form="x")):
        answer = await anybody.request(operation.method.upper(), url, **bad)
        without_request_id(answer)


async def test_a_purpose_other_than_care_is_refused_not_ignored(client: AsyncClient) -> None:
    care = await client.get("/v1/alliances", headers={"Rapport-Purpose": "care"})
    research = await client.get("/v1/alliances", headers={"Rapport-Purpose": "research"})

    assert care.status_code == 200
    assert research.status_code == 422
    assert research.json()["errors"][0]["code"] == "purpose_unsupported"
