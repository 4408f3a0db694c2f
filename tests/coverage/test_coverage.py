"""Coverage over HTTP: what is counted, in which window, and what becomes of corrections."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Clock
from tests.support.corrections import amend, amendment, store, void
from tests.support.coverage import AT, DAY, PATH, coverage, missing, programme
from tests.support.factories import invitation, pair, report, submission
from tests.support.meetings import reported

TEN: tuple[str, ...] = ("completed",) * 6 + ("declined", "lapsed", "opened", "not_offered")


def counts(states: dict[str, Any]) -> dict[str, int]:
    return {state: one["count"] for state, one in states.items()}


async def test_invitations_by_where_they_stand(client: AsyncClient) -> None:
    await programme(client, TEN)
    (found,) = (await coverage(client))["invitations"]

    assert (found["role"], found["total"]) == ("client", 10)
    assert counts(found["states"]) == {
        "invited": 0, "opened": 1, "completed": 6, "declined": 1, "lapsed": 1, "not_offered": 1,
    }  # fmt: skip
    assert found["completion"] == {
        "count": 6, "of": 8, "rate": 0.75, "low": 0.4093, "high": 0.9285,
    }  # fmt: skip


async def test_sessions_that_both_sides_rated(client: AsyncClient) -> None:
    alliances = await programme(client, ("completed",) * 10)
    for alliance in alliances[:4]:
        rating = submission(
            alliance=alliance, rater={"role": "professional"},
            occasion={"session_number": 2, "occurred_at": AT},
        )  # fmt: skip
        await store(client, rating)
    await reported(client, report(alliance=alliances[0], session_number=3, status="missed"))
    undated = {"alliance": alliances[0], "session_number": 4, "status": "held"}
    await reported(client, {"source": "ehr", **undated})
    found = (await coverage(client))["sessions"]

    assert (found["held"], found["undated"]) == (10, 1)
    assert [found[n]["count"] for n in ("by_client", "by_professional", "both_sides")] == [10, 4, 4]
    assert found["both_sides"]["rate"] == 0.4


async def test_hours_from_occasion_to_completion_and_receipt(
    client: AsyncClient, clock: Clock
) -> None:
    clock.fixed = datetime.fromisoformat(AT) + timedelta(hours=30)
    for number in range(10):
        at = datetime.fromisoformat(AT) + timedelta(minutes=30 * (number + 1))
        occasion = {"session_number": 1, "occurred_at": AT}
        await store(client, submission(occasion=occasion, completed_at=at.isoformat()))
    (found,) = (await coverage(client))["timeliness"]

    assert found["to_completion"] == {"median_hours": 2.8, "ratings": 10}
    assert found["to_receipt"] == {"median_hours": 30.0, "ratings": 10}


async def test_no_time_is_made_up(client: AsyncClient) -> None:
    for _ in range(10):
        await store(client, submission(occasion={"session_number": 1, "occurred_on": DAY}))
    found = await coverage(client)

    (times,) = found["timeliness"]
    assert times == {"role": "client", "ratings": 10, "to_completion": None, "to_receipt": None}
    assert {"hours_to_completion", "hours_to_receipt"} <= missing(found)


async def test_history_says_nothing_of_when_ratings_come(client: AsyncClient) -> None:
    for _ in range(10):
        occasion = {"session_number": 1, "occurred_at": AT}
        await store(client, submission(occasion=occasion, completed_at=AT, backfill=True))
    (found,) = (await coverage(client))["timeliness"]

    assert found["to_completion"]["ratings"] == 10
    assert found["to_receipt"] is None


async def test_ratings_without_a_date_are_in_no_window(client: AsyncClient) -> None:
    await programme(client, ("completed",) * 10)
    await store(client, submission(occasion={"session_number": 1}))
    found = await coverage(client)

    assert found["undated_ratings"] == 1
    assert found["reach"]["count"] == 10


async def test_a_report_dates_the_ratings_of_its_occasion(client: AsyncClient) -> None:
    for _ in range(10):
        alliance = pair()
        await store(client, submission(alliance=alliance, occasion={"session_number": 1}))
        await reported(client, report(alliance=alliance, occurred_at=AT))
    found = await coverage(client)

    assert (found["undated_ratings"], found["reach"]["count"]) == (0, 10)


async def test_reach_and_depth(client: AsyncClient) -> None:
    for number in range(20):
        alliance = pair(started_on="2026-09-01")
        if number >= 15:  # a client who is there and has not rated
            await client.post("/v1/alliances", json={"source": "ehr", **alliance})
            continue
        for day in range(1, 5 if number < 10 else 4):
            occasion = {"session_number": day, "occurred_on": f"2026-10-0{day}"}
            await store(client, submission(alliance=alliance, occasion=occasion))
    found = await coverage(client)

    assert found["clients"] == 20
    assert (found["reach"]["count"], found["reach"]["of"]) == (15, 20)
    assert (found["depth"]["count"], found["depth"]["of"]) == (10, 15)


async def test_who_has_left_before_or_comes_later_is_not_there(client: AsyncClient) -> None:
    for _ in range(10):
        await store(client, submission(occasion={"session_number": 1, "occurred_on": DAY}))
    for life in (
        {"started_on": "2026-01-01", "ended_on": "2026-09-30"},
        {"started_on": "2026-11-01"},
    ):
        for _ in range(10):
            await client.post("/v1/alliances", json={"source": "ehr", **pair(**life)})

    assert (await coverage(client))["clients"] == 10


async def test_what_cannot_be_scored_reaches_nobody(client: AsyncClient) -> None:
    for number in range(20):
        answers = {"answers": {"1": 4}} if number < 10 else {}
        await store(
            client, submission(occasion={"session_number": 1, "occurred_on": DAY}, **answers)
        )

    assert (await coverage(client))["reach"]["count"] == 10


async def test_what_is_withdrawn_or_amended_counts_as_it_stands(client: AsyncClient) -> None:
    sent, made = [], []
    for _ in range(20):
        sent.append(submission(occasion={"session_number": 1, "occurred_on": DAY}))
        made.append((await store(client, sent[-1]))["id"])
    for one in made[:5]:
        await void(client, one)
    for form, one in list(zip(sent, made, strict=True))[5:10]:
        moved = {"session_number": 1, "occurred_on": "2026-07-01"}
        await amend(client, one, amendment(form, occasion=moved))
    for form, one in list(zip(sent, made, strict=True))[10:]:
        await amend(client, one, amendment(form, completed_on=DAY))

    # Those who are left are 10; the others' alliances go on, so they are clients all the same.
    assert (await coverage(client))["reach"]["count"] == 10


async def test_merged_references_are_one_client(client: AsyncClient) -> None:
    alliances = [pair() for _ in range(13)]
    for alliance in alliances:
        occasion = {"session_number": 1, "occurred_on": DAY}
        await store(client, submission(alliance=alliance, occasion=occasion))
    assert (await coverage(client))["reach"]["count"] == 15
    for gone in alliances[:3]:
        merge = {"source": "ehr", "role": "client", "from": gone["client_ref"]}
        answer = await client.post(
            "/v1/people/merge", json=merge | {"into": alliances[12]["client_ref"]}
        )
        assert answer.status_code == 201, answer.text
    found = await coverage(client)

    assert (found["clients"], found["reach"]["count"]) == (10, 10)
    # The one whom four references meant has four ratings: one of ten, too few to be shown.
    assert found["depth"] is None


@pytest.mark.parametrize(
    ("asked", "clients"),
    [
        ({"program_ref": "a"}, 10),
        ({"program_ref": "b"}, None),
        ({"setting": "coaching"}, 10),
        ({"source": "ehr"}, 10),
        ({"source": "other"}, None),
        ({"professional_ref": "a-p-0", "source": "ehr"}, 10),
        ({"professional_ref": "a-p-0"}, None),
        ({"professional_ref": "nobody", "source": "ehr"}, None),
    ],
)
async def test_filters_of_alliances(
    client: AsyncClient, asked: dict[str, str], clients: int | None
) -> None:
    for one in await programme(client, ("completed",) * 10, professionals=1, name="a"):
        assert one["program_ref"] == "a"
    listed = (await client.get("/v1/alliances")).json()["items"]
    for one in listed:
        path, tag = f"/v1/alliances/{one['id']}", f'"{one["version"]}"'
        await client.patch(path, json={"setting": "coaching"}, headers={"If-Match": tag})

    assert (await coverage(client, **asked))["clients"] == clients


@pytest.mark.parametrize(
    ("asked", "reached"),
    [
        ({"instrument": "wai-sr-2006"}, 10),
        ({"instrument": "srs-3"}, None),
        ({"form": "client"}, 10),
        ({"form": "professional"}, None),
        ({"language": "en"}, 10),
        ({"language": "de"}, None),
    ],
)
async def test_filters_of_ratings(
    client: AsyncClient, asked: dict[str, str], reached: int | None
) -> None:
    await programme(client, ("completed",) * 10)
    found = await coverage(client, **asked)

    assert found["clients"] == 10
    assert (found["reach"] and found["reach"]["count"]) == reached
    assert ("invitations" in missing(found)) is ("language" in asked)


async def test_a_former_reference_of_a_professional_is_understood(client: AsyncClient) -> None:
    await programme(client, ("completed",) * 10, professionals=1, name="a")
    merge = {"source": "ehr", "role": "professional", "from": "a-p-0", "into": "p-new"}
    await client.post("/v1/people/merge", json=merge)
    for ref in ("a-p-0", "p-new"):
        found = await coverage(client, professional_ref=ref, source="ehr")
        assert found["clients"] == 10, ref


async def test_the_window(client: AsyncClient, clock: Clock) -> None:
    clock.fixed = datetime(2026, 11, 24, 12, tzinfo=UTC)
    usual = (await client.get(PATH)).json()["window"]
    assert usual == {"from": "2026-08-27", "to": "2026-11-24"}
    until = (await client.get(PATH, params={"to": "2026-03-31"})).json()["window"]
    assert until == {"from": "2026-01-01", "to": "2026-03-31"}

    last = date(2026, 1, 1) + timedelta(days=365)
    assert (await client.get(PATH, params={"from": "2026-01-01", "to": str(last)})).is_success
    for start, end, code in (
        ("2026-01-01", str(last + timedelta(days=1)), "window_too_long"),
        ("2026-02-01", "2026-01-01", "window_reversed"),
        ("1900-01-01", "1900-02-01", None),
    ):
        answer = await client.get(PATH, params={"from": start, "to": end})
        assert answer.status_code == (422 if code else 200)
        errors = [(e["pointer"], e["code"]) for e in answer.json().get("errors", [])]
        assert errors == ([("#/query/from", code)] if code else [])


async def test_the_day_is_that_of_the_place_where_it_was(client: AsyncClient) -> None:
    at = "2026-10-01T00:30:00+02:00"  # in UTC still September
    for _ in range(10):
        alliance = pair()
        form = submission(alliance=alliance, occasion={"session_number": 1, "occurred_at": at})
        await store(client, form)
        await reported(client, report(alliance=alliance, occurred_at=at, invited=[invitation()]))
    october = await coverage(client, from_="2026-10-01", to="2026-10-01")
    september = await coverage(client, from_="2026-09-30", to="2026-09-30")

    assert [october["reach"]["count"], october["sessions"]["held"]] == [10, 10]
    assert (september["reach"], september["sessions"]) == (None, None)


async def test_an_answer_that_is_known_is_not_sent_again(client: AsyncClient) -> None:
    await programme(client, ("completed",) * 9)
    first = await client.get(PATH)
    tag = first.headers["ETag"]
    again = await client.get(PATH, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)

    await programme(client, ("completed",), name="more")
    changed = await client.get(PATH, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag
