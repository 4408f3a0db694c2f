"""The person acting, as the Rapport-Actor header names them."""

import pytest
from httpx import AsyncClient

from app.tenants.authentication import ACTOR_ROLES
from tests.conftest import Tenant
from tests.support.factories import submission

MALFORMED = [
    "",
    "client",
    "client;",
    ";c-1",
    "Client;c-1",
    "patient;c-1",
    "client,c-1",
    "client ;c-1",
    "client;" + "x" * 201,
    "client;a\x07b",
    "client;a\x7fb",
    "client;a\x85b",
]


@pytest.mark.parametrize("header", MALFORMED)
async def test_a_malformed_actor_is_refused(tenant: Tenant, header: str) -> None:
    given = [(b"Rapport-Actor", header.encode())]
    async with tenant.client() as client:
        answer = await client.get("/v1/responses", headers=given)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
        ("#/header/Rapport-Actor", "malformed")
    ]


@pytest.mark.parametrize("raw", [b"client;m\xfcller", b"client;\xff", b"client;\xed\xa0\x80"])
async def test_an_actor_that_is_not_utf_8_is_refused(client: AsyncClient, raw: bytes) -> None:
    answer = await client.get("/v1/responses", headers=[(b"Rapport-Actor", raw)])

    assert answer.status_code == 422


async def test_two_actors_are_refused(client: AsyncClient) -> None:
    two = [("Rapport-Actor", "client;a"), ("Rapport-Actor", "client;b")]

    assert (await client.get("/v1/responses", headers=two)).status_code == 422


@pytest.mark.parametrize("role", ACTOR_ROLES)
@pytest.mark.parametrize("ref", ["c", "x" * 200, "a;b", "a b", "müller-日本"])
async def test_an_actor_is_taken(client: AsyncClient, role: str, ref: str) -> None:
    given = [(b"Rapport-Actor", f"{role};{ref}".encode())]

    assert (await client.get("/v1/responses", headers=given)).status_code == 200


async def test_a_rater_is_known_by_a_reference_in_any_script(client: AsyncClient) -> None:
    """Also where nobody else is told: headers travel as bytes, and these are UTF-8."""
    sent = submission(
        alliance={"external_id": "a", "client_ref": "мария", "professional_ref": "p"},
        notice={"audience": ["supervisor"], "level": "items"},
    )
    made = await client.post("/v1/responses", json=sent)
    seen = {}
    for ref in ("мария", "p"):
        given = [(b"Rapport-Actor", f"client;{ref}".encode())]
        record = await client.get(f"/v1/responses/{made.json()['id']}", headers=given)
        seen[ref] = record.json()["answers"]

    assert seen == {"мария": sent["answers"], "p": None}
