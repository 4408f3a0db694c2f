"""One run: a service under submissions, the nemesis at work, and the verdict at the end."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.crash.caller import Caller
from bench.crash.checker import Verdict, judged, miscounted_trends, unlisted
from bench.crash.forms import Forms
from bench.crash.gate import Gate, gate
from bench.crash.history import History
from bench.crash.nemesis import Blow, Kill, Nemesis, Struck
from bench.crash.postgres import OwnPostgres
from bench.crash.service import SERVE, Service, service
from bench.crash.stored import read
from bench.crash.submitters import Habits, Submitters, deliver
from bench.crash.tenancy import Tenancy, asked, switched_off, tenancy
from bench.processes import RunFailed

TRENDS: Final = 300
"""How many trends are read at the end."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is to be."""

    name: str
    seed: int
    submissions: int
    """To be acknowledged."""
    plan: Sequence[Blow]
    callers: int = 16
    alliances: int = 50
    seconds: float = 600.0
    """Submissions end by then, whether enough or not."""
    command: Sequence[str] = SERVE
    before: Sequence[str] = ()
    """Statements that the superuser runs first. `{name}` is that of the database."""
    durable: bool = True
    """False: the run is a control that takes durability away."""
    habits: Habits = field(default_factory=Habits)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a run found."""

    order: Order
    verdict: Verdict
    acknowledged: int
    sent: int
    """Submissions that were sent at least once."""
    in_doubt: int
    """Of the acknowledged, those whose commit was answered by nobody and found by a retry."""
    statuses: dict[int, int]
    unanswered: dict[str, int]
    struck: Sequence[Struck]
    missed_cuts: int
    service_ended: int
    replayed: int
    """Acknowledged submissions that were sent once more at the very end."""
    seconds: float

    def kills(self) -> dict[str, int]:
        """How often each kind of process was killed."""
        done = Counter(one.what for one in self.struck)
        return {str(kind): done[str(kind)] for kind in Kill}

    def cuts(self) -> dict[str, int]:
        """How often the way to Postgres was cut at each place."""
        kinds = {str(kind) for kind in Kill}
        return dict(Counter(one.what for one in self.struck if one.what not in kinds))

    def complete(self) -> bool:
        """Whether everything that was ordered happened."""
        enough = self.acknowledged >= self.order.submissions
        return enough and len(self.struck) == len(self.order.plan)


@dataclass(slots=True)
class _Scene:
    """What a run plays with."""

    order: Order
    tenancy: Tenancy
    service: Service
    nemesis: Nemesis
    history: History
    forms: Forms
    until: float

    def late(self) -> bool:
        return time.monotonic() > self.until

    def caller(self) -> Caller:
        return Caller(lambda: self.service.port, self.tenancy.key)


async def crash_run(server: OwnPostgres, home: Path, order: Order) -> Findings:
    """Carry out an order and judge what came of it. Raises RunFailed, StartRefused."""
    began = time.monotonic()
    async with tenancy(server, order.name) as data:
        for statement in order.before:
            await asked(data.url, statement.format(name=data.name))
        if order.durable != (not await switched_off(data.url)):
            raise RunFailed("Postgres is not set as the run needs it.")
        async with (
            gate(data.url) as way,
            service(way.url, data.key, home, order.command) as served,
        ):
            await asyncio.to_thread(served.start)
            scene = _scene(server, data, served, way, order)
            await _submissions(scene)
            await scene.nemesis.revive()
            verdict, replayed = await _verdict(scene)
    return _findings(scene, verdict, replayed, time.monotonic() - began)


def _scene(server: OwnPostgres, data: Tenancy, served: Service, way: Gate, order: Order) -> _Scene:
    history = History()
    draw = random.Random(f"{order.seed}:nemesis")  # noqa: S311 - to be drawn again alike
    nemesis = Nemesis(server, data, served, way, lambda: history.acknowledged, draw)
    forms = Forms(order.seed, order.alliances, order.name)
    until = time.monotonic() + order.seconds
    return _Scene(order, data, served, nemesis, history, forms, until)


async def _submissions(scene: _Scene) -> None:
    """Submissions from all callers, until enough are acknowledged and the nemesis is done."""
    order, history = scene.order, scene.history
    port, key = lambda: scene.service.port, scene.tenancy.key
    submitters = Submitters(history, scene.forms, key, port, order.habits)
    try:
        async with asyncio.TaskGroup() as group:
            blows = group.create_task(scene.nemesis.run(order.plan, scene.late))

            def more() -> bool:
                enough = history.acknowledged >= order.submissions and blows.done()
                return not enough and not scene.late()

            group.create_task(submitters.run(order.callers, more))
    except* RunFailed as failed:
        raise RunFailed(_words(failed)) from None


async def _verdict(scene: _Scene) -> tuple[Verdict, int]:
    """The verdict, and how many submissions were sent once more for it."""
    caller, history = scene.caller(), scene.history
    try:
        stored = await read(scene.tenancy.url)
        missing = await unlisted(caller, stored)
        trends = await miscounted_trends(caller, stored, TRENDS)
    finally:
        await caller.close()
    replayed = await _replays(scene)
    verdict = judged(history, stored)
    again = judged(history, await read(scene.tenancy.url))
    verdict.duplicate = sorted({*verdict.duplicate, *again.duplicate})
    verdict.miscounted = sorted({*verdict.miscounted, *again.miscounted, *trends})
    verdict.unlisted = missing
    return verdict, replayed


async def _replays(scene: _Scene) -> int:
    """Send everything that was acknowledged once more; how much it was."""
    sent = scene.history.sendings.items()
    names = iter([name for name, one in sent if one.acknowledged])
    count = 0

    async def replay() -> None:
        nonlocal count
        caller = scene.caller()
        try:
            for name in names:
                form = scene.forms.form(int(name.rpartition("-")[2]))
                delivered = await deliver(caller, scene.history, form, tries=20)
                count += delivered
        finally:
            await caller.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(scene.order.callers):
            group.create_task(replay())
    return count


def _findings(scene: _Scene, verdict: Verdict, replayed: int, seconds: float) -> Findings:
    history, nemesis = scene.history, scene.nemesis
    return Findings(
        order=scene.order,
        verdict=verdict,
        acknowledged=history.acknowledged,
        sent=len(history.sendings),
        in_doubt=history.in_doubt(),
        statuses=dict(sorted(history.statuses.items())),
        unanswered=dict(history.unanswered),
        struck=nemesis.struck,
        missed_cuts=nemesis.missed_cuts,
        service_ended=nemesis.service_ended,
        replayed=replayed,
        seconds=seconds,
    )


def _words(failed: BaseExceptionGroup[RunFailed]) -> str:
    found = failed.exceptions[0]
    return _words(found) if isinstance(found, BaseExceptionGroup) else str(found)
