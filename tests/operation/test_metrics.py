"""What is counted, as Prometheus reads it."""

from pathlib import Path

import httpx
from httpx import AsyncClient
from prometheus_client.parser import text_string_to_metric_families

from app.database import Database
from app.events import service as events
from tests.conftest import Tenant
from tests.support.factories import submission
from tests.support.served import serving

Sample = tuple[str, tuple[tuple[str, str], ...]]


def samples(text: str) -> dict[Sample, float]:
    return {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


async def grown(client: AsyncClient, before: dict[Sample, float]) -> dict[Sample, float]:
    now = samples((await client.get("/metrics")).text)
    return {name: value - before.get(name, 0.0) for name, value in now.items()}


async def test_requests_problems_and_waits_are_counted(client: AsyncClient) -> None:
    before = samples((await client.get("/metrics")).text)
    await client.post("/v1/responses", json=submission())
    await client.post("/v1/responses", json={})
    await client.get("/v1/nothing")
    counted = await grown(client, before)

    def requests(method: str, route: str, status: str) -> float:
        labels = (
            ("http_request_method", method),
            ("http_response_status_code", status),
            ("http_route", route),
        )
        return counted["http_server_request_duration_seconds_count", labels]

    assert requests("POST", "/v1/responses", "201") == 1
    assert requests("POST", "/v1/responses", "422") == 1
    assert requests("GET", "unmatched", "404") == 1
    assert counted["rapport_problems_total", (("code", "invalid_request"),)] == 1
    assert counted["rapport_problems_total", (("code", "not_found"),)] == 1
    assert counted["rapport_admission_wait_seconds_count", (("kind", "submit"),)] == 2
    assert counted["rapport_db_pool_wait_seconds_count", ()] >= 1


async def test_events_are_counted_by_their_type_when_they_are_moved(
    client: AsyncClient, database: Database
) -> None:
    await events.move(database)
    before = samples((await client.get("/metrics")).text)
    await client.post("/v1/responses", json=submission())
    moved = await events.move(database)
    counted = await grown(client, before)

    of_types = {
        labels[0][1]: value
        for (name, labels), value in counted.items()
        if name == "rapport_events_total" and value
    }
    assert of_types["response.recorded"] == 1
    assert sum(of_types.values()) == moved


async def test_nobody_is_named(client: AsyncClient, tenant: Tenant) -> None:
    body = submission()
    await client.post("/v1/responses", json=body)
    await client.get("/v1/alliances", params={"client_ref": "somebody-in-particular"})
    text = (await client.get("/metrics")).text

    named = [str(tenant.id), tenant.key, body["external_id"], "somebody-in-particular"]
    assert [one for one in named if one in text] == []


def test_the_processes_of_one_serve_are_added_up(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path / "log", WORKERS="2") as url:
        for _ in range(40):  # connections of their own, so that both processes get some
            httpx.get(f"{url}/livez", trust_env=False)
        shown = [samples(httpx.get(f"{url}/metrics", trust_env=False).text) for _ in range(5)]

    labels = (
        ("http_request_method", "GET"),
        ("http_response_status_code", "200"),
        ("http_route", "/livez"),
    )
    assert {one["http_server_request_duration_seconds_count", labels] for one in shown} == {40}
