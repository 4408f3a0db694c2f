"""The short way answers as the whole way does, and is taken only where it can."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Response

from app.alliances.router import router as alliances
from app.edge.json_body import MAX_BODY_BYTES
from app.edge.short_cut import ShortCut, short_cuts
from app.main import create_app
from app.responses.router import router as responses
from app.settings import Settings
from app.tenants.scopes import Scope
from tests.conftest import Clock, Tenant, make_tenant
from tests.support.factories import submission

JSON = {"Content-Type": "application/json"}
GOOD = submission(external_id="short-1")
OTHER = submission(external_id="short-2")


@pytest.fixture
async def whole(
    settings: Settings, shared_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FastAPI]:
    """The application without a short way."""
    monkeypatch.setattr("app.main.short_cuts", lambda *_: {})
    made = create_app(settings, clock=shared_clock)
    async with made.router.lifespan_context(made):
        yield made


async def asked(app: FastAPI, body: bytes, headers: dict[str, str]) -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        return await client.post("/v1/responses", content=body, headers=headers)


def told(answer: httpx.Response) -> tuple[int, dict[str, str], Any]:
    """An answer without what differs between two of the same."""
    headers = {n: v for n, v in answer.headers.items() if n not in {"x-request-id", "date"}}
    return answer.status_code, headers, {**answer.json(), "request_id": None}


SENT: dict[str, tuple[bytes, dict[str, str]]] = {
    "a replay": (json.dumps(GOOD).encode(), {}),
    "a header that few send": (json.dumps(GOOD).encode(), {"Idempotency-Key": "k-1"}),
    "a key of that header that is none": (
        json.dumps({**GOOD, "external_id": None}).encode(),
        {"Idempotency-Key": " "},
    ),
    "an actor": (json.dumps(GOOD).encode(), {"Rapport-Actor": "client;c-1"}),
    "an actor that is none": (json.dumps(GOOD).encode(), {"Rapport-Actor": "nobody"}),
    "another content": (json.dumps({**GOOD, "answers": {"1": 1}}).encode(), {}),
    "an unknown field": (json.dumps({**GOOD, "unknown": 1}).encode(), {}),
    "a wrong answer": (json.dumps({**OTHER, "answers": {"1": 99}}).encode(), {}),
    "no object": (b"[]", {}),
    "no JSON": (b"{", {}),
    "nothing": (b"", {}),
    "another kind of content": (b"{}", {"Content-Type": "text/plain"}),
    "too much": (b" " * (MAX_BODY_BYTES + 1), {}),
    "no key": (json.dumps(GOOD).encode(), {"Authorization": ""}),
    "no key and no JSON": (b"{", {"Authorization": "Bearer no"}),
}


@pytest.mark.parametrize("sent", SENT)
async def test_both_ways_answer_alike(
    app: FastAPI, whole: FastAPI, tenant: Tenant, sent: str
) -> None:
    key = {"Authorization": f"Bearer {tenant.key}"}
    assert (await asked(app, json.dumps(GOOD).encode(), JSON | key)).status_code == 201
    body, headers = SENT[sent]

    short, long = [await asked(one, body, JSON | key | headers) for one in (app, whole)]

    assert told(short) == told(long)


async def test_a_record_made_on_either_way_is_the_same(
    app: FastAPI, whole: FastAPI, tenant: Tenant
) -> None:
    key = {"Authorization": f"Bearer {tenant.key}"}
    body = json.dumps(OTHER).encode()

    made = await asked(whole, body, JSON | key)
    again = await asked(app, body, JSON | key)

    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json() == again.json()


async def test_a_key_without_the_scope_is_refused_on_both(app: FastAPI, whole: FastAPI) -> None:
    reader = await make_tenant(app, (Scope.RESPONSES_READ,))
    key = {"Authorization": f"Bearer {reader.key}"}

    short, long = [await asked(one, json.dumps(GOOD).encode(), JSON | key) for one in (app, whole)]

    assert short.status_code == 403
    assert told(short) == told(long)


async def test_the_short_way_is_taken_for_what_is_usual_alone(
    app: FastAPI, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Response | None] = []
    answer = ShortCut.answer

    async def seen(self: ShortCut, *given: Any) -> Response | None:
        found.append(await answer(self, *given))
        return found[-1]

    monkeypatch.setattr(ShortCut, "answer", seen)
    key = {"Authorization": f"Bearer {tenant.key}"}

    await asked(app, json.dumps(GOOD).encode(), JSON | key)
    await asked(app, json.dumps(GOOD).encode(), JSON | key | {"Idempotency-Key": "k-1"})
    await asked(app, b"[]", JSON | key)

    assert [one and one.status_code for one in found] == [201, None, None]


@pytest.mark.parametrize("operation", ["submit_response_batch", "void_response", "list_responses"])
def test_a_route_that_needs_more_has_no_short_way(operation: str) -> None:
    with pytest.raises(ValueError, match="no short way"):
        short_cuts(responses.routes, [operation])


def test_only_what_is_named_has_a_short_way() -> None:
    assert short_cuts(alliances.routes, ["submit_response"]) == {}
    assert list(short_cuts(responses.routes, ["submit_response"])) == [("POST", "/v1/responses")]
