"""A batch comes to just what its items come to one after another."""

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient, Response

from tests.conftest import Tenant
from tests.support.corrections import send_batch
from tests.support.sequences import Sequence
from tests.support.states import streams_told

ITEMS = 60
SEEDS = range(10)
KNOWN = {"external_id": "a-0", "source": "ehr", "client_ref": "c", "professional_ref": "p"}
INSTANTS = {"at", "created_at", "received_at", "opened_at"}
OUR_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
NAMES = """
SELECT id, 'alliance ' || source || ' ' || external_id AS name FROM alliances WHERE tenant_id = $1
UNION ALL SELECT id, 'response ' || source || ' ' || external_id || ' ' || external_version
  FROM responses WHERE tenant_id = $1
UNION ALL SELECT o.id, 'occasion ' || source || ' ' || external_id || ' ' || occasion_key
  FROM occasions o JOIN alliances a ON a.id = o.alliance_id WHERE o.tenant_id = $1
"""
ROWS = {
    "responses": (
        "SELECT to_jsonb(t) - '{tenant_id,received_at,key_id,content_sha256}'::text[]"
        " FROM responses t WHERE tenant_id = $1"
    ),
    "response_voids": (
        "SELECT to_jsonb(t) - '{tenant_id,voided_at,key_id}'::text[]"
        " FROM response_voids t WHERE tenant_id = $1"
    ),
    "alliances": (
        "SELECT to_jsonb(t) - '{tenant_id,created_at}'::text[] FROM alliances t"
        " WHERE tenant_id = $1"
    ),
    "occasions": (
        "SELECT to_jsonb(t) - '{tenant_id,created_at}'::text[] FROM occasions t"
        " WHERE tenant_id = $1"
    ),
    "alliance_state": (
        "SELECT to_jsonb(t) - '{tenant_id,last_received_at}'::text[] FROM alliance_state t"
        " WHERE tenant_id = $1"
    ),
    "event_queue": (
        "SELECT jsonb_build_array(alliance_id, sequence, type, subject_id) FROM event_queue"
        " WHERE tenant_id = $1 AND type NOT LIKE 'signal.%'"
    ),
    # Between two late ones alone a signal may come and go, which a batch never sees.
    "signals": (
        "SELECT to_jsonb(t) - '{tenant_id,id,opened_at,state_at,state,opened_as}'::text[]"
        " FROM signals t WHERE tenant_id = $1 AND state <> 'superseded'"
    ),
}


def items_of(sequence: Sequence) -> list[dict[str, Any]]:
    return [sequence.next() for _ in range(ITEMS)]


class Told:
    """What a tenant was told, and what it has, with names in the place of ids."""

    def __init__(self, tenant: Tenant, client: AsyncClient, database_url: str) -> None:
        self.tenant = tenant
        self.client = client
        self.database_url = database_url
        self.verdicts: list[Any] = []

    async def send(self, sent: list[dict[str, Any]]) -> None:
        """As one batch."""
        answer = await send_batch(self.client, sent)
        assert answer.status_code == 207, answer.json()
        for one in answer.json()["items"]:
            problem = one["problem"] or {}
            fields = (one["status"], one["verdict"], one["id"])
            self.verdicts.append((*fields, problem.get("code"), problem.get("existing_id")))

    async def send_alone(self, sent: dict[str, Any]) -> None:
        """By a call of its own; a void by its sender's id has none but a batch of one."""
        if "void" in sent:
            await self.send([sent])
        else:
            self.verdicts.append(verdict(await self.client.post("/v1/responses", json=sent)))

    async def everything(self) -> dict[str, Any]:
        """Verdicts, trends and rows."""
        connection = await asyncpg.connect(self.database_url)
        named = await connection.fetch(NAMES, self.tenant.id)
        names = {str(row["id"]): row["name"] for row in named}
        rows = {
            table: [json.loads(row[0]) for row in found]
            for table, statement in ROWS.items()
            for found in [await connection.fetch(statement, self.tenant.id)]
        }
        for state in rows["alliance_state"]:
            state["watches"] = bytes.fromhex(state["watches"].removeprefix("\\x"))
            state["streams"] = streams_told(state)
            del state["watches"]
        await connection.close()
        alliances = (await self.client.get("/v1/alliances")).json()["items"]
        trends = [
            (await self.client.get(f"/v1/alliances/{one['id']}/trend")).json() for one in alliances
        ]
        return told_by_name({"verdicts": self.verdicts, "trends": trends} | rows, names)


def verdict(answer: Response) -> tuple[Any, ...]:
    """The answer to a single submission as a batch would tell it."""
    said = answer.json()
    if answer.status_code >= 400:
        return answer.status_code, "refused", None, said["code"], said.get("existing_id")
    new = "amended" if said["amends"] else "accepted"
    kind = new if answer.status_code == 201 else "replayed"
    return answer.status_code, kind, said["id"], None, None


def told_by_name(found: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """Names for ids, no instants of receipt, and no order that turns on ids."""
    text = OUR_ID.sub(lambda match: names.get(match[0], "nothing"), json.dumps(found))
    return {
        name: sorted(part, key=json.dumps) if name != "verdicts" else part
        for name, part in json.loads(text, object_hook=without_instants).items()
    }


def without_instants(found: dict[str, Any]) -> dict[str, Any]:
    """Without instants of receipt, and without an order that turns on them."""
    kept = {k: v for k, v in found.items() if k not in INSTANTS}
    if "withdrawn" in kept:  # a trend; what it has of signals stands in their rows
        del kept["signals"]
        kept["withdrawn"] = sorted(kept["withdrawn"], key=json.dumps)
    return kept


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_batch_comes_to_what_its_items_come_to_alone(
    new_tenant: Callable[..., Any], database_url: str, seed: int
) -> None:
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    sizes = Random(seed)  # noqa: S311 - no secret
    told = []
    for in_batches in (False, True):
        tenant: Tenant = await new_tenant()
        async with tenant.client() as client:
            known = (await client.post("/v1/alliances", json=KNOWN)).json()["id"]
            work = items_of(Sequence(seed, known))
            one = Told(tenant, client, database_url)
            if in_batches:
                while work:
                    size = sizes.choice((1, 2, 5, 20, 60))
                    await one.send(work[:size])
                    work = work[size:]
            else:
                for item in work:
                    await one.send_alone(item)
            told.append(await one.everything())
    alone, together = told

    assert {one[1] for one in alone["verdicts"]} >= {"accepted", "refused"}
    for part, expected in alone.items():
        assert together[part] == expected, part


def test_the_sequences_withdraw_move_and_correct() -> None:
    drawn = [item for seed in SEEDS for item in items_of(Sequence(seed))]
    forms = [item for item in drawn if "void" not in item]
    places = {(one["external_id"], one["alliance"].get("external_id")) for one in forms}
    assert len(drawn) - len(forms) > 100
    assert {one["external_version"] for one in forms} == {1, 2, 3, 4, 5}
    assert len(places) > 20
