"""How often a submission goes to Postgres and back, counted on the wire. Never a time."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.main import create_app
from app.settings import settings_from
from app.tenants.scopes import Scope
from tests.conftest import make_tenant
from tests.support.corrections import amend, amendment, items, send_batch, store, void, withdrawal
from tests.support.factories import pair, submission
from tests.support.own import definition, filled, publish
from tests.support.wire import Wire, counted
from tests.support.writing import steady

KNOWN_ALLIANCE = 4
AT_MOST = 6
BATCH_AT_MOST = 8
AMENDMENT = 8
VOID = 7
AT_ONCE = 20


@pytest.fixture
async def wire(database_url: str) -> AsyncIterator[Wire]:
    async with counted(database_url) as made:
        yield made


@pytest.fixture
async def caller(wire: Wire) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose key, statements and connection the process already knows."""
    settings = settings_from({"DATABASE_URL": wire.url, "POOL_SIZE": "1"})
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        tenant = await make_tenant(app, tuple(Scope))
        async with tenant.client() as client:
            await warm(client)
            yield client


async def warm(client: httpx.AsyncClient) -> None:
    """Prepare every statement once: a first use costs one more trip to prepare it."""
    alliance = pair()
    for number in (5, 6, 2):
        sent = submission(alliance=alliance, occasion={"session_number": number})
        for _ in range(2):
            await client.post("/v1/responses", json=sent)


async def submit(client: httpx.AsyncClient, sent: dict[str, object], status: int) -> None:
    answer = await client.post("/v1/responses", json=sent)
    assert answer.status_code == status


async def test_a_known_alliance_costs_four(caller: httpx.AsyncClient, wire: Wire) -> None:
    alliance = pair()
    await submit(caller, submission(alliance=alliance, occasion={"session_number": 1}), 201)
    wire.reset()
    await submit(caller, submission(alliance=alliance, occasion={"session_number": 2}), 201)
    assert wire.trips == KNOWN_ALLIANCE


async def test_an_instrument_of_ones_own_costs_three_more(
    caller: httpx.AsyncClient, wire: Wire
) -> None:
    """Begin, its definition, commit; a shipped one is not looked up."""
    await publish(caller, definition())
    alliance = pair()
    for number in (1, 2):  # the first prepares the statement
        await submit(caller, filled(alliance=alliance, occasion={"session_number": number}), 201)
    wire.reset()
    await submit(caller, filled(alliance=alliance, occasion={"session_number": 3}), 201)
    assert wire.trips == KNOWN_ALLIANCE + 3


async def test_a_known_alliance_costs_four_also_when_signals_are_raised(
    caller: httpx.AsyncClient, wire: Wire
) -> None:
    """Of its own stream and beside the other side's."""
    for _ in range(2):  # the first prepares the statement that stores signals
        alliance = pair()
        *calm, low = steady(alliance, "client", 1)
        await send_batch(caller, [*calm, *steady(alliance, "professional", 1)])
        wire.reset()
        answer = await caller.post("/v1/responses", json=low)
        assert answer.json()["signals"] != []
    assert wire.trips == KNOWN_ALLIANCE


async def test_a_replay_of_what_raised_a_signal_costs_no_more(
    caller: httpx.AsyncClient, wire: Wire
) -> None:
    for _ in range(2):
        *_, low = sent = steady(pair(), "client", 1)
        await send_batch(caller, sent)
        wire.reset()
        await submit(caller, low, 200)
    assert wire.trips == KNOWN_ALLIANCE


async def test_a_late_response_costs_no_more_beside_another_side(
    caller: httpx.AsyncClient, wire: Wire
) -> None:
    """Both sides are read at once, and what stood or falls is written with the response."""
    for _ in range(2):
        alliance = pair()
        first, late, *others = steady(alliance, "client", 1)
        await send_batch(caller, [first, *others, *steady(alliance, "professional", 1)])
        wire.reset()
        await submit(caller, late, 201)
    assert wire.trips == AT_MOST


async def test_first_sight_costs_at_most_two_more(caller: httpx.AsyncClient, wire: Wire) -> None:
    wire.reset()
    await submit(caller, submission(), 201)
    assert KNOWN_ALLIANCE < wire.trips <= AT_MOST


async def test_a_replay_costs_no_more(caller: httpx.AsyncClient, wire: Wire) -> None:
    sent = submission()
    await submit(caller, sent, 201)
    wire.reset()
    await submit(caller, sent, 200)
    assert wire.trips == KNOWN_ALLIANCE


async def test_a_late_response_costs_at_most_two_more(
    caller: httpx.AsyncClient, wire: Wire
) -> None:
    alliance = pair()
    for number in (1, 3):
        await submit(
            caller, submission(alliance=alliance, occasion={"session_number": number}), 201
        )
    wire.reset()
    await submit(caller, submission(alliance=alliance, occasion={"session_number": 2}), 201)
    assert KNOWN_ALLIANCE < wire.trips <= AT_MOST


async def test_an_invalid_submission_costs_none(caller: httpx.AsyncClient, wire: Wire) -> None:
    wire.reset()
    await submit(caller, submission(answers={"1": 3.5}), 422)
    assert wire.trips == 0


async def test_scoring_without_storing_costs_none(caller: httpx.AsyncClient, wire: Wire) -> None:
    body = {"instrument": "srs-3", "form": "client", "answers": {"1": 9, "2": 9, "3": 9, "4": 9}}
    wire.reset()
    answer = await caller.post("/v1/scores", json=body)
    assert answer.status_code == 200
    assert wire.trips == 0


def items_on(known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One item of each kind for each of the known alliances: what a batch can hold."""
    made: list[dict[str, Any]] = []
    for one in known:
        late = {"alliance": one["alliance"], "occasion": {"session_number": 1}}
        changed = one | {"external_version": 2, "answers": items(2)}
        made += [
            submission(),
            submission(**late),
            changed,
            changed | {"external_version": 3, "alliance": pair()},
            withdrawal(one, 4),
        ]
    return made


async def known(client: httpx.AsyncClient, count: int) -> list[dict[str, Any]]:
    """Stored records, each the newest of an alliance of its own."""
    sent = [submission(occasion={"session_number": 3}) for _ in range(count)]
    if sent:
        await send_batch(client, sent)
    return sent


@pytest.mark.parametrize("size", [10, 500])
async def test_a_batch_costs_the_same_whatever_its_size(
    caller: httpx.AsyncClient, wire: Wire, size: int
) -> None:
    for _ in range(2):  # the first prepares the statements
        sent = items_on(await known(caller, size // 5))
        wire.reset()
        answer = await send_batch(caller, sent)
    verdicts = Counter(one["verdict"] for one in answer.json()["items"])
    assert verdicts == {"accepted": size // 5 * 2, "amended": size // 5 * 2, "voided": size // 5}
    assert wire.trips == BATCH_AT_MOST


async def test_a_batch_of_one_costs_no_more_than_first_sight(
    caller: httpx.AsyncClient, wire: Wire
) -> None:
    for _ in range(2):
        wire.reset()
        answer = await send_batch(caller, [submission()])
    assert answer.json()["items"][0]["verdict"] == "accepted"
    assert wire.trips == AT_MOST


@pytest.mark.parametrize("count", [1, 3])
async def test_an_amendment_costs_the_same_whatever_came_before(
    caller: httpx.AsyncClient, wire: Wire, count: int
) -> None:
    """One trip to find the record, the others as for a batch of one."""
    for _ in range(2):
        sent = submission()
        made = await store(caller, sent)
        for number in range(count):
            wire.reset()
            answer = await amend(caller, made["id"], amendment(sent, answers=items(number + 1)))
            made = answer.json()
            assert answer.status_code == 201
    assert wire.trips == AMENDMENT


@pytest.mark.parametrize("versions", [1, 3])
async def test_a_void_costs_the_same_whatever_came_before(
    caller: httpx.AsyncClient, wire: Wire, versions: int
) -> None:
    for _ in range(2):
        sent = submission()
        for number in range(versions):
            changed = {"external_version": number + 1, "answers": items(number + 1)}
            made = await store(caller, sent | changed)
        wire.reset()
        answer = await void(caller, made["id"])
    assert answer.status_code == 200
    assert wire.trips == VOID


@pytest.mark.parametrize("of_one_alliance", [False, True])
async def test_many_at_once_cost_less_than_a_trip_each(
    caller: httpx.AsyncClient, wire: Wire, *, of_one_alliance: bool
) -> None:
    """The first goes alone; who comes meanwhile shares the next transaction."""
    for _ in range(2):
        one = pair()
        sent = [
            submission(
                alliance=one if of_one_alliance else pair(), occasion={"session_number": number}
            )
            for number in range(AT_ONCE)
        ]
        wire.reset()
        calls = (caller.post("/v1/responses", json=body) for body in sent)
        answers = await asyncio.gather(*calls)
    assert [answer.status_code for answer in answers] == [201] * AT_ONCE
    assert KNOWN_ALLIANCE < wire.trips < AT_ONCE
