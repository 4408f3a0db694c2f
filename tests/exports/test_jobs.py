"""Exports that the worker makes: once each, whole, for their reader alone, and gone in time."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Never

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from pyarrow import parquet

from app.database import Database
from app.errors import Unavailable
from app.exports import pages, service, working
from app.exports.service import MOST_OPEN
from app.exports.working import KEPT, LEASE, MOST_FAILED_STEPS, Files, work_off
from app.instruments.definitions import shipped
from app.tenants.scopes import Scope
from tests.conftest import Clock, Tenant
from tests.exports.conftest import LATER, Work
from tests.exports.reading import csv_rows, json_rows
from tests.support.factories import below_the_cut, submission
from tests.support.interrupted import AtCall, hooked

ASKED = {"kind": "responses"}


async def asked(client: AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post("/v1/exports", json=ASKED | body)
    assert answer.status_code == 202, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/exports/{made['id']}"
    return made


async def lose_the_connection(_: str, __: Callable[[], Awaitable[Any]]) -> Never:
    raise ConnectionResetError


async def fetched(client: AsyncClient, made: dict[str, Any]) -> int:
    """With which status the file is answered."""
    answer = await client.get(f"/v1/exports/{made['id']}/download")
    return answer.status_code


async def standing(client: AsyncClient, made: dict[str, Any]) -> dict[str, Any]:
    answer = await client.get(f"/v1/exports/{made['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def filled(client: AsyncClient, count: int) -> list[str]:
    """The ids of so many responses, in the order of their ids."""
    made = [await client.post("/v1/responses", json=submission()) for _ in range(count)]
    return sorted(one.json()["id"] for one in made)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of three records."""
    monkeypatch.setattr(pages, "PAGE_SIZE", dict.fromkeys(pages.PAGE_SIZE, 3))


async def test_a_file_is_made_and_fetched(client: AsyncClient, work: Work) -> None:
    ids = await filled(client, 2)
    made = await asked(client)
    assert (made["state"], made["rows"], made["expires_at"]) == ("queued", 0, None)
    too_early = await client.get(f"/v1/exports/{made['id']}/download")
    assert (too_early.status_code, too_early.json()["code"]) == (409, "export_conflict")
    await work()
    ready = await standing(client, made)
    answer = await client.get(f"/v1/exports/{made['id']}/download")

    assert (ready["state"], ready["rows"]) == ("ready", 2)
    assert [row["id"] for row in csv_rows(answer.content)] == ids
    assert int(answer.headers["content-length"]) == len(answer.content)
    streamed = await client.get("/v1/exports/responses")
    assert csv_rows(streamed.content) == csv_rows(answer.content)


@pytest.mark.parametrize("kind", ["responses", "scores", "signals", "alliances"])
@pytest.mark.usefixtures("small_pages")
async def test_a_file_says_what_a_stream_says(client: AsyncClient, work: Work, kind: str) -> None:
    for _ in range(7):
        await client.post("/v1/responses", json=below_the_cut())
    made = await asked(client, kind=kind, format="ndjson")
    await work()
    answer = await client.get(f"/v1/exports/{made['id']}/download")
    streamed = await client.get(f"/v1/exports/{kind}", params={"format": "ndjson"})

    assert len(json_rows(answer.content)) >= 7
    assert json_rows(answer.content) == json_rows(streamed.content)


async def test_nothing_is_taken_before_what_was_under_way_is_settled(
    client: AsyncClient, work: Work
) -> None:
    made = await asked(client)
    await work(datetime.now(UTC) + timedelta(seconds=4))
    assert (await standing(client, made))["state"] == "queued"


async def test_what_comes_later_is_not_in_it(client: AsyncClient, work: Work) -> None:
    """A response, an amendment and a void that came after it was asked for change nothing in it."""
    bodies = [submission() for _ in range(3)]
    first = [(await client.post("/v1/responses", json=body)).json() for body in bodies]
    made = await asked(client)
    await client.post("/v1/responses", json=submission())
    await client.post(
        "/v1/responses", json=bodies[0] | {"external_version": 2, "amendment_reason": "typo"}
    )
    await client.post(f"/v1/responses/{first[1]['id']}/void", json={"reason": "wrong person"})
    await work()
    answer = await client.get(f"/v1/exports/{made['id']}/download")
    rows = csv_rows(answer.content)

    assert [row["id"] for row in rows] == sorted(one["id"] for one in first)
    assert {row["record_status"] for row in rows} == {"current"}


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
async def test_a_worker_that_fails_anywhere_loses_nothing_and_doubles_nothing(
    app: FastAPI, client: AsyncClient, work: Work, form: str
) -> None:
    """The nth call of the database fails, whichever that is, and the worker is gone with it."""
    ids = await filled(client, 8)
    failed = True
    nth = 0
    while failed:
        nth += 1
        made = await asked(client, format=form)
        failing = AtCall(nth, lose_the_connection)
        now = datetime.now(UTC) + LATER
        async with hooked(app, failing):
            with suppress(Unavailable):
                await work_off(app.state.database, shipped(), {}, now)
        failed = failing.reached
        for minutes in (5, 10):
            await work(now + timedelta(minutes=minutes))
        answer = await client.get(f"/v1/exports/{made['id']}/download")

        assert (await standing(client, made))["rows"] == len(ids), nth
        assert found_in(answer.content, form) == ids, nth
        await client.post(f"/v1/exports/{made['id']}/cancel")
        await work()
    assert nth > 30


def found_in(content: bytes, form: str) -> list[str]:
    if form == "parquet":
        table = parquet.read_table(io.BytesIO(content))
        found: list[str] = table.column("id").to_pylist()
        return found
    read = csv_rows if form == "csv" else json_rows
    return [row["id"] for row in read(content)]


@pytest.mark.usefixtures("small_pages")
async def test_several_workers_make_each_file_once(
    client: AsyncClient, database: Database, new_tenant: Callable[..., Awaitable[Tenant]]
) -> None:
    ids = await filled(client, 10)
    made = [await asked(client) for _ in range(3)]
    other = await new_tenant()
    async with other.client() as another:
        theirs = await filled(another, 4)
        their_own = await asked(another, format="ndjson")
        now = datetime.now(UTC) + LATER
        for _ in range(8):
            await asyncio.gather(*(work_off(database, shipped(), {}, now) for _ in range(3)))
        for one in made:
            answer = await client.get(f"/v1/exports/{one['id']}/download")
            assert [row["id"] for row in csv_rows(answer.content)] == ids
        answer = await another.get(f"/v1/exports/{their_own['id']}/download")
        assert [row["id"] for row in json_rows(answer.content)] == theirs


@pytest.mark.usefixtures("small_pages")
async def test_another_worker_begins_a_parquet_file_anew_and_the_first_lets_it_go(
    client: AsyncClient, database: Database, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    await work()  # what other tests have left: each step is to be this one's
    ids = await filled(client, 7)
    made = await asked(client, format="parquet")
    now, first, second = datetime.now(UTC) + LATER, Files(), Files()
    monkeypatch.setattr(working, "STEPS", 1)
    await work_off(database, shipped(), first, now)
    await work_off(database, shipped(), second, now + LEASE)
    assert len(first) == len(second) == 1
    await work_off(database, shipped(), first, now + LEASE)
    assert first == {}
    await work(now + LEASE, second)
    answer = await client.get(f"/v1/exports/{made['id']}/download")

    assert found_in(answer.content, "parquet") == ids
    assert second == {}


async def test_parquet_has_types_and_says_how_many_rows(client: AsyncClient, work: Work) -> None:
    body = submission(alliance={"external_id": "=1", "client_ref": "c", "professional_ref": "p"})
    await client.post("/v1/responses", json=body)
    made = await asked(client, kind="scores", format="parquet")
    await work()
    answer = await client.get(f"/v1/exports/{made['id']}/download")
    table = parquet.read_table(io.BytesIO(answer.content))

    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert table.schema.field("value").type == "double"
    assert str(table.schema.field("occurred_at").type) == "timestamp[us, tz=UTC]"
    assert table.column("alliance_external_id")[0].as_py() == "=1"
    footer = parquet.ParquetFile(io.BytesIO(answer.content)).metadata.metadata
    assert footer[b"rapport.rows"] == str(table.num_rows).encode()
    with pytest.raises((OSError, ValueError)):
        parquet.read_table(io.BytesIO(answer.content[:-20]))


async def test_parquet_is_refused_where_its_library_is_not(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "find_spec", lambda _: None)
    answer = await client.post("/v1/exports", json=ASKED | {"format": "parquet"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0] | {"detail": ""} == {
        "pointer": "/format", "code": "parquet_unavailable", "detail": "",
    }  # fmt: skip


async def test_a_worker_without_parquet_says_so(
    client: AsyncClient, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "find_spec", lambda _: object())
    monkeypatch.setattr(working, "find_spec", lambda _: None)
    made = await asked(client, format="parquet")
    await work()
    found = await standing(client, made)

    assert (found["state"], found["failure"]) == ("failed", "parquet_unavailable")


async def test_a_file_goes_when_it_expires(
    client: AsyncClient, work: Work, clock: Clock, database_url: str
) -> None:
    await filled(client, 1)
    made = await asked(client)
    now = datetime.now(UTC) + LATER
    await work(now)
    assert await fetched(client, made) == 200
    clock.fixed = now + KEPT
    assert await fetched(client, made) == 409
    clock.fixed = None
    await work(now + KEPT)

    assert (await standing(client, made))["state"] == "expired"
    assert await pieces(database_url, made) == 0


async def pieces(database_url: str, made: dict[str, Any]) -> int:
    connection = await asyncpg.connect(database_url)
    try:
        count = "SELECT count(*) FROM export_chunks WHERE export_id = $1"
        found: int = await connection.fetchval(count, made["id"])
        return found
    finally:
        await connection.close()


@pytest.mark.parametrize("before", [True, False])
async def test_a_cancelled_export_has_no_file(
    client: AsyncClient, work: Work, database_url: str, *, before: bool
) -> None:
    await filled(client, 1)
    made = await asked(client)
    if not before:
        await work()
    answer = await client.post(f"/v1/exports/{made['id']}/cancel")
    again = await client.post(f"/v1/exports/{made['id']}/cancel")
    await work()

    assert answer.json()["state"] == again.json()["state"] == "cancelled"
    assert await fetched(client, made) == 409
    assert await pieces(database_url, made) == 0
    assert (await standing(client, made))["state"] == "cancelled"


async def test_it_is_nothing_to_another_tenant_or_another_reader(
    client: AsyncClient,
    tenant: Tenant,
    work: Work,
    new_tenant: Callable[..., Awaitable[Tenant]],
) -> None:
    await filled(client, 1)
    made = await asked(client)
    await work()
    async with (
        (await new_tenant()).client() as stranger,
        tenant.client(**{"Rapport-Actor": "professional;p-9"}) as person,
    ):
        for other in (stranger, person):
            for method, path in (("GET", ""), ("GET", "/download"), ("POST", "/cancel")):
                answer = await other.request(method, f"/v1/exports/{made['id']}{path}")
                assert answer.status_code == 404
    assert await fetched(client, made) == 200


async def test_what_is_for_supervision_needs_a_key_that_shows_it(
    app: FastAPI, tenant: Tenant, work: Work, new_key: Callable[..., Awaitable[Tenant]]
) -> None:
    headers = {"Rapport-Actor": "supervisor;s-1"}
    narrow = await new_key(tenant, *(one for one in Scope if one != Scope.SUPERVISION_READ))
    async with tenant.client(**headers) as wide, narrow.client(**headers) as less:
        wider = await asked(wide, kind="signals")
        narrower = await asked(less, kind="signals")
        await work()

        assert await fetched(less, wider) == 404
        assert await fetched(wide, wider) == 200
        assert await fetched(less, narrower) == await fetched(wide, narrower) == 200


@pytest.mark.parametrize(
    ("notice", "status"),
    [
        ({"audience": ["client", "professional", "supervisor"], "level": "items"}, 200),
        ({"audience": ["client"], "level": "items"}, 409),
        ({"audience": ["client", "professional", "supervisor"], "level": "scores"}, 409),
    ],
)
async def test_a_file_is_not_given_out_once_a_rater_was_told_of_fewer_readers(
    client: AsyncClient, work: Work, notice: dict[str, Any], status: int
) -> None:
    body = submission(
        notice={"audience": ["professional", "client", "supervisor"], "level": "items"}
    )
    await client.post("/v1/responses", json=body)
    made, alliances = await asked(client), await asked(client, kind="alliances")
    await work()
    again = {"external_version": 2, "amendment_reason": "told anew", "notice": notice}
    assert (await client.post("/v1/responses", json=body | again)).status_code == 201

    assert await fetched(client, made) == status
    assert await fetched(client, alliances) == 200


async def test_asking_twice_under_one_key_asks_once(client: AsyncClient) -> None:
    headers = {"Idempotency-Key": "export-1"}
    first = await client.post("/v1/exports", json=ASKED, headers=headers)
    again = await client.post("/v1/exports", json=ASKED, headers=headers)

    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["idempotent-replayed"] == "true"


async def test_only_so_many_are_under_way(client: AsyncClient) -> None:
    made = [await asked(client) for _ in range(MOST_OPEN)]
    refused = await client.post("/v1/exports", json=ASKED)
    assert (refused.status_code, refused.json()["code"]) == (409, "export_conflict")
    await client.post(f"/v1/exports/{made[0]['id']}/cancel")
    await asked(client)


async def test_a_step_that_never_succeeds_is_given_up(
    client: AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await asked(client)

    async def failing(*_: object) -> Never:
        raise Unavailable

    monkeypatch.setattr(working, "page_after", failing)
    now = datetime.now(UTC) + LATER
    for _ in range(MOST_FAILED_STEPS + 1):
        await work_off(database, shipped(), {}, now)
        now += timedelta(minutes=10)
    found = await standing(client, made)

    assert (found["state"], found["failure"]) == ("failed", "interrupted")


async def test_a_file_never_changes_its_columns_on_its_way(
    client: AsyncClient, work: Work, database_url: str
) -> None:
    made = await asked(client)
    connection = await asyncpg.connect(database_url)
    text = "UPDATE exports SET columns = columns || 'item_99'::text WHERE id = $1"
    await connection.execute(text, made["id"])
    await connection.close()
    await work()
    found = await standing(client, made)

    assert (found["state"], found["failure"]) == ("failed", "definitions_changed")


async def test_a_damaged_file_is_not_given_out(
    client: AsyncClient, work: Work, database_url: str
) -> None:
    await filled(client, 1)
    made = await asked(client)
    await work()
    connection = await asyncpg.connect(database_url)
    text = "UPDATE export_chunks SET data = data || '1'::bytea WHERE export_id = $1"
    await connection.execute(text, made["id"])
    await connection.close()

    assert await fetched(client, made) == 500


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kind": "alliances", "instrument": "srs-3"}, "not_for_this_kind"),
        ({"kind": "signals", "versions": "all"}, "not_for_this_kind"),
        ({"kind": "nothing"}, "literal_error"),
        ({"kind": "responses", "form": "client"}, "instrument_unnamed"),
        ({"kind": "responses", "limit": 1}, "unknown_field"),
    ],
)
async def test_what_cannot_be_asked_for(
    client: AsyncClient, body: dict[str, Any], code: str
) -> None:
    answer = await client.post("/v1/exports", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code
