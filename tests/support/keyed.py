"""Calls with an Idempotency-Key."""

from typing import Any

import asyncpg
from httpx import AsyncClient, Response

from tests.conftest import Tenant
from tests.support.factories import submission


def told(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def unnamed(**fields: Any) -> dict[str, Any]:
    """A submission without an external_id."""
    made = submission(**fields)
    del made["external_id"]
    return made


async def submit(client: AsyncClient, sent: dict[str, Any], key: str) -> Response:
    return await client.post("/v1/responses", json=sent, headers={"Idempotency-Key": key})


async def count(owner: asyncpg.Connection, tenant: Tenant, table: str) -> int:
    text = f"SELECT count(*) FROM {table} WHERE tenant_id = $1"  # noqa: S608 - ours
    found: int = await owner.fetchval(text, tenant.id)
    return found
