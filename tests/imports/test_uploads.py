"""Files on their way in: stored in chunks, whole or not at all, harmless to send again."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Never
from uuid import UUID

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from starlette.types import Message

from app.imports import receiving
from app.imports.service import MOST_STANDING
from app.tenants.scopes import Scope
from tests.conftest import Tenant
from tests.imports.conftest import CSV, NDJSON, csv_of, lines_of, standing, taken, upload
from tests.support.factories import submission
from tests.support.interrupted import AtCall, hooked

CHUNKS = """
SELECT number, lines, raw FROM import_chunks WHERE import_id = $1 ORDER BY number
"""


async def chunks(url: str, import_id: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    found: list[asyncpg.Record] = await connection.fetch(CHUNKS, UUID(import_id))
    await connection.close()
    return found


def numbered(count: int) -> list[dict[str, Any]]:
    return [{"external_id": f"row-{number}"} for number in range(1, count + 1)]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of three rows."""
    monkeypatch.setattr(receiving, "CHUNK_ROWS", 3)


@pytest.mark.usefixtures("small_chunks")
async def test_a_file_is_stored_row_by_row_as_it_came(
    client: AsyncClient, database_url: str
) -> None:
    content = b"\xef\xbb\xbf" + lines_of(numbered(3)) + b"\r\n  \n" + b'{"a": "\xff"}\r\n{}'

    async def byte_by_byte() -> AsyncIterator[bytes]:
        for byte in content:
            yield bytes([byte])

    made = await taken(client, byte_by_byte(), source="ehr", external_id="night-1", backfill="true")
    found = await chunks(database_url, made["id"])

    assert [one["lines"] for one in found] == [[1, 2, 3], [6, 7]]
    raw = [line for one in found for line in one["raw"]]
    assert [json.loads(line)["external_id"] for line in raw[:3]] == ["row-1", "row-2", "row-3"]
    assert raw[3:] == [b'{"a": "\xff"}', b"{}"]
    assert (made["state"], made["rows"], made["bytes"]) == ("queued", 5, len(content))
    assert (made["source"], made["external_id"]) == ("ehr", "night-1")
    assert made["defaults"] == {"backfill": True}
    assert await standing(client, made) == made


async def test_a_quoted_cell_may_hold_lines_and_separators(
    client: AsyncClient, database_url: str
) -> None:
    rows = [
        {"external_id": "a", "alliance_id": "x", "case_ref": "one\r\ntwo;", "item_1": "4"},
        {"external_id": 'b"', "alliance_id": "x", "case_ref": "", "item_1": "5"},
    ]
    query = {"instrument": "srs-3", "rater_role": "client"}
    made = await taken(client, b"sep=;\r\n" + csv_of(rows, ";"), CSV, **query)
    (found,) = await chunks(database_url, made["id"])

    assert found["lines"] == [3, 5]
    assert found["raw"] == [b'a;x;"one\r\ntwo;";4', b'"b""";x;;5']


@pytest.mark.parametrize(
    ("media_type", "content", "query", "code"),
    [
        (NDJSON, b"", {}, "no_rows"),
        (NDJSON, b"\n \n", {}, "no_rows"),
        (NDJSON, b"x" * 65537, {}, "row_too_long"),
        (NDJSON, b"{}\n", {"state": "done"}, "unknown_parameter"),
        (NDJSON, b"{}\n", {"mode": "smoke"}, "literal_error"),
        (CSV, b"external_id,alliance_id,item_1\n", {}, "missing_column"),
        (CSV, b"external_id,alliance_id,rater_role,instrument\n", {}, "missing_column"),
        (CSV, b"external_id,alliance_id,void_reason\n", {}, "no_rows"),
        (CSV, b"external_id,alliance_id,void_reason,name\n", {}, "unknown_column"),
        (CSV, b"external_id,alliance_id,void_reason,external_id\n", {}, "repeated"),
        (CSV, "external_id,ä".encode("cp1252"), {}, "not_utf8"),
        (CSV, "external_id,item_1\n".encode("utf-16"), {}, "not_utf8"),
        (CSV, b"external_id,item_1\rx,4\r", {}, "not_lines"),
        (CSV, b'external_id,"item_1', {}, "malformed_csv"),
        (CSV, b'external_id,alliance_id,void_reason\n1,"' + b"\n" * 65537, {}, "row_too_long"),
    ],
)
async def test_what_is_no_file_is_refused_as_a_whole(
    client: AsyncClient, media_type: str, content: bytes, query: dict[str, str], code: str
) -> None:
    answer = await upload(client, content, media_type, **query)

    assert answer.status_code == 422
    assert code in {one["code"] for one in answer.json()["errors"]}
    assert (await client.get("/v1/imports")).json()["items"] == []


@pytest.mark.parametrize("media_type", ["application/json", "text/csv; charset=latin-1", ""])
async def test_another_kind_of_file_is_refused(client: AsyncClient, media_type: str) -> None:
    answer = await upload(client, b"{}", media_type)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_too_much_is_refused_while_it_comes(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "MAX_IMPORT_BYTES", 100)
    monkeypatch.setattr(receiving, "MOST_ROWS", 3)
    too_large = await upload(client, lines_of(numbered(10)))
    too_many = await upload(client, b"{}\n" * 4)

    assert (too_large.status_code, too_large.json()["code"]) == (413, "body_too_large")
    assert too_many.json()["errors"][0]["code"] == "too_many_rows"


@pytest.mark.usefixtures("small_chunks")
async def test_an_upload_that_is_cut_off_leaves_an_import_that_is_incomplete(
    app: FastAPI, tenant: Tenant, client: AsyncClient
) -> None:
    """As a server tells of a connection that is gone: not all of the body came before."""
    messages: list[Message] = [
        {"type": "http.request", "body": lines_of(numbered(4)), "more_body": True},
        {"type": "http.disconnect"},
    ]
    answered: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        answered.append(message)

    headers = {"Authorization": f"Bearer {tenant.key}", "Content-Type": NDJSON}
    scope = {
        "type": "http", "method": "POST", "path": "/v1/imports", "query_string": b"",
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        "http_version": "1.1", "scheme": "http", "raw_path": b"/v1/imports", "root_path": "",
    }  # fmt: skip
    await app(scope, receive, send)
    (left,) = (await client.get("/v1/imports")).json()["items"]

    assert answered[0]["status"] == 408
    assert (left["state"], left["rows"], left["uploaded_at"]) == ("incomplete", 3, None)
    answer = await client.post(f"/v1/imports/{left['id']}/cancel")
    assert answer.json()["state"] == "cancelled"


async def test_an_upload_that_brings_nothing_more_is_cut_off(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "STALLED_SECONDS", 0.05)

    async def stalls() -> AsyncIterator[bytes]:
        yield b"{}\n"
        await asyncio.sleep(30)

    answer = await upload(client, stalls())
    assert (answer.status_code, answer.json()["code"]) == (408, "upload_cut")


async def test_the_same_file_under_its_name_is_replayed_and_another_one_refused(
    client: AsyncClient,
) -> None:
    content = lines_of(numbered(2))
    first = await taken(client, content, external_id="night-1", source="ehr")
    again = await upload(client, content, external_id="night-1", source="ehr")
    other = await upload(client, content + b"{}", external_id="night-1", source="ehr")
    as_history = await upload(client, content, external_id="night-1", source="ehr", backfill="true")

    assert (again.status_code, again.json()) == (200, first)
    assert again.headers["idempotent-replayed"] == "true"
    for refused in (other, as_history):
        assert (refused.status_code, refused.json()["code"]) == (422, "external_id_reused")
        assert refused.json()["existing_id"] == first["id"]
    await taken(client, content, external_id="night-1", source="other")
    assert len((await client.get("/v1/imports")).json()["items"]) == 2


async def test_of_two_uploads_at_once_under_one_name_one_is_kept(
    app: FastAPI, tenant: Tenant, client: AsyncClient
) -> None:
    content = lines_of(numbered(2))
    second: list[dict[str, Any]] = []

    async def slowly() -> AsyncIterator[bytes]:
        yield content[:20]
        async with tenant.client() as another:
            second.append(await taken(another, content, external_id="night-1"))
        yield content[20:]

    answer = await upload(client, slowly(), external_id="night-1")
    assert (answer.status_code, answer.json()) == (200, second[0])


async def test_a_cancelled_import_frees_its_name(client: AsyncClient) -> None:
    content = lines_of(numbered(2))
    first = await taken(client, content, external_id="night-1")
    cancelled = (await client.post(f"/v1/imports/{first['id']}/cancel")).json()
    again = (await client.post(f"/v1/imports/{first['id']}/cancel")).json()

    assert cancelled["state"] == "cancelled"
    assert cancelled["expires_at"] is not None
    assert again == cancelled
    second = await taken(client, content, external_id="night-1")
    assert second["id"] != first["id"]


async def test_only_so_many_may_stand(client: AsyncClient) -> None:
    made = [await taken(client, b"{}") for _ in range(MOST_STANDING)]
    answer = await upload(client, b"{}")

    assert (answer.status_code, answer.json()["code"]) == (409, "import_conflict")
    await client.post(f"/v1/imports/{made[0]['id']}/cancel")
    await taken(client, b"{}")


async def test_who_did_not_send_it_does_not_see_it(
    tenant: Tenant, new_tenant: Callable[..., Awaitable[Tenant]]
) -> None:
    async with tenant.client(**{"Rapport-Actor": "professional;p-1"}) as sender:
        made = await taken(sender, b"{}", external_id="mine")
        assert [one["id"] for one in (await sender.get("/v1/imports")).json()["items"]] == [
            made["id"]
        ]
    stranger = await new_tenant()
    async with (
        tenant.client() as system,
        tenant.client(**{"Rapport-Actor": "professional;p-2"}) as other,
        stranger.client() as another,
    ):
        for client in (system, other, another):
            assert (await client.get(f"/v1/imports/{made['id']}")).status_code == 404
            assert (await client.post(f"/v1/imports/{made['id']}/cancel")).status_code == 404
            assert (await client.get("/v1/imports")).json()["items"] == []
        reused = await upload(system, b"{}", external_id="mine")
        assert (reused.status_code, reused.json().get("existing_id")) == (422, None)


async def test_each_call_needs_its_scope(new_tenant: Callable[..., Awaitable[Tenant]]) -> None:
    async with (await new_tenant(Scope.IMPORTS_READ)).client() as reader:
        assert (await upload(reader, b"{}")).status_code == 403
        assert (await reader.get("/v1/imports")).status_code == 200
    async with (await new_tenant(Scope.IMPORTS_WRITE)).client() as writer:
        await taken(writer, b"{}")
        assert (await writer.get("/v1/imports")).status_code == 403


@pytest.mark.usefixtures("small_chunks")
async def test_a_database_that_fails_for_a_moment_costs_no_row(
    app: FastAPI, client: AsyncClient, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nth call of the database fails, whichever; or its COMMIT is done and nobody told."""
    monkeypatch.setattr(receiving, "PAUSE_SECONDS", 0)
    content = lines_of([submission() for _ in range(8)])

    async def lost(sql: str, call: Callable[[], Awaitable[Any]]) -> Never:
        if sql == "COMMIT":
            await call()
        raise ConnectionResetError

    await client.get("/v1/imports")  # the key is known from now on
    nth, reached = 0, True
    while reached:
        nth += 1
        failing = AtCall(nth, lost)
        async with hooked(app, failing):
            made = await taken(client, content, external_id=f"night-{nth}")
        reached = failing.reached
        found = await chunks(database_url, made["id"])
        assert [len(one["raw"]) for one in found] == [3, 3, 2], nth
        assert made["rows"] == 8
        await client.post(f"/v1/imports/{made['id']}/cancel")
        for left in (await client.get("/v1/imports")).json()["items"]:
            await client.post(f"/v1/imports/{left['id']}/cancel")
    assert nth > 15
