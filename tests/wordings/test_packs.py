"""Text packs: what is missing is said, what is licensed is shown, and nothing else."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient

from app.wordings.schemas import TEXT
from tests.conftest import Clock, Tenant
from tests.support.own import (
    OWN,
    declare,
    definition,
    filled,
    form_of,
    pack,
    pack_of_ours,
    publish,
    put,
    texts_path,
)

Change = Callable[[dict[str, Any]], object]
AT_NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
async def own(client: AsyncClient) -> AsyncClient:
    await publish(client, definition())
    await declare(client, "clinical")
    return client


async def test_a_wording_is_put_served_and_kept_with_the_answers(own: AsyncClient) -> None:
    bare = await form_of(own)
    assert (bare["wording"], bare["wording_reason_code"]) == ("structure_only", "no_text_pack")
    assert [item["id"] for item in bare["items"]] == ["1", "2", "3", "4"]
    assert [option["label"] for option in bare["options"]] == [None] * 5

    stored = await put(own, pack(), texts_path())
    assert (stored["version"], stored["state"]) == (1, "in_force")
    form = await form_of(own)
    assert (form["wording"], form["wording_reason"]) == ("included", None)
    assert [item["text"] for item in form["items"]] == [
        TEXT["items"][item]["text"] for item in "1234"
    ]
    assert [(one["value"], one["label"]) for one in form["options"]] == [
        (value, TEXT["labels"][str(value)]) for value in range(5)
    ]
    assert {one["value"]: one["label"] for one in form["non_answers"]} == TEXT["non_answers"]
    assert form["errors"] == TEXT["errors"]
    assert form["attribution_line"] == pack()["grant"]["attribution"]
    assert form["text_sha256"] == stored["sha256"]
    assert form["languages"] == ["en"]

    body = filled(text_sha256=form["text_sha256"])
    made = (await own.post("/v1/responses", json=body)).json()
    record = (await own.get(f"/v1/responses/{made['id']}")).json()
    assert record["text_sha256"] == stored["sha256"]


MISSING: list[tuple[Change, str, str]] = [
    (lambda p: p["text"]["items"].pop("3"), "/text/items/3", "required"),
    (lambda p: p["text"]["items"].update({"5": {"text": "a"}}), "/text/items/5", "unknown_item"),
    (lambda p: p["text"]["labels"].pop("2"), "/text/labels/2", "required"),
    (lambda p: p["text"]["labels"].update({"5": "a"}), "/text/labels/5", "unknown_item"),
    (lambda p: p["text"].update(labels=None), "/text/labels", "required"),
    (lambda p: p["text"].pop("instruction"), "/text/instruction", "required"),
    (lambda p: p["text"]["errors"].pop("unanswered"), "/text/errors/unanswered", "required"),
    (lambda p: p["text"]["non_answers"].pop("declined"), "/text/non_answers/declined", "required"),
    (lambda p: p["text"].update(role_slot=None), "/text/items/2/text", "slot_unexplained"),
    (lambda p: p["text"].update(title="For {name}"), "/text/title", "unknown_slot"),
    (lambda p: p["text"].update(thanks=" "), "/text/thanks", "blank"),
    (lambda p: p["grant"].update(languages=["de"]), "/grant/languages", "language_not_covered"),
    (lambda p: p["grant"].update(valid_to="2025-01-01"), "/grant", "ends_before_it_begins"),
    (lambda p: p["grant"].pop("reference"), "/grant/reference", "required"),
    (lambda p: p.update(form_revision="2"), "/form_revision", "unknown_revision"),
]


@pytest.mark.parametrize(("change", "pointer", "code"), MISSING)
async def test_what_is_missing_is_pointed_at_and_never_quoted(
    own: AsyncClient, change: Change, pointer: str, code: str
) -> None:
    body = pack()
    change(body)
    answer = await own.put(texts_path(), json=body)
    assert answer.status_code == 422, answer.text
    assert (pointer, code) in {(e["pointer"], e["code"]) for e in answer.json()["errors"]}
    assert not [text for text in words_of(body) if len(text) > 12 and text in answer.text]
    assert (await form_of(own))["wording"] == "structure_only"


def words_of(part: Any) -> list[str]:
    if isinstance(part, dict):
        return [text for value in part.values() for text in words_of(value)]
    if isinstance(part, list):
        return [text for value in part for text in words_of(value)]
    return [part] if isinstance(part, str) else []


async def test_a_line_needs_words_for_its_ends(own: AsyncClient) -> None:
    path = texts_path(instrument="srs-3")
    body = pack()
    body["text"]["role_slot"] = None
    body["text"]["items"] = {str(n): {"text": f"line {n}"} for n in range(1, 5)}
    answer = await own.put(path, json=body)
    found = {(e["pointer"], e["code"]) for e in answer.json()["errors"]}
    assert ("/text/labels", "labels_of_a_line") in found
    assert ("/text/items/4", "required") in found
    body["text"]["labels"] = None
    for words in body["text"]["items"].values():
        words |= {"low_label": "little", "high_label": "much"}
    await put(own, body, path)
    form = await form_of(own, "srs-3")
    assert [one["low_label"] for one in form["items"]] == ["little"] * 4
    assert form["options"] == []


async def test_unknown_things_are_not_found(own: AsyncClient) -> None:
    for path in (
        texts_path(instrument="x-none"),
        texts_path(form="none"),
        texts_path(instrument="calpas-1989"),  # pending
    ):
        assert (await own.put(path, json=pack())).status_code == 404
        assert (await own.delete(path)).status_code == 404
    assert (await own.put(texts_path("e"), json=pack())).status_code == 404  # no language


async def test_a_grant_expires_during_a_run(own: AsyncClient, clock: Clock) -> None:
    clock.fixed = AT_NOON
    stored = await put(own, pack(valid_to="2026-11-24"), texts_path())
    seen = []
    for fixed in (AT_NOON, AT_NOON.replace(hour=23, minute=59), AT_NOON.replace(day=25, hour=0)):
        clock.fixed = fixed
        form = await form_of(own)
        required = await own.get(
            f"/v1/instruments/{OWN}/forms/client", params={"wording": "required"}
        )
        made = await own.post("/v1/responses", json=filled(text_sha256=stored["sha256"]))
        assert made.status_code == 201  # answers are taken whatever the licence
        seen.append((form["wording"], form["wording_reason_code"], required.status_code))
    assert seen == [
        ("included", None, 200),
        ("included", None, 200),
        ("structure_only", "grant_expired", 403),
    ]
    refused = required.json()
    assert (refused["code"], refused["errors"][0]["code"]) == (
        "wording_not_licensed",
        "grant_expired",
    )
    assert not [text for text in words_of(TEXT) if len(text) > 12 and text in json.dumps(form)]
    (listed,) = (await own.get("/v1/grants")).json()["items"]
    assert (listed["id"], listed["state"]) == (stored["id"], "expired")


async def test_withdrawal_is_in_force_at_once_and_leaves_the_hash(
    own: AsyncClient, tenant: Tenant, database_url: str
) -> None:
    stored = await put(own, pack(), texts_path())
    answer = await own.delete(texts_path())
    (ended,) = answer.json()["withdrawn"]
    assert (ended["id"], ended["state"], ended["sha256"]) == (
        stored["id"],
        "withdrawn",
        stored["sha256"],
    )
    assert (await form_of(own))["wording_reason_code"] == "no_text_pack"
    assert (await own.delete(texts_path())).status_code == 404
    rights = (await own.get(f"/v1/instruments/{OWN}/rights")).json()
    assert [one["state"] for one in rights["text_packs"]] == ["withdrawn"]
    again = await put(own, pack(), texts_path())
    assert (again["version"], again["sha256"]) == (2, stored["sha256"])
    connection = await asyncpg.connect(database_url)
    kept = await connection.fetch(
        "SELECT version, wording IS NULL AS gone FROM text_packs WHERE tenant_id = $1 "
        "ORDER BY version",
        tenant.id,
    )
    await connection.close()
    assert [tuple(row) for row in kept] == [(1, True), (2, False)]


async def test_the_same_changes_nothing_and_another_takes_its_place(own: AsyncClient) -> None:
    first = await put(own, pack(), texts_path())
    assert await put(own, pack(), texts_path()) == first
    renewed = await put(own, pack(valid_to="2028-12-31"), texts_path())
    assert (renewed["version"], renewed["sha256"]) == (2, first["sha256"])
    reworded = pack()
    reworded["text"]["title"] = "After this meeting"
    third = await put(own, reworded, texts_path())
    assert (third["version"], third["sha256"] != first["sha256"]) == (3, True)
    assert (await form_of(own))["title"] == "After this meeting"
    rights = (await own.get(f"/v1/instruments/{OWN}/rights")).json()
    states = [(one["version"], one["state"]) for one in rights["text_packs"]]
    assert states == [(3, "in_force"), (2, "replaced"), (1, "replaced")]


async def test_of_many_at_once_one_is_in_use(own: AsyncClient) -> None:
    bodies = [pack(reference=f"letter {number}") for number in range(4)]
    answers = await asyncio.gather(*(own.put(texts_path(), json=body) for body in bodies))
    assert {one.status_code for one in answers} <= {200, 503}
    in_use = (await own.get("/v1/grants")).json()["items"]
    assert len(in_use) == 1


async def test_languages_fall_back_openly(own: AsyncClient) -> None:
    await put(own, pack("en"), texts_path("en"))
    await put(own, pack("de"), texts_path("de"))
    expired = pack("es", valid_from="2020-01-01", valid_to="2020-12-31")
    await put(own, expired, texts_path("es"))
    await put(own, pack("pt-BR"), texts_path("pt-br"))
    arabic = pack("ar")
    arabic["text"]["direction"] = "rtl"
    await put(own, arabic, texts_path("ar"))

    served = {}
    for asked in ("en", "de", "de-CH", "es", "fr", "pt-BR", "pt-br", "pt", "ar"):
        form = await form_of(own, language=asked)
        fallback = form["language_fallback"]
        served[asked] = (form["language"], fallback and fallback["code"], form["direction"])
    assert served == {
        "en": ("en", None, "ltr"),
        "de": ("de", None, "ltr"),
        "de-CH": ("de", "no_text_pack", "ltr"),
        "es": ("en", "grant_expired", "ltr"),
        "fr": ("en", "no_text_pack", "ltr"),
        "pt-BR": ("pt-BR", None, "ltr"),
        "pt-br": ("pt-BR", None, "ltr"),
        "pt": ("en", "no_text_pack", "ltr"),
        "ar": ("ar", None, "rtl"),
    }
    assert form["languages"] == ["ar", "de", "en", "pt-BR"]


async def test_the_declared_use_is_matched_with_what_is_allowed(own: AsyncClient) -> None:
    await put(own, pack(), texts_path())
    seen = {}
    for uses in (["clinical"], ["clinical", "commercial"], ["research"], ["educational"]):
        await declare(own, *uses)
        form = await form_of(own)
        seen["+".join(uses)] = (form["wording"], form["wording_reason_code"])
        assert (await form_of(own, "open-triad-1"))["wording"] == "included"
    assert seen == {
        "clinical": ("included", None),
        "clinical+commercial": ("structure_only", "commercial_not_covered"),
        "research": ("structure_only", "use_not_covered"),
        "educational": ("structure_only", "use_not_covered"),
    }


async def test_until_a_use_is_declared_every_use_must_be_covered(client: AsyncClient) -> None:
    before = (await client.get("/v1/declared-use")).json()
    assert before == {"version": 0, "uses": [], "declared_at": None}
    await publish(client, definition())
    await put(client, pack(), texts_path())
    assert (await form_of(client))["wording_reason_code"] == "use_not_declared"
    wide = pack(commercial=True, uses=["clinical", "educational", "research"])
    await put(client, wide, texts_path())
    assert (await form_of(client))["wording"] == "included"
    for uses, version in ((["clinical"], 1), (["clinical", "clinical"], 1), (["research"], 2)):
        answer = await client.put("/v1/declared-use", json={"uses": uses})
        assert (answer.json()["version"], answer.json()["uses"]) == (version, uses[:1])
    assert (await client.get("/v1/declared-use")).json()["version"] == 2


async def test_a_tenants_own_wording_of_ours_stands_before_the_shipped_one(
    client: AsyncClient,
) -> None:
    body = pack_of_ours("open-triad-lines-1")
    body["text"]["title"] = "Ours"
    before = await form_of(client, "open-triad-lines-1")
    stored = await put(client, body, texts_path(instrument="open-triad-lines-1"))
    form = await form_of(client, "open-triad-lines-1")
    assert (form["title"], form["text_sha256"]) == ("Ours", stored["sha256"])
    await client.delete(texts_path(instrument="open-triad-lines-1"))
    assert await form_of(client, "open-triad-lines-1") == before
    assert before["text_sha256"]


async def test_a_wording_follows_its_form_revision(own: AsyncClient) -> None:
    await put(own, pack(), texts_path())
    await publish(own, definition("1.1", name="Scored anew"))
    assert (await form_of(own))["wording"] == "included"
    await publish(own, definition("2.0"))
    assert (await form_of(own))["wording"] == "structure_only"
    assert (await form_of(own, revision="1.0"))["wording"] == "included"
    await put(own, pack() | {"form_revision": "2"}, texts_path())
    assert (await form_of(own))["wording"] == "included"
