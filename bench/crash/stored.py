"""What a database holds at the end, read as its superuser: every row, whoever made it."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from bench.crash.history import digest
from bench.crash.tenancy import asked

_ROWS: Final = """
SELECT responses.id, responses.external_id, responses.alliance_id, responses.rater_role,
    responses.session_number, responses.answers::text AS answers, alliances.external_id AS alliance
FROM responses LEFT JOIN alliances
    ON alliances.tenant_id = responses.tenant_id AND alliances.id = responses.alliance_id
WHERE $1::uuid IS NULL OR responses.tenant_id = $1
"""
_STATES: Final = """
SELECT alliance_id, version, streams::text AS streams FROM alliance_state
WHERE $1::uuid IS NULL OR tenant_id = $1
"""
_TOLD: Final = """
SELECT subject_id FROM event_queue
WHERE type = 'response.recorded' AND ($1::uuid IS NULL OR tenant_id = $1)
UNION ALL SELECT subject_id FROM events
WHERE type = 'response.recorded' AND ($1::uuid IS NULL OR tenant_id = $1)
"""
_EMPTY_OCCASIONS: Final = """
SELECT count(*) FROM occasions WHERE ($1::uuid IS NULL OR tenant_id = $1) AND NOT EXISTS (
    SELECT FROM responses WHERE responses.tenant_id = occasions.tenant_id
    AND responses.alliance_id = occasions.alliance_id AND responses.occasion_id = occasions.id)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One stored response."""

    id: UUID
    external_id: str
    digest: str
    """Of its content, made as that of what was sent."""
    alliance_id: UUID
    role: str


@dataclass(frozen=True, slots=True)
class State:
    """What an alliance says of itself."""

    version: int
    counts: dict[str, int]
    """Rater's role -> responses in the streams of raters with this role."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The tables of responses, alliance states, events and occasions, read one after another."""

    rows: list[Row]
    states: dict[UUID, State]
    told: Counter[UUID]
    """Response -> how many events say that it was recorded, those still waiting included."""
    empty_occasions: int
    """Occasions that no response belongs to."""

    def by_alliance(self) -> dict[UUID, Counter[str]]:
        """Alliance -> rater's role -> how many responses are stored; also alliances without any."""
        found: dict[UUID, Counter[str]] = {alliance: Counter() for alliance in self.states}
        for row in self.rows:
            found.setdefault(row.alliance_id, Counter())[row.role] += 1
        return found

    def miscounted(self) -> list[UUID]:
        """Alliances whose version or streams disagree with their stored responses."""
        empty = State(0, {})
        return [
            alliance
            for alliance, counts in self.by_alliance().items()
            if (state := self.states.get(alliance, empty)).version != counts.total()
            or state.counts != dict(counts)
        ]

    def mistold(self) -> list[UUID]:
        """Responses without exactly one event; events of responses that are not stored."""
        expected = Counter(row.id for row in self.rows)
        return [*((self.told - expected) + (expected - self.told))]


async def read(url: str, tenant_id: UUID | None = None) -> Stored:
    """Everything in the database, or of one of its tenants. Raises asyncpg's errors, OSError."""
    rows = await asked(url, _ROWS, tenant_id)
    states = await asked(url, _STATES, tenant_id)
    told = await asked(url, _TOLD, tenant_id)
    empty = await asked(url, _EMPTY_OCCASIONS, tenant_id)
    return Stored(
        [_row(row) for row in rows],
        {row["alliance_id"]: _state(row["version"], row["streams"]) for row in states},
        Counter(row["subject_id"] for row in told),
        empty[0][0],
    )


def _row(row: Any) -> Row:  # noqa: ANN401 - asyncpg's own kind
    answers = json.loads(row["answers"] or "{}")
    said = digest(row["alliance"], row["rater_role"], row["session_number"], answers)
    return Row(row["id"], row["external_id"], said, row["alliance_id"], row["rater_role"])


def _state(version: int, streams: str) -> State:
    counts = Counter[str]()
    for name, state in json.loads(streams).items():
        counts[json.loads(name)[0]] += state["count"]
    return State(version, dict(counts))


def names(rows: Iterable[Row]) -> Counter[str]:
    """How often each external_id is stored."""
    return Counter(row.external_id for row in rows)
