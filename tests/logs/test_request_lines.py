"""One line for each request: who asked for what kind of thing, and how it went. Never for whom."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from starlette.types import Receive, Scope, Send

from app.edge.admission import Admission
from app.edge.draining import Draining
from app.edge.middleware import Edge
from tests.conftest import Tenant
from tests.logs.conftest import Lines

FIELDS = {
    "timestamp", "level", "logger", "event", "request_id",
    "method", "route", "status", "ms", "tenant", "key_id",
}  # fmt: skip
Logged = Callable[[], Lines]


async def test_a_line_has_these_fields_and_no_other(anybody: AsyncClient, logged: Logged) -> None:
    answer = await anybody.get("/v1/alliances?case_ref=c-1", headers={"X-Request-Id": "find-me"})
    (line,) = logged()

    assert answer.status_code == 401
    assert set(line) == FIELDS
    assert line["event"] == "request"
    assert line["level"] == "info"
    assert line["request_id"] == answer.headers["X-Request-Id"] == "find-me"
    assert (line["method"], line["route"], line["status"]) == ("GET", "/v1/alliances", 401)
    assert (line["tenant"], line["key_id"]) == (None, None)
    assert isinstance(line["ms"], float)
    assert datetime.fromisoformat(line["timestamp"]).utcoffset() == timedelta()


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/v1/responses/c-1?external_id=x", "/v1/responses/{response_id}"),
        ("POST", "/v1/scores:batch", "/v1/scores:batch"),
        ("GET", "/v1/alliances/c-1/trend", "/v1/alliances/{alliance_id}/trend"),
        ("HEAD", "/v1/alliances/c-1", "/v1/alliances/{alliance_id}"),
        ("DELETE", "/v1/responses/c-1", "/v1/responses/{response_id}"),
        ("GET", "/v1/clients/c-1", "unmatched"),
        ("GET", "/docs/assets/favicon.png", "/docs/assets/{path}"),
        ("GET", "/docs/assets/c-1", "/docs/assets/{path}"),
        ("GET", "/docs", "/docs"),
        ("GET", "/openapi.json", "/openapi.json"),
        ("HEAD", "/openapi.json", "/openapi.json"),
    ],
)
async def test_a_path_is_told_by_its_template(
    anybody: AsyncClient, logged: Logged, method: str, path: str, route: str
) -> None:
    answer = await anybody.request(method, path)
    (line,) = logged()

    assert (line["method"], line["route"], line["status"]) == (method, route, answer.status_code)
    assert "c-1" not in str(line)


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_what_machines_ask_all_the_time_is_for_debugging(
    anybody: AsyncClient, logged: Logged, path: str
) -> None:
    await anybody.get(path)
    (line,) = logged()

    assert (line["level"], line["route"]) == ("debug", path)


async def test_a_method_that_http_does_not_have_is_not_repeated(
    anybody: AsyncClient, logged: Logged
) -> None:
    await anybody.request("SECRET", "/v1/responses")
    (line,) = logged()

    assert line["method"] == "other"


@pytest.mark.parametrize("path", ["/v1/alliances", "/v1/alliances?nonsense=1", "/v1/tenants"])
async def test_a_known_caller_is_named_by_tenant_and_key(
    tenant: Tenant, logged: Logged, path: str
) -> None:
    """Also where the request is refused."""
    async with tenant.client() as client:
        await client.get(path)
    (line,) = logged()

    assert UUID(line["tenant"]) == tenant.id
    assert line["key_id"] == tenant.key.split("_")[2]
    assert tenant.key.split("_")[3] not in str(line)


async def never(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that gets to no answer."""
    await asyncio.sleep(60)


async def test_a_request_that_is_cut_off_has_its_line_too(logged: Logged) -> None:
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/a", "headers": []}

    async def nothing(*_: Any) -> Any:
        raise AssertionError

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(
            Edge(never, Admission(0), Draining(0), {})(scope, nothing, nothing), 0.01
        )
    (line,) = logged()

    assert (line["event"], line["status"]) == ("request", None)


async def test_after_a_request_no_line_carries_its_id(anybody: AsyncClient, logged: Logged) -> None:
    await anybody.get("/livez", headers={"X-Request-Id": "the-first"})
    await anybody.get("/livez")
    first, second = logged()

    assert first["request_id"] == "the-first"
    assert second["request_id"] not in {None, "the-first"}
