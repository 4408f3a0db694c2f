"""Readers page while writers write and workers are killed: every event once, and in order.

The long form, on a durable Postgres: `python -m bench.events`.
"""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from app.events.schemas import EventOut
from bench.events.following import READERS, Asked, Figures, figures
from bench.events.writers import Followed


async def test_every_committed_event_is_seen_once_and_in_order(
    database_url: str, tmp_path: Path
) -> None:
    asked = Asked(events=2000, writers=8, seconds=60, seed=secrets.randbelow(2**32))
    found = await figures(database_url, asked, tmp_path / "log")

    assert found.faults() == 0, (asked, found)
    assert found.written >= asked.events
    assert found.read == READERS * found.written
    assert found.rolled_back
    assert found.caught, "no worker was ever killed in the midst of a transaction"


def test_what_should_not_be_is_counted() -> None:
    alliance, ids = uuid4(), [uuid4() for _ in range(4)]
    tenant = Followed(uuid4(), [], {one: (alliance, n) for n, one in enumerate(ids, 1)})

    def counted(*seen: tuple[int, int]) -> tuple[int, ...]:
        found = Figures(4, 0, 0.0, 0, 0)
        everything = [*ids, uuid4()]
        items = [
            EventOut(
                position=position,
                id=everything[number],
                type="response.recorded",
                alliance_id=alliance,
                subject_id=alliance,
                recorded_at=datetime(2026, 11, 1, tzinfo=UTC),
            )
            for position, number in seen
        ]
        found.count(tenant, items)
        return found.gaps, found.repeats, found.missing, found.invented, found.reversed

    assert counted((1, 0), (2, 1), (3, 2), (4, 3)) == (0, 0, 0, 0, 0)
    assert counted((1, 0), (2, 1), (3, 3), (4, 2)) == (0, 0, 0, 0, 1)
    assert counted((1, 0), (2, 1), (4, 2), (5, 3)) == (2, 0, 0, 0, 0)
    assert counted((1, 0), (2, 1), (3, 2)) == (0, 0, 1, 0, 0)
    assert counted((1, 0), (2, 1), (3, 2), (4, 3), (5, 4)) == (0, 0, 0, 1, 0)
    assert counted((1, 0), (2, 1), (3, 2), (4, 3), (5, 3)) == (0, 1, 0, 0, 1)
