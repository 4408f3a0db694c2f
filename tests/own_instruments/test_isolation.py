"""Another tenant's own instrument is an unknown one, in every place that names instruments."""

from collections.abc import Callable
from typing import Any

import pytest
from httpx import AsyncClient

from tests.support.factories import report
from tests.support.own import ANSWERS, OWN, definition, draft, filled, publish, sums, unreversed

NOBODYS = "x-nobody-has-this"


@pytest.fixture
async def other(new_tenant: Callable[..., Any]) -> Any:
    made = await new_tenant()
    async with made.client() as client:
        yield client


def calls(instrument: str) -> list[tuple[str, str, dict[str, Any] | None]]:
    invited = {"rater": {"role": "client"}, "instrument": instrument, "state": "invited"}
    score = {"instrument": instrument, "form": "client", "answers": ANSWERS}
    return [
        ("GET", f"/v1/instruments/{instrument}", None),
        ("GET", f"/v1/instruments/{instrument}?revision=1.0", None),
        ("GET", f"/v1/instruments/{instrument}/forms/client", None),
        ("POST", f"/v1/instruments/{instrument}/publish", {"revision": "1.0"}),
        ("POST", "/v1/scores", score),
        ("POST", "/v1/scores:batch", {"items": [score]}),
        ("POST", "/v1/responses", filled(instrument=instrument)),
        ("POST", "/v1/responses:batch", {"items": [filled(instrument=instrument)]}),
        ("POST", "/v1/occasions", report(invited=[invited])),
    ]


def said(answer: Any, instrument: str) -> tuple[int, str]:
    text = answer.text.replace(instrument, "…")
    id_ = answer.headers["x-request-id"]
    return answer.status_code, text.replace(id_, "…")


@pytest.mark.parametrize("number", range(len(calls(OWN))))
async def test_it_reads_as_one_that_nobody_has(
    client: AsyncClient, other: AsyncClient, number: int
) -> None:
    await publish(client, definition())
    await draft(client, definition("2.0"))
    await client.post("/v1/scores", json=calls(OWN)[4][2])  # so that any cache would hold it
    said_of = []
    for instrument in (OWN, NOBODYS):
        method, url, body = calls(instrument)[number]
        if body and "external_id" in body:
            body["external_id"] = "same"
        for item in (body or {}).get("items", ()):
            item.pop("external_id", None) if "rater" not in item else item.update(external_id="s")
        said_of.append(said(await other.request(method, url, json=body), instrument))
    assert said_of[0] == said_of[1]
    status, text = said_of[0]
    assert status in {404, 422} or '"status":422' in text


async def test_it_is_in_nobody_elses_list(client: AsyncClient, other: AsyncClient) -> None:
    await publish(client, definition())
    listed = (await other.get("/v1/instruments", params={"limit": 500})).json()["items"]
    assert not [one for one in listed if one["instrument"].startswith("x-")]


async def test_the_same_id_is_two_instruments_of_two_tenants(
    client: AsyncClient, other: AsyncClient
) -> None:
    await publish(client, definition())
    await publish(other, unreversed("1.0"))
    for _ in range(2):  # in turns, so that any cache would mix them up
        for caller, tasks in ((client, 5), (other, 3)):
            made = await caller.post("/v1/responses", json=filled())
            assert sums(made.json())["tasks"] == tasks
    for caller, tasks in ((client, 5), (other, 3)):
        score = {"instrument": OWN, "form": "client", "answers": ANSWERS}
        assert sums((await caller.post("/v1/scores", json=score)).json())["tasks"] == tasks


async def test_an_own_id_never_takes_the_place_of_a_shipped_one(client: AsyncClient) -> None:
    answer = await draft(client, definition(instrument="srs-3"))
    assert answer.status_code == 422
    shown = await client.get("/v1/instruments/srs-3")
    assert shown.json()["status"] == "published"
