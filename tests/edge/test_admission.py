"""Who may go on at once, and who is told to come again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from app.edge import admission as module
from app.edge.admission import PLACES, Admission, Kind, Places, kind_of
from app.errors import Overloaded, TooManyRequests


class Seconds:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two places for forms and three for reading, with a queue of one each."""
    monkeypatch.setitem(PLACES, Kind.SUBMIT, Places(2, 1, 0.05))
    monkeypatch.setitem(PLACES, Kind.READ, Places(3, 1, 0.05))


@asynccontextmanager
async def inside(admission: Admission, kind: Kind, seconds: float = 0.0) -> AsyncIterator[None]:
    await admission.enter(kind)
    try:
        yield
    finally:
        admission.leave(kind, seconds)


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/v1/responses", Kind.SUBMIT),
        ("POST", "/v1/responses:batch", Kind.SUBMIT),
        ("PATCH", "/v1/alliances/x", Kind.SUBMIT),
        ("GET", "/v1/alliances/x/trend", Kind.READ),
        ("HEAD", "/v1/signals", Kind.READ),
        ("GET", "/v1/exports/x/download", Kind.BULK),
        ("GET", "/v1/exports/responses", Kind.BULK),
        ("GET", "/v1/exports/x", Kind.READ),
        ("POST", "/v1/exports", Kind.SUBMIT),
        ("POST", "/v1/imports", Kind.BULK),
        ("GET", "/v1/imports/x/failed", Kind.BULK),
        ("GET", "/v1/imports/x", Kind.READ),
        ("GET", "/v1/imports", Kind.READ),
        ("POST", "/v1/imports/x/cancel", Kind.SUBMIT),
        ("GET", "/livez", None),
        ("GET", "/readyz", None),
        ("GET", "/metrics", None),
        ("GET", "/docs", None),
    ],
)
def test_the_kind_of_a_request(method: str, path: str, kind: Kind | None) -> None:
    assert kind_of(method, path) is kind


@pytest.mark.usefixtures("few")
async def test_a_full_kind_refuses_and_leaves_the_other_alone() -> None:
    admission = Admission(0)
    for _ in range(3):
        await admission.enter(Kind.READ)
    waiting = asyncio.create_task(admission.enter(Kind.READ))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded) as refused:
        await admission.enter(Kind.READ)  # the queue is full
    await admission.enter(Kind.SUBMIT)

    assert refused.value.headers == {"Retry-After": "1"}
    with pytest.raises(Overloaded):
        await waiting  # nobody left in time


@pytest.mark.usefixtures("few")
async def test_who_waits_gets_the_place_of_who_leaves_in_their_order() -> None:
    admission = Admission(0)
    await admission.enter(Kind.SUBMIT)
    await admission.enter(Kind.SUBMIT)
    waiting = asyncio.create_task(admission.enter(Kind.SUBMIT))
    await asyncio.sleep(0)
    admission.leave(Kind.SUBMIT, 0.0)

    await waiting


@pytest.mark.usefixtures("few")
async def test_a_place_is_never_lost_to_somebody_who_gave_up() -> None:
    admission = Admission(0)
    for _ in range(20):
        await admission.enter(Kind.SUBMIT)
        await admission.enter(Kind.SUBMIT)
        waiting = asyncio.create_task(admission.enter(Kind.SUBMIT))
        await asyncio.sleep(0)
        admission.leave(Kind.SUBMIT, 0.0)  # its turn, and it is cut off before it knows
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        admission.leave(Kind.SUBMIT, 0.0)

    await admission.enter(Kind.SUBMIT)
    await admission.enter(Kind.SUBMIT)
    with pytest.raises(Overloaded):
        await admission.enter(Kind.SUBMIT)


@pytest.mark.usefixtures("few")
async def test_reading_gives_way_while_forms_come_in(seconds: Seconds) -> None:
    admission = Admission(0, seconds)
    async with inside(admission, Kind.SUBMIT):
        await admission.enter(Kind.READ)
        await admission.enter(Kind.READ)
        with pytest.raises(Overloaded):
            await admission.enter(Kind.READ)  # the third place is not for now
        admission.leave(Kind.READ, 0.02)
        with pytest.raises(Overloaded):
            await admission.enter(Kind.READ)  # it rests four times as long as it was used
        await asyncio.sleep(0.05)
        await admission.enter(Kind.READ)
    seconds.now += 1.0

    await admission.enter(Kind.READ)  # no forms any more: all places


async def test_reading_waits_for_its_few_places_while_forms_come_in(seconds: Seconds) -> None:
    """As many may wait as at other times: dashboards grow slower, and are not refused at once."""
    admission = Admission(0, seconds)
    async with inside(admission, Kind.SUBMIT):
        for _ in range(module.READING_BESIDE_FORMS):
            await admission.enter(Kind.READ)
        waiting = [
            asyncio.create_task(admission.enter(Kind.READ))
            for _ in range(PLACES[Kind.READ].waiting)
        ]
        await asyncio.sleep(0)
        assert not any(one.done() for one in waiting)
        with pytest.raises(Overloaded):
            await admission.enter(Kind.READ)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_forms_that_take_long_are_let_in_fewer_at_once(seconds: Seconds) -> None:
    admission = Admission(0, seconds)
    for _ in range(40):
        await admission.enter(Kind.SUBMIT)
        seconds.now += module.FORM_TOO_LONG
        admission.leave(Kind.SUBMIT, module.FORM_TOO_LONG + 0.01)
    for _ in range(module.FORMS_AT_LEAST):
        await asyncio.wait_for(admission.enter(Kind.SUBMIT), 0.01)
    turns = [
        asyncio.create_task(admission.enter(Kind.SUBMIT)) for _ in range(module.FORMS_AT_LEAST)
    ]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await admission.enter(Kind.SUBMIT)  # as many wait as have a place, and no more

    assert {type(one) for one in await asyncio.gather(*turns, return_exceptions=True)} == {
        Overloaded
    }


async def test_one_slow_moment_counts_once(seconds: Seconds) -> None:
    admission = Admission(0, seconds)
    for _ in range(100):
        await admission.enter(Kind.SUBMIT)
    for _ in range(100):
        admission.leave(Kind.SUBMIT, 1.0)  # all of them waited for the same thing

    fewer = int(PLACES[Kind.SUBMIT].at_once * module.FEWER)
    for _ in range(fewer):
        await asyncio.wait_for(admission.enter(Kind.SUBMIT), 0.01)


async def test_quick_forms_bring_the_places_back(seconds: Seconds) -> None:
    admission = Admission(0, seconds)
    for _ in range(40):
        await admission.enter(Kind.SUBMIT)
        seconds.now += module.FORM_TOO_LONG
        admission.leave(Kind.SUBMIT, 1.0)
    for _ in range(int(PLACES[Kind.SUBMIT].at_once / module.MORE)):
        await admission.enter(Kind.SUBMIT)
        admission.leave(Kind.SUBMIT, 0.01)

    for _ in range(PLACES[Kind.SUBMIT].at_once):
        await asyncio.wait_for(admission.enter(Kind.SUBMIT), 0.01)


async def test_a_key_keeps_its_share_of_fewer_places(seconds: Seconds) -> None:
    admission = Admission(0, seconds)
    for _ in range(40):
        await admission.enter(Kind.SUBMIT)
        seconds.now += module.FORM_TOO_LONG
        admission.leave(Kind.SUBMIT, 1.0)
    share = int(module.FORMS_AT_LEAST * module.SHARE_OF_A_KEY)
    for _ in range(share):
        admission.take("greedy")
    with pytest.raises(TooManyRequests):
        admission.take("greedy")

    assert admission.take("another") is None


async def test_a_key_may_spend_its_burst_and_then_its_rate(seconds: Seconds) -> None:
    admission = Admission(10, seconds)
    left = [admission.take("key") for _ in range(20)]
    with pytest.raises(TooManyRequests) as refused:
        admission.take("key")
    admission.take("another")
    seconds.now += 0.125
    again = admission.take("key")

    assert [one.remaining for one in left if one] == list(range(19, -1, -1))
    assert int(refused.value.headers["Retry-After"]) >= 1
    assert again is not None
    assert again.headers() == [
        (b"ratelimit-policy", b'"key";q=20;w=2'),
        (b"ratelimit", b'"key";r=0;t=2'),
    ]


async def test_without_a_rate_nothing_is_counted_but_what_is_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "KEY_AT_ONCE", 2)
    admission = Admission(0)
    assert [admission.take("key"), admission.take("key")] == [None, None]
    with pytest.raises(TooManyRequests):
        admission.take("key")
    admission.done("key")

    assert admission.take("key") is None


async def test_keys_are_forgotten_when_there_are_too_many_but_not_those_at_work(
    monkeypatch: pytest.MonkeyPatch, seconds: Seconds
) -> None:
    monkeypatch.setattr(module, "KEYS_KNOWN", 2)
    admission = Admission(1, seconds)
    admission.take("at work")
    admission.take("done")
    admission.done("done")
    admission.take("third")
    admission.take("at work")  # the second of its burst of two

    with pytest.raises(TooManyRequests):
        admission.take("at work")
    assert admission.take("done") is not None


def test_the_places_add_up() -> None:
    assert PLACES[Kind.SUBMIT].at_once > module.KEY_AT_ONCE
    assert all(replace(one, waiting=0).seconds <= 1.0 for one in PLACES.values())
