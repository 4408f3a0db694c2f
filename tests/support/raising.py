"""Weekly ratings that fall, and the signals that stand in the tables."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from httpx import AsyncClient

from tests.conftest import Tenant
from tests.support.corrections import items, store
from tests.support.factories import submission

START = datetime(2014, 1, 6, 10, tzinfo=UTC)
STEADY = (4, 4, 4, 4, 4)
LOW = 1
SIGNALS = """
SELECT id, alliance_id, code, severity, rule, scale, state, opened_as, response_id,
       other_response_id, audience, number_audience, superseded_by, opened_at, state_at, rater_role
FROM signals WHERE tenant_id = $1 ORDER BY id
"""
EVENTS = """
SELECT type, subject_id, alliance_id, sequence FROM event_queue
WHERE tenant_id = $1 ORDER BY alliance_id, sequence, id
"""


def rating(alliance: dict[str, Any], week: int, value: int = 4, **fields: Any) -> dict[str, Any]:
    """The same answer to every item of the WAI-SR in one week's session."""
    occasion = {"session_ref": f"s-{week}", "occurred_at": day(week)}
    return submission(alliance=alliance, occasion=occasion, answers=items(value), **fields)


def day(week: int, days: int = 0) -> str:
    """When a week's session is, or so many days after it."""
    return (START + timedelta(days=7 * week + days)).isoformat()


def falling(alliance: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    """Steady ratings, and at last one that no threshold can miss."""
    return [rating(alliance, week, value, **fields) for week, value in enumerate((*STEADY, LOW))]


async def store_all(client: AsyncClient, sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each in turn; what was answered."""
    return [await store(client, one) for one in sent]


async def signals_of(owner: asyncpg.Connection, tenant: Tenant) -> list[dict[str, Any]]:
    """Every signal of the tenant as it is stored, oldest first."""
    return [dict(row) for row in await owner.fetch(SIGNALS, tenant.id)]


async def standing(owner: asyncpg.Connection, tenant: Tenant) -> set[tuple[Any, ...]]:
    """The signals that hold, by what they say about which week's ratings."""
    weeks = {
        row["id"]: (row["external_id"], row["rater_role"])
        for row in await owner.fetch("SELECT * FROM responses WHERE tenant_id = $1", tenant.id)
    }
    return {
        (
            *(one[name] for name in ("code", "severity", "rule", "scale")),
            weeks[one["response_id"]],
            weeks.get(one["other_response_id"]),
            tuple(sorted(one["audience"])),
        )
        for one in await signals_of(owner, tenant)
        if one["state"] != "superseded"
    }


async def events_of(owner: asyncpg.Connection, tenant: Tenant) -> list[tuple[str, Any]]:
    """Type and subject of every event, alliance by alliance in the order of its writes."""
    return [(row["type"], row["subject_id"]) for row in await owner.fetch(EVENTS, tenant.id)]
