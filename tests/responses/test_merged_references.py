"""Merged references mean one person, whichever of them a submission uses and by whatever door."""

import pytest
from httpx import AsyncClient

from tests.support.corrections import amend, amendment, send_batch, store, versions
from tests.support.factories import pair, submission


@pytest.mark.parametrize("door", ["submission", "batch", "version", "amendment"])
async def test_either_reference_of_a_person_names_the_rater_of_a_new_alliance(
    client: AsyncClient, door: str
) -> None:
    merge = {"source": "ehr", "role": "client", "from": "double", "into": "c-1"}
    assert (await client.post("/v1/people/merge", json=merge)).status_code == 201
    new = pair(client_ref="double")
    sent = submission(alliance=new, rater={"role": "client", "ref": "c-1"})
    first = sent | {"alliance": pair(client_ref="c-1")}
    if door == "submission":
        answer = await client.post("/v1/responses", json=sent)
    elif door == "batch":
        answer = await send_batch(client, [sent])
        assert answer.json()["items"][0]["verdict"] == "accepted", answer.json()
    elif door == "version":
        await store(client, first)
        answer = await client.post("/v1/responses", json=sent | {"external_version": 2})
    else:
        made = await store(client, first)
        answer = await amend(client, made["id"], amendment(sent, alliance=new))
    assert answer.status_code in {201, 207}, answer.json()
    newest = (await versions(client, sent["external_id"]))[-1]
    assert newest["rater"]["ref"] == "c-1"
