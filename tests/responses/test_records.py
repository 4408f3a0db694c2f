"""Stored responses: everything that was sent comes back, to those who may see it."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Tenant
from tests.support.factories import pair, submission

EVERYTHING: dict[str, Any] = {
    "external_id": "ehr-98211",
    "external_version": 1,
    "source": "clinic-ehr",
    "instrument": "wai-sr-2006",
    "instrument_revision": "1.0",
    "form": "client",
    "language": "en-GB",
    "rater": {"role": "client", "ref": "c-1"},
    "about_ref": "p-9",
    "assistance": {"proxy_ref": "mother", "interpreter": True, "professional_present": False},
    "occasion": {
        "session_ref": "s-12",
        "session_number": 3,
        "occurred_at": "2026-10-20T10:00:00.123456+05:30",
        "occurred_on": "2026-10-20",
    },
    "completed_at": "2026-10-20T04:55:00Z",
    "mode": "kiosk",
    "answers": {"1": 4, "2": 5, "3": 3, "4": "declined", "5": 4, "6": 4, "7": 5, "8": 3}
    | {"9": 4, "10": 4, "11": 5, "12": "not_understood"},
    "notice": {"ref": "leaflet-2", "audience": ["client", "professional"], "level": "items"},
    "backfill": True,
}


def full(**overrides: Any) -> dict[str, Any]:
    alliance = pair(
        external_id="case-77:p-9",
        client_ref="c-1",
        professional_ref="p-9",
        case_ref="case-77",
        setting="vocational_rehabilitation",
        program_ref="return-to-work",
    )
    return EVERYTHING | {"alliance": alliance} | overrides


async def test_everything_sent_comes_back(client: AsyncClient) -> None:
    answer = await client.post("/v1/responses", json=full())
    record = (await client.get(f"/v1/responses/{answer.json()['id']}")).json()

    said_once = EVERYTHING.keys() - {"about_ref", "assistance", "rater"}
    assert {name: record[name] for name in said_once} == {n: EVERYTHING[n] for n in said_once}
    assert record["rater"] == {"role": "client", "ref": "c-1", "proxy_ref": "mother"}
    assert record["about"] == {"role": "professional", "ref": "p-9"}
    assert (record["interpreter"], record["professional_present"]) == (True, False)
    assert record["setting"] == "vocational_rehabilitation"
    assert record["program_ref"] == "return-to-work"
    assert record["scores"] == answer.json()["scores"]
    assert record["withheld"] == []


async def test_what_was_not_said_stays_unknown(client: AsyncClient) -> None:
    answer = await client.post(
        "/v1/responses", json=submission(occasion={"session_number": 7}, alliance=pair())
    )
    record = (await client.get(f"/v1/responses/{answer.json()['id']}")).json()
    assert record["occasion"] == {
        "session_ref": None,
        "session_number": 7,
        "occurred_at": None,
        "occurred_on": None,
    }
    unknown = ("completed_at", "completed_on", "setting", "interpreter", "professional_present")
    assert {record[name] for name in unknown} == {None}
    assert record["mode"] == "unknown"
    assert record["notice"]["level"] == "items"


async def test_totals_of_an_older_system_never_become_items(client: AsyncClient) -> None:
    sent = submission(reported_scores=[{"scale": "total", "mean": 3.75}], backfill=True)
    del sent["answers"]
    answer = (await client.post("/v1/responses", json=sent)).json()
    record = (await client.get(f"/v1/responses/{answer['id']}")).json()

    assert answer["record_kind"] == "scores_only"
    assert [(s["scale"], s["sum"], s["answered"]) for s in answer["scores"]] == [("total", 45.0, 0)]
    assert answer["quality"] == []
    assert record["answers"] is None
    assert record["reported_scores"] == [{"scale": "total", "sum": None, "mean": 3.75}]


@pytest.mark.parametrize(
    ("level", "audience", "actor", "withheld"),
    [
        ("items", ["client", "professional"], None, []),
        ("items", ["client", "professional"], "professional;p-9", []),
        ("items", ["client"], "professional;p-9", ["answers", "scores"]),
        ("items", ["client", "professional"], "supervisor;boss", ["answers", "scores"]),
        ("scores", ["professional"], "professional;p-9", ["answers"]),
        ("scores", ["professional"], None, ["answers"]),
        ("signals", ["professional"], "professional;p-9", ["answers", "scores"]),
        ("signals", ["professional"], None, ["answers", "scores"]),
        ("signals", ["professional"], "client;c-1", []),
        ("signals", ["professional"], "client;another", ["answers", "scores"]),
    ],
)
async def test_no_read_exceeds_the_notice(
    tenant: Tenant, level: str, audience: list[str], actor: str | None, withheld: list[str]
) -> None:
    notice = {"audience": audience, "level": level}
    headers = {} if actor is None else {"Rapport-Actor": actor}
    async with tenant.client() as door, tenant.client(**headers) as reader:
        first = (await door.post("/v1/responses", json=full(notice=notice))).json()
        record = (await reader.get(f"/v1/responses/{first['id']}")).json()
        listed = (await reader.get("/v1/responses")).json()["items"][0]
        trend = (await reader.get(f"/v1/alliances/{first['alliance_id']}/trend")).json()

    assert record == listed
    assert record["withheld"] == withheld
    assert (record["answers"] is None) == ("answers" in withheld)
    assert (record["scores"] == []) == ("scores" in withheld)
    statuses = {point["status"] for stream in trend["streams"] for point in stream["points"]}
    values = [point["value"] for stream in trend["streams"] for point in stream["points"]]
    assert ("withheld" in statuses) == ("scores" in withheld)
    assert (set(values) == {None}) == ("scores" in withheld)


async def test_a_withheld_rating_cannot_be_read_off_a_later_change(tenant: Tenant) -> None:
    hidden = {"audience": ["client"], "level": "items"}
    alliance = full()["alliance"]
    async with tenant.client() as door, tenant.client(**{"Rapport-Actor": "professional;p-9"}) as p:
        for number, notice in ((1, hidden), (2, EVERYTHING["notice"])):
            sent = submission(alliance=alliance, occasion={"session_number": number}, notice=notice)
            answer = (await door.post("/v1/responses", json=sent)).json()
        record = (await p.get(f"/v1/responses/{answer['id']}")).json()
        trend = (await p.get(f"/v1/alliances/{answer['alliance_id']}/trend")).json()

    assert "change" not in record
    for stream in trend["streams"]:
        assert stream["change_since_previous"] is None
        assert stream["first"]["response_id"] == answer["id"]


async def test_a_list_goes_on_where_its_page_ended(client: AsyncClient) -> None:
    alliance = pair()
    made = [
        (
            await client.post(
                "/v1/responses",
                json=submission(alliance=alliance, occasion={"session_number": number}),
            )
        ).json()["id"]
        for number in range(1, 6)
    ]
    seen: list[str] = []
    parameters: dict[str, Any] = {"limit": 2, "source": "ehr"}
    while True:
        page = (await client.get("/v1/responses", params=parameters)).json()
        seen += [record["id"] for record in page["items"]]
        if page["next_cursor"] is None:
            break
        parameters["cursor"] = page["next_cursor"]
    assert seen == made
