"""Faults of the database and of the way to it, one by one: what callers see, until all is well."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

from bench.crash.checker import Verdict
from bench.pressure.callers import GOOD, Callers, Seen, calling, counted, well_after
from bench.pressure.harms import HARMS, Place
from bench.pressure.scene import Scene, served
from bench.pressure.way import way

BEFORE: Final = 2.0
AFTER: Final = 8.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What one fault came to."""

    name: str
    lasted: float
    """Seconds."""
    seen: dict[str, int]
    """By submitters, from its begin until all was well."""
    longest: float
    """Seconds until one of them had an answer."""
    improper: int
    """Answers that were neither done nor a refusal that said when to come again; or none."""
    unready_after: float | None
    """Seconds until readiness was refused; None: it was not."""
    alive: bool
    """Whether every question for liveness was answered with 200."""
    well_after: float | None
    """Seconds from its end; None: not within AFTER."""
    verdict: Verdict


async def faults(scene: Scene, only: Sequence[str] = ()) -> AsyncIterator[Fault]:
    """Each fault in turn, on one service that is never restarted. Raises RunFailed."""
    async with (
        way(scene.server, scene.tenancy.name) as (road, url),
        served(url, scene.keys[0], scene.home, name="faults") as service,
    ):
        place = Place(scene.server, scene.tenancy, road)
        for name in only or HARMS:
            yield await _fault(scene, service.port, name, HARMS[name](place))


async def _fault(
    scene: Scene, port: int, name: str, harm: AbstractAsyncContextManager[None]
) -> Fault:
    callers = Callers(lambda: port, scene.keys, name.replace(" ", "-"))
    async with calling(callers):
        await asyncio.sleep(BEFORE)
        begin = time.monotonic()
        async with harm:
            pass
        end = time.monotonic()
        await asyncio.sleep(AFTER)
    well = well_after(callers.submits, end)
    until = end + (AFTER if well is None else well)
    during = _overlapping(callers.submits, begin, until)
    return Fault(
        name=name,
        lasted=end - begin,
        seen=counted(during),
        longest=max(one.seconds for one in during),
        improper=sum(not one.proper for one in callers.submits),
        unready_after=_unready(callers.ready, begin, until),
        alive=all(one.status in GOOD for one in callers.alive),
        well_after=well,
        verdict=await callers.judged(scene.tenancy.url),
    )


def _overlapping(calls: Sequence[Seen], begin: float, until: float) -> list[Seen]:
    return [one for one in calls if one.at <= until and one.at + one.seconds >= begin]


def _unready(ready: Sequence[Seen], begin: float, until: float) -> float | None:
    """Seconds from the begin of a fault to the first answer that readiness was refused with."""
    refused = (
        one.at + one.seconds - begin
        for one in _overlapping(ready, begin, until)
        if one.status not in GOOD
    )
    return min(refused, default=None)
