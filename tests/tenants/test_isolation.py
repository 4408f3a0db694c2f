"""Another tenant's ids are ids of nothing; two tenants' identifiers never meet."""

import secrets
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response

from tests.conftest import Tenant
from tests.support.contract import Operation, contract, operations_with_key
from tests.support.factories import pair, submission

NewTenant = Callable[[], Awaitable[Tenant]]
HEADERS = {"If-Match": '"1"'}
LISTS = {
    "list_alliances": ["source", "external_id", "case_ref", "client_ref", "professional_ref",
                       "program_ref"],
    "list_responses": ["source", "external_id", "alliance_id", "instrument", "form"],
}  # fmt: skip
BODIES: dict[tuple[str, str], Callable[[str], dict[str, Any]]] = {
    ("create_alliance", "/continues"): lambda one: pair(continues=one),
    ("update_alliance", "/continues"): lambda one: {"continues": one},
    ("submit_response", "/alliance/id"): lambda one: submission(alliance={"id": one}),
    ("submit_response", "/alliance/continues"): lambda one: submission(
        alliance=pair(continues=one)
    ),
}
"""A body for each place in which a request can name an id."""


@dataclass(frozen=True)
class World:
    """Two tenants with the same identifiers; A's ids."""

    a: AsyncClient
    b: AsyncClient
    ids: dict[str, str]
    b_alliance: str


@pytest.fixture
async def world(new_tenant: NewTenant) -> Any:
    mark = secrets.token_hex(4)
    sent = submission(
        external_id=f"r-{mark}",
        alliance=pair(external_id=f"a-{mark}", case_ref=mark, program_ref=mark),
    )
    async with (await new_tenant()).client() as a, (await new_tenant()).client() as b:
        made = (await a.post("/v1/responses", json=sent)).json()
        own = (await b.post("/v1/alliances", json=pair())).json()
        yield World(
            a,
            b,
            {"alliance_id": made["alliance_id"], "response_id": made["id"]},
            own["id"],
        )


def same(theirs: Response, nothing: Response) -> None:
    """Both answers are one 404, but for its request id."""
    assert (theirs.status_code, nothing.status_code) == (404, 404)
    bodies = [answer.json() for answer in (theirs, nothing)]
    assert bodies[0].pop("request_id") != bodies[1].pop("request_id")
    assert bodies[0] == bodies[1]
    assert "existing_id" not in bodies[0]
    own = {"x-request-id", "content-length"}
    heads = [{k: v for k, v in one.headers.items() if k not in own} for one in (theirs, nothing)]
    assert heads[0] == heads[1]


BY_ID = [
    pytest.param(one, parameter["name"], id=f"{one.id}-{parameter['name']}")
    for one in operations_with_key()
    for parameter in one.parameters("path")
    if parameter["name"].endswith("_id")
]


@pytest.mark.parametrize(("operation", "name"), BY_ID)
@pytest.mark.parametrize("kind", ["alliance_id", "response_id"])
async def test_another_tenants_id_in_a_path_reads_as_an_unknown_one(
    world: World, operation: Operation, name: str, kind: str
) -> None:
    answers = []
    for one in (world.ids[kind], str(uuid4())):
        method, url = operation.method.upper(), operation.url(**{name: one})
        body = {"case_ref": "x"} if operation.takes_body else None
        answers.append(await world.b.request(method, url, json=body, headers=HEADERS))

    same(*answers)


@pytest.mark.parametrize(("place", "body"), BODIES.items(), ids=["-".join(p) for p in BODIES])
@pytest.mark.parametrize("kind", ["alliance_id", "response_id"])
async def test_another_tenants_id_in_a_body_reads_as_an_unknown_one(
    world: World, place: tuple[str, str], body: Callable[[str], dict[str, Any]], kind: str
) -> None:
    operation = next(one for one in operations_with_key() if one.id == place[0])
    url = operation.url(alliance_id=world.b_alliance)
    answers = [
        await world.b.request(operation.method.upper(), url, json=body(one), headers=HEADERS)
        for one in (world.ids[kind], str(uuid4()))
    ]

    same(*answers)


def test_every_place_for_an_id_in_a_body_is_tried() -> None:
    found = set()
    for operation in operations_with_key():
        if operation.takes_body:
            schema = operation.about["requestBody"]["content"]["application/json"]["schema"]
            found |= {(operation.id, pointer) for pointer in id_places(schema)}

    assert found == set(BODIES)


def id_places(schema: dict[str, Any], pointer: str = "") -> Iterator[str]:
    """JSON pointers of everything with the format uuid inside a schema."""
    if "$ref" in schema:
        schema = contract()["components"]["schemas"][schema["$ref"].split("/")[-1]]
    if schema.get("format") == "uuid":
        yield pointer
    for part in schema.get("anyOf", []):
        yield from id_places(part, pointer)
    for name, part in schema.get("properties", {}).items():
        yield from id_places(part, f"{pointer}/{name}")
    if isinstance(schema.get("items"), dict):
        yield from id_places(schema["items"], f"{pointer}/0")


def test_every_filter_of_every_list_is_tried() -> None:
    for operation in operations_with_key():
        if operation.id in LISTS:
            named = {one["name"] for one in operation.parameters("query")}
            assert named == {*LISTS[operation.id], "limit", "cursor"}


@pytest.mark.parametrize("operation", list(LISTS))
async def test_lists_never_show_another_tenants(world: World, operation: str) -> None:
    """Whatever the filter: what finds it for A finds nothing for B, as an unknown value does."""
    path = next(one.path for one in operations_with_key() if one.id == operation)
    alliance = (await world.a.get(f"/v1/alliances/{world.ids['alliance_id']}")).json()
    response = (await world.a.get(f"/v1/responses/{world.ids['response_id']}")).json()
    record = alliance if operation == "list_alliances" else response
    record |= {f"{one['role']}_ref": one["ref"] for one in alliance["members"]}
    await world.b.patch(
        f"/v1/alliances/{world.b_alliance}", json={"case_ref": "other"}, headers=HEADERS
    )
    for name in LISTS[operation]:
        query = {name: record[name]}
        (found,) = (await world.a.get(path, params=query)).json()["items"]
        assert found["id"] == record["id"]
        seen = (await world.b.get(path, params=query)).json()["items"]
        assert record["id"] not in str(seen)
        assert name == "source" or seen == []
    assert record["id"] not in (await world.b.get(path)).text


async def test_the_same_identifiers_in_two_tenants_are_two_records(new_tenant: NewTenant) -> None:
    sent = submission()
    made = []
    for tenant in (await new_tenant(), await new_tenant()):
        async with tenant.client() as client:
            answer = await client.post("/v1/responses", json=sent)
            alliances = (await client.get("/v1/alliances")).json()["items"]
            responses = (await client.get("/v1/responses")).json()["items"]
            assert (answer.status_code, len(alliances), len(responses)) == (201, 1, 1)
            made.append(answer.json())

    for name in ("id", "alliance_id", "occasion_id"):
        assert made[0][name] != made[1][name]


async def test_one_tenants_other_content_is_no_conflict_for_the_other(
    new_tenant: NewTenant,
) -> None:
    sent = submission()
    others = sent | {"answers": {str(item): 1 for item in range(1, 13)}}
    others["alliance"] = sent["alliance"] | {"client_ref": "somebody else"}
    async with (await new_tenant()).client() as a, (await new_tenant()).client() as b:
        statuses = [
            (await client.post("/v1/responses", json=body)).status_code
            for client, body in ((a, sent), (b, others), (a, sent), (b, others))
        ]

    assert statuses == [201, 201, 200, 200]
