"""Listing signals: filters, order, pages, the words for them, and who sees which with what."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from httpx import AsyncClient

from app.database import APP_ROLE
from app.signals import queries
from app.tenants.scopes import Scope
from tests.conftest import Tenant
from tests.support.corrections import amend, amendment, items, store
from tests.support.factories import below_the_cut, pair
from tests.support.signals import LOW, STABLE, act, course, fallen, ids, rating, signals

ROLES = ("client", "professional", "supervisor")
NOBODYS = {"client_ref": "nobody", "professional_ref": "nobody", "program_ref": "none"}


def notice(*audience: str, level: str = "items") -> dict[str, Any]:
    return {"ref": None, "audience": list(audience), "level": level}


async def test_every_filter_finds_what_it_names_and_nothing_else(client: AsyncClient) -> None:
    said = {"client_ref": "c", "professional_ref": "p", "program_ref": "return-to-work"}
    drop = await fallen(client, pair(**said))
    low = await store(client, below_the_cut(alliance=pair()))
    bond = pair()
    await course(client, bond, STABLE)
    mild = items(4) | {"3": 2, "5": 2, "1": 5, "4": 5}
    part = await store(client, rating(bond, 6, 4) | {"answers": mild})
    sent = {"drop": drop, "low": low, "part": part}
    ((first,), (second,), (third,)) = (sent[name]["signals"] for name in sent)
    assert (third["code"], third["component"], third["severity"]) == (
        "component_drop",
        "bond",
        "watch",
    )

    for asked, found in (
        ({}, [first, second, third]),
        ({"state": "waiting"}, [first, second, third]),
        ({"state": "open"}, [first, second, third]),
        ({"state": "closed"}, []),
        ({"code": "low_level"}, [second]),
        ({"code": "no_such_code"}, []),
        ({"severity": "alert"}, [first]),
        ({"component": "bond"}, [third]),
        ({"component": "goals"}, []),
        ({"alliance_id": drop["alliance_id"]}, [first]),
        ({"alliance_id": str(uuid4())}, []),
        ({"rater_role": "client"}, [first, second, third]),
        ({"rater_role": "professional"}, []),
        ({"instrument": "srs-3"}, [second]),
        ({"form": "client"}, [first, second, third]),
        ({"form": "professional"}, []),
        *(({name: value}, [first]) for name, value in said.items()),
        *(({name: value}, []) for name, value in NOBODYS.items()),
        ({"state": "waiting", **said, "severity": "alert"}, [first]),
        ({"state": "waiting", **said, "severity": "watch"}, []),
    ):
        assert await ids(client, **asked) == [one["id"] for one in found], asked


async def test_what_waits_is_what_is_open_or_in_work(client: AsyncClient) -> None:
    kinds = ("note", "acknowledge", "discuss", "try_step", "resolve", "close")
    made = {}
    for kind in kinds:
        (signal,) = (await store(client, below_the_cut()))["signals"]
        made[kind] = signal["id"]
        await act(client, signal["id"], kind)
    history = await store(client, below_the_cut(backfill=True))
    assert [one["state"] for one in history["signals"]] == ["recorded"]

    waiting = await signals(client, state="waiting")
    assert [one["id"] for one in waiting] == [made[kind] for kind in kinds[:4]]
    assert [one["state"] for one in waiting] == ["open", "acknowledged", "discussed", "step_tried"]
    assert await ids(client, state="recorded") == [history["signals"][0]["id"]]


async def test_pages_hold_every_signal_once_and_oldest_first(client: AsyncClient) -> None:
    made = [(await store(client, below_the_cut()))["signals"][0]["id"] for _ in range(5)]
    asked, pages = {"limit": "2", "state": "waiting"}, []
    while True:
        page = (await client.get("/v1/signals", params=asked)).json()
        pages.append([one["id"] for one in page["items"]])
        if page["next_cursor"] is None:
            break
        asked["cursor"] = page["next_cursor"]

    assert [len(page) for page in pages] == [2, 2, 1]
    assert [one for page in pages for one in page] == made


@pytest.mark.parametrize("audience", [("client",), ("professional", "supervisor"), ("supervisor",)])
async def test_a_reader_sees_what_the_rater_was_told(
    client: AsyncClient, audience: tuple[str, ...]
) -> None:
    await fallen(client, pair(client_ref="c"), notice=notice(*audience))
    (stored,) = await signals(client, "client;c")

    for role in (*ROLES, "family_member"):
        sees = role in audience
        assert await signals(client, f"{role};x") == [stored] * sees, role
    assert await signals(client) == [stored] * (audience != ("supervisor",))


async def test_what_is_for_supervision_asks_for_the_scope_as_well(
    client: AsyncClient, new_tenant: Callable[..., Awaitable[Tenant]]
) -> None:
    narrow = await new_tenant(Scope.RESPONSES_WRITE, Scope.SIGNALS_READ)
    async with narrow.client() as without:
        for audience in (("supervisor",), ("supervisor", "professional")):
            made = await fallen(without, notice=notice(*audience))
        found = await signals(without, "supervisor;s")

    assert [one["alliance_id"] for one in found] == [made["alliance_id"]]
    await fallen(client, notice=notice("supervisor"))
    assert len(await signals(client, "supervisor;s")) == 1
    assert await signals(client, "professional;p") == []
    assert await signals(client) == []


async def test_a_blind_spot_is_for_supervision_alone(client: AsyncClient) -> None:
    alliance = pair(client_ref="c", professional_ref="p")
    await fallen(client, alliance)
    answered = await course(client, alliance, (4, 4, 4, 4, 4, 4), "professional")
    seen = await signals(client, "supervisor;s", code="blind_spot")

    assert {one["scale"] for one in seen} >= {"total"}
    assert {tuple(one["audience"]) for one in seen} == {("supervisor",)}
    assert all(len(one["response_ids"]) == 2 for one in seen)
    for actor in (None, "client;c", "professional;p"):
        assert await signals(client, actor, code="blind_spot") == [], actor
    assert [one for told in answered for one in told["signals"]] == []


@pytest.mark.parametrize("level", ["items", "scores", "signals"])
async def test_at_the_level_signals_the_numbers_are_withheld_from_all_but_the_rater(
    client: AsyncClient, level: str
) -> None:
    alliance = pair(client_ref="c", professional_ref="p")
    await fallen(client, alliance, notice=notice(*ROLES, level=level))
    (own,) = await signals(client, "client;c")
    assert (own["value"], own["parameters"]["kind"]) == (24, "sudden")
    assert own["threshold"] > 24

    for actor in (None, "professional;p", "supervisor;s", "client;another"):
        (seen,) = await signals(client, actor)
        if level == "signals":
            assert seen == own | {"value": None, "threshold": None, "parameters": {}}, actor
        else:
            assert seen == own, actor


async def test_items_behind_a_signal_are_shown_at_the_level_items_alone(
    client: AsyncClient,
) -> None:
    one_low = {"1": 8.5, "2": 10, "3": 10, "4": 10}
    for level, shown in (("items", True), ("scores", False), ("signals", False)):
        sent = below_the_cut() | {"answers": one_low, "notice": notice(*ROLES, level=level)}
        made = await store(client, sent)
        (seen,) = await signals(client, "professional;x", alliance_id=made["alliance_id"])
        assert seen["code"] == "low_item"
        assert (seen["value"] is not None, seen["parameters"] != {}) == (shown, shown), level


async def test_a_narrower_notice_of_any_earlier_rating_narrows_a_signal(
    client: AsyncClient,
) -> None:
    alliance = pair(client_ref="c")
    await course(client, alliance, (4,), notice=notice("client", "supervisor", level="signals"))
    for number, value in enumerate((4, 4, 4, 4, LOW), 2):
        made = await store(client, rating(alliance, number, value, notice=notice(*ROLES)))

    (signal,) = await signals(client, "supervisor;s")
    assert signal["audience"] == ["client", "supervisor", "system"]
    assert (signal["value"], signal["parameters"]) == (None, {})
    assert await signals(client, "professional;p") == []
    assert [one["id"] for one in made["signals"]] == [signal["id"]]


async def test_an_amendment_with_a_narrower_notice_narrows_the_signal_too(
    client: AsyncClient,
) -> None:
    alliance = pair(client_ref="c")
    await course(client, alliance, STABLE)
    sent = rating(alliance, 6, LOW)
    made = await store(client, sent)
    (before,) = await signals(client, "professional;p")
    answer = await amend(client, made["id"], amendment(sent, notice=notice("supervisor")))
    assert answer.status_code == 201, answer.text

    for actor in (None, "professional;p", "client;another"):
        assert await signals(client, actor) == [], actor
    by_state = {one["state"]: one for one in await signals(client, "supervisor;s")}
    assert set(by_state) == {"superseded", "open"}
    assert by_state["superseded"]["id"] == before["id"]
    assert by_state["superseded"]["superseded_by"] == {
        "cause": "response_amended",
        "response_id": answer.json()["id"],
    }
    assert {tuple(one["audience"]) for one in by_state.values()} == {("supervisor",)}
    assert {one["state"] for one in await signals(client, "client;c")} == set(by_state)


async def test_a_rater_sees_their_own_under_a_merged_reference_too(client: AsyncClient) -> None:
    await fallen(client, pair(client_ref="c"), notice=notice("supervisor", level="signals"))
    merge = {"source": "ehr", "role": "client", "from": "c", "into": "new"}
    assert (await client.post("/v1/people/merge", json=merge)).is_success

    for ref in ("c", "new"):
        (seen,) = await signals(client, f"client;{ref}")
        assert seen["value"] == 24
        assert (
            await client.get(
                f"/v1/signals/{seen['id']}", headers={"Rapport-Actor": f"client;{ref}"}
            )
        ).is_success
    assert await signals(client, "client;somebody") == []


@pytest.mark.parametrize(
    ("language", "served", "begins"),
    [
        ("en", "en", "Here the client rates the alliance as a whole clearly lower"),
        ("es", "es", "Aquí "),
        ("de-AT", "de", "Hier "),
        ("fr", "en", "Here "),
    ],
)
async def test_texts_come_in_the_nearest_language(
    client: AsyncClient, language: str, served: str, begins: str
) -> None:
    await fallen(client)
    (listed,) = await signals(client, language=language)
    assert listed["text_language"] == served
    assert listed["text"].startswith(begins), listed["text"]

    path = f"/v1/signals/{listed['id']}"
    detail = (await client.get(path, params={"language": language})).json()
    guidance = detail["guidance"]
    assert detail["text"] == listed["text"]
    assert (guidance["language"], guidance["reviewed"]) == (
        served,
        None if served == "en" else False,
    )
    leans_on = [name for step in guidance["steps"] for name in step["leans_on"]]
    assert 1 <= len(guidance["steps"]) <= 3
    assert list(dict.fromkeys(leans_on)) == list(guidance["references"])


async def test_guidance_speaks_of_what_fell_in_the_words_of_the_setting(
    client: AsyncClient,
) -> None:
    steps = {}
    for setting in (None, "vocational_rehabilitation", "counselling"):
        alliance = pair(setting=setting)
        await course(client, alliance, STABLE)
        goals = items(4) | {"4": 2, "6": 2, "1": 5, "3": 5}
        (signal,) = (await store(client, rating(alliance, 6, 4) | {"answers": goals}))["signals"]
        assert (signal["code"], signal["component"]) == ("component_drop", "goals")
        detail = (await client.get(f"/v1/signals/{signal['id']}")).json()
        steps[setting] = [step["text"] for step in detail["guidance"]["steps"]]

    assert "which work the client wants" in steps["vocational_rehabilitation"][0]
    assert steps["counselling"] == steps[None] != steps["vocational_rehabilitation"]


async def test_a_signal_that_is_not_shown_is_answered_as_one_that_is_not_there(
    client: AsyncClient,
) -> None:
    made = await fallen(client, notice=notice("supervisor"))
    (signal,) = await signals(client, "supervisor;s")
    hidden, nothing = [await client.get(f"/v1/signals/{one}") for one in (signal["id"], uuid4())]
    assert hidden.status_code == nothing.status_code == 404
    assert hidden.json() | {"request_id": 0} == nothing.json() | {"request_id": 0}
    assert (await act(client, signal["id"], "note")).status_code == 404
    assert made["signals"] == []


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (frozenset({"waiting"}), "ix_signals_waiting"),
        (frozenset({"waiting", "severity", "professional_ref"}), "ix_signals_waiting"),
        (frozenset({"alliance_id"}), "ix_signals_tenant_id_alliance_id"),
        (frozenset({"alliance_id", "code"}), "ix_signals_tenant_id_alliance_id"),
        (frozenset(), "pk_signals"),
    ],
)
async def test_a_list_walks_the_index_of_what_is_asked(
    database_url: str, filters: frozenset[str], index: str
) -> None:
    tenant, statement = uuid4(), queries._list_statement(filters, continued=True)  # noqa: SLF001 - its plan
    given: dict[str, object] = {"tenant_id": tenant, "after": uuid4(), "alliance_id": uuid4()}
    given |= {"limit": 51, "supervision": True, **statement.literals}
    owner = await asyncpg.connect(database_url)
    try:
        async with owner.transaction():
            # A small table is read whole because that is cheaper; a large one is what counts.
            await owner.execute(
                f"SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;"
                f"SET LOCAL app.tenant = '{tenant}'; SET LOCAL ROLE {APP_ROLE}"
            )
            plan = await owner.fetchval(
                f"EXPLAIN (FORMAT JSON) {statement.sql}",
                *(given.get(name, "x") for name in statement.parameters),
            )
    finally:
        await owner.close()
    scans = [node for node in _nodes(json.loads(plan)[0]["Plan"]) if "Relation Name" in node]

    assert [one["Index Name"] for one in scans if one["Relation Name"] == "signals"] == [index]
    assert {one["Node Type"] for one in scans} <= {"Index Scan", "Index Only Scan"}


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", []) for node in _nodes(child))]
