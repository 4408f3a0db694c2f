"""A storm of reading beside submissions: how much of their own rate these keep."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.crash.checker import Verdict
from bench.crash.tenancy import asked
from bench.pressure.arrivals import Answered, Order
from bench.pressure.load import STORED, Load, improper, load, quantile, rate, words
from bench.pressure.scene import Scene, serving, verdict
from bench.processes import RunFailed

OK: Final = 200
SUBMITTERS: Final = 16
READERS: Final = 8
TIMES: Final = 3.0
RAMP: Final = 1.0
"""Seconds at the begin of each part that do not count."""
FILLED: Final = 400
_ALLIANCES: Final = """
SELECT id, external_id FROM alliances WHERE external_id LIKE 'dashboard-known-%' ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Storm:
    """What a storm came to."""

    alone: Sequence[float]
    """Submissions stored a second without a storm: before and after."""
    beside: float
    """The same in the storm."""
    latency_alone: tuple[float, float]
    """Median and 99th percentile, in seconds."""
    latency_beside: tuple[float, float]
    read_capacity: float
    """Reads answered a second when nothing else is asked."""
    reads_offered: float
    reads: dict[str, int]
    reads_a_second: float
    """Reads answered with 200 in the storm."""
    improper: int
    """Submissions and reads that were neither done nor refused with the word when to come again."""
    verdict: Verdict

    def share(self) -> float:
        """The rate in the storm as a share of that without."""
        return self.beside / (sum(self.alone) / len(self.alone))


async def storm(scene: Scene, seconds: float, times: float = TIMES) -> Storm:
    """Submissions alone, in a storm of reads of another key and tenant, and alone again."""
    with (
        serving(scene.tenancy.url, scene.keys[0], scene.home, KEY_RATE="100000") as served,
        load(scene.home) as submitter,
        load(scene.home, "load-of-reads") as reader,
    ):
        part = _Part(scene, served.port, submitter, reader, seconds)
        filled = await part.filled()
        paths = await _paths(scene)
        capacity = await part.reading(paths)
        before = await part.submits("before")
        reads = Order(served.port, _other(scene), [(times * capacity, seconds + 2)], paths=paths)
        reader.begin(reads)
        beside = await part.submits("beside")
        read = await asyncio.to_thread(reader.end)
        after = await part.submits("after")
    sent = {"filled": filled, "before": before, "beside": beside, "after": after}
    alone = [*before[1], *after[1]]
    return Storm(
        alone=[part.rate(before[1]), part.rate(after[1])],
        beside=part.rate(beside[1]),
        latency_alone=(quantile(alone, 0.5), quantile(alone, 0.99)),
        latency_beside=(quantile(beside[1], 0.5), quantile(beside[1], 0.99)),
        read_capacity=capacity,
        reads_offered=len(read) / (seconds + 2),
        reads=words(read),
        reads_a_second=rate(read, OK, RAMP, seconds),
        improper=len(improper(alone + beside[1], STORED)) + len(improper(read, OK)),
        verdict=await verdict(scene, sent),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """What the parts of a storm share."""

    scene: Scene
    port: int
    submitter: Load
    reader: Load
    seconds: float

    async def submits(self, run: str) -> tuple[Order, list[Answered]]:
        """Submissions of the first tenant, by callers who ask again as soon as they are told."""
        order = Order(
            self.port,
            self.scene.keys[::2],
            [(0.0, self.seconds)],
            connections=SUBMITTERS,
            run=run,
            ready_made=int(3000 * self.seconds),
        )
        return order, await asyncio.to_thread(self.submitter.send, order)

    async def filled(self) -> tuple[Order, list[Answered]]:
        """Forms of the other tenant, for its dashboards. Raises RunFailed when one is not taken."""
        keys = _other(self.scene)
        order = Order(self.port, keys, [(50.0, FILLED / 50)], run="dashboard", alliances=20)
        answered = await asyncio.to_thread(self.submitter.send, order)
        if improper(answered, STORED):
            raise RunFailed("The dashboards have nothing to show.")
        return order, answered

    async def reading(self, paths: Sequence[str]) -> float:
        """Reads a second with nothing else asked."""
        order = Order(
            self.port,
            _other(self.scene),
            [(0.0, 4.0)],
            connections=READERS,
            paths=paths,
            ready_made=20_000,
        )
        return rate(await asyncio.to_thread(self.reader.send, order), OK, RAMP, 4.0)

    def rate(self, answered: Sequence[Answered]) -> float:
        """Submissions stored a second."""
        return rate(answered, STORED, RAMP, self.seconds)


def _other(scene: Scene) -> Sequence[str]:
    return scene.keys[1::2]


async def _paths(scene: Scene) -> list[str]:
    """Trends, and caseloads of their professionals."""
    rows = await asked(scene.tenancy.url, _ALLIANCES)
    trends = [f"/v1/alliances/{row['id']}/trend" for row in rows]
    caseloads = [f"/v1/caseloads?professional_ref=p:{row['external_id']}" for row in rows]
    return [path for pair in zip(trends, caseloads, strict=True) for path in pair]
