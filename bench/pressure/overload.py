"""Three times as much as the service can do: what is answered, and when all is well again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench.accounting import memory_mib
from bench.crash.checker import Verdict
from bench.pressure.arrivals import Answered, Order
from bench.pressure.load import STORED, Load, between, improper, load, quantile, rate, words
from bench.pressure.scene import Scene, serving, verdict

TIMES: Final = 3.0
SHARE_ALONE: Final = 0.25
"""Of capacity, asked for before and after the flood: then nobody waits for others."""
AFTER: Final = 10.0
WINDOW: Final = 0.5
WELL: Final = 1.5
"""So many times the median of before counts as well again."""
CALLERS: Final = 64
OPEN: Final = 700
"""Connections that are there before the flood: more than a process lets in and lets wait."""


@dataclass(frozen=True, slots=True)
class Overload:
    """What a flood came to."""

    capacity: float
    """Submissions stored a second, with CALLERS who ask again as soon as they are answered."""
    offered: float
    """Submissions a second."""
    goodput: float
    """Of them stored a second."""
    answers: dict[str, int]
    improper: int
    """Answers that were neither 201 nor a refusal that said when to come again."""
    before: tuple[float, float]
    """Median and 99th percentile of the latency, in seconds, before the flood."""
    during: tuple[float, float]
    """Of those that were accepted in it, from when they were due."""
    recovery: float | None
    """Seconds from its end until the median of half a second is well; None: not in AFTER."""
    memory: tuple[float | None, float | None]
    """MiB of the process, before and after."""
    verdict: Verdict

    def share(self) -> float:
        """Goodput as a share of capacity."""
        return self.goodput / self.capacity


async def overload(scene: Scene, seconds: float, times: float = TIMES) -> Overload:
    """Find out capacity, then offer so many times it for so long. Raises RunFailed."""
    with (
        serving(scene.tenancy.url, scene.keys[0], scene.home, KEY_RATE="100000") as served,
        load(scene.home) as sender,
    ):
        closed, capacity = await _capacity(scene, sender, served.port, seconds / 2)
        before = memory_mib(served.process.pid)
        flood = _flood(scene, served.port, capacity, seconds, times)
        answered = await asyncio.to_thread(sender.send, flood)
        after = memory_mib(served.process.pid)
    begin, end = flood.phases[0][1], flood.phases[0][1] + seconds
    calm, storm = between(answered, 1.0, begin), between(answered, begin, end)
    accepted = [one for one in storm if one.status == STORED]
    return Overload(
        capacity=capacity,
        offered=len(storm) / seconds,
        goodput=rate(answered, STORED, begin, end),
        answers=words(storm),
        improper=len(improper(answered, STORED)),
        before=(quantile(calm, 0.5), quantile(calm, 0.99)),
        during=(quantile(accepted, 0.5), quantile(accepted, 0.99)),
        recovery=_recovery(answered, end, quantile(calm, 0.5)),
        memory=(before, after),
        verdict=await verdict(scene, {"closed": closed, "flood": (flood, answered)}),
    )


async def _capacity(
    scene: Scene, sender: Load, port: int, seconds: float
) -> tuple[tuple[Order, Sequence[Answered]], float]:
    phases = [(0.0, seconds + 2)]
    order = Order(
        port, scene.keys, phases, connections=CALLERS, run="closed", ready_made=int(3000 * seconds)
    )
    answered = await asyncio.to_thread(sender.send, order)
    return (order, answered), rate(answered, STORED, 2.0, seconds + 2)


def _flood(scene: Scene, port: int, capacity: float, seconds: float, times: float) -> Order:
    alone = SHARE_ALONE * capacity
    phases = [(alone, 6.0), (times * capacity, seconds), (alone, AFTER)]
    return Order(port, scene.keys, phases, run="flood", open_before=OPEN)


def _recovery(answered: Sequence[Answered], end: float, usual: float) -> float | None:
    for turn in range(int(AFTER / WINDOW)):
        begin = end + turn * WINDOW
        window = between(answered, begin, begin + WINDOW)
        good = [one.seconds for one in window if one.status == STORED]
        if good and len(good) == len(window) and median(good) <= WELL * usual:
            return turn * WINDOW
    return None
