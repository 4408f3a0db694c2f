"""Imports as the worker works them off: each row once, whatever fails, gone in time."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Never
from uuid import UUID

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.database import Database
from app.errors import InternalError, Unavailable
from app.imports import receiving
from app.imports.service import INCOMPLETE_KEPT, KEPT
from app.imports.working import MOST_FAILED_STEPS, work_off
from app.instruments.definitions import shipped
from app.responses import service as responses
from app.tenants.scopes import Scope
from app.tenants.service import create_key
from tests.conftest import Clock, Tenant
from tests.imports.conftest import Work, lines_of, standing, taken, upload
from tests.support.factories import pair, submission
from tests.support.interrupted import AtCall, hooked

START = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of three rows."""
    monkeypatch.setattr(receiving, "CHUNK_ROWS", 3)


def with_bad_ones(count: int, every: int) -> list[dict[str, Any]]:
    """So many forms, each so-manieth with an answer that there is not."""
    return [
        submission(**({"answers": {"1": 9}} if number % every == every - 1 else {}))
        for number in range(count)
    ]


async def stored(client: AsyncClient) -> list[str]:
    """The external ids of every response, in order of their receipt."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get("/v1/responses", params=cursor | {"limit": "500"})).json()
        found += [one["external_id"] for one in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


async def kept(url: str, import_id: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    found: list[asyncpg.Record] = await connection.fetch(
        "SELECT * FROM import_chunks WHERE import_id = $1 ORDER BY number", UUID(import_id)
    )
    await connection.close()
    return found


async def test_each_row_gets_its_verdict_and_only_failed_ones_are_kept(
    client: AsyncClient, work: Work, database_url: str
) -> None:
    rows = with_bad_ones(8, 4)
    made = await taken(client, lines_of(rows) + b"no json\n[1]\n")
    await work()
    done = await standing(client, made)
    chunks = await kept(database_url, made["id"])
    good = [row["external_id"] for row in rows if len(row["answers"]) > 1]

    assert await stored(client) == good
    assert (done["state"], done["done"], done["progress"]) == ("done", 10, 1.0)
    assert (done["succeeded"], done["failed"]) == (6, 4)
    failed = [json.loads(one["failed"]) for one in chunks]
    assert [[(f["line"], f["code"]) for f in chunk] for chunk in failed] == [
        [],
        [(4, "not_an_answer")],
        [(8, "not_an_answer"), (9, "malformed_json")],
        [(10, "model_type")],
    ]
    assert [one["lines"] for one in chunks] == [[], [4], [8, 9], [10]]
    assert chunks[2]["raw"] == [json.dumps(rows[7]).encode(), b"no json"]


async def test_a_row_is_answered_as_the_same_item_of_a_batch(
    client: AsyncClient, work: Work, new_tenant: Callable[..., Awaitable[Tenant]], database_url: str
) -> None:
    """Forms, their repetition, other content, amendments, a void, a lower version, faults."""
    one, two = submission(), submission()
    again = one | {"external_version": 2, "amendment_reason": "typo", "mode": "phone"}
    void = {"external_id": two["external_id"], "external_version": 2, "source": "ehr"}
    rows = [
        one, two, one, one | {"mode": "kiosk"}, again, one | {"external_version": 1},
        void | {"void": {"reason": "wrong person"}}, two, submission(external_id=None),
        submission(alliance=pair(external_id=two["alliance"]["external_id"])), {"x": 1}, 5,
    ]  # fmt: skip
    other = await new_tenant()
    async with other.client() as another:
        batch = (await another.post("/v1/responses:batch", json={"items": rows})).json()["items"]
    made = await taken(client, lines_of(rows))
    await work()
    chunks = await kept(database_url, made["id"])
    found = [v for c in chunks for n in ("succeeded", "failed") for v in json.loads(c[n])]

    assert [
        (v["status"], v.get("verdict", "refused"), v.get("problem"), v["external_id"])
        for v in sorted(found, key=lambda v: v["line"])
    ] == [
        (i["status"], i["verdict"], i["problem"] and i["problem"]["code"], i["external_id"])
        for i in batch
    ]


async def test_a_file_that_is_run_again_is_all_replays(client: AsyncClient, work: Work) -> None:
    content = lines_of(submission() for _ in range(7))
    made = [await taken(client, content) for _ in range(2)]
    await work()
    done = [await standing(client, one) for one in made]

    assert [(one["succeeded"], one["failed"]) for one in done] == [(7, 0), (7, 0)]
    assert len(await stored(client)) == 7


async def test_a_worker_that_fails_anywhere_loses_nothing_and_doubles_nothing(
    app: FastAPI, client: AsyncClient, clock: Clock, work: Work
) -> None:
    """The nth call of the database fails, whichever; a COMMIT may be done and nobody told."""
    clock.fixed = START

    async def lost(sql: str, call: Callable[[], Awaitable[Any]]) -> Never:
        if sql == "COMMIT":
            await call()
        raise ConnectionResetError

    nth, reached, sent = 0, True, 0
    while reached:
        nth += 1
        made = await taken(client, lines_of(with_bad_ones(7, 7)))
        sent += 6
        failing = AtCall(nth, lost)
        async with hooked(app, failing):
            with suppress(Unavailable):
                while await work_off(app.state.database, shipped(), clock):
                    pass
        reached = failing.reached
        clock.fixed += timedelta(minutes=10)
        await work()
        done = await standing(client, made)

        assert (done["state"], done["succeeded"], done["failed"]) == ("done", 6, 1), nth
        names = await stored(client)
        assert len(names) == len(set(names)) == sent, nth
    assert nth > 30


async def test_several_workers_work_each_row_off_once(
    client: AsyncClient, database: Database, clock: Clock
) -> None:
    files = [[submission() for _ in range(10)] for _ in range(3)]
    made = [await taken(client, lines_of(rows)) for rows in files]
    for _ in range(8):
        await asyncio.gather(*(work_off(database, shipped(), clock) for _ in range(3)))
    done = [await standing(client, one) for one in made]
    names = await stored(client)

    assert [(one["state"], one["succeeded"]) for one in done] == [("done", 10)] * 3
    assert sorted(names) == sorted(row["external_id"] for rows in files for row in rows)


async def test_tenants_take_turns(
    client: AsyncClient,
    clock: Clock,
    database: Database,
    new_tenant: Callable[..., Any],
    work: Work,
) -> None:
    await work()  # what other tests have left
    long = await taken(client, lines_of(submission() for _ in range(30)))
    async with (await new_tenant()).client() as another:
        short = await taken(another, lines_of([submission()]))
        await work_off(database, shipped(), clock)
        assert (await standing(another, short))["state"] == "done"
    assert 0 < (await standing(client, long))["done"] < 30


async def test_a_cancelled_import_keeps_what_is_stored_and_stores_no_more(
    client: AsyncClient, work: Work, database: Database, clock: Clock
) -> None:
    await work()
    made = await taken(client, lines_of(submission() for _ in range(20)))
    await work_off(database, shipped(), clock)
    cancelled = (await client.post(f"/v1/imports/{made['id']}/cancel")).json()
    await work()

    assert cancelled["state"] == "cancelled"
    assert 0 < cancelled["succeeded"] < 20
    assert await standing(client, made) == cancelled
    assert len(await stored(client)) == cancelled["succeeded"]


async def test_what_was_kept_is_gone_after_a_week_and_counts_stay(
    client: AsyncClient, work: Work, clock: Clock, database_url: str
) -> None:
    clock.fixed = START
    made = await taken(client, lines_of(with_bad_ones(4, 2)))
    await work()
    done = await standing(client, made)
    clock.fixed = START + KEPT - timedelta(seconds=1)
    await work()
    assert len(await kept(database_url, made["id"])) == 2
    clock.fixed = START + KEPT
    await work()

    assert await kept(database_url, made["id"]) == []
    assert await standing(client, made) == done
    assert (done["failed"], datetime.fromisoformat(done["expires_at"])) == (2, START + KEPT)


async def test_what_never_came_whole_is_not_worked_off_and_expires(
    client: AsyncClient, work: Work, clock: Clock, database_url: str
) -> None:
    clock.fixed = START
    answer = await upload(client, lines_of([submission() for _ in range(3)]) + b"x" * 70_000)
    (left,) = (await client.get("/v1/imports")).json()["items"]
    await work()

    assert answer.status_code == 422
    assert (await standing(client, left))["state"] == "incomplete"
    assert await stored(client) == []
    clock.fixed = START + INCOMPLETE_KEPT
    await work()
    assert (await standing(client, left))["state"] == "expired"
    assert await kept(database_url, left["id"]) == []
    assert await stored(client) == []


async def test_an_import_of_a_key_that_was_revoked_is_given_up(
    app: FastAPI, tenant: Tenant, client: AsyncClient, work: Work, platform_client: AsyncClient
) -> None:
    async with app.state.database.platform_transaction(tenant.id) as transaction:
        text = await create_key(transaction, "leaked", tuple(Scope), datetime.now(UTC))
    assert text is not None
    leaked = Tenant(app, tenant.id, text)
    async with leaked.client() as other:
        made = await taken(other, lines_of([submission()]), external_id="night")
    url = f"/v1/tenants/{tenant.id}/keys/{text.split('_')[2]}/revoke"
    assert (await platform_client.post(url)).is_success
    await work()
    given_up = await standing(client, made)

    assert (given_up["state"], given_up["failure"]) == ("failed", "key_revoked")
    assert await stored(client) == []
    await taken(client, lines_of([submission()]), external_id="night")


async def test_a_chunk_that_fails_again_and_again_is_given_up_and_others_go_on(
    client: AsyncClient, work: Work, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.fixed = START
    bad, good = submission(), submission()
    genuine, tries = responses.decide_all, 0

    async def decide(transaction: Any, catalogue: Any, items: Any, now: Any) -> Any:
        nonlocal tries
        if any(one.external_id == bad["external_id"] for one in items):
            tries += 1
            raise InternalError
        return await genuine(transaction, catalogue, items, now)

    monkeypatch.setattr(responses, "decide_all", decide)
    given_up = await taken(client, lines_of([bad]))
    done = await taken(client, lines_of([good]))
    for _ in range(MOST_FAILED_STEPS + 2):
        await work()
        clock.fixed += timedelta(minutes=5)

    assert (await standing(client, done))["state"] == "done"
    found = await standing(client, given_up)
    assert (found["state"], found["failure"], tries) == ("failed", "interrupted", MOST_FAILED_STEPS)


async def test_responses_are_of_who_sent_the_file(tenant: Tenant, work: Work) -> None:
    async with tenant.client(**{"Rapport-Actor": "professional;p-1"}) as sender:
        row = submission(alliance=pair(professional_ref="p-1"))
        await taken(sender, lines_of([row]))
        await work()
    async with tenant.client() as client:
        (found,) = (await client.get("/v1/responses")).json()["items"]
    assert found["recorded_by"] == {"role": "professional", "ref": "p-1"}


async def test_what_the_query_says_holds_for_rows_that_do_not_say_it(
    client: AsyncClient, work: Work
) -> None:
    row = submission()
    bare = {k: v for k, v in row.items() if k not in {"source", "instrument", "language", "rater"}}
    said = {"source": "old", "instrument": "wai-sr-2006", "language": "de", "backfill": "true"}
    full = submission(backfill=False, rater={"role": "professional"})
    content = lines_of([bare, full])
    await taken(client, content, rater_role="client", mode="phone", **said)
    await work()
    found = (await client.get("/v1/responses")).json()["items"]

    assert [(o["source"], o["language"], o["backfill"], o["mode"]) for o in found] == [
        ("old", "de", True, "phone"),
        ("ehr", "en", False, "phone"),
    ]
    assert [one["rater"]["role"] for one in found] == ["client", "professional"]
