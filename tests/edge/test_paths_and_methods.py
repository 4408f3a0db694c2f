"""Paths and methods that are not there, and what every answer carries in its headers."""

import re

import httpx
import pytest
from httpx import AsyncClient

from tests.support.contract import Operation, contract, operations_with_key

PROBLEM = ["type", "title", "status", "detail", "code", "request_id", "errors"]
ALL = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
UNKNOWN_PATHS = [
    "/",
    "/v1",
    "/v1/",
    "/v1/responses/",
    "/v1//responses",
    "/v2/responses",
    "/V1/responses",
    "/v1/responses/a/b",
    "/v1/alliances/%2e%2e/trend/x",
    "/docs/assets/nothing.js",
    "/docs/assets/%2e%2e/%2e%2e/main.py",
    "/docs/assets/%00",
    "/docs/",
    "/%ff%fe",
    "/metrics/x",
]
MALFORMED_IDS = ["1", "x", "%00", "%20", "0" * 33, "019ab0b6-0000-7000-8000-00000000000g", "%ff"]
BY_ID = [one for one in operations_with_key() if "_id}" in one.path]


def is_problem(answer: httpx.Response, status: int, code: str) -> None:
    document = answer.json()
    assert answer.status_code == document["status"] == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert list(document) == PROBLEM
    assert (document["code"], document["type"]) == (code, f"urn:rapport:problem:{code}")
    assert document["title"]
    assert document["detail"]
    assert document["errors"] == []
    assert document["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("path", UNKNOWN_PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_path_that_is_not_there(anybody: AsyncClient, method: str, path: str) -> None:
    answer = await anybody.request(method, f"http://service{path}")

    if method == "POST" and path.startswith("/docs/assets/"):
        is_problem(answer, 405, "method_not_allowed")
    else:
        is_problem(answer, 404, "not_found")


@pytest.mark.parametrize("malformed", MALFORMED_IDS)
@pytest.mark.parametrize("one", BY_ID, ids=lambda one: one.id)
async def test_a_malformed_id_names_nothing(
    callers: dict[str | None, AsyncClient], one: Operation, malformed: str
) -> None:
    body: dict[str, str] | None = {} if one.takes_body else None
    url = re.sub(r"\{\w+\}", malformed, one.path)
    answer = await callers[one.key].request(one.method.upper(), url, json=body)

    is_problem(answer, 404, "not_found")


@pytest.mark.parametrize("path", [*contract()["paths"], "/docs", "/openapi.json"])
async def test_405_names_every_method_that_the_path_takes(anybody: AsyncClient, path: str) -> None:
    declared = {method.upper() for method in contract()["paths"].get(path, ["get"])}
    allowed = declared | ({"HEAD"} if "GET" in declared else set())
    url = re.sub(r"\{\w+\}", "x", path)

    for method in sorted(ALL - allowed):
        answer = await anybody.request(method, url)
        if method != "HEAD":
            is_problem(answer, 405, "method_not_allowed")
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/v1/instruments", "/docs", "/openapi.json"])
async def test_head_is_get_without_the_body(client: AsyncClient, path: str) -> None:
    get, head = await client.get(path), await client.head(path)

    assert (head.status_code, head.content) == (200, b"")
    own = {"x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in own} == {
        k: v for k, v in get.headers.items() if k not in own
    }


async def test_head_is_refused_as_get_is(anybody: AsyncClient) -> None:
    answer = await anybody.head("/v1/instruments")

    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize("given", ["a", "A.b_c-9", "x" * 128, "019ab0b6-7e62-7ae1-8f6f"])
async def test_a_request_id_is_given_back(anybody: AsyncClient, given: str) -> None:
    for path in ("/livez", "/nothing", "/v1/responses"):
        answer = await anybody.get(path, headers={"X-Request-Id": given})
        assert answer.headers["X-Request-Id"] == given
        assert answer.json().get("request_id", given) == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a\tb", "a;b", "<script>", "ä", "a\n"])
async def test_another_request_id_is_made(anybody: AsyncClient, given: str) -> None:
    headers = [(b"X-Request-Id", given.encode())]
    made = [(await anybody.get("/livez", headers=headers)).headers["X-Request-Id"] for _ in "12"]

    assert made[0] != made[1]
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in made)


@pytest.mark.parametrize(
    "path", ["/livez", "/readyz", "/nothing", "/v1/responses", "/docs", "/openapi.json"]
)
async def test_nothing_is_cached_or_guessed(anybody: AsyncClient, path: str) -> None:
    for answer in (await anybody.get(path), await anybody.put(path)):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Server" not in answer.headers
