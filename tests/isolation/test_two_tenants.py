"""Whatever two tenants do beside each other, each reads just what it did itself."""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, TypeVar

from fastapi import FastAPI
from httpx import Response
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from app.main import create_app
from app.settings import Settings
from app.tenants.scopes import Scope
from tests.conftest import Tenant, make_tenant

Result = TypeVar("Result")
BOUNDED: Final = hypothesis_settings(
    max_examples=12,
    stateful_step_count=15,
    deadline=None,
    # A way to a fault is short as it is; making it shorter would take longer than a test may.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
who = st.integers(0, 1)
few = st.sampled_from(["x", "y"])
case = st.sampled_from([None, "case-1", "case-2"])
level = st.integers(1, 3)
version = st.integers(1, 3)


@dataclass
class Service:
    """The application on a loop of its own, so that a test without one can call it."""

    app: FastAPI
    loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.loop.run_until_complete(work)


@dataclass
class Record:
    """A version of a response as its tenant sent it."""

    id: str
    version: int
    content: tuple[str, int]
    status: str = "current"


@dataclass
class Model:
    """What one tenant has, and nobody else."""

    tenant: Tenant
    alliances: dict[str, dict[str, Any]] = field(default_factory=dict)
    responses: dict[str, list[Record]] = field(default_factory=dict)

    async def call(self, method: str, path: str, **more: Any) -> Response:
        async with self.tenant.client() as client:
            return await client.request(method, path, **more)

    def alliance_ids(self) -> list[str]:
        return [one["id"] for one in self.alliances.values()]

    def response_ids(self) -> list[str]:
        return [record.id for records in self.responses.values() for record in records]


class TwoTenants(RuleBasedStateMachine):
    """Two tenants that use the same names for everything."""

    service: ClassVar[Service]

    def __init__(self) -> None:
        super().__init__()
        made = (make_tenant(self.service.app, tuple(Scope)) for _ in range(2))
        self.models = [Model(self.service.run(one)) for one in made]

    def call(self, one: int, method: str, path: str, **more: Any) -> Response:
        return self.service.run(self.models[one].call(method, path, **more))

    def items(self, one: int, path: str) -> list[dict[str, Any]]:
        answer = self.call(one, "GET", path)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    @rule(one=who, name=few, case_ref=case)
    def make_an_alliance(self, one: int, name: str, case_ref: str | None) -> None:
        known = self.models[one].alliances
        body = {"source": "ehr", **alliance(name, case_ref)}
        answer = self.call(one, "POST", "/v1/alliances", json=body)
        assert answer.status_code == (200 if name in known else 201)
        made = {"id": answer.json()["id"], "case_ref": case_ref, "version": 1}
        assert known.setdefault(name, made)["id"] == made["id"]

    @rule(one=who, name=few, case_ref=case)
    def change_an_alliance(self, one: int, name: str, case_ref: str | None) -> None:
        known = self.models[one].alliances.get(name)
        if known is None:
            return
        answer = self.call(
            one,
            "PATCH",
            f"/v1/alliances/{known['id']}",
            json={"case_ref": case_ref},
            headers={"If-Match": f'"{known["version"]}"'},
        )
        assert answer.status_code == 200, answer.text
        known |= {"case_ref": case_ref, "version": known["version"] + 1}

    @rule(one=who, name=few, content=st.tuples(few, level), number=version, case_ref=case)
    def submit(
        self, one: int, name: str, content: tuple[str, int], number: int, case_ref: str | None
    ) -> None:
        model, (of, value) = self.models[one], content
        body = submission(name, alliance(of, case_ref), value, number)
        answer = self.call(one, "POST", "/v1/responses", json=body)
        records = model.responses.setdefault(name, [])
        assert answer.status_code == verdict(records, number, content), answer.text
        if answer.status_code == 201:
            if records and records[-1].status == "current":
                records[-1].status = "amended"
            records.append(Record(answer.json()["id"], number, content))
            made = {"id": answer.json()["alliance_id"], "case_ref": case_ref, "version": 1}
            assert model.alliances.setdefault(of, made)["id"] == made["id"]
        elif answer.status_code == 200:
            assert answer.json()["id"] in {one.id for one in records if one.version == number}

    @rule(one=who, name=few)
    def void(self, one: int, name: str) -> None:
        records = self.models[one].responses.get(name)
        if records:
            path = f"/v1/responses/{records[-1].id}/void"
            assert self.call(one, "POST", path, json={"reason": "wrong"}).status_code == 200
            records[-1].status = "voided"

    @rule(one=who)
    def reach_for_what_the_other_has(self, one: int) -> None:
        other = self.models[1 - one]
        headers = {"If-Match": "*"}
        for found in other.alliance_ids()[:1]:
            path = f"/v1/alliances/{found}"
            for method, url, body in (
                ("GET", path, None),
                ("GET", f"{path}/trend", None),
                ("PATCH", path, {"case_ref": "taken over"}),
                ("POST", "/v1/responses", submission("z", {"id": found}, 1, 1)),
            ):
                assert self.call(one, method, url, json=body, headers=headers).status_code == 404
        for found in other.response_ids()[-1:]:
            path = f"/v1/responses/{found}"
            assert self.call(one, "GET", path).status_code == 404
            assert self.call(one, "POST", f"{path}/void", json={"reason": "x"}).status_code == 404

    @invariant()
    def each_reads_what_it_did(self) -> None:
        for one, model in enumerate(self.models):
            alliances = self.items(one, "/v1/alliances")
            assert {
                found["external_id"]: {name: found[name] for name in ("id", "case_ref", "version")}
                for found in alliances
            } == model.alliances
            responses = self.items(one, "/v1/responses")
            assert sorted(
                (found["external_id"], found["external_version"], found["id"],
                 found["record_status"], found["answers"]["1"])
                for found in responses
            ) == sorted(
                (name, record.version, record.id, record.status, record.content[1])
                for name, records in model.responses.items()
                for record in records
            )  # fmt: skip


def verdict(records: list[Record], number: int, content: tuple[str, int]) -> int:
    """The status of a submission of this version to who has these records of its external_id."""
    for record in records:
        if record.version == number:
            return 200 if record.content == content else 422
    return 409 if records and number < records[-1].version else 201


def alliance(name: str, case_ref: str | None) -> dict[str, Any]:
    members = {"client_ref": f"client-{name}", "professional_ref": "professional"}
    return {"external_id": name, "case_ref": case_ref, **members}


def submission(name: str, of: dict[str, Any], value: int, number: int) -> dict[str, Any]:
    return {
        "external_id": name,
        "external_version": number,
        "source": "ehr",
        "alliance": of,
        "instrument": "wai-sr-2006",
        "rater": {"role": "client"},
        "occasion": {"session_number": 1},
        "answers": {str(item): value for item in range(1, 13)},
    }


def test_each_of_two_tenants_reads_what_it_did_itself(settings: Settings) -> None:
    with closing(asyncio.new_event_loop()) as loop:
        app, stack = create_app(settings), AsyncExitStack()
        loop.run_until_complete(stack.enter_async_context(app.router.lifespan_context(app)))

        class OfThisTest(TwoTenants):
            service = Service(app, loop)

        try:
            run_state_machine_as_test(OfThisTest, settings=BOUNDED)
        finally:
            loop.run_until_complete(stack.aclose())
