"""A tenant with something in every corner, every word of it told from everybody else's."""

import json
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fastapi import FastAPI
from httpx import AsyncClient, Response

from app.exports.working import work_off
from app.imports.working import work_off as work_imports_off
from app.instruments.definitions import shipped
from app.measurement.small_groups import LEAST_CLIENTS
from app.signal_settings.schemas import EXAMPLE
from app.tenants.scopes import Scope
from tests.conftest import Tenant, make_tenant
from tests.support.factories import WAI_SR
from tests.support.own import declare, definition, pack, publish, put, texts_path
from tests.support.programmes import compare, work

UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
BY: Final = {"by": "program"}
LISTS: Final = {
    "list_alliances": "/v1/alliances",
    "list_responses": "/v1/responses",
    "get_events": "/v1/events",
    "list_occasions": "/v1/occasions",
    "list_marks": "/v1/alliances/{alliance_id}/marks",
    "list_signals": "/v1/signals",
    "list_caseload": "/v1/caseloads",
    "list_program_summaries": "/v1/program-summaries",
    "list_program_comparisons": "/v1/program-comparisons",
    "list_instruments": "/v1/instruments",
    "list_grants": "/v1/grants",
    "list_imports": "/v1/imports",
}
DRAWN: Final = dict.fromkeys(("get_caseload_picture", "get_caseload_page"), "list_caseload")
"""What is drawn page by page -> the list whose cursors it takes."""


@dataclass
class World:
    """What one tenant has, and how others could name it."""

    tenant: Tenant
    client: AsyncClient
    mark: str
    """Part of every reference that this tenant has ever sent."""
    ids: dict[str, str] = field(default_factory=dict)
    cursors: dict[str, str] = field(default_factory=dict)
    etag: str = ""
    app: FastAPI | None = None
    compared: bool = False
    """Whether something of it was compared."""
    seen: list[str] = field(default_factory=list)
    """Everything that the tenant was ever answered."""

    def ref(self, name: str) -> str:
        """The tenant's own reference of this name."""
        return f"{self.mark}-{name}"

    def secrets(self) -> set[str]:
        """Every text that only this tenant may see."""
        key_id = self.tenant.key.split("_")[2]
        own = {self.mark, str(self.tenant.id), self.tenant.id.hex, key_id}
        return own | {found for text in self.seen for found in UUID.findall(text)}

    def alliance(self, name: str, **more: Any) -> dict[str, Any]:
        """A pair of the tenant's."""
        return {
            "external_id": self.ref(f"alliance-{name}"),
            "case_ref": self.ref("case"),
            "program_ref": self.ref("program"),
            "client_ref": self.ref(f"client-{name}"),
            "professional_ref": self.ref("professional"),
        } | more

    def submission(self, name: str, **more: Any) -> dict[str, Any]:
        """A filled-in form of the tenant's; its own alliance, unless said otherwise."""
        return {
            "external_id": self.ref(f"response-{name}"),
            "source": self.ref("source"),
            "alliance": self.alliance(name),
            "instrument": "wai-sr-2006",
            "language": "en",
            "rater": {"role": "client"},
            "occasion": {"session_ref": self.ref("session"), "session_number": 1},
            "assistance": {"proxy_ref": self.ref("proxy")},
            "notice": {"ref": self.ref("notice"), "audience": ["client"], "level": "items"},
            "answers": dict(WAI_SR),
        } | more

    @property
    def instrument(self) -> str:
        """The tenant's own instrument."""
        return f"x-{self.mark}"

    def pack(self) -> dict[str, Any]:
        """A text pack of it."""
        return pack(reference=self.ref("grant"), attribution=self.ref("attribution"))

    def low_rating(self, name: str) -> dict[str, Any]:
        """A filled-in form of the tenant's that lies below its cut, and so raises a signal."""
        return self.submission(
            name,
            external_id=self.ref(f"low-{name}"),
            instrument="srs-3",
            answers={str(line): 5 for line in range(1, 5)},
        )


@asynccontextmanager
async def world(app: FastAPI) -> AsyncIterator[World]:
    """A tenant that has nothing yet."""
    tenant = await make_tenant(app, tuple(Scope))
    async with tenant.client() as client:
        made = World(tenant, client, f"mark{secrets.token_hex(6)}", app=app)

        async def remember(answer: Response) -> None:
            made.seen.append(answer.text + str(answer.headers))

        client.event_hooks = {"response": [remember]}
        yield made


async def furnish(made: World, app: FastAPI, changes: int) -> None:
    """Give the tenant alliances, responses, corrections, a merge, signals, events and cursors.

    changes: how often its alliance is changed, so that no two worlds have the same ETag.
    """
    first = await sent(made.client, "/v1/responses", made.submission("first"))
    corrected = await correct(made, first["alliance_id"])
    await sent(made.client, "/v1/responses:batch", {"items": [made.submission("fourth")]})
    old, new = made.ref("client-fourth"), made.ref("client-merged")
    said = {"source": made.ref("source"), "role": "client", "from": old, "into": new}
    merge = await sent(made.client, "/v1/people/merge", said)
    made.ids = corrected | {
        "alliance": first["alliance_id"],
        "occasion": first["occasion_id"],
        "response": first["id"],
        "merge": merge["id"],
        "tenant": str(made.tenant.id),
    }
    path = f"/v1/alliances/{first['alliance_id']}"
    made.etag = (await made.client.get(path)).headers["ETag"]
    for _ in range(changes):
        answer = await made.client.patch(
            path, json={"setting": "coaching"}, headers={"If-Match": made.etag}
        )
        made.etag = answer.headers["ETag"]
    await tell(made, first["alliance_id"])
    await raise_signals(made)
    await fill_programme(made, app)
    await export(made)
    await bring(made, "imported")
    await bring(made, "imported-too")
    await leave(made)
    await word(made)
    await read_everything(made, first["alliance_id"])


async def correct(made: World, alliance_id: str) -> dict[str, str]:
    """The ids of a response with its amendment, and of one that was voided."""
    client = made.client
    said = made.submission("second", alliance=made.alliance("second", continues=alliance_id))
    amended = await sent(client, "/v1/responses", said)
    amendment = await sent(
        client,
        f"/v1/responses/{amended['id']}/amendments",
        without(said, "external_id", "source") | {"amendment_reason": made.ref("reason")},
    )
    unnamed = without(made.submission("third"), "external_id")
    voided = await sent(client, "/v1/responses", unnamed, {"Idempotency-Key": made.ref("key")})
    await sent(client, f"/v1/responses/{voided['id']}/void", {"reason": made.ref("reason")})
    return {"amended": amended["id"], "amendment": amendment["id"], "voided": voided["id"]}


async def tell(made: World, alliance_id: str) -> None:
    """Report an occasion of the alliance with an invitation, and mark what was noticed in it."""
    occasion = {"session_ref": made.ref("session-later"), "session_number": 2}
    invited = {"rater": {"role": "client"}, "instrument": "wai-sr-2006", "state": "declined"}
    report = {"alliance": {"id": alliance_id}, "status": "held", **occasion}
    reported = await sent(
        made.client,
        "/v1/occasions",
        report | {"invited": [invited | {"reason": made.ref("reason")}]},
    )
    made.ids["reported"] = reported["id"]
    for kind in ("rupture", "repair"):
        mark = {
            "external_id": made.ref(f"mark-{kind}"),
            "source": made.ref("source"),
            "occasion": occasion,
            "by": {"role": "client"},
            "kind": kind,
            "note": made.ref("note"),
        }
        noticed = await sent(made.client, f"/v1/alliances/{alliance_id}/marks", mark)
        made.ids[kind] = noticed["id"]


async def raise_signals(made: World) -> None:
    """Raise two signals, act on one of them, and set the signal settings."""
    for name in ("first", "fourth"):
        low = await sent(made.client, "/v1/responses", made.low_rating(name))
        (signal,) = low["signals"]
        made.ids[f"signal-{name}"] = signal["id"]
    done = {"kind": "discuss", "by_ref": made.ref("professional"), "note": made.ref("note")}
    action = await sent(made.client, f"/v1/signals/{signal['id']}/actions", done)
    made.ids["action"] = action["id"]
    settings = EXAMPLE | {"reason": made.ref("reason")}
    answer = await made.client.put(
        "/v1/signal-settings", json=settings, headers={"If-Match": '"0"'}
    )
    assert answer.is_success, answer.text


async def fill_programme(made: World, app: FastAPI) -> None:
    """Let as many clients rate as a programme must have, and do what a worker does."""
    for number in range(LEAST_CLIENTS):
        professional = made.ref(f"professional-{number % 2}")
        said = made.submission(
            f"programme-{number}",
            alliance=made.alliance(f"programme-{number}", professional_ref=professional),
            occasion={"session_number": 1, "occurred_on": "2026-10-01"},
        )
        await sent(made.client, "/v1/responses", said)
    await work(app.state.database)
    await compare(app.state.database)
    made.compared = True


async def export(made: World) -> None:
    """Have a file made of the tenant's responses."""
    assert made.app is not None
    asked = await sent(made.client, "/v1/exports", {"kind": "responses"})
    made.ids["export"] = asked["id"]
    state = "queued"
    while state != "ready":
        later = datetime.now(UTC) + timedelta(seconds=10)
        await work_off(made.app.state.database, shipped(), {}, later)
        state = (await made.client.get(f"/v1/exports/{asked['id']}")).json()["state"]
    await made.client.get(f"/v1/exports/{asked['id']}/download")


async def bring(made: World, name: str) -> None:
    """Import a file with a form of the tenant's, and a line that is none."""
    assert made.app is not None
    content = json.dumps(made.submission(name)) + "\n{}\n"
    answer = await made.client.post(
        "/v1/imports",
        content=content,
        params={"external_id": made.ref(f"file-{name}"), "source": made.ref("source")},
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert answer.is_success, answer.text
    made.ids["import"] = answer.json()["id"]
    state = "queued"
    while state != "done":
        await work_imports_off(made.app.state.database, shipped(), lambda: datetime.now(UTC))
        state = (await made.client.get(f"/v1/imports/{made.ids['import']}")).json()["state"]
    for which in ("succeeded", "failed", "unprocessed"):
        await made.client.get(f"/v1/imports/{made.ids['import']}/{which}")


async def leave(made: World) -> None:
    """Import a file, and cancel it before it is worked off."""
    answer = await made.client.post(
        "/v1/imports",
        content=json.dumps({"external_id": made.ref("left")}),
        headers={"Content-Type": "application/x-ndjson"},
    )
    made.ids["import-left"] = answer.json()["id"]
    await made.client.post(f"/v1/imports/{made.ids['import-left']}/cancel")
    await made.client.get(f"/v1/imports/{made.ids['import-left']}/unprocessed")


async def word(made: World) -> None:
    """Publish an instrument of the tenant's own, and put its wording in two languages."""
    await publish(made.client, definition(instrument=made.instrument, name=made.ref("name")))
    for language in ("en", "de"):
        body = made.pack()
        body["grant"]["languages"] = ["en", "de"]
        path = texts_path(language, made.instrument)
        made.ids[f"pack-{language}"] = (await put(made.client, body, path))["id"]
    await declare(made.client, "research")


async def read_everything(made: World, alliance_id: str) -> None:
    """Look at all that the tenant has, as far as it is listed; keep each list's cursor."""
    await made.client.get(f"/v1/alliances/{alliance_id}/trend")
    await made.client.get("/v1/signal-settings")
    for name, template in LISTS.items():
        path = template.format(alliance_id=alliance_id)
        needed = needed_by(made, alliance_id).get(name, {})
        page = (await made.client.get(path, params=needed)).json()
        assert len(page["items"]) > 1, f"{name} shows too little to be tried"
        shorter = (await made.client.get(path, params=needed | {"limit": "1"})).json()
        made.cursors[name] = shorter["next_cursor"]
    for name, same in DRAWN.items():
        made.cursors[name] = made.cursors[same]


def needed_by(made: World, alliance_id: str) -> dict[str, dict[str, str]]:
    """What lists cannot be asked for without."""
    whose = {"professional_ref": made.ref("professional"), "source": made.ref("source")}
    return {
        "list_occasions": {"alliance_id": alliance_id},
        "list_caseload": whose,
        "list_program_comparisons": BY,
    }


async def sent(
    client: AsyncClient, path: str, body: dict[str, Any], headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """What came of a POST that must succeed."""
    answer = await client.post(path, json=body, headers=headers)
    assert answer.is_success, answer.text
    made: dict[str, Any] = answer.json()
    return made


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}
