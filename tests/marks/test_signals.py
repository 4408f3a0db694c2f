"""A rupture that a person reports is a signal in a channel of its own."""

from httpx import AsyncClient

from tests.conftest import Tenant
from tests.support.factories import mark
from tests.support.meetings import new_alliance, noticed


async def test_a_rupture_is_a_signal_and_a_repair_is_none(client: AsyncClient) -> None:
    alliance_id = await new_alliance(client, client_ref="c", professional_ref="p")
    made = (await noticed(client, alliance_id, mark())).json()
    await noticed(client, alliance_id, mark(kind="repair"))

    (signal,) = (await client.get("/v1/signals")).json()["items"]
    assert (signal["code"], signal["severity"], signal["state"]) == (
        "reported_rupture",
        "alert",
        "open",
    )
    assert signal["mark_id"] == made["id"]
    assert signal["rater"] == {"role": "client", "ref": "c", "proxy_ref": None}
    assert signal["about"] == {"role": "professional", "ref": "p"}
    assert (signal["response_ids"], signal["value"], signal["parameter_source"]) == (
        [],
        None,
        "none",
    )
    assert "no score has found it" in signal["text"]


async def test_a_mark_sent_again_raises_nothing_again(client: AsyncClient) -> None:
    alliance_id = await new_alliance(client)
    sent = mark()
    assert [(await noticed(client, alliance_id, sent)).status_code for _ in range(2)] == [201, 200]
    assert len((await client.get("/v1/signals")).json()["items"]) == 1


async def test_the_signal_is_for_those_who_may_see_the_mark(
    client: AsyncClient, tenant: Tenant
) -> None:
    alliance_id = await new_alliance(client, client_ref="c")
    told = {"audience": ["supervisor"], "level": "items"}
    await noticed(client, alliance_id, mark(notice=told))

    seen = {}
    for actor in (None, "professional;p", "supervisor;s", "client;c", "client;other"):
        headers = {"Rapport-Actor": actor} if actor else {}
        async with tenant.client(**headers) as reader:
            seen[actor] = len((await reader.get("/v1/signals")).json()["items"])
    assert seen == {
        None: 0,
        "professional;p": 0,
        "supervisor;s": 1,
        "client;c": 1,  # who noticed
        "client;other": 0,
    }


async def test_a_larger_alliance_has_no_other_side(client: AsyncClient) -> None:
    members = [
        {"role": "client", "ref": "c-1"},
        {"role": "client", "ref": "c-2"},
        {"role": "professional", "ref": "p"},
    ]
    made = await client.post(
        "/v1/alliances", json={"source": "ehr", "external_id": "family", "members": members}
    )
    await noticed(client, made.json()["id"], mark(by={"role": "client", "ref": "c-2"}))
    (signal,) = (await client.get("/v1/signals")).json()["items"]
    assert (signal["rater"]["ref"], signal["about"]) == ("c-2", None)
