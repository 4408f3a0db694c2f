"""Query strings: every parameter known, once, and of the right kind; cursors of this very list."""

import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response

from app.database import Database
from tests.conftest import Tenant
from tests.support.contract import API_KEY, PLATFORM_KEY, Operation, operations_with_key
from tests.support.factories import below_the_cut, pair, submission
from tests.support.own import definition, pack, publish, put, texts_path
from tests.support.programmes import compare, rating, send, work

Callers = dict[str | None, AsyncClient]
QUERIES = [
    pytest.param(one, parameter, id=f"{one.id}-{parameter['name']}")
    for one in operations_with_key()
    for parameter in one.parameters("query")
]
LISTS = [one for one in operations_with_key() if one.id.startswith("list_")]
every_list = pytest.mark.parametrize("one", LISTS, ids=lambda one: one.id)
NOT_TEXT = ["%00", "a%00b", "%0a", "%1f", "%7f", "%c2%85", "%ff", "%ed%a0%80", "%c3"]
WRONG: dict[str, list[str]] = {
    "after": ["-1", "abc", "", "1.5", "1e2", "9007199254740992", "9" * 5000],
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
    "state": ["x", "", "OPEN"],
    "status": ["x", "", "planned", "HELD"],
    "session_ref": ["", "x" * 201],
    "revision": ["x" * 21],
    "code": ["x" * 61],
    "severity": ["x" * 21],
    "component": ["x", "", "Bond"],
    "rater_role": ["x", "", "Client"],
    "professional_ref": ["", "x" * 201],
    "program_ref": ["", "x" * 201],
    "instrument": ["", "x" * 81],
    "form": ["", "x" * 81],
    "labels": ["", "x", "en_US"],
    "by": ["x", "", "Program", "setting"],
    "setting": ["x", "", "Coaching"],
    "has": ["x", "", "Drop"],
    "side": ["x", "", "Client"],
    "source": ["", "x" * 201],
    "period": ["x", "", "year", "Week"],
    "theme": ["x", "", "Dark"],
    "width": ["279", "2001", "-1", "abc", "", "360.5", "1e3", "9" * 5000],
}


async def asked(callers: Callers, one: Operation, query: str = "", **more: Any) -> Response:
    """The answer to an operation with this query string, asked with the key that it needs."""
    url = f"{one.url()}?{query}" if query else one.url()
    return await callers[one.key].request(one.method.upper(), url, **more)


def valid(parameter: dict[str, Any]) -> str:
    given = {"limit": "5", "alliance_id": str(uuid4()), "role": "client", "language": "en"}
    given |= {"availability": "pending", "from": "2026-01-01", "to": "2026-01-01"}
    given |= {"state": "open", "status": "held", "setting": "coaching", "has": "drop"}
    given |= {"side": "client", "period": "week", "by": "program", "theme": "dark"}
    given |= {"width": "360", "kind": "responses", "instrument": "srs-3", "form": "client"}
    return given.get(parameter["name"], "2026-01-01T00:00:00Z")


@pytest.mark.parametrize(("one", "parameter"), QUERIES)
async def test_a_parameter_given_twice_is_refused(
    callers: Callers, one: Operation, parameter: dict[str, Any]
) -> None:
    name, value = parameter["name"], valid(parameter)
    for second in (value, ""):
        answer = await asked(callers, one, params=[(name, value), (name, second)])
        assert answer.status_code == 422
        assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
            (f"#/query/{name}", "repeated")
        ]


@pytest.mark.parametrize(("one", "parameter"), QUERIES)
async def test_what_is_no_text_is_refused_and_never_reaches_postgres(
    callers: Callers, one: Operation, parameter: dict[str, Any]
) -> None:
    for raw in NOT_TEXT:
        answer = await asked(callers, one, f"{parameter['name']}={raw}")
        assert answer.status_code == 422, raw
        assert answer.json()["errors"][0]["pointer"] == f"#/query/{parameter['name']}"


@pytest.mark.parametrize(("one", "parameter"), QUERIES)
async def test_a_wrong_value_is_refused(
    callers: Callers, one: Operation, parameter: dict[str, Any]
) -> None:
    name = parameter["name"]
    needed = {each["name"]: valid(each) for each in one.parameters("query") if each["required"]}
    for wrong in WRONG.get(name, []):
        answer = await asked(callers, one, params=needed | {name: wrong})
        assert answer.status_code == 422, wrong
        assert [e["pointer"] for e in answer.json()["errors"]] == [f"#/query/{name}"]


@pytest.mark.parametrize("one", operations_with_key(), ids=lambda one: one.id)
async def test_an_unknown_parameter_is_refused(callers: Callers, one: Operation) -> None:
    """A filter that is misspelt would otherwise find everything."""
    for query in ("clientref=x", "external-id=x", "x", "LIMIT=1", "limit%20=1", "%00=1"):
        answer = await asked(callers, one, query)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == "unknown_parameter"


class Shown(NamedTuple):
    """A list that has two items or more."""

    client: AsyncClient
    url: str
    cursor: str
    """The one after the first item."""
    needed: dict[str, str]
    """What the list does not do without."""


@pytest.fixture
async def shown(callers: Callers, tenant: Tenant, database: Database) -> dict[str, Shown]:
    """Every list by its operation."""
    client, platform = callers[API_KEY], callers[PLATFORM_KEY]
    noticed = {"by": {"role": "client"}, "kind": "rupture"}
    for number in ("1", "2"):
        sent = submission(alliance=pair(case_ref=number, professional_ref="p"))
        stored = (await client.post("/v1/responses", json=sent)).json()
        for again in (1, 2):
            mark = noticed | {"occasion": {"session_number": again}}
            await client.post(f"/v1/alliances/{stored['alliance_id']}/marks", json=mark)
        await client.post("/v1/responses", json=below_the_cut())
        await platform.post("/v1/tenants", json={"name": number})
        await platform.post(f"/v1/tenants/{tenant.id}/keys", json={"label": number})
    await send(client, [rating(number) for number in range(10)])
    await work(database)
    await compare(database)
    await publish(client, definition())
    for language in ("en", "de"):
        await put(client, pack(language), texts_path(language))
    for row in (b"{}", b"[]"):
        kind = {"Content-Type": "application/x-ndjson"}
        await client.post("/v1/imports", content=row, headers=kind)
    made = {}
    known = {"by": "program", "tenant_id": str(tenant.id), "alliance_id": stored["alliance_id"]}
    known["professional_ref"] = "p"
    for one in LISTS:
        caller, url = callers[one.key], one.url(**known)
        needed = {p["name"]: known[p["name"]] for p in one.parameters("query") if p["required"]}
        needed |= {"source": "ehr"} if one.id == "list_caseload" else {}
        page = (await caller.get(url, params=needed | {"limit": "1"})).json()
        made[one.id] = Shown(caller, url, page["next_cursor"], needed)
    return made


@every_list
@pytest.mark.parametrize("limit", ["1", "500"])
async def test_the_ends_of_the_limit_are_taken(
    shown: dict[str, Shown], one: Operation, limit: str
) -> None:
    client, url, _, needed = shown[one.id]
    assert (await client.get(url, params=needed | {"limit": limit})).status_code == 200


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


@every_list
async def test_an_altered_cursor_is_refused(shown: dict[str, Shown], one: Operation) -> None:
    client, url, cursor, needed = shown[one.id]
    needed |= {"limit": "1"}
    for wrong in altered(cursor):
        answer = await client.get(url, params=needed | {"cursor": wrong})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor"), wrong

    assert (await client.get(url, params=needed | {"cursor": cursor})).status_code == 200


@pytest.mark.parametrize(
    ("listed", "other"),
    [
        ("list_alliances", {"case_ref": "1"}),
        ("list_responses", {"source": "ehr"}),
        ("list_instruments", {"availability": "pending"}),
        ("list_tenants", {"state": "open"}),
        ("list_occasions", {"status": "held"}),
        ("list_signals", {"state": "waiting"}),
        ("list_signals", {"code": "low_level"}),
        ("list_caseload", {"side": "client"}),
        ("list_program_summaries", {"scale": "total"}),
        ("list_program_summaries", {"period": "week"}),
        ("list_program_comparisons", {"program_ref": "north"}),
        ("list_program_comparisons", {"setting": "counselling"}),
    ],
)
async def test_a_cursor_belongs_to_its_filters(
    shown: dict[str, Shown], listed: str, other: dict[str, str]
) -> None:
    client, url, cursor, needed = shown[listed]
    answer = await client.get(url, params={"cursor": cursor, **needed, **other})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


async def test_a_cursor_belongs_to_its_list(shown: dict[str, Shown]) -> None:
    for listed, other in (
        ("list_responses", "list_alliances"),
        ("list_tenants", "list_tenant_keys"),
        ("list_tenant_keys", "list_tenants"),
        ("list_occasions", "list_marks"),
        ("list_marks", "list_occasions"),
        ("list_signals", "list_responses"),
        ("list_responses", "list_signals"),
        ("list_program_summaries", "list_responses"),
        ("list_program_comparisons", "list_program_summaries"),
    ):
        client, url, _, needed = shown[listed]
        answer = await client.get(url, params=needed | {"cursor": shown[other].cursor})
        assert answer.status_code == 400


async def test_a_cursor_of_one_tenants_keys_is_none_of_anothers(
    shown: dict[str, Shown], new_tenant: Callable[[], Awaitable[Tenant]]
) -> None:
    client, _, cursor, _ = shown["list_tenant_keys"]
    other = await new_tenant()
    answer = await client.get(f"/v1/tenants/{other.id}/keys", params={"cursor": cursor})

    assert answer.status_code == 400


async def test_a_cursor_opens_nothing_of_another_tenant(
    shown: dict[str, Shown], new_tenant: Callable[[], Awaitable[Tenant]]
) -> None:
    async with (await new_tenant()).client() as stranger:
        for listed in (
            "list_alliances", "list_responses", "list_occasions", "list_marks", "list_signals",
            "list_caseload",
            "list_program_summaries", "list_program_comparisons",
        ):  # fmt: skip
            _, url, cursor, needed = shown[listed]
            answer = await stranger.get(url, params=needed | {"cursor": cursor})
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")
