"""A call that came twice with one Idempotency-Key is done once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from app.tenants.scopes import Scope
from app.tenants.service import create_key
from tests.conftest import Clock, Tenant
from tests.support.corrections import amend, amendment, items, store, void
from tests.support.factories import pair, submission
from tests.support.keyed import count, submit, told, unnamed

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
REUSED = (422, "idempotency_key_reused")


async def make(client: AsyncClient, sent: dict[str, Any], key: str) -> Response:
    return await client.post("/v1/alliances", json=sent, headers={"Idempotency-Key": key})


@pytest.mark.parametrize(("first", "second"), [("k", "k"), ('"k"', "k"), ("k", '"k"')])
async def test_a_submission_with_one_key_makes_one_record(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection, first: str, second: str
) -> None:
    sent = unnamed()
    made, again = await submit(client, sent, first), await submit(client, sent, second)

    assert (made.status_code, again.status_code) == (201, 200)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in made.headers
    assert again.json() == made.json()
    assert await count(owner, tenant, "responses") == 1


async def test_an_alliance_with_one_key_is_made_once(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    sent = {"client_ref": "c", "professional_ref": "p"}
    made, again = await make(client, sent, "k"), await make(client, sent, "k")
    other = await make(client, sent, "another")

    assert (made.status_code, again.status_code, other.status_code) == (201, 200, 201)
    assert again.json() == made.json()
    assert await count(owner, tenant, "alliances") == 2


async def test_an_amendment_with_one_key_is_made_once(client: AsyncClient) -> None:
    sent = submission(answers=items(2))
    first = await store(client, sent)
    body, header = amendment(sent, answers=items(4)), {"Idempotency-Key": "k"}
    made = await amend(client, first["id"], body, **header)
    third = await amend(client, made.json()["id"], amendment(sent, answers=items(5)))
    again = await amend(client, first["id"], body, **header)
    elsewhere = await amend(client, made.json()["id"], body, **header)

    assert (made.status_code, third.status_code, again.status_code) == (201, 201, 200)
    assert again.json() == made.json() | {
        "record_status": "amended",
        "amended_by": third.json()["id"],
    }
    assert told(elsewhere) == REUSED


@pytest.mark.parametrize(
    "malformed", ["a b", "", '""', "é", "x" * 256, '"' + "x" * 256 + '"', '"a b"']
)
@pytest.mark.parametrize("path", ["/v1/responses", "/v1/alliances", "amendments"])
async def test_a_malformed_key_is_refused(client: AsyncClient, malformed: str, path: str) -> None:
    sent = unnamed()
    body: dict[str, Any] = {"client_ref": "c", "professional_ref": "p"}
    if path == "/v1/responses":
        body = sent
    if path == "amendments":
        made = await store(client, sent)
        path, body = f"/v1/responses/{made['id']}/amendments", amendment(sent)
    headers = {"Idempotency-Key": malformed.encode()}
    answer = await client.post(path, json=body, headers=headers)  # type: ignore[arg-type]

    assert answer.status_code == 422
    pointers = [error["pointer"] for error in answer.json()["errors"]]
    assert pointers == ["#/header/Idempotency-Key"]


@pytest.mark.parametrize("length", [1, 255])
async def test_keys_of_every_length_are_taken(client: AsyncClient, length: int) -> None:
    for key in ("~" * length, '"' + "!" * length + '"'):
        assert (await submit(client, unnamed(), key)).status_code == 201


async def test_a_key_that_is_much_too_long_is_refused_like_any_other(client: AsyncClient) -> None:
    answer = await submit(client, unnamed(), "x" * 300)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/header/Idempotency-Key"]


@pytest.mark.parametrize("key", ["k", "a b", "x" * 300])
async def test_with_an_external_id_the_key_is_not_looked_at(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection, key: str
) -> None:
    for number in range(2):
        assert (await submit(client, submission(), key)).status_code == 201
        sent = pair(external_id=f"a-{number}")
        assert (await make(client, sent, key)).status_code == 201
    assert await count(owner, tenant, "idempotency_keys") == 0


async def test_another_content_or_operation_needs_another_key(client: AsyncClient) -> None:
    sent = unnamed()
    made = (await submit(client, sent, "k")).json()
    assert told(await submit(client, sent | {"answers": items(1)}, "k")) == REUSED
    assert told(await submit(client, sent | {"backfill": True}, "k")) == REUSED
    assert told(await submit(client, sent | {"amendment_reason": "x"}, "k")) == REUSED
    alliance = {"client_ref": "c", "professional_ref": "p"}
    assert told(await make(client, alliance, "k")) == REUSED
    header = {"Idempotency-Key": "k"}
    assert told(await amend(client, made["id"], amendment(sent), **header)) == REUSED
    assert (await submit(client, sent, "k")).status_code == 200


async def test_the_same_said_another_way_is_the_same_call(client: AsyncClient) -> None:
    sent = unnamed()
    made = await submit(client, sent, "k")
    reordered = dict(reversed(sent.items())) | {"answers": dict(reversed(sent["answers"].items()))}
    for again in (reordered, sent | {"mode": "unknown"}, sent | {"external_version": 1}):
        answer = await submit(client, again, "k")
        assert (answer.status_code, answer.json()["id"]) == (200, made.json()["id"])


async def test_a_number_is_the_same_however_it_is_written(client: AsyncClient) -> None:
    sent = unnamed(answers=items(4))
    await submit(client, sent, "k")
    again = await submit(client, sent | {"answers": dict.fromkeys(sent["answers"], 4.0)}, "k")
    assert again.status_code == 200


async def test_keys_are_remembered_for_seven_days(client: AsyncClient, clock: Clock) -> None:
    sent = unnamed()
    clock.fixed = START
    made = (await submit(client, sent, "k")).json()
    clock.fixed = START + timedelta(days=7) - timedelta(seconds=1)
    within = await submit(client, sent, "k")
    clock.fixed = START + timedelta(days=7)
    other = sent | {"answers": items(1)}
    after, again = await submit(client, other, "k"), await submit(client, other, "k")

    assert (within.status_code, within.json()["id"]) == (200, made["id"])
    assert (after.status_code, again.status_code) == (201, 200)
    assert again.json() == after.json()
    assert after.json()["id"] != made["id"]


async def test_expired_keys_go_by_and_by(
    client: AsyncClient, clock: Clock, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    clock.fixed = START
    for number in range(25):
        await submit(client, unnamed(), f"old-{number}")
    clock.fixed = START + timedelta(days=1)
    await submit(client, unnamed(), "young")
    clock.fixed = START + timedelta(days=7)
    counts = []
    for number in range(3):
        await submit(client, unnamed(), f"new-{number}")
        counts.append(await count(owner, tenant, "idempotency_keys"))
    assert counts == [7, 3, 4]


async def test_another_api_key_of_the_tenant_needs_another_key(
    client: AsyncClient, tenant: Tenant, app: FastAPI
) -> None:
    async with app.state.database.platform_transaction(tenant.id) as transaction:
        key = await create_key(transaction, "second", tuple(Scope), datetime.now(UTC))
    assert key is not None
    sent = unnamed()
    async with Tenant(app, tenant.id, key).client() as second:
        assert (await submit(client, sent, "k")).status_code == 201
        assert told(await submit(second, sent, "k")) == REUSED


async def test_keys_of_two_tenants_never_meet(
    client: AsyncClient, new_tenant: Callable[..., Any]
) -> None:
    sent = unnamed()
    other: Tenant = await new_tenant()
    async with other.client() as second:
        first_made, second_made = await submit(client, sent, "k"), await submit(second, sent, "k")
    assert (first_made.status_code, second_made.status_code) == (201, 201)
    assert first_made.json()["id"] != second_made.json()["id"]


async def test_a_refused_call_leaves_its_key_free(client: AsyncClient) -> None:
    sent = unnamed()
    for wrong in ({"answers": {"1": 9}}, {"rater": {"role": "client", "ref": "nobody"}}):
        assert (await submit(client, sent | wrong, "k")).status_code == 422
    unknown = {"id": "01a20546-cbdf-7696-ab47-5fe4ee35dee3"}
    assert (await submit(client, sent | {"alliance": unknown}, "k")).status_code == 404
    assert (await submit(client, sent, "k")).status_code == 201


async def test_a_replay_shows_how_the_record_stands_now(client: AsyncClient) -> None:
    sent = unnamed()
    made = (await submit(client, sent, "k")).json()
    await void(client, made["id"])
    again = await submit(client, sent, "k")
    assert (again.status_code, again.json()) == (200, made | {"record_status": "voided"})


async def test_nothing_of_the_body_is_kept_with_the_key(
    client: AsyncClient, tenant: Tenant, owner: asyncpg.Connection
) -> None:
    mark = "canary-7f3a"
    sent = unnamed(
        alliance=pair(external_id=mark, client_ref=f"{mark}-c", professional_ref=f"{mark}-p"),
        occasion={"session_ref": f"{mark}-s", "session_number": 1},
        source=mark,
        amendment_reason=mark,
    )
    await submit(client, sent, "k")
    row = await owner.fetchrow("SELECT * FROM idempotency_keys WHERE tenant_id = $1", tenant.id)
    assert len(row["content_sha256"]) == 32
    assert mark not in str(dict(row))
    assert set(row.keys()) == {
        "tenant_id",
        "idempotency_key",
        "key_id",
        "operation",
        "content_sha256",
        "subject_id",
        "expires_at",
    }
