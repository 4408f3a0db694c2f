"""A tenant's alarm budget and parameters: versions, refusals, and what they come to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from app.database import Database
from app.signal_settings.schemas import EXAMPLE, FEWEST_ALERTS, MOST_ALERTS
from app.tenants.signal_settings import DEFAULT_ALERTS
from tests.conftest import KeyHolder, Tenant
from tests.events.test_end_to_end import told
from tests.support.contract import contract
from tests.support.corrections import items, store, void
from tests.support.factories import below_the_cut, pair, submission
from tests.support.signals import LOW, STABLE, course, fallen, rating, signals

PATH = "/v1/signal-settings"
(WAI_SET,) = EXAMPLE["parameter_sets"]
BETWEEN_THE_BUDGETS = items(4) | dict.fromkeys(("4", "1", "3", "6", "2", "5", "8", "10", "7"), 3)
"""After the stable ratings an alert by the default budget, and a watch by the narrowest."""


PARAMETERS = contract()["components"]["schemas"]["CourseParametersIn"]["properties"]


def ends_of(name: str) -> dict[str, float]:
    """The least and the most that is taken of a parameter for the WAI-SR."""
    if name == "mean":
        return {"least": 1, "most": 5}
    about = PARAMETERS[name]
    return {"least": about["minimum"], "most": about["maximum"]}


def with_set(**changes: Any) -> dict[str, Any]:
    return deepcopy(EXAMPLE) | {"parameter_sets": [deepcopy(WAI_SET) | changes]}


async def put(client: AsyncClient, version: int, body: dict[str, Any], **headers: str) -> Response:
    return await client.put(PATH, json=body, headers={"If-Match": f'"{version}"'} | headers)


async def accepted(client: AsyncClient, version: int, body: dict[str, Any]) -> dict[str, Any]:
    answer = await put(client, version, body)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.fixture
def another_key(app: FastAPI, tenant: Tenant, platform_client: AsyncClient) -> Any:
    """Makes a client with a new key of the tenant, which no process trusts yet."""

    @asynccontextmanager
    async def made() -> AsyncIterator[AsyncClient]:
        url = f"/v1/tenants/{tenant.id}/keys"
        answer = await platform_client.post(url, json={"label": "another"})
        async with KeyHolder(app, answer.json()["key"]).client() as client:
            yield client

    return made


async def test_before_any_are_set_the_services_own_are_in_force(client: AsyncClient) -> None:
    answer = await client.get(PATH)
    assert answer.headers["ETag"] == '"0"'
    assert answer.json() == {
        "version": 0,
        "alerts_per_100_ratings": DEFAULT_ALERTS,
        "parameter_sets": [],
        "reason": None,
        "accepted_at": None,
        "accepted_by": None,
        "realised": {"ratings": 0, "alerted_ratings": 0, "alerts_per_100_ratings": None},
    }


async def test_what_was_accepted_is_in_force_with_who_accepted_it(client: AsyncClient) -> None:
    answer = await put(client, 0, EXAMPLE, **{"Rapport-Actor": "supervisor;s-1"})
    made = answer.json()
    assert (answer.headers["ETag"], made["version"]) == ('"1"', 1)
    assert {name: made[name] for name in EXAMPLE} == EXAMPLE
    assert made["accepted_by"] == {"role": "supervisor", "ref": "s-1"}

    read = await client.get(PATH)
    assert (read.headers["ETag"], read.json()) == ('"1"', made)
    next_one = await accepted(client, 1, {"alerts_per_100_ratings": 2})
    assert (next_one["version"], next_one["parameter_sets"], next_one["reason"]) == (2, [], None)
    assert next_one["accepted_by"] is None


async def test_a_change_needs_the_version_that_was_read(client: AsyncClient) -> None:
    without = await client.put(PATH, json=EXAMPLE)
    assert (without.status_code, without.json()["code"]) == (428, "precondition_required")
    await accepted(client, 0, EXAMPLE)
    for stale in ('"0"', '"2"', "1", '"0", "2"', '"x"'):
        answer = await client.put(PATH, json=EXAMPLE, headers={"If-Match": stale})
        assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed"), stale
    assert (await client.get(PATH)).json()["version"] == 1
    for version, named in enumerate(("*", 'W/"2"', '"1", "3"'), 2):
        answer = await client.put(PATH, json=EXAMPLE, headers={"If-Match": named})
        assert answer.json()["version"] == version, named


async def test_of_two_at_once_one_wins_and_the_other_is_told(client: AsyncClient) -> None:
    bodies = [{"alerts_per_100_ratings": alerts} for alerts in (1.5, 2.5, 3.5, 4.5)]
    answers = await asyncio.gather(*(put(client, 0, body) for body in bodies))

    assert sorted(one.status_code for one in answers) == [200, 412, 412, 412]
    (won,) = [one.json() for one in answers if one.status_code == 200]
    assert (await client.get(PATH)).json() == won


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"instrument": "no-such-1"}, "instrument", "See GET /v1/instruments."),
        ({"form": "observer"}, "form", "client, professional"),
        ({"scale": "no_such"}, "scale", "total"),
        ({"parameters": WAI_SET["parameters"] | {"mean": 5.5}}, "parameters/mean", "1 to 5"),
    ],
)
async def test_a_set_that_fits_no_scale_is_pointed_at(
    client: AsyncClient, changes: dict[str, Any], field: str, says: str
) -> None:
    body = with_set(**changes)
    body["parameter_sets"].insert(0, deepcopy(WAI_SET) | {"language": "de"})
    answer = await put(client, 0, body)

    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["code"]) == (422, "unknown")
    assert error["pointer"] == f"/parameter_sets/1/{field}"
    assert says in error["detail"]
    assert (await client.get(PATH)).json()["version"] == 0


async def test_one_scale_has_one_set_for_a_language(client: AsyncClient) -> None:
    twice = {"alerts_per_100_ratings": 3, "parameter_sets": [WAI_SET, WAI_SET]}
    answer = await put(client, 0, twice)
    assert [one["code"] for one in answer.json()["errors"]] == ["parameter_set_twice"]
    both = [WAI_SET, WAI_SET | {"language": None}]
    assert len((await accepted(client, 0, twice | {"parameter_sets": both}))["parameter_sets"]) == 2


@pytest.mark.parametrize("alerts", [FEWEST_ALERTS, MOST_ALERTS])
async def test_the_ends_of_what_was_calibrated_are_taken(
    client: AsyncClient, alerts: float
) -> None:
    assert (await put(client, 0, {"alerts_per_100_ratings": alerts})).status_code == 200


@pytest.mark.parametrize("alerts", [0, FEWEST_ALERTS - 0.1, MOST_ALERTS + 0.1, "3", None, True])
async def test_another_budget_is_refused(client: AsyncClient, alerts: object) -> None:
    answer = await put(client, 0, {"alerts_per_100_ratings": alerts})
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/alerts_per_100_ratings"]


async def test_the_budget_acts_on_the_next_submissions(
    client: AsyncClient, another_key: Any
) -> None:
    found = []
    for version, alerts in enumerate((DEFAULT_ALERTS, FEWEST_ALERTS)):
        if version:
            await accepted(client, 0, {"alerts_per_100_ratings": alerts})
        async with another_key() as later:
            alliance = pair()
            await course(later, alliance, STABLE)
            sent = rating(alliance, 6, 4, answers=BETWEEN_THE_BUDGETS)
            made = (await store(later, sent))["signals"]
        whole = next(one for one in made if one["scale"] == "total")
        found.append((whole["severity"], whole["parameters"]["alerts_per_100_ratings"]))
        assert whole["rule_version"] == f"2/1.0/{version}"

    assert found == [("alert", DEFAULT_ALERTS), ("watch", FEWEST_ALERTS)]


async def test_what_was_raised_before_a_change_stays(client: AsyncClient, another_key: Any) -> None:
    alliance = pair()
    await fallen(client, alliance)
    (before,) = await signals(client)
    await accepted(client, 0, {"alerts_per_100_ratings": FEWEST_ALERTS})
    async with another_key() as later:
        made = await store(later, rating(alliance, 7, 4))
    assert made["signals"] == []
    assert await signals(client) == [before]
    assert (before["state"], before["rule_version"]) == ("open", "2/1.0/0")


async def test_a_set_that_says_no_skew_has_none(client: AsyncClient) -> None:
    said = {name: value for name, value in WAI_SET["parameters"].items() if name != "skew"}
    made = await accepted(client, 0, with_set(parameters=said))
    assert made["parameter_sets"][0]["parameters"] == said | {"skew": 0.0}


async def test_a_tenants_parameters_take_the_place_of_assumed_ones(
    client: AsyncClient, another_key: Any
) -> None:
    assumed = await fallen(client)
    await accepted(client, 0, with_set(language=None))
    async with another_key() as later:
        own = await fallen(later)
    for made, source in ((assumed, "assumed"), (own, "tenant")):
        (signal,) = made["signals"]
        assert (signal["scale"], signal["parameter_source"]) == ("total", source)
    course_shown = own["signals"][0]["parameters"]["course"]
    assert course_shown.items() >= WAI_SET["parameters"].items()
    assert "assumption" not in course_shown
    # The components have no set of their own: for them it is still said.
    assert "signal_parameters" in {one["code"] for one in own["not_computed"]}


@pytest.mark.parametrize(("language", "mean"), [("en", 3.9), ("de", 3.5), ("en-GB", 3.5)])
async def test_the_set_of_the_language_comes_before_that_of_all(
    client: AsyncClient, another_key: Any, language: str, mean: float
) -> None:
    of_all = deepcopy(WAI_SET) | {"language": None}
    of_all["parameters"]["mean"] = 3.5
    body = deepcopy(EXAMPLE) | {"parameter_sets": [of_all, WAI_SET]}
    await accepted(client, 0, body)
    async with another_key() as later:
        (signal,) = (await fallen(later, language=language))["signals"]
    assert signal["parameters"]["course"]["mean"] == mean


@pytest.mark.parametrize("kept", [None, *WAI_SET["parameters"]])
@pytest.mark.parametrize("end", ["least", "most"])
async def test_parameters_at_the_ends_of_what_is_taken_break_no_submission(
    client: AsyncClient, another_key: Any, end: str, kept: str | None
) -> None:
    """All of them at one end, and each of them at the other one."""
    other = {"least": "most", "most": "least"}[end]
    extreme = {name: ends_of(name)[other if name == kept else end] for name in PARAMETERS}
    await accepted(client, 0, with_set(parameters=extreme))
    async with another_key() as later:
        made = await course(later, pair(), (*STABLE, LOW, 5, 1))
    assert {one["record_status"] for one in made} == {"current"}


async def test_the_realised_rate_counts_alerted_ratings_and_moves_nothing(
    client: AsyncClient, database: Database
) -> None:
    await fallen(client)
    await course(client, pair(), (4, 4))
    await store(client, below_the_cut())
    await store(client, submission(alliance=pair(), backfill=True))
    await told(client, database)
    settings = (await client.get(PATH)).json()

    assert settings["realised"] == {
        "ratings": 10,
        "alerted_ratings": 1,
        "alerts_per_100_ratings": 10.0,
    }
    assert settings["alerts_per_100_ratings"] == DEFAULT_ALERTS


async def test_an_alert_that_was_superseded_was_an_alert_all_the_same(
    client: AsyncClient, database: Database
) -> None:
    made = await fallen(client)
    await void(client, made["id"])
    await told(client, database)
    assert (await client.get(PATH)).json()["realised"]["alerted_ratings"] == 1


async def test_an_alert_of_history_is_none(client: AsyncClient, database: Database) -> None:
    made = await fallen(client, backfill=True)
    assert [one["state"] for one in made["signals"]] == ["recorded"]
    await told(client, database)
    assert (await client.get(PATH)).json()["realised"]["alerted_ratings"] == 0
