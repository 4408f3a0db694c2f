"""The process that sends the load, and what it tells of it."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final

from bench.pressure.arrivals import Answered, Order
from bench.processes import RunFailed, started

STORED: Final = 201
REFUSALS: Final = frozenset({429, 503})
"""Statuses that say: come again later."""


class Load:
    """A process that carries out orders, one after another."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def send(self, order: Order) -> list[Answered]:
        """What became of each request. Raises RunFailed when the load did not get to the end."""
        self.begin(order)
        return self.end()

    def begin(self, order: Order) -> None:
        """Let it begin; `end` is called for what came of it. Raises RunFailed."""
        if self._process.stdin is None:
            raise RunFailed("The load has no pipes.")
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()

    def end(self) -> list[Answered]:
        """What came of the order that it has begun. Raises RunFailed as send does."""
        told = self._process.stdout.readline() if self._process.stdout else ""
        answer = json.loads(told or '{"error": "The load ended by itself."}')
        if "error" in answer:
            raise RunFailed(answer["error"])
        return [Answered(number, *row) for number, row in enumerate(answer["rows"])]


@contextmanager
def load(home: Path, name: str = "load") -> Iterator[Load]:
    """A load; its name begins with "load"."""
    with started(name, ["bench.pressure.arrivals"], home) as process:
        yield Load(process)


def between(answered: Sequence[Answered], begin: float, end: float) -> list[Answered]:
    """Those that were due between these seconds."""
    return [one for one in answered if begin <= one.due < end]


def rate(answered: Sequence[Answered], status: int, begin: float, end: float) -> float:
    """Answers with this status a second that came between these seconds."""
    came = sum(one.status == status and begin <= one.due + one.seconds < end for one in answered)
    return came / (end - begin)


def quantile(answered: Sequence[Answered], share: float) -> float:
    """The seconds that this share of them took at most; nan of none."""
    seconds = sorted(one.seconds for one in answered)
    return seconds[min(len(seconds) - 1, int(share * len(seconds)))] if seconds else float("nan")


def words(answered: Sequence[Answered]) -> dict[str, int]:
    """How often each answer came: status and code."""
    found = Counter(f"{one.status} {one.code}".strip() for one in answered)
    return dict(sorted(found.items()))


def improper(answered: Sequence[Answered], *good: int) -> list[Answered]:
    """Answers that should not be: neither good nor a refusal that says when to come again."""
    return [
        one
        for one in answered
        if one.status not in good and not (one.status in REFUSALS and one.told_when)
    ]
