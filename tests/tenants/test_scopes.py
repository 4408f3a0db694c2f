"""Each operation has one scope, named in the contract; a key opens what its scopes say, no more."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.tenants.scopes import Scope
from tests.conftest import Tenant
from tests.support.contract import (
    API_KEY,
    PLATFORM_KEY,
    Operation,
    operations,
    operations_of_platforms,
    operations_of_tenants,
)

SHOWS_MORE = Scope.SUPERVISION_READ
"""Opens no call of its own; tests/signals/test_list.py says what it shows."""
WITHOUT_KEY = {"get_liveness", "get_readiness", "get_metrics"}
BAD: dict[str, dict[str, Any]] = {
    "as it is": {},
    "malformed body": {"content": b"{", "headers": {"Content-Type": "application/json"}},
    "unknown parameter": {"params": {"nothing": "1"}},
}


def test_every_operation_but_the_health_checks_has_one_scope_or_asks_for_a_platform_key() -> None:
    assert {one.id for one in operations() if one.key is None} == WITHOUT_KEY
    for one in operations_of_tenants():
        assert one.about["security"] == [{API_KEY: [one.scope]}]
    for one in operations_of_platforms():
        assert one.about["security"] == [{PLATFORM_KEY: []}]


def test_every_scope_opens_something_and_says_what() -> None:
    opening = {one.scope for one in operations_of_tenants()}
    assert opening == set(Scope) - {SHOWS_MORE}
    assert list(Scope) == sorted(Scope)
    for one in operations_of_tenants():
        reads = (one.scope or "").endswith(":read")
        assert reads == (one.method == "get")


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("operation", operations_of_tenants(), ids=lambda one: one.id)
async def test_all_scopes_but_the_needed_one_open_nothing(
    new_tenant: Callable[..., Awaitable[Tenant]], operation: Operation, bad: dict[str, Any]
) -> None:
    others = [scope for scope in Scope if scope != operation.scope]
    async with (await new_tenant(*others)).client() as client:
        answer = await client.request(operation.method.upper(), operation.url(), **bad)

    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert answer.json()["detail"] == f"This call needs a key with the scope {operation.scope}."
    assert answer.json()["errors"] == []


@pytest.mark.parametrize("operation", operations_of_tenants(), ids=lambda one: one.id)
async def test_the_needed_scope_alone_opens_it(
    new_tenant: Callable[..., Awaitable[Tenant]], operation: Operation
) -> None:
    assert operation.scope is not None
    async with (await new_tenant(Scope(operation.scope))).client() as client:
        answer = await client.request(operation.method.upper(), operation.url(), json={})

    assert answer.status_code not in {401, 403, 500}


async def test_the_health_checks_ask_for_no_key(tenant: Tenant) -> None:
    async with tenant.client(Authorization="Bearer nothing") as client:
        for path in ("/livez", "/readyz", "/metrics"):
            assert (await client.get(path)).status_code == 200
