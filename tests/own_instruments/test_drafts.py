"""Making, revising and publishing an instrument of one's own."""

import asyncio
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from httpx import AsyncClient

from app.own_instruments.rules import MOST_ITEMS, MOST_VECTORS
from app.own_instruments.schemas import DEFINITION, SAMPLE
from tests.support.own import OWN, definition, draft, publish, unreversed

Change = Callable[[dict[str, Any]], object]


async def test_a_draft_is_judged_shown_and_changed_until_it_is_published(
    client: AsyncClient,
) -> None:
    made = await draft(client, definition())
    assert made.status_code == 201
    first = made.json()
    assert (first["status"], first["published_at"]) == ("draft", None)
    (trial,) = first["trials"]
    assert (trial["key"], trial["vectors"], trial["survivors"]) == ("four", 3, [])
    assert trial["mutants"] > 20

    again = await draft(client, definition(name="Another name"))
    assert (again.status_code, again.json()["sha256"] != first["sha256"]) == (200, True)
    shown = (await client.get(f"/v1/instruments/{OWN}")).json()
    assert (shown["status"], shown["drafts"], shown["revisions"]) == ("draft", ["1.0"], [])
    assert shown["definition"]["name"] == "Another name"

    url, stale = f"/v1/instruments/{OWN}/publish", {"revision": "1.0", "sha256": first["sha256"]}
    refused = await client.post(url, json=stale)
    assert (refused.status_code, refused.json()["code"]) == (409, "instrument_conflict")
    published = await client.post(url, json={"revision": "1.0", "sha256": shown["sha256"]})
    assert published.json()["status"] == "published"
    assert (await client.post(url, json={"revision": "1.0"})).json() == published.json()


async def test_what_is_published_never_changes(client: AsyncClient) -> None:
    published = await publish(client, definition())
    same = await draft(client, definition())
    assert (same.status_code, same.json()) == (200, published)
    other = await draft(client, definition(name="Another name"))
    assert (other.status_code, other.json()["code"]) == (409, "instrument_conflict")
    shown = (await client.get(f"/v1/instruments/{OWN}")).json()
    assert (shown["sha256"], shown["status"]) == (published["sha256"], "published")
    assert shown["definition"] == definition()


async def test_revisions_stand_beside_each_other(client: AsyncClient) -> None:
    await publish(client, definition())
    await publish(client, unreversed("1.1"))
    await draft(client, definition("2.0"))
    shown = (await client.get(f"/v1/instruments/{OWN}")).json()
    assert (shown["revision"], shown["revisions"]) == ("1.1", ["1.0", "1.1"])
    assert shown["drafts"] == ["2.0"]
    older = await client.get(f"/v1/instruments/{OWN}", params={"revision": "1.0"})
    assert older.json()["definition"]["keys"]["four"]["reversed"] == ["4"]
    newer = await client.get(f"/v1/instruments/{OWN}", params={"revision": "2.0"})
    assert newer.json()["status"] == "draft"
    none = await client.get(f"/v1/instruments/{OWN}", params={"revision": "9.0"})
    assert none.status_code == 404
    unknown = await client.post(f"/v1/instruments/{OWN}/publish", json={"revision": "9.0"})
    assert unknown.status_code == 404


async def test_what_was_asked_is_the_number_before_the_dot(client: AsyncClient) -> None:
    await publish(client, definition())
    wider = definition("1.1")
    wider["keys"]["four"]["high"] = 5
    wider["keys"]["four"]["reversed"] = []
    for vector, old in zip(wider["test_vectors"], unreversed()["test_vectors"], strict=True):
        vector["expected"] = old["expected"]
    answer = await draft(client, wider)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/definition/forms/client", "asks_otherwise")
    assert (await draft(client, wider | {"revision": "2.0"})).status_code == 201


async def test_two_drafts_that_ask_otherwise_cannot_both_be_published(client: AsyncClient) -> None:
    other = definition("1.1")
    other["keys"]["four"]["items"] = ["1", "2", "4", "3"]
    for document in (definition(), other):
        assert (await draft(client, document)).status_code == 201
    url = f"/v1/instruments/{OWN}/publish"
    answers = await asyncio.gather(
        *(client.post(url, json={"revision": revision}) for revision in ("1.0", "1.1"))
    )
    assert sorted(one.status_code for one in answers) == [200, 422]
    (refused,) = [one.json() for one in answers if one.status_code == 422]
    assert refused["errors"][0]["pointer"] == "/revision"


FAULTS: list[tuple[Change, str, str]] = [
    (lambda d: d.pop("loinc"), "/loinc", "required"),
    (lambda d: d.update(wording={"1": "a"}), "/wording", "unknown_field"),
    (lambda d: d["keys"].update({"a" * 61: {}}), "/keys", "required"),  # no name, but a text
    (lambda d: d.update(instrument="four-questions"), "/instrument", "not_an_own_id"),
    (lambda d: d.update(instrument="wai-sr-2006"), "/instrument", "not_an_own_id"),
    (lambda d: d.update(revision="one"), "/revision", "malformed"),
    (lambda d: d.update(availability="soon"), "/availability", "not_one_of"),
    (lambda d: d.update(availability=["scorable"]), "/availability", "not_one_of"),
    (lambda d: d.update(availability={"a": 1}), "/availability", "not_one_of"),
    (lambda d: d["keys"]["four"].update(kind=["likert"]), "/keys/four/kind", "not_one_of"),
    (lambda d: d["keys"]["four"].update(items=[["1"]]), "/keys/four/items/0", "wrong_type"),
    (lambda d: d["forms"].update(client=[]), "/forms/client", "wrong_type"),
    (lambda d: d.update(name="a\x07b"), "/name", "control_character"),
    (lambda d: d["rights"].pop("sources"), "/rights/sources", "required"),
    (lambda d: d["rights"].update(verified_on="2026-13-01"), "/rights/verified_on", "malformed"),
    (lambda d: d["keys"]["four"].update(low=4), "/keys/four/low", "out_of_range"),
    (lambda d: d["keys"]["four"].update(low=0.5), "/keys/four/low", "out_of_range"),
    (lambda d: d["keys"]["four"].update(high=10**9), "/keys/four/high", "out_of_range"),
    (lambda d: d["keys"]["four"].update(kind="visual_analogue"), "/keys/four/high", "not_a_line"),
    (lambda d: d["keys"]["four"]["reversed"].append("7"), "/keys/four/reversed", "unknown_item"),
    (lambda d: d["keys"]["four"]["items"].append("5"), "/keys/four/items", "item_without_scale"),
    (
        lambda d: d["keys"]["four"]["scales"][0].update(items=["1", "3"]),
        "/keys/four/scales/1/items",
        "shared_item",
    ),
    (
        lambda d: d["keys"]["four"]["scales"][1].update(min_answered=3),
        "/keys/four/scales/1/min_answered",
        "out_of_range",
    ),
    (lambda d: d["forms"]["client"].update(key="x"), "/forms/client/key", "unknown_key"),
    (lambda d: d["forms"]["client"]["status"].pop("bond"), "/forms/client/status", "required"),
    (lambda d: d.update(test_vectors=d["test_vectors"][:1]), "/test_vectors", "too_short"),
    (
        lambda d: d["test_vectors"][1]["answers"].update({"2": 9}),
        "/test_vectors/1/answers/2",
        "not_an_answer",
    ),
    (
        lambda d: d["test_vectors"][0]["expected"]["bond"].update(sum=6),
        "/test_vectors/0/expected/bond/sum",
        "scores_otherwise",
    ),
    (
        lambda d: d["keys"]["four"].update(items=[str(n) for n in range(MOST_ITEMS + 1)]),
        "/keys/four/items",
        "too_many",
    ),
    (
        lambda d: d.update(test_vectors=d["test_vectors"] * MOST_VECTORS),
        "/test_vectors",
        "too_many",
    ),
]


@pytest.mark.parametrize(("change", "pointer", "code"), FAULTS)
async def test_what_is_to_mend_is_pointed_at(
    client: AsyncClient, change: Change, pointer: str, code: str
) -> None:
    document = definition()
    change(document)
    answer = await draft(client, document)
    assert answer.status_code == 422
    found = {(one["pointer"], one["code"]) for one in answer.json()["errors"]}
    assert (f"/definition{pointer}", code) in found
    preview = await client.post("/v1/instruments:preview", json={"definition": document})
    judged = preview.json()
    assert (judged["valid"], judged["samples"], judged["trials"]) == (False, [], [])
    assert found == {(one["pointer"], one["code"]) for one in judged["faults"]}
    assert (await client.get(f"/v1/instruments/{OWN}")).status_code == 404


async def test_mistakes_that_no_vector_would_tell_are_named(client: AsyncClient) -> None:
    weak = definition()
    for vector in weak["test_vectors"]:
        vector["answers"] = dict.fromkeys("1234", 2)
        vector["expected"] = {
            "bond": {"sum": 4, "mean": 2},
            "tasks": {"sum": 4, "mean": 2},
            "total": {"sum": 8, "mean": 2},
        }
    answer = await draft(client, weak)
    (trial,) = answer.json()["trials"]
    assert "item 1 reversed" in trial["survivors"]
    assert "1 of bond with 3 of tasks" in trial["survivors"]
    assert len(trial["survivors"]) < trial["mutants"]  # a wrong range is told even so


async def test_a_preview_scores_samples_and_stores_nothing(client: AsyncClient) -> None:
    wrong = {"form": "client", "answers": {"1": 9}}
    nowhere = {"form": "observer", "answers": {"1": 1}}
    body = {"definition": DEFINITION, "samples": [SAMPLE, wrong, nowhere]}
    judged = (await client.post("/v1/instruments:preview", json=deepcopy(body))).json()
    assert (judged["valid"], judged["faults"]) == (True, [])
    scored, refused, unknown = judged["samples"]
    assert {s["scale"]: s["sum"] for s in scored["scores"]["scores"]} == {
        "bond": 7,
        "tasks": None,
        "total": None,
    }
    assert refused["faults"][0]["pointer"] == "/samples/1/answers/1"
    assert unknown["faults"][0]["pointer"] == "/samples/2/form"
    assert (await client.get(f"/v1/instruments/{OWN}")).status_code == 404


async def test_the_catalogue_lists_own_ones_in_their_place_page_by_page(
    client: AsyncClient,
) -> None:
    ids = [OWN, "x-a", "x-b"]
    for instrument in ids:
        await draft(client, definition(instrument=instrument))
    await publish(client, definition(instrument="x-b"))
    everything = (await client.get("/v1/instruments", params={"limit": 500})).json()["items"]
    names = [one["instrument"] for one in everything]
    assert names == sorted(names)
    assert {one["instrument"]: one["status"] for one in everything if one["instrument"] in ids} == {
        "x-a": "draft",
        "x-b": "published",
        OWN: "draft",
    }
    paged: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get("/v1/instruments", params={"limit": "7"} | cursor)).json()
        paged += [one["instrument"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert paged == names
    pending = await client.get("/v1/instruments", params={"availability": "pending", "limit": 500})
    assert not {one["instrument"] for one in pending.json()["items"]} & set(ids)
