"""Sending as a careful caller does."""

import asyncio
from typing import Any

from httpx import AsyncClient, Response


async def send_until_answered(client: AsyncClient, sent: dict[str, Any]) -> Response:
    """Submit, and again while the service has no room (503), as it asks for."""
    for _ in range(60):
        answer = await client.post("/v1/responses", json=sent)
        if answer.status_code != 503:
            break
        await asyncio.sleep(0.2)
    return answer
