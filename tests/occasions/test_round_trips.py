"""How often a report or a mark goes to Postgres and back, counted on the wire. Never a time."""

from collections.abc import AsyncIterator

import httpx
import pytest

from app.main import create_app
from app.settings import settings_from
from app.tenants.scopes import Scope
from tests.conftest import make_tenant
from tests.support.corrections import store
from tests.support.factories import invitation, mark, pair, report, submission
from tests.support.meetings import noticed, occasions, reported
from tests.support.wire import Wire, counted

NEW_OCCASION = 5
FIRST_SIGHT = 7
KNOWN_OCCASION = 7
UNCHANGED = 6
LIST = 4
MARK = 4
NAMED_MARK = 5
MOST = 50


@pytest.fixture
async def wire(database_url: str) -> AsyncIterator[Wire]:
    async with counted(database_url) as made:
        yield made


@pytest.fixture
async def caller(wire: Wire) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose key the process already knows."""
    app = create_app(settings_from({"DATABASE_URL": wire.url, "POOL_SIZE": "1"}))
    async with app.router.lifespan_context(app):
        tenant = await make_tenant(app, tuple(Scope))
        async with tenant.client() as client:
            await client.get("/v1/alliances")
            yield client


def family(size: int) -> dict[str, object]:
    """An alliance of so many, most of them clients."""
    members = [{"role": "client", "ref": f"c-{number}"} for number in range(size - 1)]
    number = pair()["external_id"]
    return {"external_id": number, "members": [*members, {"role": "professional", "ref": "p"}]}


@pytest.mark.parametrize("invited", [0, 1, MOST - 1])
async def test_a_report_costs_the_same_whoever_is_invited(
    caller: httpx.AsyncClient, wire: Wire, invited: int
) -> None:
    asked = [
        invitation(rater={"role": "client", "ref": f"c-{number}"}) for number in range(invited)
    ]
    for _ in range(2):  # the first prepares the statements
        alliance = family(MOST)
        wire.reset()
        sent = report(alliance=alliance, invited=asked)
        await reported(caller, sent)
        first_sight = wire.trips
        wire.reset()
        await reported(caller, sent | {"session_number": 2})
        new_occasion = wire.trips
        wire.reset()
        await reported(caller, sent | {"status": "missed"}, 200)
        known = wire.trips
        wire.reset()
        await reported(caller, sent | {"status": "missed"}, 200)
        unchanged = wire.trips
    assert (first_sight, new_occasion) == (FIRST_SIGHT, NEW_OCCASION)
    assert (known, unchanged) == (KNOWN_OCCASION, UNCHANGED)


@pytest.mark.parametrize("count", [1, 10])
async def test_a_list_costs_the_same_however_long(
    caller: httpx.AsyncClient, wire: Wire, count: int
) -> None:
    alliance = pair()
    for number in range(count):
        sent = report(alliance=alliance, session_number=number, invited=[invitation()])
        alliance_id = (await reported(caller, sent))["alliance_id"]
    for _ in range(2):
        wire.reset()
        assert len(await occasions(caller, alliance_id)) == count
    assert wire.trips == LIST


async def test_a_mark_costs_no_more_than_a_submission(
    caller: httpx.AsyncClient, wire: Wire
) -> None:
    alliance_id = (await store(caller, submission()))["alliance_id"]
    for _ in range(2):
        wire.reset()
        await noticed(caller, alliance_id, mark(external_id=None))
        unnamed = wire.trips
        wire.reset()
        await noticed(caller, alliance_id, mark())
        named = wire.trips
    assert (unnamed, named) == (MARK, NAMED_MARK)


async def test_a_report_with_a_fault_of_its_own_costs_none(
    caller: httpx.AsyncClient, wire: Wire
) -> None:
    wire.reset()
    answer = await caller.post("/v1/occasions", json=report(invited=[invitation(form="no")]))
    assert (answer.status_code, wire.trips) == (422, 0)
