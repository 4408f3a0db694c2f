"""The register of rights, and the report of grants that expire."""

from datetime import UTC, datetime
from typing import Any

from httpx import AsyncClient

from app.instruments.definitions import shipped
from tests.conftest import Clock
from tests.support.own import OWN, declare, definition, pack, publish, put, texts_path


async def rights_of(client: AsyncClient, instrument: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/instruments/{instrument}/rights")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_every_shipped_instrument_has_dated_and_sourced_statements(
    client: AsyncClient,
) -> None:
    for instrument in shipped().definitions:
        found = await rights_of(client, instrument)
        for statement in found["statements"]:
            assert statement["verified_on"] >= "2026-01-01"
            assert statement["sources"]
        rights = shipped().definition(instrument).document["rights"]
        details = [conflict["detail"] for conflict in found["conflicts"]]
        assert [one for one in rights["conflicts"] if one not in details] == []
        assert rights["holder_conflict"] is None or rights["holder_conflict"] in details
        allowed = [use["use"] for use in found["uses"] if use["by_rights"]]
        assert (len(allowed) == 4) == (rights["status"] == "open"), instrument


async def test_statements_of_revisions_that_differ_are_both_kept(client: AsyncClient) -> None:
    await publish(client, definition())
    later = definition("1.1")
    later["rights"] |= {"holder": "Another house", "verified_on": "2026-11-20"}
    await publish(client, later)
    found = await rights_of(client, OWN)
    assert [(s["revision"], s["holder"]) for s in found["statements"]] == [
        ("1.1", "Another house"),
        ("1.0", "The clinic"),
    ]
    (conflict,) = found["conflicts"]
    assert conflict["code"] == "revisions_differ"
    assert conflict["detail"] == (
        "Revisions 1.0 (2026-11-01) and 1.1 (2026-11-20) differ in: holder."
    )
    await put(client, pack(), texts_path())
    codes = [one["code"] for one in (await rights_of(client, OWN))["conflicts"]]
    assert codes == ["revisions_differ", "grant_of_another_holder"]


async def test_what_the_grants_cover_is_said_use_by_use(client: AsyncClient, clock: Clock) -> None:
    clock.fixed = datetime(2026, 11, 24, tzinfo=UTC)
    await publish(client, definition())
    await declare(client, "clinical")
    stored = await put(client, pack(uses=["clinical", "research"]), texts_path())
    await put(client, pack("de", valid_to="2026-11-23"), texts_path("de"))
    found = await rights_of(client, OWN)
    assert {one["use"]: one["by_grant"] for one in found["uses"]} == {
        "clinical": [stored["id"]],
        "commercial": [],
        "educational": [],
        "research": [stored["id"]],
    }
    assert found["declared_use"]["uses"] == ["clinical"]
    assert [one["state"] for one in found["text_packs"]] == ["expired", "in_force"]
    assert (await client.get("/v1/instruments/x-none/rights")).status_code == 404


async def test_grants_that_expire_are_reported(client: AsyncClient, clock: Clock) -> None:
    clock.fixed = datetime(2026, 11, 24, tzinfo=UTC)
    await publish(client, definition())
    ends = {"en": "2026-12-31", "de": "2026-11-24", "fr": None, "es": "2026-11-01"}
    for language, end in ends.items():
        await put(client, pack(language, valid_to=end), texts_path(language))
    await client.delete(texts_path("es"))

    async def listed(**query: str) -> dict[str, str]:
        page = (await client.get("/v1/grants", params=query)).json()
        return {one["language"]: one["state"] for one in page["items"]}

    assert await listed() == {"en": "in_force", "de": "in_force", "fr": "in_force"}
    assert await listed(expires_by="2026-12-30") == {"de": "in_force"}
    assert await listed(expires_by="2026-12-31") == {"de": "in_force", "en": "in_force"}
    clock.fixed = datetime(2026, 11, 25, tzinfo=UTC)
    assert await listed(expires_by="2026-11-25") == {"de": "expired"}
    paged = (await client.get("/v1/grants", params={"limit": "2"})).json()
    rest = (await client.get("/v1/grants", params={"cursor": paged["next_cursor"]})).json()
    assert len(paged["items"]) + len(rest["items"]) == 3
