"""Parameters fitted to a tenant's own streams: what is read, what comes out, who accepts it."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

import pytest
from httpx import AsyncClient

from app.cli.main import main
from app.database import Database
from app.errors import NotFound
from app.fitting import queries, sample, service
from app.fitting.figures import figures_of
from app.fitting.sample import Asked, courses_of
from app.instruments.definitions import shipped
from app.measurement.reliability import alpha
from app.settings import Settings
from app.tenants.signal_settings import SignalSettings
from tests.conftest import Tenant
from tests.support.corrections import amend, amendment, items, send_batch, store, void
from tests.support.factories import pair
from tests.support.raising import rating
from tests.support.signals import signals

FEW: Final = 8
COURSES: Final = [
    [(4, 4, 3, 4), (3, 4, 4, 5), (5, 4, 5, 5), (2, 3, 3, 2), (4, 5, 4, 4), (3, 3, 2, 3)][n % 6]
    for n in range(FEW)
]
DROP_CODES: Final = {"sudden_drop", "slow_decline", "component_drop"}


def asked(scale: str = "total", language: str | None = None) -> Asked:
    return service.asked_for(shipped(), "wai-sr-2006", "client", scale, language)


def mixed(value: int, number: int) -> dict[str, int]:
    """Answers about a value, not the same to all items."""
    return {str(n): min(5, max(1, value + (n * number) % 3 - 1)) for n in range(1, 13)}


def course(values: Sequence[int], **fields: Any) -> list[dict[str, Any]]:
    """Weekly ratings of a new pair."""
    alliance = pair()
    return [
        rating(alliance, week) | {"answers": mixed(value, week + value)} | fields
        for week, value in enumerate(values, 1)
    ]


async def send(client: AsyncClient, courses: Sequence[Sequence[int]], **fields: Any) -> None:
    sent = [one for values in courses for one in course(values, **fields)]
    answer = await send_batch(client, sent)
    assert {one["status"] for one in answer.json()["items"]} == {201}


@pytest.fixture
def few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "FEWEST_STREAMS", FEW)
    monkeypatch.setattr(sample, "FEWEST_STREAMS", FEW)


async def values(database: Database, tenant: Tenant, one: Asked) -> list[list[float]]:
    known = await service.read(database, tenant.id, one)
    return sorted([value for value, _ in each] for each in courses_of(known.sample).all)


async def test_only_what_counts_is_read(
    client: AsyncClient, database: Database, tenant: Tenant, new_tenant: Any
) -> None:
    alliance = pair()
    sent = [rating(alliance, week, 4) for week in range(1, 7)]
    made = [await store(client, one) for one in sent]
    changed = await amend(client, made[2]["id"], amendment(sent[2], answers=items(2)))
    assert changed.status_code == 201, changed.text
    await void(client, made[4]["id"])
    await store(client, rating(alliance, 9, 3, rater={"role": "professional"}))
    other = await new_tenant()
    async with other.client() as elsewhere:
        await send(elsewhere, COURSES)
    assert await values(database, tenant, asked()) == [[4.0, 4.0, 2.0, 4.0, 4.0]]


async def test_a_stream_is_in_the_order_of_its_occasions_with_the_days_between(
    client: AsyncClient, database: Database, tenant: Tenant
) -> None:
    alliance = pair()
    for week, value in ((4, 2), (1, 5), (2, 4), (8, 1)):
        await store(client, rating(alliance, week, value))
    known = await service.read(database, tenant.id, asked())
    (found,) = courses_of(known.sample).all
    assert found == [(5.0, None), (4.0, 7.0), (2.0, 14.0), (1.0, 28.0)]


async def test_a_prorated_value_is_left_out_and_its_days_are_not(
    client: AsyncClient, database: Database, tenant: Tenant
) -> None:
    alliance = pair()
    for week in range(1, 6):
        answers = {str(n): 4 for n in range(1, 12 if week == 3 else 13)}
        await store(client, rating(alliance, week) | {"answers": answers})
    known = await service.read(database, tenant.id, asked())
    found = courses_of(known.sample)
    assert [days for _, days in found.all[0]] == [None, 7.0, 14.0, 7.0]
    assert (found.ratings, found.prorated) == (4, 1)
    assert len(known.sample.forms[0]) == 4


async def test_a_language_may_be_asked_for_alone(
    client: AsyncClient, database: Database, tenant: Tenant
) -> None:
    await send(client, COURSES[:2])
    await send(client, COURSES[:3], language="es")
    counts = [len(await values(database, tenant, asked(language=la))) for la in (None, "en", "es")]
    assert counts == [5, 2, 3]


async def test_pages_leave_nothing_out(
    client: AsyncClient, database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await send(client, COURSES)
    whole = await values(database, tenant, asked())
    monkeypatch.setattr(queries, "PAGE", 3)
    assert await values(database, tenant, asked()) == whole
    assert len(whole) == FEW


def of_many(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings as if their sets rested on as many cases as must be."""
    sets = [one | {"cases": 300, "ratings": 1200} for one in settings["parameter_sets"]]
    return settings | {"parameter_sets": sets}


@pytest.mark.parametrize("scale", ["total", "bond"])
@pytest.mark.usefixtures("few_are_enough")
async def test_what_is_fitted_is_accepted_as_it_stands_and_keeps_the_other_sets(
    client: AsyncClient, database: Database, tenant: Tenant, scale: str
) -> None:
    await send(client, COURSES)
    known = await service.read(database, tenant.id, asked(scale))
    first = of_many(service.fit(known).settings)
    goals = first["parameter_sets"][0] | {"scale": "goals"}
    both = first | {
        "alerts_per_100_ratings": 2.0,
        "parameter_sets": [goals, *first["parameter_sets"]],
    }
    accepted = await client.put("/v1/signal-settings", json=both, headers={"If-Match": '"0"'})
    assert accepted.status_code == 200, accepted.text

    again = of_many(service.fit(await service.read(database, tenant.id, asked(scale))).settings)
    assert again["alerts_per_100_ratings"] == 2.0
    assert again["parameter_sets"] == both["parameter_sets"]
    accepted = await client.put("/v1/signal-settings", json=again, headers={"If-Match": '"1"'})
    assert accepted.status_code == 200, accepted.text


@pytest.mark.usefixtures("few_are_enough")
async def test_the_figures_are_those_of_the_answers_and_of_the_alerts_that_came(
    client: AsyncClient, database: Database, tenant: Tenant
) -> None:
    falling = [(4, 4, 4, 4, 4, 1), (5, 5, 5, 5, 5, 2)]
    await send(client, [*COURSES, *falling])
    known = await service.read(database, tenant.id, asked())
    courses = courses_of(known.sample)
    found = figures_of(known.sample, courses, len(courses.all), SignalSettings())
    raised = {
        one["response_ids"][0]
        for one in await signals(client, limit=500)
        if one["code"] in DROP_CODES and one["severity"] == "alert"
    }
    assert found.alerted == len(raised) > 0
    assert (found.streams, found.judged, found.alpha_forms) == (10, FEW * 4 + 12, 10)
    assert found.alpha == alpha([forms[0] for forms in known.sample.forms])
    assert found.within_reliability is not None
    assert found.within_streams == 10


async def test_too_few_streams_are_refused_with_their_number(
    client: AsyncClient, database: Database, tenant: Tenant
) -> None:
    await send(client, [*COURSES, (4, 4, 4)])
    known = await service.read(database, tenant.id, asked())
    with pytest.raises(NotFound) as refused:
        service.fit(known)
    assert "8 streams of 4 complete ratings or more; at least 300" in refused.value.detail


def test_a_scale_that_is_not_there_is_refused_with_those_that_are() -> None:
    for names, there in (
        (("wai-sr-2006", "client", "mood"), "bond, "),
        (("wai-sr-2006", "observer", "total"), "client"),
        (("nothing", "client", "total"), "No such instrument"),
    ):
        with pytest.raises(NotFound) as refused:
            service.asked_for(shipped(), *names, None)
        assert there in refused.value.detail


def test_many_ratings_are_fitted_on_evenly_taken_streams() -> None:
    course = [(4.0, 7.0)] * 20
    found = sample.Courses([course] * 2000, 40_000, 0)
    assert len(found.fitted()) == 500
    few = sample.Courses([[(4.0, 7.0)] * 100] * 400, 40_000, 0)
    assert len(few.fitted()) == 400


@pytest.mark.usefixtures("few_are_enough")
async def test_the_command_prints_settings_alone_and_the_figures_beside_them(
    client: AsyncClient,
    tenant: Tenant,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await send(client, COURSES)
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    named = ("--instrument", "wai-sr-2006", "--form", "client", "--scale", "total")
    await asyncio.to_thread(main, ["signals", "fit", "--tenant", str(tenant.id), *named])
    out, told = capsys.readouterr()
    (one,) = json.loads(out)["parameter_sets"]
    assert (one["scale"], one["cases"], one["ratings"]) == ("total", FEW, FEW * 4)
    assert "8 streams of 4 ratings or more, 32 ratings; fitted on 8" in told
    assert "ICC(1)" in told
    assert "Alpha between people" in told
    assert "the budget without drops is 3." in told
