"""Comparisons as their readers see them."""

from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from httpx import AsyncClient

from app.comparisons import service
from app.database import Database
from app.instruments.definitions import shipped
from app.tenants.scopes import Scope
from tests.comparisons.caseloads import A_YEAR_AGO, NOW, Rating, Written, caseload
from tests.conftest import Clock, Tenant

PATH = "/v1/program-comparisons"
SUPERVISOR = {"Rapport-Actor": "supervisor;s-1"}
QUARTER = timedelta(weeks=13)


async def make(database: Database, now: datetime = NOW) -> None:
    """What the worker does at this time."""
    await service.make(database, shipped(), now)


async def compared(
    client: AsyncClient, by: str = "professional", actor: str = "supervisor;s-1", **asked: str
) -> list[dict[str, Any]]:
    answer = await client.get(PATH, params={"by": by, **asked}, headers={"Rapport-Actor": actor})
    assert answer.status_code == 200, answer.json()
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def one(client: AsyncClient, by: str = "professional", **asked: str) -> dict[str, Any]:
    (found,) = await compared(client, by, **asked)
    return found


def six(**fields: Any) -> list[Rating]:
    """Six professionals, five with twelve clients, the last with sixty and far below the others."""
    return [
        rating
        for n, at in enumerate((66, 63, 60, 60, 57, 30))
        for rating in caseload(f"p-{n}", 12 if n < 5 else 60, at, **fields)
    ]


async def test_professionals_of_a_programme_are_shown_with_how_sure_that_is(
    client: AsyncClient, written: Written, database: Database
) -> None:
    near = (67, 64, 62, 61, 60, 60, 59, 58, 56, 53)
    loads = [caseload(f"p-{n}", 12, at) for n, at in enumerate(near)]
    await written.ratings([*chain(*loads), *caseload("q", 60, 30)])
    await make(database)
    found = await one(client)
    assert [unit["ref"] for unit in found["units"]] == [*(f"p-{n}" for n in range(10)), "q"]
    assert (found["program_ref"], found["setting"]) == (
        "return-to-work",
        "vocational_rehabilitation",
    )
    assert found["window"] == {"starts_on": "2025-09-29", "ends_on": "2026-09-27"}
    assert (found["withheld"], found["others"]) == (None, False)
    assert found["all"] == {"clients": 180, "mean": 36.0}  # 50 % of 12 to 60
    assert found["warnings"] == ["coverage_unknown"]
    last = found["units"][-1]
    assert (last["clients"], last["mean"], last["position"]) == (60, 26.4, "outside_998")
    assert last["clearly_below"] is True
    assert last["deviation"]["high"] < 0
    small = found["units"][0]
    assert (small["clients"], small["clearly_below"]) == (10, False)
    middle = found["funnel"]["centre"]
    assert 0 < small["deviation"]["value"] < small["mean"] - middle
    assert small["weight"] < last["weight"] < 1
    narrowing = [limit["high_95"] - limit["low_95"] for limit in found["funnel"]["limits"]]
    assert narrowing == sorted(narrowing, reverse=True)
    assert found["case_mix"]["adjusted"] == []
    assert "mode" in found["case_mix"]["not_adjusted"]


async def test_no_parameter_sorts_and_no_field_ranks(client: AsyncClient) -> None:
    answer = await client.get(
        PATH, params={"by": "professional", "sort": "mean"}, headers=SUPERVISOR
    )
    assert answer.status_code == 422
    contract = (await client.get("/openapi.json")).json()
    operation = contract["paths"][PATH]["get"]
    assert {"sort", "order"}.isdisjoint(each["name"] for each in operation["parameters"])
    fields = contract["components"]["schemas"]["UnitOut"]["properties"]
    assert {"rank", "percentile", "place"}.isdisjoint(fields)


async def test_a_professional_sees_the_own_figures_and_the_limits(
    client: AsyncClient, written: Written, database: Database
) -> None:
    await written.ratings(six())
    await make(database)
    everybody = await one(client)
    (own,) = await compared(client, actor="professional;p-2")
    assert own["units"] == [everybody["units"][2]]
    assert own["funnel"] == everybody["funnel"]
    (nobody,) = await compared(client, actor="professional;p-99")
    assert nobody["units"] == []


@pytest.mark.parametrize("actor", [None, "client;c-1", "observer;o-1", "family_member;f-1"])
async def test_others_do_not_compare_professionals(client: AsyncClient, actor: str | None) -> None:
    headers = {"Rapport-Actor": actor} if actor else {}
    answer = await client.get(PATH, params={"by": "professional"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


async def test_a_supervisor_needs_a_key_that_may_read_for_supervision(new_tenant: Any) -> None:
    tenant: Tenant = await new_tenant(Scope.PROGRAMS_READ)
    async with tenant.client(**SUPERVISOR) as client:
        answer = await client.get(PATH, params={"by": "professional"})
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
        assert (await client.get(PATH, params={"by": "program"})).status_code == 200


async def test_a_professional_with_few_clients_is_not_shown_nor_is_one_more(
    client: AsyncClient, written: Written, database: Database
) -> None:
    """What is left over would be one professional; so the one with the fewest clients goes too."""
    loads = [caseload(f"p-{n}", 12 + n) for n in range(6)]
    await written.ratings([*chain(*loads), *caseload("p-9", 9)])
    await make(database)
    found = await one(client)
    assert [unit["ref"] for unit in found["units"]] == [f"p-{n}" for n in range(1, 6)]
    assert found["others"] is True
    assert "p-9" not in str(found)


async def test_too_few_professionals_are_not_compared(
    client: AsyncClient, written: Written, database: Database
) -> None:
    await written.ratings([rating for n in range(4) for rating in caseload(f"p-{n}", 12)])
    await make(database)
    found = await one(client)
    assert (found["withheld"], found["units"], found["funnel"]) == ("too_few_units", [], None)
    assert found["all"]["clients"] == 50


async def test_too_few_clients_are_not_told_of_at_all(
    client: AsyncClient, written: Written, database: Database
) -> None:
    await written.ratings([*caseload("p-1", 5), *caseload("p-2", 4)])
    await make(database)
    found = await one(client)
    assert (found["withheld"], found["all"], found["units"]) == ("too_few_clients", None, [])


async def test_ten_clients_of_one_professional_are_not_told_of(
    client: AsyncClient, written: Written, database: Database
) -> None:
    await written.ratings(caseload("p-1", 30))
    await make(database)
    assert (await one(client))["withheld"] == "too_few_clients"


@pytest.mark.parametrize(
    ("completed", "withheld", "warnings"),
    [(30, "low_coverage", ["low_coverage"]), (45, None, ["low_coverage"]), (70, None, [])],
)
async def test_what_few_have_answered_is_not_compared(
    client: AsyncClient, written: Written, database: Database, *, completed: int,
    withheld: str | None, warnings: list[str],
) -> None:  # fmt: skip
    await written.ratings(six())
    await written.invited("return-to-work", "p-0", completed, 100)
    await make(database)
    found = await one(client)
    assert found["withheld"] == withheld
    assert found["coverage"] == completed / 100
    if withheld is None:
        assert found["warnings"][: len(warnings)] == warnings
    else:
        assert (found["units"], found["all"], found["funnel"]) == ([], None, None)


async def test_a_professional_whom_few_answered_is_not_shown(
    client: AsyncClient, written: Written, database: Database
) -> None:
    loads = [caseload(f"p-{n}", 12) for n in range(7)]
    await written.ratings(chain(*loads))
    await written.invited("return-to-work", "p-3", 3, 10)
    await written.invited("return-to-work", "p-1", 90, 100)
    await make(database)
    found = await one(client)
    assert found["withheld"] is None
    assert "p-3" not in [unit["ref"] for unit in found["units"]]
    assert len(found["units"]) == 5  # nobody is left over alone
    assert next(unit for unit in found["units"] if unit["ref"] == "p-1")["coverage"] == 0.9


async def test_programmes_are_compared_with_each_other(
    client: AsyncClient, written: Written, database: Database
) -> None:
    for n in range(5):
        loads = [caseload(f"p-{n}-{k}", 6, 50 + n, program=f"program-{n}") for k in range(2)]
        await written.ratings(chain(*loads))
    await make(database)
    found = await one(client, "program")
    assert [unit["ref"] for unit in found["units"]] == [f"program-{n}" for n in range(5)]
    assert (found["program_ref"], found["all"]) == (None, None)
    assert {unit["source"] for unit in found["units"]} == {None}
    assert all(unit["clients"] == 10 for unit in found["units"])
    alone = await one(client, "program", program_ref="program-3")
    assert alone["units"] == [found["units"][3]]
    assert alone["funnel"] == found["funnel"]


async def test_figures_are_fixed_once_made(
    client: AsyncClient, written: Written, database: Database
) -> None:
    await written.ratings(six())
    await make(database)
    before = await one(client)
    await written.ratings([Rating("late", "p-0", 100.0)])
    await make(database)
    assert await one(client) == before


async def test_new_figures_wait_until_everybody_can_be_shown_again(
    client: AsyncClient, written: Written, database: Database, clock: Clock
) -> None:
    await written.ratings(six())
    await make(database)
    before = await one(client)
    # In the next quarter p-0 has nine clients who rate, all others have enough.
    week = date(2026, 10, 5)
    ratings = [each for each in six(week=week) if each.client != "p-0/c-11"]
    few = [each for each in ratings if each.client not in {"p-0/c-9", "p-0/c-10"}]
    await written.ratings(few)
    clock.fixed = NOW + QUARTER
    await make(database, NOW + QUARTER)
    assert await one(client) == before
    # In the one after that it has more.
    await written.ratings(six(week=week + QUARTER))
    clock.fixed = NOW + 2 * QUARTER
    await make(database, NOW + 2 * QUARTER)
    after = await one(client)
    assert after["window"] == {"starts_on": "2026-03-30", "ends_on": "2027-03-28"}
    assert [unit["ref"] for unit in after["units"]] == [unit["ref"] for unit in before["units"]]


async def test_after_a_year_figures_are_no_longer_shown(
    client: AsyncClient, written: Written, database: Database, clock: Clock
) -> None:
    await written.ratings(six())
    await make(database)
    clock.fixed = NOW + 4 * QUARTER
    assert await compared(client) == []


async def test_ratings_outside_the_window_count_for_nothing(
    client: AsyncClient, written: Written, database: Database
) -> None:
    await written.ratings(six(week=A_YEAR_AGO - timedelta(weeks=2)))  # the quarter before
    await written.ratings(six(week=date(2026, 9, 28)))  # the quarter that is not sealed
    await make(database)
    assert await compared(client) == []


async def test_a_quarter_waits_for_late_forms(
    client: AsyncClient, written: Written, database: Database
) -> None:
    await written.ratings(six())
    end = datetime.fromisoformat("2026-09-28T00:00:00+00:00")
    await make(database, end + timedelta(days=7) - timedelta(seconds=1))
    assert await compared(client) == []
    await make(database, end + timedelta(days=7))
    assert len(await compared(client)) == 1


async def test_what_is_not_added_up_yet_is_waited_for(
    client: AsyncClient, written: Written, database: Database
) -> None:
    await written.ratings(six())
    await written.added_up(position=-1)
    await make(database)
    assert await compared(client) == []
    await written.added_up()
    await make(database)
    assert len(await compared(client)) == 1


async def test_the_stage_of_a_course_is_set_against_its_usual_growth(
    client: AsyncClient, written: Written, database: Database
) -> None:
    """Everybody grows by 30 from the third rating on; p-0 has only clients who have begun."""
    start = date(2026, 4, 6)
    ratings: list[Rating] = []
    for n in range(1, 6):
        for load in caseload(f"p-{n}", 12, 40):
            for number in range(6):
                at = load.at + (30 if number >= 2 else 0)
                week = start + timedelta(weeks=number)
                ratings.append(Rating(load.client, load.professional, at, week, first=number == 0))
    ratings += caseload("p-0", 60, 40)
    await written.ratings(ratings)
    await make(database)
    found = await one(client)
    assert found["case_mix"]["adjusted"] == ["rating_number"]
    assert "rating_number" not in found["case_mix"]["not_adjusted"]
    values = [unit["mean"] for unit in found["units"]]
    assert max(values) - min(values) <= 0.1 * 48  # but for the step of twelve clients


async def test_a_page_is_followed_by_the_next(
    client: AsyncClient, written: Written, database: Database
) -> None:
    for scale in ("bond", "goals", "tasks"):
        await written.ratings(six(), scale)
    await make(database)
    for by in ("professional", "program"):
        seen: list[str] = []
        asked: dict[str, str] = {"by": by, "limit": "2"}
        while True:
            answer = (await client.get(PATH, params=asked, headers=SUPERVISOR)).json()
            seen += [item["scale"] for item in answer["items"]]
            if answer["next_cursor"] is None:
                break
            asked["cursor"] = answer["next_cursor"]
        assert seen == ["bond", "goals", "tasks"]


async def test_a_filter_keeps_what_it_names(
    client: AsyncClient, written: Written, database: Database
) -> None:
    await written.ratings(six())
    await make(database)
    named = {
        "program_ref": "return-to-work", "setting": "vocational_rehabilitation",
        "instrument": "wai-sr-2006", "form": "client", "language": "en", "scale": "total",
    }  # fmt: skip
    assert len(await compared(client, **named)) == 1
    for name, other in {
        "program_ref": "other", "setting": "coaching", "instrument": "srs-3",
        "form": "observer", "language": "de", "scale": "bond",
    }.items():  # fmt: skip
        assert await compared(client, **named | {name: other}) == []


async def test_what_is_known_already_is_not_sent_again(
    client: AsyncClient, written: Written, database: Database
) -> None:
    await written.ratings(six())
    await make(database)
    asked = {"by": "professional"}
    first = await client.get(PATH, params=asked, headers=SUPERVISOR)
    tag = {"If-None-Match": first.headers["ETag"]}
    again = await client.get(PATH, params=asked, headers=SUPERVISOR | tag)
    assert (again.status_code, again.content) == (304, b"")
    own = await client.get(PATH, params=asked, headers={"Rapport-Actor": "professional;p-0"} | tag)
    assert own.status_code == 200
