"""Whether this process can serve, asked at most once a second."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.database import Database
from app.edge.draining import Draining
from app.errors import Problem
from app.events.service import oldest_waiting
from app.metrics import QUEUE_SECONDS
from app.settings import Settings

BELIEVED_SECONDS: Final = 1.0
LATE_SECONDS: Final = 60.0
"""From so old an event on that waits for it the worker is late (house rule)."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """How things stand."""

    why_not: str | None
    """None: the process can serve."""
    worker_late: bool
    """Whether what the worker does is behind. Serving goes on without it, so it is no reason."""


class Watch:
    """Looks at most once a second, however often it is asked.

    seconds counts on from any start and never goes back.
    """

    def __init__(
        self,
        settings: Settings,
        draining: Draining,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._draining = draining
        self._seconds = seconds
        self._seen: tuple[float, Readiness] | None = None

    async def look(self, database: Database, now: datetime) -> Readiness:
        """How things stand; what was seen within the last second holds."""
        if self._draining.begun:
            return Readiness("The process is about to stop.", worker_late=False)
        if self._seen is not None and self._seconds() - self._seen[0] < BELIEVED_SECONDS:
            return self._seen[1]
        why_not = await self._why_not(database)
        late = False if why_not else await _worker_late(database, now)
        readiness = Readiness(why_not, late)
        self._seen = self._seconds(), readiness
        return readiness

    async def _why_not(self, database: Database) -> str | None:
        standing = await database.standing()
        if standing is None or not standing.schema_fits:
            return "Postgres does not answer, or its schema is an older one."
        if not standing.keeps_rows_out_of_its_log:
            return "Postgres must run with log_error_verbosity = terse."
        if not standing.durable and not self._settings.allow_lossy_postgres:
            return (
                "Postgres must run with fsync, full_page_writes and synchronous_commit on: "
                "what is acknowledged must outlive a crash."
            )
        return None


async def _worker_late(database: Database, now: datetime) -> bool:
    """Whether an event has waited for too long. Unknown, for a passing failure: no."""
    try:
        oldest = await oldest_waiting(database)
    except Problem:
        return False
    waited = 0.0 if oldest is None else max(0.0, (now - oldest).total_seconds())
    QUEUE_SECONDS.set(waited)
    return waited > LATE_SECONDS
