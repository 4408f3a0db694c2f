"""Whatever is sent, well or badly: nothing of it in a log, a refusal, or what Postgres shows.

Each place of each request that the contract knows is filled with a mark of its own.
"""

import logging
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog
from httpx import AsyncClient, Response

from tests.conftest import KeyHolder, Tenant
from tests.logs.calls import Call, calls
from tests.logs.conftest import Watch
from tests.logs.marks import Marks, problems_in, said, said_by
from tests.support.contract import API_KEY, PLATFORM_KEY, Operation, operations
from tests.support.factories import below_the_cut, pair, submission
from tests.support.own import OWN, definition, pack, texts_path

FREE = {
    "submit_response": {
        "/external_id", "/source", "/alliance/external_id", "/alliance/client_ref",
        "/alliance/professional_ref", "/alliance/case_ref", "/alliance/program_ref",
        "/assistance/proxy_ref", "/occasion/session_ref", "/notice/ref",
    },
    "submit_response_batch": {
        "/items/0/alliance/client_ref", "/items/0/notice/ref", "/items/1/alliance/client_ref",
    },
    "amend_response": {"/amendment_reason", "/assistance/proxy_ref", "/occasion/session_ref"},
    "void_response": {"/reason"},
    "report_occasion": {
        "/source", "/alliance/client_ref", "/alliance/case_ref", "/session_ref",
        "/invited/0/reason",
    },
    "record_mark": {"/external_id", "/source", "/occasion/session_ref", "/note", "/notice/ref"},
    "act_on_signal": {"/by_ref", "/note"},
    "set_signal_settings": {"/reason", "/parameter_sets/0/method"},
    "merge_people": {"/from"},
    "draft_instrument": {
        "/definition/name", "/definition/summary", "/definition/rights/holder",
        "/definition/keys/four/source", "/definition/citations/0/text",
    },
    "preview_instrument": {"/definition/name", "/definition/rights/availability"},
    "put_text_pack": {
        "/grant/holder", "/grant/reference", "/grant/attribution", "/text/title",
        "/text/instruction", "/text/thanks", "/text/labels/0", "/text/items/1/text",
        "/text/role_slot/default", "/text/role_slot/grammar", "/text/non_answers/declined",
        "/text/errors/not_sent",
    },
    "create_tenant": {"/name", "/default_notice/ref"},
    "create_tenant_key": {"/label"},
    "create_export": {"/program_ref"},
    "create_alliance": {"/client_ref", "/professional_ref", "/case_ref", "/program_ref", "/source"},
    "update_alliance": {"/case_ref", "/program_ref"},
}  # fmt: skip
"""Places in a body where any text is taken: so that not only refusals are searched."""


class Sender:
    """Sends each call with the key that its operation asks for, to things that are there."""

    def __init__(self, client: AsyncClient, keys: dict[str | None, str]) -> None:
        self._client = client
        self.keys = keys
        self.export: str | None = None

    async def send(self, operation: Operation, call: Call) -> Response:
        path, headers = await self._things(operation)
        headers |= _common(self.keys[operation.key])
        headers |= {name.lower(): value for name, value in call.headers.items()}
        answer = await self._client.request(
            call.method or operation.method.upper(),
            operation.url(**path | call.path) + call.below,
            content=call.content,
            params=call.query,
            headers=[(name.encode(), value.encode()) for name, value in headers.items()],
        )
        if answer.status_code == 202:  # only so many may be under way
            url = f"{answer.headers['location']}/cancel"
            assert (await self._client.post(url, headers=answer.request.headers)).is_success
        return answer

    async def _things(self, operation: Operation) -> tuple[dict[str, str], dict[str, str]]:
        """The ids that the path of the operation names, and If-Match; all made for this call."""
        path: dict[str, str] = {}
        headers: dict[str, str] = {}
        if "{alliance_id}" in operation.path:
            made = await self._made(API_KEY, "/v1/alliances", pair())
            path["alliance_id"], headers["if-match"] = made.json()["id"], made.headers["ETag"]
        if "{response_id}" in operation.path:
            made = await self._made(API_KEY, "/v1/responses", submission())
            path["response_id"] = made.json()["id"]
        if "{signal_id}" in operation.path:
            made = await self._made(API_KEY, "/v1/responses", below_the_cut())
            path["signal_id"] = made.json()["signals"][0]["id"]
        if "{export_id}" in operation.path:
            path["export_id"] = self.export or await self._exported()
        if "{instrument}" in operation.path and operation.method != "get":
            path |= {"instrument": OWN, "form": "client", "language": "en"}
            await self._published(put_pack=operation.method == "delete")
        if operation.path == "/v1/signal-settings":
            read = await self._client.get(operation.path, headers=_common(self.keys[API_KEY]))
            headers["if-match"] = read.headers["ETag"]
        if "{tenant_id}" in operation.path:
            made = await self._made(PLATFORM_KEY, "/v1/tenants", {"name": "Clinic"})
            path["tenant_id"] = made.json()["id"]
        if "{key_id}" in operation.path:
            url = f"/v1/tenants/{path['tenant_id']}/keys"
            path["key_id"] = (await self._made(PLATFORM_KEY, url, {"label": "a"})).json()["key_id"]
        return path, headers

    async def _exported(self) -> str:
        """The id of an export: one for all calls, since only so many may be under way."""
        url, headers = "/v1/exports", _common(self.keys[API_KEY])
        made = await self._client.post(url, json={"kind": "responses"}, headers=headers)
        assert made.status_code == 202, made.text
        self.export = str(made.json()["id"])
        return self.export

    async def _published(self, *, put_pack: bool) -> None:
        """See that the tenant's own instrument is there, and where asked for its wording."""
        headers = _common(self.keys[API_KEY])
        url = f"/v1/instruments/{OWN}"
        if (await self._client.get(url, headers=headers)).status_code != 200:
            draft = {"definition": definition()}
            await self._client.post("/v1/instruments", json=draft, headers=headers)
            which = {"revision": "1.0"}
            await self._client.post(f"{url}/publish", json=which, headers=headers)
        if put_pack:
            await self._client.put(texts_path(), json=pack(), headers=headers)

    async def _made(self, key: str, url: str, body: dict[str, Any]) -> Response:
        made = await self._client.post(url, json=body, headers=_common(self.keys[key]))
        assert made.status_code == 201, made.text
        return made


def _common(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}", "content-type": "application/json"}


@pytest.fixture
def sender(anybody: AsyncClient, tenant: Tenant, platform: KeyHolder) -> Sender:
    return Sender(anybody, {API_KEY: tenant.key, PLATFORM_KEY: platform.key, None: tenant.key})


@pytest.mark.parametrize("operation", operations(), ids=lambda one: one.id)
async def test_nothing_that_was_sent_turns_up_anywhere_else(
    sender: Sender, watch: Watch, operation: Operation
) -> None:
    marks, taken, number = Marks(), set[str](), 0
    async with watch(marks) as leaks:
        for number, call in enumerate(calls(operation, marks, sender.keys[operation.key]), start=1):
            answer = await sender.send(operation, call)
            assert answer.status_code != 500, call.place
            leaks.search_answer(answer)
            if answer.is_success and not problems_in(said(answer)):
                taken.add(call.place.rpartition(" ")[2])
            if number % 40 == 0:
                await leaks.search_activity()

    assert leaks.found == set()
    assert leaks.lines >= number > 20  # each was logged
    assert leaks.problems > 15 or operation.key is None
    assert taken >= FREE.get(operation.id, set())


async def test_a_leak_into_a_log_is_found(watch: Watch) -> None:
    marks = Marks()
    async with watch(marks) as leaks:
        structlog.get_logger("leaks").info("received", body={"ref": [marks.text("body")]})
        logging.getLogger("leaks").debug("%s was refused", marks.number("value"))
        print("Refused:", marks.text("print").upper())  # noqa: T201 - as a leak would
        logging.getLogger("leaks").debug("cut to %s", marks.text("short")[:-2])

    assert leaks.found == {"log: body", "log: value", "output: print", "log: a mark cut short"}


async def test_a_leak_into_what_postgres_shows_is_found(
    watch: Watch, database_url: str, postgres_log: Path | None
) -> None:
    """A value in the text of a statement; and a failing row, on a server that is not terse."""
    marks = Marks()
    answers = f"'{{\"1\": {marks.number('answers')}}}'::jsonb"
    connection = await asyncpg.connect(database_url)
    try:
        async with watch(marks) as leaks:
            await connection.execute("CREATE TEMPORARY TABLE kept (answers jsonb CHECK (false))")
            await connection.execute("SET log_error_verbosity = 'default'")
            with pytest.raises(asyncpg.CheckViolationError):
                await connection.execute(f"INSERT INTO kept VALUES ({answers})")  # noqa: S608 - as a leak would
    finally:
        await connection.close()

    assert leaks.found >= {"activity: answers"}
    assert postgres_log is None or leaks.found == {"activity: answers", "postgres: answers"}


def test_a_leak_into_a_refusal_is_found() -> None:
    marks = Marks()
    named, quoted = marks.text("name"), marks.text("quoted")
    error = {"pointer": f"/a/{named}", "code": "x", "detail": "Expected a number."}
    document: dict[str, Any] = {
        "type": "urn:rapport:problem:invalid_request",
        "detail": f"/a/{named}: Expected a number.",
        "errors": [error],
    }
    batch = {"items": [{"index": 0, "problem": document}]}

    assert [marks.found_in(said_by(one)) for one in problems_in(batch)] == [set()]
    error["detail"] = f"{quoted} is no number."
    assert [marks.found_in(said_by(one)) for one in problems_in(batch)] == [{"quoted"}]
