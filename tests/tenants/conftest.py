"""Callers without a key, and the seconds by which keys are trusted."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.tenants.authentication import KnownKeys
from tests.support.contract import ContractTransport

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Seconds:
    """A count of seconds that a test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds(app: FastAPI) -> Iterator[Seconds]:
    """The seconds by which the application trusts the keys that it knows."""
    before, made = app.state.known_keys, Seconds()
    app.state.known_keys = KnownKeys(made)
    yield made
    app.state.known_keys = before


@pytest.fixture
async def anybody(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """A caller without a key whose every answer is held against the contract."""
    transport = ContractTransport(httpx.ASGITransport(app, raise_app_exceptions=False))
    async with AsyncClient(transport=transport, base_url="http://service") as made:
        yield made


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def without_request_id(answer: httpx.Response) -> dict[str, Any]:
    """The body of a 401, the same for whatever was wrong but for its request id."""
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    body: dict[str, Any] = answer.json()
    assert body["code"] == "unauthenticated"
    assert body["errors"] == []
    assert body.pop("request_id")
    return body
