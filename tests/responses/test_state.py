"""Whatever comes in whatever order, the state of a stream is that of all its responses."""

import asyncio
import json
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient, Response
from pydantic_core import from_json

from app.instruments.definitions import shipped
from app.measurement.course import state_of
from app.responses.stream_state import point_of, stored_state, stream_of
from tests.conftest import Tenant
from tests.support.factories import submission
from tests.support.sending import send_until_answered

RATERS = (
    {"role": "client"},
    {"role": "client", "ref": "c"},
    {"role": "professional"},
)
NOTICES = (
    {"audience": ["client", "professional"], "level": "items"},
    {"audience": ["client"], "level": "signals"},
    {"audience": ["supervisor"], "level": "scores"},
)


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that reads JSON."""
    connection = await asyncpg.connect(database_url)
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=json.dumps, decoder=from_json
    )
    yield connection
    await connection.close()


def occasion(random: Random, kind: str) -> dict[str, Any]:
    """Exactly timed, dated, undated or any of these."""
    kind = random.choice(("timed", "dated", "undated")) if kind == "mixed" else kind
    day = f"2026-10-{random.randint(1, 4):02}"
    made: dict[str, Any] = {}
    if kind == "timed":
        time = random.choice(("00:30", "09:00", "23:30"))
        made["occurred_at"] = f"{day}T{time}:00{random.choice(('Z', '+02:00', '-10:00', '+14:00'))}"
    elif kind == "dated":
        made["occurred_on"] = day
    if kind == "undated" or random.random() < 0.5:
        made["session_number"] = random.randint(0, 9)
    return made


def sent(random: Random, alliance: int, kind: str) -> dict[str, Any]:
    made = submission(
        alliance={"external_id": f"a-{alliance}", "client_ref": "c", "professional_ref": "p"},
        rater=random.choice(RATERS),
        occasion=occasion(random, kind),
        notice=random.choice(NOTICES),
        language=random.choice(("en", "en", "de")),
        answers={str(item): random.choice((1, 2, 3, 4, 5, "declined")) for item in range(1, 13)},
    )
    if random.random() < 0.15:
        del made["answers"]
        made["reported_scores"] = [{"scale": "total", "mean": round(random.uniform(1, 5), 3)}]
    if random.random() < 0.3:
        made["completed_at"] = f"2026-10-2{random.randint(0, 9)}T10:00:00+02:00"
    return made


async def submit(client: AsyncClient, gate: asyncio.Semaphore, body: dict[str, Any]) -> Response:
    async with gate:
        return await send_until_answered(client, body)


async def stored_of(owner: asyncpg.Connection, tenant: Tenant) -> list[dict[str, Any]]:
    rows = await owner.fetch("SELECT * FROM responses WHERE tenant_id = $1", tenant.id)
    return [dict(row) for row in rows]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_state_is_that_of_all_stored_responses(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection, seed: int
) -> None:
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    random = Random(seed)  # noqa: S311 - no secret
    kinds = ("timed", "dated", "undated", "mixed")
    bodies = [sent(random, n, kind) for n, kind in enumerate(kinds) for _ in range(20)]
    work = bodies + random.sample(bodies, 15)
    random.shuffle(work)
    gate = asyncio.Semaphore(5)
    answers = await asyncio.gather(*(submit(client, gate, body) for body in work))
    assert sorted(a.status_code for a in answers) == [200] * 15 + [201] * len(bodies)

    streams: dict[Any, dict[str, list[dict[str, Any]]]] = {}
    for row in await stored_of(owner, tenant):
        of_alliance = streams.setdefault(row["alliance_id"], {})
        of_alliance.setdefault(stream_of(row).name(), []).append(row)
    states = await owner.fetch("SELECT * FROM alliance_state WHERE tenant_id = $1", tenant.id)
    assert {state["alliance_id"] for state in states} == streams.keys()
    for state in states:
        assert state["streams"] == {
            name: rebuilt(rows) for name, rows in streams[state["alliance_id"]].items()
        }
        rows = [row for one in streams[state["alliance_id"]].values() for row in one]
        assert state["last_received_at"] == max(row["received_at"] for row in rows)


def rebuilt(rows: list[dict[str, Any]]) -> Any:
    """The state of one stream as it would be stored, from all of its responses."""
    stream = stream_of(rows[0])
    newest = shipped().newest_key_of(stream.instrument, stream.form_revision, stream.form)
    state = state_of([point_of(row, newest) for row in rows])
    return json.loads(json.dumps(stored_state(state, newest.revision)))
