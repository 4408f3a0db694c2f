"""Query strings: every parameter known, once, and of the right kind; cursors of this very list."""

import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from tests.conftest import Tenant
from tests.support.contract import operations_with_key
from tests.support.factories import pair, submission

QUERIES = [
    pytest.param(one.url(), parameter, id=f"{one.id}-{parameter['name']}")
    for one in operations_with_key()
    for parameter in one.parameters("query")
]
LISTS = [one.path for one in operations_with_key() if one.id.startswith("list_")]
NOT_TEXT = ["%00", "a%00b", "%0a", "%1f", "%7f", "%c2%85", "%ff", "%ed%a0%80", "%c3"]
WRONG: dict[str, list[str]] = {
    "limit": ["0", "-1", "501", "abc", "", "1.5", "1e2", "9" * 5000],
    "alliance_id": ["x", "", "0" * 33, "1"],
    "role": ["x", "", "Client"],
    "availability": ["x", "", "SCORABLE"],
    "language": ["", "x", "en_US", "en-", "e" * 36],
    "from": ["x", "2026-13-01", "2026-1-1", "20260101", "1767225600", "1899-12-31", ""],
    "to": ["2026-02-30", "2026-01-01T00:00:00Z"],
    "as_of": ["x", "2026-01-01", "2026-01-01T00:00:00", "1767225600", "1800-01-01T00:00:00Z"],
    "external_id": ["", "x" * 201],
    "client_ref": ["", "x" * 201],
    "scale": ["x" * 61],
    "revision": ["x" * 21],
}


def valid(parameter: dict[str, Any]) -> str:
    given = {"limit": "5", "alliance_id": str(uuid4()), "role": "client", "language": "en"}
    given |= {"availability": "pending", "from": "2026-01-01", "to": "2026-01-01"}
    return given.get(parameter["name"], "2026-01-01T00:00:00Z")


@pytest.mark.parametrize(("url", "parameter"), QUERIES)
async def test_a_parameter_given_twice_is_refused(
    client: AsyncClient, url: str, parameter: dict[str, Any]
) -> None:
    name, value = parameter["name"], valid(parameter)
    for second in (value, ""):
        answer = await client.get(url, params=[(name, value), (name, second)])
        assert answer.status_code == 422
        assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
            (f"#/query/{name}", "repeated")
        ]


@pytest.mark.parametrize(("url", "parameter"), QUERIES)
async def test_what_is_no_text_is_refused_and_never_reaches_postgres(
    client: AsyncClient, url: str, parameter: dict[str, Any]
) -> None:
    for raw in NOT_TEXT:
        answer = await client.get(f"{url}?{parameter['name']}={raw}")
        assert answer.status_code == 422, raw
        assert answer.json()["errors"][0]["pointer"] == f"#/query/{parameter['name']}"


@pytest.mark.parametrize(("url", "parameter"), QUERIES)
async def test_a_wrong_value_is_refused(
    client: AsyncClient, url: str, parameter: dict[str, Any]
) -> None:
    name = parameter["name"]
    for wrong in WRONG.get(name, []):
        answer = await client.get(url, params={name: wrong})
        assert answer.status_code == 422, wrong
        assert [e["pointer"] for e in answer.json()["errors"]] == [f"#/query/{name}"]


@pytest.mark.parametrize("one", operations_with_key(), ids=lambda one: one.id)
async def test_an_unknown_parameter_is_refused(client: AsyncClient, one: Any) -> None:
    """A filter that is misspelt would otherwise find everything."""
    for query in ("clientref=x", "external-id=x", "x", "LIMIT=1", "limit%20=1", "%00=1"):
        answer = await client.request(one.method.upper(), f"{one.url()}?{query}")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == "unknown_parameter"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("limit", ["1", "500"])
async def test_the_ends_of_the_limit_are_taken(client: AsyncClient, path: str, limit: str) -> None:
    assert (await client.get(path, params={"limit": limit})).status_code == 200


async def cursors(client: AsyncClient) -> dict[str, str]:
    """The cursor after the first item of each list."""
    for number in (1, 2):
        await client.post("/v1/responses", json=submission(alliance=pair(case_ref=f"{number}")))
    found = {path: (await client.get(path, params={"limit": 1})).json() for path in LISTS}
    return {path: page["next_cursor"] for path, page in found.items()}


def altered(cursor: str) -> list[str]:
    position, fingerprint = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    other = [
        [str(uuid4()), fingerprint],
        [position],
        [position, fingerprint, 1],
        [position, None],
        [1, fingerprint],
        {position: 1, fingerprint: 2},
        position,
        None,
    ]
    made = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode() for one in other]
    deep = base64.urlsafe_b64encode(b"[" * 350).decode()
    return [*made, deep, cursor[:-3], cursor[1:], cursor + "AAAA", cursor[::-1], "x", "", "é", "="]


@pytest.mark.parametrize("path", LISTS)
async def test_an_altered_cursor_is_refused(client: AsyncClient, path: str) -> None:
    cursor = (await cursors(client))[path]
    for wrong in altered(cursor):
        answer = await client.get(path, params={"limit": 1, "cursor": wrong})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor"), wrong

    assert (await client.get(path, params={"limit": 1, "cursor": cursor})).status_code == 200


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("/v1/alliances", {"case_ref": "1"}),
        ("/v1/responses", {"source": "ehr"}),
        ("/v1/instruments", {"availability": "pending"}),
    ],
)
async def test_a_cursor_belongs_to_its_filters(
    client: AsyncClient, path: str, other: dict[str, str]
) -> None:
    cursor = (await cursors(client))[path]
    answer = await client.get(path, params={"cursor": cursor, **other})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


async def test_a_cursor_belongs_to_its_list(client: AsyncClient) -> None:
    made = await cursors(client)
    answer = await client.get("/v1/responses", params={"cursor": made["/v1/alliances"]})

    assert answer.status_code == 400


async def test_a_cursor_opens_nothing_of_another_tenant(
    client: AsyncClient, new_tenant: Callable[[], Awaitable[Tenant]]
) -> None:
    made = await cursors(client)
    async with (await new_tenant()).client() as stranger:
        for path in ("/v1/alliances", "/v1/responses"):
            answer = await stranger.get(path, params={"cursor": made[path]})
            assert answer.json()["items"] == []
