"""What is stored stays answerable: a record sent again is a replay, whatever happened since."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.support.factories import submission

OCCASION = {"session_number": 1, "occurred_at": "2026-10-01T23:30:00-05:00"}
DEFAULT_NOTICE = {"ref": None, "audience": ["client", "professional", "supervisor"]}
BOTH = {"audience": ["client", "professional"], "level": "items"}


async def test_a_record_sent_again_after_the_end_is_a_replay(client: AsyncClient) -> None:
    sent = submission()
    stored = await client.post("/v1/responses", json=sent)
    ended = await client.patch(
        f"/v1/alliances/{stored.json()['alliance_id']}",
        json={"ended_on": "2026-09-01"},
        headers={"If-Match": '"1"'},
    )
    replay = await client.post("/v1/responses", json=sent)
    other = await client.post(
        "/v1/responses", json=submission(alliance={"id": stored.json()["alliance_id"]})
    )

    assert (stored.status_code, ended.status_code, replay.status_code) == (201, 200, 200)
    assert replay.content == stored.content
    assert [error["code"] for error in other.json()["errors"]] == ["alliance_ended"]


async def test_a_record_sent_again_after_later_ones_is_a_replay(client: AsyncClient) -> None:
    sent = submission()
    stored = await client.post("/v1/responses", json=sent)
    for day in ("2026-09-01", "2026-10-05"):
        later = submission(alliance=sent["alliance"], occasion={"occurred_on": day})
        assert (await client.post("/v1/responses", json=later)).status_code == 201
    replay = await client.post("/v1/responses", json=sent)

    assert replay.status_code == 200
    assert replay.content == stored.content


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({}, {"assistance": {}}),
        ({"assistance": {"interpreter": None}}, {"assistance": {}}),
        ({"notice": BOTH}, {"notice": BOTH | {"audience": ["professional", "client"]}}),
        ({"notice": BOTH}, {}),
        ({}, {"notice": DEFAULT_NOTICE | {"level": "items"}}),
        ({"occasion": OCCASION}, {"occasion": OCCASION | {"occurred_on": "2026-10-01"}}),
        ({"occasion": OCCASION | {"occurred_on": "2026-10-01"}}, {"occasion": OCCASION}),
        (
            {"occasion": OCCASION | {"occurred_on": "2026-10-01"}},
            {"occasion": OCCASION | {"occurred_at": "2026-10-02T04:30:00Z"}},
        ),
        ({}, {"instrument_revision": "1.0"}),
        ({"instrument_revision": "1.0"}, {}),
    ],
)
async def test_what_is_left_out_or_spelled_out_is_no_difference(
    client: AsyncClient, first: dict[str, Any], again: dict[str, Any]
) -> None:
    base = submission()
    stored = await client.post("/v1/responses", json=base | first)
    sent_again = {name: base[name] for name in base} | first | again
    for name in first.keys() - again.keys():
        del sent_again[name]
    replay = await client.post("/v1/responses", json=sent_again)

    assert (stored.status_code, replay.status_code) == (201, 200), replay.json()
    assert replay.content == stored.content


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"notice": BOTH}, {"notice": BOTH | {"audience": ["client"]}}),
        ({"notice": BOTH}, {"notice": BOTH | {"level": "scores"}}),
        ({"notice": BOTH}, {"notice": BOTH | {"ref": "leaflet"}}),
        ({}, {"notice": BOTH}),
        ({}, {"notice": DEFAULT_NOTICE | {"level": "signals"}}),
        ({}, {"assistance": {"interpreter": False}}),
    ],
)
async def test_another_notice_or_help_is_another_record(
    client: AsyncClient, first: dict[str, Any], again: dict[str, Any]
) -> None:
    base = submission()
    stored = await client.post("/v1/responses", json=base | first)
    refused = await client.post("/v1/responses", json=base | first | again)

    assert refused.status_code == 422
    assert refused.json()["code"] == "external_id_reused"
    assert refused.json()["existing_id"] == stored.json()["id"]
