"""Measuring service and twin in turns, and what comes out as a ratio."""

import statistics
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from bench.accounting import cpu_seconds, family_cpu_seconds
from bench.load import Order, Sent
from bench.processes import Load, Server
from bench.work import (
    COURSE,
    FIRST_SIGHT,
    KNOWN,
    LIVENESS,
    SCORES,
    SEEDED,
    TREND,
    WORKS,
    Work,
    submission,
)

TURNS: Final = ("service", "twin", "twin", "service")
"""A B B A: a machine that grows slower or faster in the meantime does so for both."""
CREATED: Final = 201
SUCCESS: Final = 2
Costs = tuple[float | None, float | None]


@dataclass(slots=True)
class Total:
    """What one side did in one work over the whole run."""

    answered: int = 0
    cpu: Costs = (0.0, 0.0)
    """Seconds of the side's process, and of all of Postgres."""
    load_cpu: float = 0.0
    seconds: float = 0.0
    refused: Counter[int] = field(default_factory=Counter)
    """Answers other than 2xx, by status."""

    def add(self, sent: Sent, seconds: float, before: Costs, after: Costs) -> None:
        """Add a slice of so many seconds."""
        service, database = (
            None if was is None or start is None or now is None else was + now - start
            for was, start, now in zip(self.cpu, before, after, strict=True)
        )
        self.cpu = (service, database)
        self.answered += sum(sent.statuses.values())
        self.refused.update({s: n for s, n in sent.statuses.items() if s // 100 != SUCCESS})
        self.load_cpu += sent.cpu_seconds
        self.seconds += seconds

    def micros(self) -> Costs:
        """CPU time for each answer in microseconds, of the side's process and of Postgres."""
        if not self.answered:
            return None, None
        side, database = (None if c is None else 1e6 * c / self.answered for c in self.cpu)
        return side, database


@dataclass(slots=True)
class Result:
    """One work as measured."""

    work: Work
    rates: dict[str, list[float]] = field(default_factory=lambda: {"service": [], "twin": []})
    """Answers a second, one number for each round."""
    totals: dict[str, Total] = field(default_factory=lambda: {"service": Total(), "twin": Total()})

    @property
    def ratios(self) -> list[float]:
        """Service to twin, round by round."""
        pairs = zip(self.rates["service"], self.rates["twin"], strict=True)
        return [service / twin if twin else 0.0 for service, twin in pairs]

    @property
    def ratio(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.ratios)


@dataclass(slots=True)
class Run:
    """The processes of a run and what was acknowledged in it."""

    load: Load
    servers: dict[str, Server]
    postmaster: int | None
    connections: int
    trend: str
    """The path of the trend that is read."""
    acknowledged: int = COURSE
    """Submissions that the service said it had stored."""
    part: int = 0

    def seed(self) -> None:
        """Give the known alliances a past, and the replays something to replay."""
        known = next(work for work in WORKS if work.name == KNOWN)
        self.slice(known, "service", count=SEEDED)

    def slice(self, work: Work, side: str, *, seconds: float = 0.0, count: int = 0) -> Sent:
        """Send one slice of a work to a side."""
        self.part += 1
        port, path = self.servers[side].port, self._path(work.name, side)
        sent = self.load.send(
            Order(work.name, path, port, self.connections, self.part, seconds, count)
        )
        if side == "service":
            self.acknowledged += sent.statuses.get(CREATED, 0)
        return sent

    def round(self, result: Result, seconds: float) -> None:
        """Measure a work once on each side, in turns."""
        in_time = Counter[str]()
        for side in TURNS:
            before = self._cpu(side)
            sent = self.slice(result.work, side, seconds=seconds)
            result.totals[side].add(sent, seconds, before, self._cpu(side))
            in_time[side] += sent.in_time
        for side, rates in result.rates.items():
            rates.append(in_time[side] / (TURNS.count(side) * seconds))

    def _cpu(self, side: str) -> Costs:
        family = self.postmaster and family_cpu_seconds(self.postmaster)
        return cpu_seconds(self.servers[side].process.pid), family

    def _path(self, work: str, side: str) -> str:
        if work in {LIVENESS, SCORES}:
            return "/livez" if work == LIVENESS else "/v1/scores"
        if work == TREND:
            return self.trend
        return "/first/v1/responses" if (work, side) == (FIRST_SIGHT, "twin") else "/v1/responses"


def course(service: Server) -> list[Any]:
    """The answers to the submissions of the alliance whose trend is read: both sides of it."""
    return [
        service.call("POST", "/v1/responses", submission(f"c-{n}-{role}", "course", n, role))
        for n in range(COURSE // 2)
        for role in ("client", "professional")
    ]


def measured(
    run: Run, works: Iterable[Work], *, rounds: int, seconds: float, warm_up: float
) -> list[Result]:
    """Warm up, then measure every work in every round."""
    results = [Result(work) for work in works]
    for result in results:
        _say(f"warming up: {result.work.name}")
        for side in result.rates:
            run.slice(result.work, side, seconds=warm_up / (2 * len(results)))
    for number in range(1, rounds + 1):
        for result in results:
            run.round(result, seconds * result.work.share)
            _say(f"round {number} of {rounds}: {result.work.name} {result.ratios[-1]:.2f}")
    return results


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
