"""Caseloads over HTTP: what stands there, in which order, and for whom."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient

from tests.conftest import Clock, Tenant
from tests.support.caseloads import PATH, caseload, names, scale
from tests.support.corrections import store, void
from tests.support.factories import below_the_cut, invitation, mark, pair, report
from tests.support.meetings import new_alliance, noticed, reported
from tests.support.signals import LOW, STABLE, act, course, fallen, rating, signals

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _time(clock: Clock) -> None:
    clock.fixed = NOW


def of(name: str, professional: str = "p", **more: Any) -> dict[str, Any]:
    return pair(external_id=name, professional_ref=professional, **more)


async def silent(client: AsyncClient, name: str, states: tuple[str, ...] = ("lapsed",)) -> None:
    """An alliance whose client was asked at these sessions, the last one at the end."""
    for number, comes_to in enumerate(states, 1):
        at = f"2026-07-0{number}T10:00:00+02:00"
        if comes_to == "completed":
            said = {"session_number": number, "occurred_at": at}
            await store(client, rating(of(name) | FIXED[name], number, 4, occasion=said))
        state = "invited" if comes_to == "completed" else comes_to
        invited = [invitation(state=state, at=at)]
        sent = {"alliance": of(name) | FIXED[name], "session_number": number, "occurred_at": at}
        await reported(client, report(**sent, invited=invited))


FIXED: dict[str, dict[str, str]] = {
    name: {"client_ref": f"c-{name}"} for name in ("silent", "back", "late", "soon", "declined")
}


async def test_each_side_as_it_stands(client: AsyncClient) -> None:
    alliance = of("a")
    await course(client, alliance, (3, 4, 5))
    await course(client, alliance, (4, 4), role="professional")
    trend_of = (await caseload(client))[0]["alliance"]["id"]
    trend = (await client.get(f"/v1/alliances/{trend_of}/trend")).json()
    (case,) = await caseload(client)

    assert [(s["rater"]["role"], s["ratings"]) for s in case["streams"]] == [
        ("client", 3), ("professional", 2),
    ]  # fmt: skip
    shown = {
        (one["rater"]["role"], each["scale"]): (each["value"], each["level"])
        for one in case["streams"]
        for each in one["scales"]
    }
    assert shown == {
        (one["rater"]["role"], one["scale"]): (one["latest"]["value"], one["points"][-1]["level"])
        for one in trend["streams"]
    }
    assert case["streams"][0]["last_rated_on"] == "2026-06-22"
    assert case["streams"][0]["days_since_last_rating"] == 40
    assert (case["need"], case["open_drops"], case["silent"]) == (None, 0, [])


async def test_the_last_ratings_are_those_of_the_trend(client: AsyncClient, clock: Clock) -> None:
    alliance = of("a")
    clock.fixed = NOW.replace(year=2027)
    await course(client, alliance, (3, 4, 5, 2) * 4)
    unscorable = {str(item): "declined" for item in range(2, 13)} | {"1": 3}
    await store(client, rating(alliance, 20, 3) | {"answers": unscorable})
    (case,) = await caseload(client)
    trend = (await client.get(f"/v1/alliances/{case['alliance']['id']}/trend")).json()
    (total,) = [one for one in trend["streams"] if one["scale"] == "total"]
    recent = case["streams"][0]["recent"]

    assert (recent["scale"], recent["unit"], recent["low"], recent["high"]) == (
        "total", "sum", 12.0, 60.0,
    )  # fmt: skip
    assert recent["ratings"] == [
        {"on": point["occurred_at"][:10], "value": point["value"], "status": point["status"]}
        for point in total["points"][-12:]
    ]
    assert recent["ratings"][-1]["status"] == "not_scorable"
    assert len(recent["ratings"]) == 12

    made = await store(client, rating(alliance, 21, 5))
    (case,) = await caseload(client)
    assert case["streams"][0]["recent"]["ratings"][-1]["value"] == 60.0
    await void(client, made["id"])
    (case,) = await caseload(client)
    assert case["streams"][0]["recent"] == recent


async def test_what_an_earlier_release_kept_has_its_last_ratings_with_the_next_one(
    client: AsyncClient, tenant: Tenant, database_url: str
) -> None:
    alliance = of("a")
    await course(client, alliance, (3, 4))
    (before,) = await caseload(client)
    owner = await asyncpg.connect(database_url)
    async with owner.transaction():
        await owner.execute(f"SET LOCAL app.tenant = '{tenant.id}'")
        await owner.execute(
            """UPDATE alliance_state SET streams = (
                 SELECT jsonb_object_agg(key, value - 'glances') FROM jsonb_each(streams))
               WHERE alliance_id = $1""",
            before["alliance"]["id"],
        )
    await owner.close()
    (bare,) = await caseload(client)
    assert bare["streams"][0] == before["streams"][0] | {"recent": None}

    await store(client, rating(alliance, 3, 5))
    (after,) = await caseload(client)
    values = [one["value"] for one in after["streams"][0]["recent"]["ratings"]]
    assert values == [36.0, 48.0, 60.0]


async def test_a_drop_that_is_open(client: AsyncClient) -> None:
    made = await fallen(client, of("a"))
    (case,) = await caseload(client)
    drop = scale(case)["drop"]

    assert case["need"] == "alert"
    assert case["signals"]["alert"] == 1
    assert case["signals"]["worst"] == "alert"
    assert case["signals"]["open_ids"] == [made["signals"][0]["id"]]
    assert case["open_drops"] >= 1
    assert drop["since_response_id"] == made["id"]
    assert (drop["reference"], drop["lowest"], drop["since_on"]) == (48.0, 24.0, "2026-07-13")

    await void(client, made["id"])
    (case,) = await caseload(client)
    assert (case["need"], case["open_drops"]) == (None, 0)
    assert case["signals"]["open_ids"] == []


async def test_what_is_in_progress_presses_no_more_than_its_drop(client: AsyncClient) -> None:
    made = await fallen(client, of("a"))
    await act(client, made["signals"][0]["id"], "acknowledge")
    (case,) = await caseload(client)

    assert (case["need"], case["signals"]["in_progress"]) == ("drop", 1)
    assert (case["signals"]["worst"], case["signals"]["open_ids"]) == (None, [])


async def test_who_leaves_unanswered(client: AsyncClient) -> None:
    await silent(client, "silent", ("completed", "lapsed", "lapsed"))
    await silent(client, "back", ("lapsed", "invited"))
    await store(
        client,
        rating(of("back") | FIXED["back"], 2, 4, occasion={"session_number": 2}),
    )
    await silent(client, "late", ("invited",))
    await silent(client, "declined", ("lapsed", "declined"))
    found = {case["alliance"]["external_id"]: case["silent"] for case in await caseload(client)}

    assert {name: [one["unanswered"] for one in who] for name, who in found.items()} == {
        "silent": [2], "back": [], "late": [1], "declined": [],
    }  # fmt: skip
    assert found["silent"][0] == {
        "rater": {"role": "client", "ref": "c-silent"},
        "instrument": "wai-sr-2006",
        "form": "client",
        "unanswered": 2,
        "since": "2026-07-02T08:00:00Z",
    }


async def test_an_answer_is_late_after_a_week(client: AsyncClient, clock: Clock) -> None:
    await silent(client, "soon", ("invited",))
    for day, count in ((8, 0), (9, 1)):
        clock.fixed = datetime(2026, 7, day, tzinfo=UTC)
        (case,) = await caseload(client)
        assert len(case["silent"]) == count


async def in_every_state(client: AsyncClient) -> None:
    """One alliance for each reason, and three with none."""
    high = {**below_the_cut(alliance=of("high")), "occasion": {"session_number": 1}}
    await store(client, high)
    await fallen(client, of("alert"))
    made = await fallen(client, of("drop"))
    for one in made["signals"]:
        await act(client, one["id"], "close")
    await silent(client, "silent")
    await course(client, of("rated lately"), (4, 4, 4))
    await course(client, of("rated long ago"), (4,))
    await new_alliance(client, **of("never rated"))


ORDER = ["alert", "drop", "silent", "rated long ago", "rated lately", "never rated"]


async def test_the_order_of_need(client: AsyncClient) -> None:
    await in_every_state(client)
    found = await caseload(client)
    severity = {one["code"]: one["severity"] for one in await signals(client, state="open")}

    assert [name for name in names(found) if name != "high"] == ORDER
    assert (
        next(c["need"] for c in found if c["alliance"]["external_id"] == "high")
        == (severity["low_level"])
    )


async def test_pages_go_through_all_of_it_once(client: AsyncClient) -> None:
    await in_every_state(client)
    whole, seen, cursor = names(await caseload(client)), [], None
    while True:
        params = {"professional_ref": "p", "source": "ehr", "limit": "2"}
        answer = await client.get(PATH, params=params | ({"cursor": cursor} if cursor else {}))
        page = answer.json()
        seen += names(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == whole


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"has": "signal"}, {"high", "alert"}),
        ({"has": "drop"}, {"alert", "drop"}),
        ({"has": "silence"}, {"silent"}),
        ({"instrument": "srs-3"}, {"high"}),
        ({"instrument": "wai-sr-2006"}, {*ORDER} - {"never rated"}),
        ({"side": "professional", "has": "drop"}, set()),
        ({"side": "professional", "has": "signal"}, set()),
        ({"setting": "coaching"}, set()),
        ({"program_ref": "none"}, set()),
        ({"source": "other"}, set()),
    ],
)
async def test_filters(client: AsyncClient, asked: dict[str, str], found: set[str]) -> None:
    await in_every_state(client)

    assert set(names(await caseload(client, **asked))) == found


async def test_only_current_alliances_of_this_professional(client: AsyncClient) -> None:
    await new_alliance(client, **of("now"))
    await new_alliance(client, **of("to the end of today", ended_on="2026-08-01"))
    await new_alliance(client, **of("ended", ended_on="2026-07-31"))
    await new_alliance(client, **of("somebody else's", professional="q"))

    assert set(names(await caseload(client))) == {"now", "to the end of today"}


async def test_merged_references_are_one_professional(client: AsyncClient) -> None:
    await course(client, of("a"), (4,), role="professional")
    merge = {"source": "ehr", "role": "professional", "from": "p", "into": "p-new"}
    assert (await client.post("/v1/people/merge", json=merge)).status_code == 201
    for ref in ("p", "p-new"):
        (case,) = await caseload(client, ref)
        assert case["streams"][0]["rater"]["ref"] == "p-new"


WITHHELD = {"ref": "n", "audience": ["client", "supervisor"], "level": "scores"}


async def test_what_a_reader_may_not_see_is_null_and_moves_nothing(client: AsyncClient) -> None:
    await fallen(client, of("hidden"), notice=WITHHELD)
    await course(client, of("plain"), (4,))
    seen = {
        actor: await caseload(client, actor=actor)
        for actor in (None, "supervisor;s", "professional;p", "client;nobody")
    }

    assert names(seen["supervisor;s"]) == ["hidden", "plain"]
    assert scale(seen["supervisor;s"][0])["value"] == 24.0
    # To the professional the other one was rated longer ago, and that is all.
    assert names(seen["professional;p"]) == ["plain", "hidden"]
    case = seen["professional;p"][1]
    assert (case["need"], case["open_drops"], case["signals"]["open_ids"]) == (None, 0, [])
    for shown in case["streams"][0]["scales"]:
        assert (shown["value"], shown["response_id"], shown["value_status"]) == (
            None, None, "withheld",
        )  # fmt: skip
        assert (shown["level"], shown["drop"], shown["level_status"]) == (None, None, "withheld")
    assert seen["client;nobody"] == []
    for asked in ({"has": "drop"}, {"has": "signal"}):
        assert await caseload(client, actor="professional;p", **asked) == []
        assert names(await caseload(client, actor="supervisor;s", **asked)) == ["hidden"]


async def test_one_hidden_rating_hides_what_rests_on_it(client: AsyncClient) -> None:
    alliance = of("a")
    await store(client, rating(alliance, 1, 4, notice=WITHHELD))
    await store(client, rating(alliance, 2, 4))
    (case,) = await caseload(client, actor="professional;p")
    shown = scale(case)

    assert (shown["value"], shown["value_status"]) == (48.0, "scored")
    assert (shown["level"], shown["level_status"]) == (None, "withheld")
    told = [(one["value"], one["status"]) for one in case["streams"][0]["recent"]["ratings"]]
    assert told == [(None, "withheld"), (48.0, "scored")]
    (whole,) = await caseload(client, actor="supervisor;s")
    statuses = [one["status"] for one in whole["streams"][0]["recent"]["ratings"]]
    assert statuses == ["scored", "scored"]


async def test_that_a_hidden_rating_could_not_be_scored_is_hidden(client: AsyncClient) -> None:
    unscorable = {str(item): "declined" for item in range(2, 13)} | {"1": 3}
    sent = rating(of("a"), 1, 4, notice=WITHHELD) | {"answers": unscorable}
    await store(client, sent)
    (case,) = await caseload(client, actor="professional;p")
    assert [one["status"] for one in case["streams"][0]["recent"]["ratings"]] == ["withheld"]


async def test_raters_see_what_they_said_and_only_where_they_are(client: AsyncClient) -> None:
    mine, other = of("mine", client_ref="c-1"), of("other", client_ref="c-2")
    none = {"ref": "n", "audience": ["supervisor"], "level": "signals"}
    for alliance in (mine, other):
        await course(client, alliance, (4,), notice=none)
    found = await caseload(client, actor="client;c-1")

    assert names(found) == ["mine"]
    assert scale(found[0])["value"] == 48.0
    assert await caseload(client, actor="observer;c-1") == []


async def test_what_is_for_supervision_takes_its_scope(
    client: AsyncClient, tenant: Tenant, new_tenant: Callable[..., Any]
) -> None:
    alliance = await new_alliance(client, **of("a"))
    notice = {"ref": "n", "audience": ["supervisor"], "level": "items"}
    await noticed(client, alliance, mark(notice=notice))
    for actor, count in ((None, 0), ("professional;p", 0), ("supervisor;s", 1)):
        (case,) = await caseload(client, actor=actor)
        assert len(case["signals"]["open_ids"]) == count, actor


async def test_a_low_rating_of_another_tenant_is_not_there(
    client: AsyncClient, new_tenant: Callable[..., Any]
) -> None:
    await fallen(client, of("a"))
    stranger = await new_tenant()
    async with stranger.client() as theirs:
        assert await caseload(theirs) == []


async def test_an_answer_that_is_known_is_not_sent_again(client: AsyncClient) -> None:
    await course(client, of("a"), STABLE)
    asked = {"professional_ref": "p", "source": "ehr"}
    tag = (await client.get(PATH, params=asked)).headers["ETag"]
    again = await client.get(PATH, params=asked, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")

    await store(client, rating(of("b"), 3, LOW))
    changed = await client.get(PATH, params=asked, headers={"If-None-Match": tag})
    assert changed.status_code == 200
