"""An export shows what a read of the same record shows the same reader, neither more nor less."""

from itertools import combinations
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Tenant
from tests.exports.reading import json_rows
from tests.support.factories import below_the_cut

ROLES = ("client", "professional", "supervisor")
NOTICES = [
    {"audience": list(audience), "level": level}
    for size in (1, 2, 3)
    for audience in combinations(ROLES, size)
    for level in ("items", "scores", "signals")
]
READERS = [
    None,
    "client;c-1",
    "client;c-old",
    "client;c-new",
    "client;somebody",
    "professional;p-1",
    "supervisor;s-1",
    "family_member;f-1",
]
PAIR = {"external_id": "a-1", "client_ref": "c-1", "professional_ref": "p-1"}
MERGED = {"external_id": "a-2", "client_ref": "c-old", "professional_ref": "p-1"}


async def furnish(client: AsyncClient) -> None:
    """Ratings under every notice, versions that told of fewer and of more, and a merge."""
    bodies = [
        below_the_cut(alliance=pair, notice=notice, occasion={"session_number": number})
        for number, notice in enumerate(NOTICES, 1)
        for pair in (PAIR, MERGED)
    ]
    for number, body in enumerate(bodies):
        assert (await client.post("/v1/responses", json=body)).status_code == 201
        for version, other in ((2, NOTICES[number % 7]), (3, NOTICES[-1 - number % 5])):
            if number % 3 == 0:
                again = body | {"external_version": version, "amendment_reason": "typo"}
                answer = await client.post("/v1/responses", json=again | {"notice": other})
                assert answer.status_code == 201, answer.text
    merge = {"source": "ehr", "role": "client", "from": "c-old", "into": "c-new"}
    assert (await client.post("/v1/people/merge", json=merge)).is_success


async def read(client: AsyncClient, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get(path, params={"limit": "500"} | cursor)).json()
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = {"cursor": page["next_cursor"]}


async def exported(client: AsyncClient, kind: str, **query: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/v1/exports/{kind}", params={"format": "ndjson"} | query)
    assert answer.status_code == 200, answer.text
    return json_rows(answer.content)


@pytest.fixture
def headers() -> list[dict[str, str]]:
    return [{} if one is None else {"Rapport-Actor": one} for one in READERS]


async def test_every_reader_sees_in_an_export_what_it_sees_in_a_read(
    tenant: Tenant, client: AsyncClient, headers: list[dict[str, str]]
) -> None:
    await furnish(client)
    withheld = set()
    for one in headers:
        async with tenant.client(**one) as reader:
            shown = {record["id"]: record for record in await read(reader, "/v1/responses")}
            rows = {row["id"]: row for row in await exported(reader, "responses", versions="all")}
            scores = await exported(reader, "scores", versions="all")
            assert list(rows) == list(shown)
            for name, row in rows.items():
                record = shown[name]
                assert (row["withheld"] or "").split() == record["withheld"], (one, record)
                assert row["answers"] == record["answers"]
                assert row["amendment_reason"] == record["amendment_reason"]
                assert row["record_status"] == record["record_status"]
                assert (row["withheld_reason"] is None) == (row["withheld"] is None)
                told = [score["value"] for score in scores if score["response_id"] == name]
                assert [value for value in told if value is not None] == [
                    score["value"] for score in record["scores"]
                ]
                withheld.add(row["withheld"])
    assert withheld == {None, "answers", "answers scores"}


async def test_every_reader_sees_its_own_signals(
    tenant: Tenant, client: AsyncClient, headers: list[dict[str, str]]
) -> None:
    await furnish(client)
    counts = set()
    for one in headers:
        async with tenant.client(**one) as reader:
            shown = await read(reader, "/v1/signals")
            rows = await exported(reader, "signals")
            assert [row["id"] for row in rows] == [signal["id"] for signal in shown]
            for row, signal in zip(rows, shown, strict=True):
                assert (row["value"], row["threshold"]) == (signal["value"], signal["threshold"])
                assert (row["parameters"] or {}) == signal["parameters"]
            counts.add((len(rows), sum(row["withheld"] is not None for row in rows)))
    assert len(counts) > 3
