"""What became of each row, as files that its sender fetches."""

import csv
import io
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from httpx import AsyncClient, Response

from app.database import Database
from app.imports import receiving
from app.imports.service import KEPT
from app.imports.working import work_off
from app.instruments.definitions import shipped
from tests.conftest import Clock, Tenant
from tests.imports.conftest import CSV, Work, csv_of, lines_of, taken, upload
from tests.support.factories import submission

START = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of three rows."""
    monkeypatch.setattr(receiving, "CHUNK_ROWS", 3)


async def fetched(
    client: AsyncClient, made: dict[str, Any], which: str, **query: str
) -> list[dict[str, Any]]:
    """The rows of a result, in whichever format."""
    answer = await client.get(f"/v1/imports/{made['id']}/{which}", params=query)
    assert answer.status_code == 200, answer.text
    if answer.headers["content-type"].startswith("text/csv"):
        return list(csv.DictReader(io.StringIO(answer.text, newline="")))
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_every_row_stands_in_one_of_the_results(client: AsyncClient, work: Work) -> None:
    rows = [submission() for _ in range(7)]
    rows[1]["answers"] = {"1": 9, "99": 1}
    made = await taken(client, lines_of(rows[:4]) + b"\n=1+1\n" + lines_of(rows[4:]))
    await work()
    succeeded = await fetched(client, made, "succeeded")
    failed = await fetched(client, made, "failed")

    assert [one["line"] for one in succeeded] == [1, 3, 4, 7, 8, 9]
    assert [one["external_id"] for one in succeeded] == [
        row["external_id"] for number, row in enumerate(rows) if number != 1
    ]
    found = (await client.get("/v1/responses")).json()["items"]
    assert [one["id"] for one in succeeded] == [one["id"] for one in found]
    assert {(one["verdict"], one["status"]) for one in succeeded} == {("accepted", 201)}
    wrong, no_json = failed
    assert (wrong["line"], wrong["external_id"]) == (2, rows[1]["external_id"])
    assert (wrong["status"], wrong["problem"]) == (422, "invalid_request")
    assert (wrong["code"], wrong["pointer"]) == ("not_an_answer", "/answers/1")
    assert [one["pointer"] for one in wrong["errors"]] == ["/answers/1", "/answers/99"]
    assert json.loads(wrong["raw"]) == rows[1]
    assert (no_json["line"], no_json["code"], no_json["raw"]) == (6, "malformed_json", "=1+1")
    assert await fetched(client, made, "unprocessed") == []


async def test_results_are_the_same_in_csv_and_open_as_no_formula(
    client: AsyncClient, work: Work
) -> None:
    rows = [submission(external_id="=cmd"), submission(external_id="+1", answers={"1": 9})]
    made = await taken(client, lines_of(rows) + b"=1+1")
    await work()
    (succeeded,) = await fetched(client, made, "succeeded", format="csv")
    failed = await fetched(client, made, "failed", format="csv")

    assert (succeeded["line"], succeeded["external_id"], succeeded["verdict"]) == (
        "1", "'=cmd", "accepted",
    )  # fmt: skip
    assert [(one["line"], one["external_id"], one["code"]) for one in failed] == [
        ("2", "'+1", "not_an_answer"),
        ("3", "", "malformed_json"),
    ]
    assert failed[1]["raw"] == "'=1+1"


async def test_what_failed_is_mended_and_sent_again(client: AsyncClient, work: Work) -> None:
    rows = [submission() for _ in range(4)]
    bad = [row | ({"answers": {"1": 9}} if n % 2 else {}) for n, row in enumerate(rows)]
    made = await taken(client, lines_of(bad))
    await work()
    right = {row["external_id"]: row["answers"] for row in rows}
    failed = [json.loads(one["raw"]) for one in await fetched(client, made, "failed")]
    mended = [row | {"answers": right[row["external_id"]]} for row in failed]
    again = await taken(client, lines_of(mended))
    whole = await taken(client, lines_of(rows))
    await work()

    assert [one["verdict"] for one in await fetched(client, again, "succeeded")] == ["accepted"] * 2
    assert [one["verdict"] for one in await fetched(client, whole, "succeeded")] == ["replayed"] * 4


@pytest.mark.parametrize("separator", [None, ",", ";"])
async def test_what_is_left_is_a_file_to_send_again(
    client: AsyncClient, work: Work, database: Database, clock: Clock, separator: str | None
) -> None:
    await work()
    rows = [submission() for _ in range(12)]
    content, media_type = lines_of(rows), "application/x-ndjson"
    if separator is not None:
        flat = [
            {
                "external_id": row["external_id"],
                "alliance_external_id": row["alliance"]["external_id"],
                "client_ref": row["alliance"]["client_ref"],
                "professional_ref": row["alliance"]["professional_ref"],
                "session_number": 1,
                "case_ref": f'a{separator}"b"',
            }
            | {f"item_{item}": value for item, value in row["answers"].items()}
            for row in rows
        ]
        content, media_type = csv_of(flat, separator), CSV
    query = {"instrument": "wai-sr-2006", "rater_role": "client"}
    made = await taken(client, content, media_type, **query)
    await work_off(database, shipped(), clock)
    url = f"/v1/imports/{made['id']}"
    under_way = await client.get(f"{url}/unprocessed")
    await client.post(f"{url}/cancel")
    left = await client.get(f"{url}/unprocessed")
    succeeded = await fetched(client, made, "succeeded")
    again = await taken(client, left.content, media_type, **query)
    await work()
    rest = await fetched(client, again, "succeeded")

    assert (under_way.status_code, under_way.json()["code"]) == (409, "import_conflict")
    assert 0 < len(succeeded) < 12
    assert left.headers["content-type"].startswith(media_type)
    names = [one["external_id"] for one in [*succeeded, *rest]]
    assert names == [row["external_id"] for row in rows]
    assert {one["verdict"] for one in rest} == {"accepted"}


async def test_what_is_gone_is_said_to_be_gone(
    client: AsyncClient, work: Work, clock: Clock
) -> None:
    clock.fixed = START
    made = await taken(client, lines_of([submission()]))
    await work()
    clock.fixed = START + KEPT

    for which in ("succeeded", "failed", "unprocessed"):
        answer = await client.get(f"/v1/imports/{made['id']}/{which}")
        assert (answer.status_code, answer.json()["code"]) == (409, "import_conflict")


async def test_of_an_upload_that_was_cut_off_there_is_no_result(client: AsyncClient) -> None:
    await upload(client, b"{}\n{}\n{}\n" + b"x" * 70_000)
    (left,) = (await client.get("/v1/imports")).json()["items"]
    answer = await client.get(f"/v1/imports/{left['id']}/failed")
    assert (answer.status_code, answer.json()["code"]) == (409, "import_conflict")


async def test_results_are_for_who_sent_the_file(
    tenant: Tenant, new_tenant: Callable[..., Awaitable[Tenant]], work: Work
) -> None:
    async with tenant.client(**{"Rapport-Actor": "client;c-1"}) as sender:
        made = await taken(sender, b"{}")
        await work()
        assert len(await fetched(sender, made, "failed")) == 1
    other = await new_tenant()
    async with other.client() as stranger, tenant.client() as system:
        for client in (stranger, system):
            answers: list[Response] = [
                await client.get(f"/v1/imports/{made['id']}/{which}")
                for which in ("succeeded", "failed", "unprocessed")
            ]
            assert {one.status_code for one in answers} == {404}
