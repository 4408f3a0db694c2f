"""What is wrong on purpose is found out: the harness sees what it is there to see."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from app.settings import Settings, settings_from
from bench.crash.checker import Verdict, judged
from bench.crash.controls import KEYS_TABLE, committing_late, keeping_keys_first
from bench.crash.forms import Forms
from bench.crash.gate import Cut, Gate, Place, When
from bench.crash.history import Answer, History
from bench.crash.plans import ASYNCHRONOUS
from bench.crash.postgres import OwnPostgres
from bench.crash.protocol import Step
from bench.crash.stored import read
from bench.crash.tenancy import asked, switched_off, tenancy
from tests.conftest import Tenant
from tests.crash.conftest import Served, plain_client

COMMIT = Place(Step.COMMIT, When.WITHHELD)
TRIES = 3
Judge = Callable[[History], Awaitable[Verdict]]


@pytest.fixture
def forms(tenant: Tenant) -> Forms:
    """Forms of the test's own: the layer that keeps keys knows no tenants."""
    return Forms(1, 5, f"control-{tenant.id}")


@pytest.fixture
def judge(settings: Settings, tenant: Tenant) -> Judge:
    """The verdict on what the test's tenant was told."""

    async def made(history: History) -> Verdict:
        return judged(history, await read(settings.database_url, tenant.id))

    return made


@pytest.fixture
async def keys_table(owner: asyncpg.Connection) -> AsyncIterator[None]:
    await owner.execute(KEYS_TABLE)
    yield
    await owner.execute("DROP TABLE crash_keys")


async def delivered(client: httpx.AsyncClient, forms: Forms, *numbers: int) -> History:
    """What is heard by a caller who sends each form until it is answered."""
    history = History()
    for form in map(forms.form, numbers):
        for _ in range(TRIES):
            history.invoke(form.external_id, form.digest)
            answer = await client.post("/v1/responses", content=form.body)
            if history.answered(form.external_id, Answer(answer.status_code, answer.content)):
                break
    return history


async def test_the_service_as_it_is_stands_the_same_cut(
    through_way: Served, way: Gate, judge: Judge, forms: Forms
) -> None:
    async with through_way(lambda app: app) as client:
        way.arm(Cut(COMMIT))
        history = await delivered(client, forms, 0)

    assert history.statuses == {503: 1, 201: 1}
    assert (await judge(history)).clean()


async def test_a_commit_after_the_answer_is_found_out(
    through_way: Served, way: Gate, judge: Judge, forms: Forms
) -> None:
    served: list[FastAPI] = []

    def change(app: FastAPI) -> FastAPI:
        served.append(committing_late(app))
        return app

    async with through_way(change) as client:
        await served[0].state.database.settled()
        cut = way.arm(Cut(COMMIT))
        history = await delivered(client, forms, 0)
        await cut.done.wait()

    assert history.statuses == {201: 1}
    assert (await judge(history)).lost == [forms.form(0).external_id]


@pytest.mark.usefixtures("keys_table")
async def test_a_key_in_a_transaction_of_its_own_is_found_out(
    through_way: Served, way: Gate, judge: Judge, forms: Forms, settings: Settings
) -> None:
    def change(app: FastAPI) -> FastAPI:
        return keeping_keys_first(app, settings.database_url)

    async with through_way(change) as client:
        way.arm(Cut(COMMIT))
        history = await delivered(client, forms, 0)

    assert history.statuses == {503: 1, 200: 1}
    assert (await judge(history)).lost == [forms.form(0).external_id]


async def test_a_commit_that_does_not_wait_for_the_disk_is_found_out(
    crash_server: OwnPostgres, forms: Forms
) -> None:
    async with tenancy(crash_server, "asynchronous") as data:
        for statement in ASYNCHRONOUS:
            await asked(data.url, statement.format(name=data.name))
        assert await switched_off(data.url) == ["synchronous_commit"]
        app = create_app(settings_from({"DATABASE_URL": data.url}))
        async with app.router.lifespan_context(app), plain_client(app, data.key) as client:
            history = await delivered(client, forms, *range(20))
            await asyncio.to_thread(crash_server.kill)
            await asyncio.to_thread(crash_server.start)
        verdict = judged(history, await read(data.url))

    assert history.statuses == {201: 20}
    assert verdict.lost
