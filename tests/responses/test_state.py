"""Whatever comes in whatever order, the state of a stream is that of all its responses."""

import asyncio
import json
from datetime import datetime
from operator import itemgetter
from random import Random
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient, Response

from app.alliances.merged_refs import FormerRefs, former_refs
from app.instruments.definitions import shipped
from app.measurement.course import in_order, state_of
from app.measurement.watch import Watch
from app.measurement.watching import watched
from app.responses.content import content_sha256
from app.responses.stream_state import Stream, point_of, stored_standing, stored_state, stream_of
from app.signals.rules import rules_for
from app.tenants.signal_settings import SignalSettings
from tests.conftest import Clock, Tenant
from tests.support.factories import submission
from tests.support.histories import History
from tests.support.sending import send_until_answered
from tests.support.sequences import NOTICES
from tests.support.states import streams_told, watch_told

CHANGES = 80
RESPONSES = """
SELECT * FROM responses
JOIN (SELECT tenant_id, alliance_id, id AS occasion_id, occasion_key FROM occasions) o
USING (tenant_id, alliance_id, occasion_id)"""
STATES = """
SELECT * FROM alliance_state
JOIN (SELECT tenant_id, id AS alliance_id, former_refs FROM alliances) a
USING (tenant_id, alliance_id)"""

RATERS = (
    {"role": "client"},
    {"role": "client", "ref": "c"},
    {"role": "professional"},
)


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

    await must_be_that_of_the_rows(owner, tenant)


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_is_corrected_the_state_is_that_of_what_counts(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection, clock: Clock, seed: int
) -> None:
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    history = History(client, clock, seed)
    first_read: dict[Any, str] = {}
    for _ in range(CHANGES):
        await history.go_on()
        for response_id, text in (await rows_as_text(owner, tenant)).items():
            assert first_read.setdefault(response_id, text) == text, history.done
    await must_be_that_of_the_rows(owner, tenant)
    assert await rows_as_text(owner, tenant) == first_read
    for sent_then, answered in history.submitted:
        again = await client.post("/v1/responses", json=sent_then)
        assert (again.status_code, standing_apart(again.json())) == (200, standing_apart(answered))


def standing_apart(answer: dict[str, Any]) -> dict[str, Any]:
    """What was answered, but for what became of the version since."""
    return {k: v for k, v in answer.items() if k not in {"record_status", "amended_by"}}


async def rows_as_text(owner: asyncpg.Connection, tenant: Tenant) -> dict[Any, str]:
    """Every response as the table has it, to the byte."""
    rows = await owner.fetch(
        "SELECT id, t::text AS row FROM responses t WHERE tenant_id = $1", tenant.id
    )
    return {row["id"]: row["row"] for row in rows}


async def test_histories_do_everything(client: AsyncClient, clock: Clock, tenant: Tenant) -> None:
    """Otherwise the test above would hold less than it says."""
    history = History(client, clock, seed=0)
    for _ in range(CHANGES):
        await history.go_on()
    found = await client.get("/v1/responses", params={"limit": 500})
    records = found.json()["items"]
    by_id = {one["id"]: one for one in records}
    before = [(by_id[one["amends"]], one) for one in records if one["amends"]]

    assert len(set(history.done)) == 8
    assert {one["record_status"] for one in records} == {"current", "amended", "voided"}
    assert any(old["alliance_id"] != new["alliance_id"] for old, new in before)
    assert any(old["voided"] for old, _ in before)
    assert len({one["rater"]["ref"] for one in records}) > 3


async def must_be_that_of_the_rows(owner: asyncpg.Connection, tenant: Tenant) -> None:
    """State, hashes and counts made again from the stored rows are those that are stored."""
    rows = await rows_in(owner, tenant, RESPONSES)
    voids = await rows_in(owner, tenant, "SELECT * FROM response_voids")
    events = await rows_in(owner, tenant, "SELECT * FROM event_queue")
    alliances = await rows_in(owner, tenant, STATES)
    gone = {row["amends"] for row in rows} | {void["response_id"] for void in voids}
    of_responses = {
        (event["type"], event["alliance_id"], event["subject_id"]): event["recorded_at"]
        for event in events
        if event["type"].startswith("response.") and event["type"] != "response.moved"
    }
    moves = [
        (event["alliance_id"], event["subject_id"])
        for event in events
        if event["type"] == "response.moved"
    ]
    assert of_responses == events_of(rows, voids)
    assert sorted(moves) == sorted(moves_of(rows, voids))
    assert [row["content_sha256"] for row in rows] == [content_sha256(row) for row in rows]
    for one in alliances:
        former = former_refs(one["former_refs"])
        streams: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            if row["alliance_id"] == one["alliance_id"] and row["id"] not in gone:
                streams.setdefault(stream_of(row, former).name(), []).append(row)
        told_of = streams_told(one)
        stored = {present(name, former): state for name, state in told_of.items()}
        assert stored == {name: rebuilt(current) for name, current in streams.items()}
        assert len(stored) == len(one["streams"])
        told = [
            event
            for event in events
            if event["alliance_id"] == one["alliance_id"]
            and not event["type"].startswith("signal.")  # told with the response that raised it
        ]
        told.sort(key=itemgetter("sequence"))
        assert [event["sequence"] for event in told] == list(range(one["version"] + 1))  # 0: made
        times = [event["recorded_at"] for event in told]
        assert times == sorted(times)
        assert one["last_received_at"] >= times[-1]


def events_of(rows: list[dict[str, Any]], voids: list[dict[str, Any]]) -> dict[Any, datetime]:
    """Type, alliance and subject of what was told of these rows -> when it was received."""
    alliances = {row["id"]: row["alliance_id"] for row in rows}
    told = {
        ("response.voided", alliances[void["response_id"]], void["response_id"]): void["voided_at"]
        for void in voids
    }
    for row in rows:
        kind = "response.amended" if row["amends"] else "response.recorded"
        told[kind, row["alliance_id"], row["id"]] = row["received_at"]
    return told


def moves_of(rows: list[dict[str, Any]], voids: list[dict[str, Any]]) -> list[Any]:
    """The alliances that a record has left, each with the version that stood there.

    One that was withdrawn stands nowhere, and leaves nothing.
    """
    voided = {void["response_id"] for void in voids}
    after = {row["amends"]: row["alliance_id"] for row in rows}
    return [
        (row["alliance_id"], row["id"])
        for row in rows
        if row["id"] not in voided
        and after.get(row["id"], row["alliance_id"]) != row["alliance_id"]
    ]


async def rows_in(owner: asyncpg.Connection, tenant: Tenant, text: str) -> list[dict[str, Any]]:
    return [dict(row) for row in await owner.fetch(f"{text} WHERE tenant_id = $1", tenant.id)]


def present(name: str, former: FormerRefs) -> str:
    """The stream's name under its parties' present references."""
    return stream_of(dict(zip(Stream._fields, json.loads(name), strict=True)), former).name()


def rebuilt(rows: list[dict[str, Any]]) -> Any:
    """The state of one stream as it would be stored, from all that counts in it."""
    stream = stream_of(rows[0], {})
    newest = shipped().newest_key_of(stream.instrument, stream.form_revision, stream.form)
    points = [point_of(row, newest) for row in rows]
    rules = rules_for(newest, stream.form, stream.language, SignalSettings())
    by_place = {point.place: point for point in points}
    watch, previous = Watch(), None
    for place in in_order([point.place for point in points])[0]:
        watch, _ = watched(watch, by_place[place], previous, rules)
        previous = place
    stored = stored_state(state_of(points), newest.revision)
    stored |= {"standing": stored_standing(watch, rules.version), "watch": watch_told(watch)}
    return json.loads(json.dumps(stored))
