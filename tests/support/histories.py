"""Random histories of one tenant: submissions, corrections, moves, withdrawals and merges."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from httpx import AsyncClient, Response

from tests.conftest import Clock
from tests.support.corrections import amend, amendment, items, send_batch, void, withdrawal
from tests.support.factories import submission
from tests.support.sequences import NOTICES

START = datetime(2026, 11, 10, 12, tzinfo=UTC)
CLIENTS = ("c", "c-2", "c-3")
PROFESSIONALS = ("p", "p-2", "p-3")
"""One person each: merged, one after another, in this order."""


class History:
    """Changes to a few records of a few alliances, each sent by one of the doors."""

    def __init__(self, client: AsyncClient, clock: Clock, seed: int) -> None:
        self.client = client
        self.clock = clock
        self.random = Random(seed)  # noqa: S311 - no secret
        self.newest: dict[str, dict[str, Any]] = {}
        """Record -> its newest version: what was sent, its id and version, whether voided."""
        self.merged = {"client": 0, "professional": 0}
        self.done: list[str] = []
        self.submitted: list[tuple[dict[str, Any], dict[str, Any]]] = []
        """What was sent as a submission, and what it was answered with."""

    async def go_on(self) -> Response:
        """One more change; the clock goes on, or back."""
        self.clock.fixed = START + timedelta(minutes=self.random.randint(0, 3000))
        ways: list[tuple[int, Callable[[], Awaitable[Response]]]] = [(35, self.new)]
        if self.newest:
            ways += [
                (20, self.amended_by_version),
                (12, self.amended_by_id),
                (8, self.amended_in_a_batch),
                (8, self.voided_by_id),
                (7, self.voided_in_a_batch),
                (5, self.changed_alliance),
                (5, self.merged_people),
            ]
        (way,) = self.random.choices([way for _, way in ways], [weight for weight, _ in ways])
        self.done.append(way.__name__)
        answer = await way()
        assert answer.status_code in {200, 201, 207}, (way.__name__, answer.json())
        items_told = answer.json()["items"] if answer.status_code == 207 else []
        assert {one["verdict"] for one in items_told} <= {"amended", "voided", "replayed"}
        return answer

    async def new(self) -> Response:
        sent = self.form(external_id=f"r-{len(self.newest)}", alliance=self.alliance())
        return await self._submitted(sent)

    async def amended_by_version(self) -> Response:
        return await self._submitted(self.next_version())

    async def amended_in_a_batch(self) -> Response:
        sent = self.next_version()
        answer = await send_batch(self.client, [sent])
        self._note(sent, answer.json()["items"][0]["id"])
        return answer

    async def amended_by_id(self) -> Response:
        """With or without naming an alliance and a version."""
        sent = self.next_version()
        before = self.newest[sent["external_id"]]
        body = amendment(sent)
        if self.random.random() < 0.5:
            body["alliance"] = sent["alliance"]
        else:
            sent["alliance"] = before["sent"]["alliance"]
        if self.random.random() < 0.5:
            sent["external_version"] = before["version"] + 1
            del body["external_version"]
        answer = await amend(self.client, before["id"], body)
        self._note(sent, answer.json()["id"])
        return answer

    async def voided_by_id(self) -> Response:
        newest = self.any_record()
        newest["voided"] = True
        return await void(self.client, newest["id"])

    async def voided_in_a_batch(self) -> Response:
        """Under a version of its own; one that is voided already stays as it is."""
        newest = self.any_record()
        if not newest["voided"]:
            newest["version"] += 1
        newest["voided"] = True
        return await send_batch(self.client, [withdrawal(newest["sent"], newest["version"])])

    async def changed_alliance(self) -> Response:
        known = (await self.client.get("/v1/alliances")).json()["items"]
        path = f"/v1/alliances/{self.random.choice(known)['id']}"
        case_ref = f"case-{self.random.randint(0, 9)}"
        return await self.client.patch(path, json={"case_ref": case_ref}, headers={"If-Match": "*"})

    async def merged_people(self) -> Response:
        """The next of a role's references; at the end of them the last merge again."""
        role, refs = self.random.choice((("client", CLIENTS), ("professional", PROFESSIONALS)))
        number = min(self.merged[role], len(refs) - 2)
        self.merged[role] = number + 1
        body = {"source": "ehr", "role": role, "from": refs[number], "into": refs[number + 1]}
        return await self.client.post("/v1/people/merge", json=body)

    def next_version(self) -> dict[str, Any]:
        """The next version of some record: of the same alliance, or moved to another."""
        newest = self.any_record()
        moved = self.random.random() < 0.3
        return self.form(
            external_id=newest["sent"]["external_id"],
            external_version=newest["version"] + self.random.randint(1, 3),
            alliance=self.alliance() if moved else newest["sent"]["alliance"],
        )

    def any_record(self) -> dict[str, Any]:
        return self.newest[self.random.choice(sorted(self.newest))]

    def alliance(self) -> dict[str, Any]:
        return {
            "external_id": f"a-{self.random.randint(0, 2)}",
            "client_ref": self.one_of(CLIENTS, "client"),
            "professional_ref": self.one_of(PROFESSIONALS, "professional"),
        }

    def one_of(self, refs: tuple[str, ...], role: str) -> str:
        """Whom the person is called by: the first reference, or any that it was merged into."""
        return self.random.choice(refs[: self.merged[role] + 1])

    def form(self, **fields: Any) -> dict[str, Any]:
        random = self.random
        role, refs = random.choice((("client", CLIENTS), ("professional", PROFESSIONALS)))
        named = {} if random.random() < 0.5 else {"ref": self.one_of(refs, role)}
        made = submission(
            rater={"role": role} | named,
            language=random.choice(("en", "en", "en", "de")),
            occasion=self.occasion(),
            answers=items(random.randint(1, 5)) | {"1": random.choice((1, 5, "declined"))},
            **fields,
        )
        if random.random() < 0.3:
            made["notice"] = random.choice(NOTICES)
        if random.random() < 0.1:
            del made["answers"]
            made["reported_scores"] = [{"scale": "total", "mean": round(random.uniform(1, 5), 3)}]
        return made

    def occasion(self) -> dict[str, Any]:
        """Timed, dated or undated, most of them numbered; early and late in any order."""
        day = f"2026-10-{self.random.randint(1, 9):02}"
        offset = self.random.choice(("Z", "+02:00", "-10:00"))
        timed = {"occurred_at": f"{day}T{self.random.choice(('00:30', '23:30'))}:00{offset}"}
        numbered = {"session_number": self.random.randint(0, 9)}
        return self.random.choice(
            (timed, timed | numbered, {"occurred_on": day} | numbered, numbered)
        )

    async def _submitted(self, sent: dict[str, Any]) -> Response:
        answer = await self.client.post("/v1/responses", json=sent)
        assert answer.status_code == 201, answer.json()
        self.submitted.append((sent, answer.json()))
        self._note(sent, answer.json()["id"])
        return answer

    def _note(self, sent: dict[str, Any], response_id: str) -> None:
        version = sent.get("external_version", 1)
        named = {"sent": sent, "id": response_id, "version": version, "voided": False}
        self.newest[sent["external_id"]] = named
