"""Sending as a careful caller does."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from httpx import AsyncClient, Response

BUSY = {"unavailable", "overtaken", "idempotency_key_in_use"}


async def until_answered(call: Callable[[], Awaitable[Response]]) -> Response:
    """Call, and again while the service asks for it: no room (503), a key in use (409)."""
    for _ in range(60):
        answer = await call()
        if answer.status_code < 400 or answer.json()["code"] not in BUSY:
            break
        assert answer.headers["Retry-After"] == "1"
        await asyncio.sleep(0.2)
    return answer


async def send_until_answered(client: AsyncClient, sent: dict[str, Any]) -> Response:
    """Submit, and again while the service has no room (503), as it asks for."""
    return await until_answered(lambda: client.post("/v1/responses", json=sent))
