"""Ratings of whole programmes, added up and released as a worker does, and what is shown."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from httpx import AsyncClient

from app.comparisons import service as comparisons
from app.database import Database
from app.events import service as events
from app.instruments.definitions import shipped
from app.measurement.small_groups import FLOOR, Floor
from app.programs import service
from tests.support.corrections import items, send_batch
from tests.support.factories import submission

MONDAY = date(2026, 9, 28)
"""Of the first week of October, and of the fourth quarter."""
LATE = datetime(2027, 2, 1, tzinfo=UTC)
"""When all of that quarter is over."""
PATH = "/v1/program-summaries"


def rating(number: int, week: int = 0, value: int = 3, **fields: Any) -> dict[str, Any]:
    """A form of the client with this number, in this week; its total is twelve times value."""
    programme = fields.pop("program_ref", "north")
    alliance = {
        "external_id": f"{programme}-{number}",
        "client_ref": f"c-{programme}-{number}",
        "professional_ref": f"p-{number % 2}",
        "program_ref": programme,
        "setting": "counselling",
    }
    day = MONDAY + timedelta(days=7 * week + number % 7)
    return submission(
        external_id=f"{programme}-{number}-{week}",
        alliance=alliance,
        occasion={"session_number": week + 1, "occurred_on": str(day)},
        answers=items(value),
        **fields,
    )


async def send(client: AsyncClient, forms: Sequence[dict[str, Any]]) -> None:
    """Store forms, as a batch."""
    answer = await send_batch(client, list(forms))
    assert answer.status_code == 207, answer.json()
    verdicts = {one["verdict"] for one in answer.json()["items"]}
    assert verdicts <= {"accepted", "amended", "voided"}, answer.json()


async def work(database: Database, now: datetime = LATE, floor: Floor = FLOOR) -> None:
    """What a worker does, until nothing is left to do."""
    await events.move(database)
    await service.add_up(database, shipped(), now)
    await service.seal(database, now + timedelta(hours=2), floor=floor)


async def compare(database: Database, now: datetime = LATE) -> None:
    """What a worker does once a quarter is sealed."""
    await comparisons.make(database, shipped(), now)


async def shown(client: AsyncClient, **parameters: Any) -> dict[str, Any]:
    """What is shown of the total in the fourth quarter of 2026, by default by month."""
    window = {"from": "2026-10-01", "to": "2026-12-31", "scale": "total", "limit": 500}
    asked: dict[str, Any] = window | parameters
    answer = await client.get(PATH, params=asked)
    assert answer.status_code == 200, answer.json()
    found: dict[str, Any] = answer.json()
    return found
