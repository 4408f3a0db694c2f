"""The n-th call to Postgres fails, for every n of every kind of write: all of it, or nothing."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple, get_args

import asyncpg
import pytest
from httpx import AsyncClient, Response

from app.main import create_app
from app.settings import Settings
from tests.conftest import Tenant
from tests.crash.conftest import plain_client
from tests.crash.failing import FailingPool, When, failing
from tests.support.factories import pair, submission
from tests.support.writing import steady

MOST_CALLS = 20
TABLES = """
SELECT table_name FROM information_schema.columns
WHERE column_name = 'tenant_id' AND table_schema = 'public' ORDER BY table_name
"""
ROWS = """
SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t WHERE tenant_id = $1
"""
Held = dict[str, tuple[int, str | None]]
"""Table -> how many rows the tenant has there, and a hash of them."""


class Call(NamedTuple):
    method: str
    path: str
    body: dict[str, Any]
    headers: dict[str, str] | None = None

    async def made(self, client: AsyncClient) -> Response:
        return await client.request(self.method, self.path, json=self.body, headers=self.headers)


def posted(body: dict[str, Any]) -> Call:
    return Call("POST", "/v1/responses", body)


async def stored(client: AsyncClient, **overrides: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    sent = submission(**overrides)
    answer = await posted(sent).made(client)
    assert answer.status_code == 201
    return sent, answer.json()


async def first_sight(_: AsyncClient) -> Call:
    return posted(submission())


async def known_alliance(client: AsyncClient) -> Call:
    sent, _ = await stored(client)
    return posted(submission(alliance=sent["alliance"], occasion={"occurred_on": "2026-10-05"}))


async def late(client: AsyncClient) -> Call:
    sent, _ = await stored(client)
    return posted(submission(alliance=sent["alliance"], occasion={"occurred_on": "2026-09-01"}))


async def raising(client: AsyncClient) -> Call:
    """The other side's fall is there: signals of its own stream, and beside the other."""
    alliance = pair()
    *calm, low = steady(alliance, "client", 1)
    known = [*calm, *steady(alliance, "professional", 1)]
    made = await client.post("/v1/responses:batch", json={"items": known})
    assert made.status_code == 207
    return posted(low)


async def replay(client: AsyncClient) -> Call:
    sent, _ = await stored(client)
    return posted(sent)


async def higher_version(client: AsyncClient) -> Call:
    sent, _ = await stored(client)
    return posted(sent | {"external_version": 2, "alliance": pair()})


async def void(client: AsyncClient) -> Call:
    _, answer = await stored(client)
    return Call("POST", f"/v1/responses/{answer['id']}/void", {"reason": "Wrong person."})


async def batch(client: AsyncClient) -> Call:
    sent, _ = await stored(client)
    items = [submission(), submission(alliance=sent["alliance"]), sent]
    return Call("POST", "/v1/responses:batch", {"items": items})


async def alliance(_: AsyncClient) -> Call:
    return Call("POST", "/v1/alliances", pair() | {"source": "ehr"})


async def changed_alliance(client: AsyncClient) -> Call:
    _, answer = await stored(client)
    path = f"/v1/alliances/{answer['alliance_id']}"
    return Call("PATCH", path, {"case_ref": "x"}, {"If-Match": '"1"'})


class Write(NamedTuple):
    """A kind of write."""

    prepare: Callable[[AsyncClient], Awaitable[Call]]
    done: set[int]
    """Statuses that say it is done, now or before."""
    responses: int
    """How many it stores."""


WRITES = [
    Write(first_sight, {200, 201}, 1),
    Write(known_alliance, {200, 201}, 1),
    Write(late, {200, 201}, 1),
    Write(raising, {200, 201}, 1),
    Write(replay, {200}, 0),
    Write(higher_version, {200, 201}, 1),
    Write(void, {200}, 0),
    Write(batch, {207}, 2),
    Write(alliance, {200, 201}, 0),
    Write(changed_alliance, {200, 412}, 0),
]


@pytest.fixture
async def served(
    settings: Settings, tenant: Tenant
) -> AsyncIterator[tuple[AsyncClient, FailingPool]]:
    """A client of an application whose calls to Postgres can fail."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        app.state.database, pool = failing(app.state.database)
        async with plain_client(app, tenant.key) as client:
            assert (await client.get("/v1/responses")).status_code == 200  # its key is known now
            yield client, pool


async def held(owner: asyncpg.Connection, tenant: Tenant) -> Held:
    tables = [row["table_name"] for row in await owner.fetch(TABLES)]
    return {name: tuple(await owner.fetchrow(ROWS.format(name), tenant.id)) for name in tables}


def grown(before: Held, after: Held) -> dict[str, int]:
    """Table -> rows more than before."""
    return {name: after[name][0] - before[name][0] for name in after}


@pytest.mark.parametrize("when", get_args(When))
@pytest.mark.parametrize("write", WRITES, ids=[one.prepare.__name__ for one in WRITES])
async def test_a_write_is_whole_or_nothing_wherever_it_fails(
    served: tuple[AsyncClient, FailingPool],
    owner: asyncpg.Connection,
    tenant: Tenant,
    write: Write,
    when: When,
) -> None:
    client, pool = served
    growths, commit_failed = [], False
    for number in range(1, MOST_CALLS):
        call, before = await write.prepare(client), await held(owner, tenant)
        pool.arm(number, when)
        answer = await call.made(client)
        pool.disarm()
        if pool.failed:
            lost = (pool.failed, when) == ("COMMIT", "made")
            commit_failed |= pool.failed == "COMMIT"
            if answer.status_code == 503:
                assert lost or await held(owner, tenant) == before
                answer = await call.made(client)
            else:
                assert pool.failed != "COMMIT"  # then only the caller may try again
        assert answer.status_code in write.done
        growths.append(grown(before, await held(owner, tenant)))
        if not pool.failed:
            break

    assert commit_failed
    assert not pool.failed
    assert growths == growths[-1:] * number
    assert growths[-1]["responses"] == write.responses
    assert (growths[-1]["signals"] > 1) == (write.prepare is raising)
