"""A platform key opens the platform's calls and nothing else; a tenant's key none of them."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.database import Database
from app.tenants.authentication import KEY_TRUSTED_SECONDS
from app.tenants.service import (
    close_tenant,
    create_platform_key,
    new_tenant_id,
    platform_keys,
    revoke_platform_key,
)
from app.tenants.verification import platform_key_parts
from tests.conftest import Clock, KeyHolder, Tenant
from tests.support.contract import Operation, operations_of_platforms, operations_of_tenants
from tests.tenants.conftest import START, Seconds, bearer, without_request_id

LIST = "/v1/tenants"
BAD: dict[str, dict[str, Any]] = {
    "as it is": {},
    "malformed body": {"content": b"{", "headers": {"Content-Type": "application/json"}},
    "unknown parameter": {"params": {"nothing": "1"}},
    "malformed actor": {"headers": {"Rapport-Actor": "x"}},
}
platform_operations = pytest.mark.parametrize(
    "operation", operations_of_platforms(), ids=lambda one: one.id
)
tenant_operations = pytest.mark.parametrize(
    "operation", operations_of_tenants(), ids=lambda one: one.id
)
badly = pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())


async def made_key(database: Database, **more: Any) -> str:
    async with database.platform_transaction() as transaction:
        return await create_platform_key(transaction, "more", START, **more)


async def revoke(database: Database, key: str) -> None:
    parts = platform_key_parts(key)
    assert parts is not None
    async with database.platform_transaction() as transaction:
        assert await revoke_platform_key(transaction, parts.key_id, START)


async def close(database: Database, tenant: Tenant) -> None:
    async with database.platform_transaction(tenant.id) as transaction:
        await close_tenant(transaction, START)


@pytest.fixture
async def no_keys(
    app: FastAPI, tenant: Tenant, platform: KeyHolder, new_tenant: Callable[[], Awaitable[Tenant]]
) -> dict[str, str]:
    """Everything that looks like a key and is none, as an Authorization header."""
    database: Database = app.state.database
    expired, revoked = await made_key(database, expires_at=START), await made_key(database)
    await revoke(database, revoked)
    closed = await new_tenant()
    await close(database, closed)
    prefix, kind, key_id, secret = platform.key.split("_")
    _, tenants, tenants_key_id, tenants_secret = tenant.key.split("_")
    found = {
        "expired": expired,
        "revoked": revoked,
        "of a closed tenant": closed.key,
        "unknown": f"{prefix}_{kind}_{secrets.token_hex(6)}_{secret}",
        "wrong secret": f"{prefix}_{kind}_{key_id}_{secrets.token_hex(24)}",
        "another key's secret": f"{prefix}_{kind}_{key_id}_{revoked.split('_')[3]}",
        "revoked, wrong secret": f"{revoked[:-1]}{'0' if revoked[-1] != '0' else '1'}",
        "a tenant's, called the platform's": f"{prefix}_{kind}_{tenants_key_id}_{tenants_secret}",
        "the platform's, called a tenant's": f"{prefix}_{tenants}_{key_id}_{secret}",
        "of an unknown tenant": f"{prefix}_{new_tenant_id().hex}_{tenants_key_id}_{tenants_secret}",
        "of no tenant": f"{prefix}_{'0' * 32}_{key_id}_{secret}",
        "capitals": platform.key.upper(),
        "cut short": platform.key[:-1],
        "one longer": f"{platform.key}0",
        "no secret": f"{prefix}_{kind}_{key_id}",
    }
    return {name: f"Bearer {key}" for name, key in found.items()} | {"none": ""}


@badly
@platform_operations
async def test_without_a_valid_key_every_call_of_the_platform_is_refused_in_the_same_words(
    anybody: AsyncClient, no_keys: dict[str, str], operation: Operation, bad: dict[str, Any]
) -> None:
    said = set()
    for name, header in no_keys.items():
        headers = {"Authorization": header} | bad.get("headers", {}) if header else {}
        answer = await anybody.request(
            operation.method.upper(), operation.url(), **bad | {"headers": headers}
        )
        body = without_request_id(answer)
        if name != "none":
            said.add(body["detail"])
    assert said == {"The key is not valid."}


@tenant_operations
async def test_without_a_valid_key_every_call_of_a_tenant_is_refused_in_the_same_words(
    anybody: AsyncClient, no_keys: dict[str, str], operation: Operation
) -> None:
    said = set()
    for header in (one for name, one in no_keys.items() if name != "none"):
        answer = await anybody.request(
            operation.method.upper(), operation.url(), headers={"Authorization": header}
        )
        said.add(without_request_id(answer)["detail"])
    assert said == {"The key is not valid."}


@badly
@platform_operations
async def test_a_tenants_key_opens_no_call_of_the_platform(
    tenant: Tenant, operation: Operation, bad: dict[str, Any]
) -> None:
    """Not for its own tenant either, and nothing is said about what was sent."""
    async with tenant.client() as client:
        for url in (operation.url(), operation.url(tenant_id=str(tenant.id))):
            answer = await client.request(operation.method.upper(), url, **bad)
            assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
            assert "platform key" in answer.json()["detail"]
            assert answer.json()["errors"] == []


@badly
@tenant_operations
async def test_a_platform_key_opens_no_call_of_a_tenant(
    platform_client: AsyncClient, operation: Operation, bad: dict[str, Any]
) -> None:
    answer = await platform_client.request(operation.method.upper(), operation.url(), **bad)

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert "opens no tenant's data" in answer.json()["detail"]
    assert answer.json()["errors"] == []


@platform_operations
async def test_a_platform_key_opens_every_call_of_the_platform(
    platform_client: AsyncClient, tenant: Tenant, operation: Operation
) -> None:
    url = operation.url(tenant_id=str(tenant.id))
    body: dict[str, str] | None = {} if operation.takes_body else None
    answer = await platform_client.request(operation.method.upper(), url, json=body)

    assert answer.status_code in {200, 404, 422}


async def test_a_platform_key_ends_on_the_second_also_while_it_is_remembered(
    anybody: AsyncClient, database: Database, clock: Clock
) -> None:
    clock.fixed = START
    key = await made_key(database, expires_at=START + timedelta(seconds=10))
    statuses = []
    for passed in (0, 9.999, 10, 11):
        clock.fixed = START + timedelta(seconds=passed)
        statuses.append((await anybody.get(LIST, headers=bearer(key))).status_code)

    assert statuses == [200, 200, 401, 401]


async def test_a_revoked_platform_key_ends_when_it_is_no_longer_trusted(
    anybody: AsyncClient, database: Database, seconds: Seconds
) -> None:
    key = await made_key(database)
    statuses = [(await anybody.get(LIST, headers=bearer(key))).status_code]
    await revoke(database, key)
    for passed in (0.0, KEY_TRUSTED_SECONDS, KEY_TRUSTED_SECONDS + 0.001, 0.0):
        seconds.now = max(seconds.now, 1000 + passed)
        statuses.append((await anybody.get(LIST, headers=bearer(key))).status_code)

    assert statuses == [200, 200, 200, 401, 401]


async def test_of_a_platform_key_only_a_hash_is_stored(
    database: Database, platform: KeyHolder
) -> None:
    async with database.platform_transaction() as transaction:
        listed = [dict(row) for row in await platform_keys(transaction)]
    _, _, key_id, secret = platform.key.split("_")

    assert key_id in {row["key_id"] for row in listed}
    assert secret not in str(listed)
    assert all("secret_sha256" not in row for row in listed)


async def test_a_purpose_other_than_care_is_refused_here_too(platform_client: AsyncClient) -> None:
    answer = await platform_client.get(LIST, headers={"Rapport-Purpose": "research"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "purpose_unsupported"


async def test_keys_made_at_the_same_moment_are_different(database: Database) -> None:
    now = datetime.now(UTC)
    async with database.platform_transaction() as transaction:
        made = {await create_platform_key(transaction, "same", now) for _ in range(5)}
    assert len(made) == 5
