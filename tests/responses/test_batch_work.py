"""How much a batch costs that goes back and forth in one stream: no more than grows with it."""

from collections.abc import Sequence
from typing import Any

import pytest
from httpx import AsyncClient

from app.measurement import replay
from app.measurement.course import Point
from app.responses import fold, stream_course
from app.responses.stream_course import MOST_JUDGED, Allowance
from tests.support.corrections import send_batch
from tests.support.factories import pair
from tests.support.raising import rating
from tests.support.signals import signals

FULL = 500


def outwards(sent: Sequence[Any]) -> list[Any]:
    """From the middle, one by one to either end: every other one comes before all the others."""
    middle = len(sent) // 2
    later, earlier = sent[middle:], sent[:middle][::-1]
    return [one for both in zip(later, earlier, strict=True) for one in both]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[Point]:
    """Every rating that is judged, as often as it is."""
    found: list[Point] = []
    for module in (replay, stream_course):
        watched = module.watched

        def counted(*given: Any, watched: Any = watched) -> Any:
            found.append(given[1])
            return watched(*given)

        monkeypatch.setattr(module, "watched", counted)
    return found


@pytest.mark.parametrize("sides", [("client",), ("client", "professional")])
async def test_a_full_batch_of_which_every_other_is_late_is_stored_with_bounded_work(
    client: AsyncClient, judged: list[Point], sides: tuple[str, ...]
) -> None:
    alliance, each = pair(), FULL // len(sides)
    weeks = [
        [rating(alliance, week, 2 + (week * 7) % 3, rater={"role": side}) for side in sides]
        for week in range(each)
    ]
    answer = await send_batch(client, [one for both in outwards(weeks) for one in both])
    assert [one["status"] for one in answer.json()["items"]] == [201] * FULL
    assert len(judged) <= MOST_JUDGED + 4 * FULL


async def falling_outwards(client: AsyncClient) -> tuple[dict[str, Any], list[Any]]:
    """Twelve ratings sent outwards, the newest, which has fallen, last: its answer, all signals."""
    alliance = pair()
    sent = [rating(alliance, week, 1 if week == 11 else 4) for week in range(12)]
    inside = outwards(sent)
    inside.append(inside.pop(inside.index(sent[11])))
    answer = await send_batch(client, inside)
    assert [one["status"] for one in answer.json()["items"]] == [201] * 12
    replayed = await client.post("/v1/responses", json=sent[11])
    assert replayed.status_code == 200, replayed.text
    return replayed.json(), await signals(client, limit=100)


async def test_what_the_newest_tells_is_open_though_it_was_judged_at_the_end(
    client: AsyncClient, new_tenant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, at_once = await falling_outwards(client)
    monkeypatch.setattr(fold, "MOST_JUDGED", 0)
    async with (await new_tenant()).client() as other:
        answered, at_the_end = await falling_outwards(other)
    kept = ("code", "scale", "severity", "state", "value", "threshold", "kind")
    found = [
        sorted([str(one.get(name)) for name in kept] for one in some)
        for some in (at_once, at_the_end)
    ]
    assert found[0] == found[1]
    assert any(one["state"] == "open" and one["severity"] == "alert" for one in at_the_end)
    assert any("judged after all of them" in one["why"] for one in answered["not_computed"])
    assert answered["signals"] == []


async def test_history_that_was_judged_at_the_end_is_recorded(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fold, "MOST_JUDGED", 0)
    alliance = pair()
    sent = [rating(alliance, week, 1 if week == 7 else 4, backfill=True) for week in range(8)]
    await send_batch(client, [*sent[1:7], sent[0], sent[7]])
    found = await signals(client, limit=100)
    assert {one["state"] for one in found} == {"recorded"}


def test_an_allowance_is_spent_once_and_refuses_more_than_is_left() -> None:
    allowance = Allowance(5)
    assert [allowance.spend(n) for n in (3, 3, 2, 1, 0)] == [True, False, True, False, True]
