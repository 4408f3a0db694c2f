"""What is shown of programmes: whole periods, of groups, rounded, beside their coverage."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from app.database import Database
from tests.conftest import Clock, Tenant
from tests.support.programmes import LATE, MONDAY, PATH, rating, send, shown, work

TEN = range(10)


@pytest.fixture(autouse=True)
def late(clock: Clock) -> None:
    clock.fixed = LATE


def brief(found: dict[str, Any]) -> list[tuple[str, int, float]]:
    return [(one["period"], one["ratings"], one["level"]["value"]) for one in found["items"]]


async def test_ten_clients_of_two_professionals_are_shown(
    client: AsyncClient, database: Database
) -> None:
    await send(client, [rating(number, value=2 + number % 2 * 2) for number in TEN])
    await work(database)
    (one,) = (await shown(client, period="week"))["items"]

    assert one["period"] == str(MONDAY)
    assert one["until"] == str(MONDAY + timedelta(days=6))
    assert one["over"]
    assert (one["instrument"], one["form"], one["language"]) == ("wai-sr-2006", "client", "en")
    assert (one["clients"], one["ratings"], one["stages"]) == (10, 10, ["first"])
    # Half rate 24, half 48: an SD of 12.65 over the root of ten clients, 1.96 times each way.
    assert one["level"] == {"value": 36.0, "low": 28.16, "high": 43.84}
    bins = {(bin_["low"], bin_["ratings"]) for bin_ in one["distribution"]["bins"]}
    assert bins == {(24.0, 5), (48.0, 5)}
    assert one["distribution"]["at_ceiling"] == 0.0
    assert one["change"] is None


@pytest.mark.parametrize(
    "forms",
    [
        [rating(number) for number in range(9)],
        [rating(number, week) for number in range(5) for week in range(2)],
        [rating(2 * number) for number in TEN],
    ],
    ids=["nine clients", "ten ratings of five", "one professional"],
)
async def test_fewer_are_not(
    client: AsyncClient, database: Database, forms: list[dict[str, Any]]
) -> None:
    await send(client, forms)
    await work(database)
    for period in ("week", "month", "quarter"):
        found = await shown(client, period=period)
        assert found["items"] == []
        assert {one["reason"] for one in found["withheld"]} == {"too_few"}
        assert found["as_of"] is None


async def test_weeks_that_are_too_small_are_shown_as_a_month_and_not_before(
    client: AsyncClient, database: Database
) -> None:
    await send(client, [rating(number, week=number % 4) for number in TEN])
    await work(database, datetime(2026, 11, 1, tzinfo=UTC))
    assert (await shown(client, period="month"))["items"] == []

    await work(database)
    assert (await shown(client, period="week"))["items"] == []
    assert brief(await shown(client, period="month")) == [(str(MONDAY), 10, 36.0)]
    assert brief(await shown(client, period="quarter")) == [(str(MONDAY), 10, 36.0)]


async def test_small_groups_are_shown_together_by_quarter_alone(
    client: AsyncClient, database: Database
) -> None:
    forms = [rating(n, program_ref=name) for n in range(5) for name in ("north", "south")]
    await send(client, forms)
    await work(database)
    assert brief(await shown(client, period="quarter")) == [(str(MONDAY), 10, 36.0)]
    assert (await shown(client, period="month"))["items"] == []
    assert (await shown(client, period="quarter", program_ref="north"))["items"] == []
    assert (await shown(client, period="quarter", setting="counselling"))["items"] == []


async def test_a_block_changes_only_with_ten_new_clients(
    client: AsyncClient, database: Database
) -> None:
    await send(client, [rating(number) for number in TEN])
    await work(database)
    for number in range(10, 19):
        await send(client, [rating(number, value=5)])
        await work(database)
        assert brief(await shown(client, period="week")) == [(str(MONDAY), 10, 36.0)]

    await send(client, [rating(19, value=5)])
    await work(database)
    assert brief(await shown(client, period="week")) == [(str(MONDAY), 20, 48.0)]


async def test_corrections_of_what_was_shown_wait_for_new_clients(
    client: AsyncClient, database: Database
) -> None:
    await send(client, [rating(number) for number in TEN])
    await work(database)
    await send(client, [rating(n, value=1, external_version=2) for n in TEN])
    await work(database)
    assert brief(await shown(client, period="week")) == [(str(MONDAY), 10, 36.0)]

    await send(client, [rating(number, value=3) for number in range(10, 20)])
    await work(database)
    assert brief(await shown(client, period="week")) == [(str(MONDAY), 20, 24.0)]


async def test_languages_programmes_and_scales_stay_apart(
    client: AsyncClient, database: Database
) -> None:
    await send(client, [rating(n, value=2) for n in TEN])
    await send(client, [rating(n, value=4, program_ref="south", language="de") for n in TEN])
    await work(database)
    found = await shown(client)
    assert [(one["language"], one["level"]["value"]) for one in found["items"]] == [
        ("de", 48.0),
        ("en", 24.0),
    ]
    (one,) = (await shown(client, program_ref="south"))["items"]
    assert one["language"] == "de"
    (one,) = (await shown(client, language="en"))["items"]
    assert one["level"]["value"] == 24.0
    every = await shown(client, language="en", scale="bond")
    assert [one["component"] for one in every["items"]] == ["bond"]
    assert (await shown(client, instrument="srs-3"))["items"] == []


async def test_change_is_later_less_first_where_both_are_shown(
    client: AsyncClient, database: Database
) -> None:
    await send(client, [rating(n, week, value=2 + week) for n in TEN for week in range(2)])
    await work(database)
    (one,) = (await shown(client))["items"]
    assert (one["stages"], one["change"]["value"]) == (["first", "later"], 12.0)
    assert one["level"]["value"] == 30.0


async def test_incomplete_and_undated_forms_are_counted_and_in_no_figure(
    client: AsyncClient, database: Database
) -> None:
    incomplete = [rating(n) for n in TEN]
    for form in incomplete:
        del form["answers"]["1"]
    undated = [rating(n, program_ref="south") for n in range(12)]
    for form in undated:
        del form["occasion"]["occurred_on"]
    await send(client, incomplete + undated)
    await work(database)
    found = await shown(client)
    assert found["items"] == []
    assert [(one["reason"], one["responses"]) for one in found["left_out"]] == [
        ("incomplete", 10),
        ("undated", 10),
    ]


async def test_pages_and_etag(client: AsyncClient, database: Database) -> None:
    await send(client, [rating(n, week) for n in TEN for week in range(3)])
    await work(database)
    whole = await shown(client, period="week")
    first = await shown(client, period="week", limit=2)
    rest = await shown(client, period="week", limit=2, cursor=first["next_cursor"])
    assert first["items"] + rest["items"] == whole["items"]
    assert rest["next_cursor"] is None

    answer = await client.get(PATH, params={"period": "week"})
    tag = answer.headers["ETag"]
    again = await client.get(PATH, params={"period": "week"}, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    other = await client.get(PATH, params={"period": "month"}, headers={"If-None-Match": tag})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"from": "2026-10-02", "to": "2026-10-01"}, "#/query/from"),
        ({"period": "week", "from": "2020-01-01"}, "#/query/from"),
        ({"period": "year"}, "#/query/period"),
        ({"from": "1.10.2026"}, "#/query/from"),
    ],
)
async def test_what_cannot_be_answered_is_refused(
    client: AsyncClient, wrong: dict[str, str], pointer: str
) -> None:
    answer = await client.get(PATH, params=wrong)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_period_that_is_not_over_says_so(client: AsyncClient, clock: Clock) -> None:
    clock.fixed = datetime(2026, 10, 8, tzinfo=UTC)
    answer = await client.get(PATH, params={"period": "week"})
    reasons = [one["reason"] for one in answer.json()["withheld"]]
    assert reasons == ["too_few"] * 10 + ["not_over"] * 2


async def test_another_tenant_sees_nothing_of_it(
    client: AsyncClient, database: Database, new_tenant: Any
) -> None:
    await send(client, [rating(number) for number in TEN])
    await work(database)
    other: Tenant = await new_tenant()
    async with other.client() as stranger:
        found = await shown(stranger)
    assert (found["items"], found["left_out"], found["as_of"]) == ([], [], None)
