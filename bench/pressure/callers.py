"""Callers who go on while something happens to the service, and what each call came to."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from bench.crash.caller import Caller, NoAnswer
from bench.crash.checker import Verdict, judged
from bench.crash.forms import Forms
from bench.crash.history import CREATED, Answer, History
from bench.crash.stored import read
from bench.crash.submitters import deliver
from bench.pressure.load import REFUSALS

OK: Final = 200
PAUSE: Final = 0.05
"""Seconds between two forms of a caller."""
GOOD: Final = frozenset({OK, CREATED})
SUBMITTERS: Final = 8
WELL_SECONDS: Final = 0.95
"""So long everything must be done until it counts as well."""
PATIENCE: Final = 40.0
"""Seconds for the last answers."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One call."""

    at: float
    """When it was made, by time.monotonic()."""
    seconds: float
    status: int
    """0: no answer."""
    code: str
    told_when: bool

    @property
    def proper(self) -> bool:
        """Whether it was done, or refused with the word when to come again."""
        return self.status in GOOD or (self.status in REFUSALS and self.told_when)

    @property
    def words(self) -> str:
        """What the caller saw."""
        return f"{self.status} {self.code}".strip() if self.status else f"none ({self.code})"


class Watched(Caller):
    """A caller whose calls are noted."""

    def __init__(self, port: Callable[[], int], key: str, calls: list[Seen]) -> None:
        super().__init__(port, key)
        self._calls = calls

    async def post(self, path: str, body: bytes) -> Answer:
        """As Caller does."""
        return await self._noted("POST", path, body)

    async def get(self, path: str) -> Answer:
        """As Caller does."""
        return await self._noted("GET", path, b"")

    async def _noted(self, method: str, path: str, body: bytes) -> Answer:
        at = time.monotonic()
        try:
            answer = await self._call(method, path, body)
        except NoAnswer as none:
            self._calls.append(Seen(at, time.monotonic() - at, 0, str(none), told_when=False))
            raise
        code = "" if answer.status in GOOD else str(json.loads(answer.body).get("code", ""))
        told = answer.retry_after is not None
        self._calls.append(Seen(at, time.monotonic() - at, answer.status, code, told))
        return answer


@dataclass(slots=True)
class Callers:
    """Submitters of two tenants, and somebody who asks whether the service lives and is ready."""

    port: Callable[[], int]
    keys: Sequence[str]
    name: str
    pause: float = PAUSE
    submits: list[Seen] = field(default_factory=list)
    alive: list[Seen] = field(default_factory=list)
    ready: list[Seen] = field(default_factory=list)
    histories: list[History] = field(default_factory=list)
    going: bool = True

    async def submit(self, number: int) -> None:
        """Send one form after another until told to stop, each until it is answered for good."""
        caller = Watched(self.port, self.keys[number % len(self.keys)], self.submits)
        history, forms = History(), Forms(1, 20, f"{self.name}-{number}")
        self.histories.append(history)
        turn = 0
        try:
            while self.going:
                await deliver(caller, history, forms.form(turn))
                turn += 1
                await asyncio.sleep(self.pause)
        finally:
            await caller.close()

    async def ask(self, path: str, calls: list[Seen]) -> None:
        """Ask a path four times a second until told to stop."""
        caller = Watched(self.port, self.keys[0], calls)
        while self.going:
            with suppress(NoAnswer):
                await caller.get(path)
            await asyncio.sleep(5 * PAUSE)
        await caller.close()

    async def judged(self, url: str) -> Verdict:
        """What all were told held against what is stored under the name."""
        whole = History()
        for one in self.histories:
            whole.sendings |= one.sendings
        stored = await read(url)
        rows = [row for row in stored.rows if row.external_id.startswith(f"{self.name}-")]
        found = judged(whole, type(stored)(rows, stored.states, stored.told, 0))
        everything = judged(whole, stored)
        found.miscounted, found.mistold = everything.miscounted, everything.mistold
        found.empty_occasions = everything.empty_occasions
        return found


@asynccontextmanager
async def calling(callers: Callers, submitters: int = SUBMITTERS) -> AsyncIterator[Callers]:
    """Callers at work; on leaving each brings what it has begun to its end. Raises RunFailed."""
    work = [callers.submit(number) for number in range(submitters)]
    asking = [callers.ask("/livez", callers.alive), callers.ask("/readyz", callers.ready)]
    tasks = [asyncio.create_task(one) for one in (*work, *asking)]
    try:
        yield callers
    finally:
        callers.going = False
        await asyncio.wait(tasks, timeout=PATIENCE)
        for one in tasks:
            one.cancel()
    for one in tasks:
        await one


def counted(calls: Sequence[Seen]) -> dict[str, int]:
    """How often each thing was seen."""
    return dict(sorted(Counter(one.words for one in calls).items()))


def well_after(calls: Sequence[Seen], end: float) -> float | None:
    """Seconds from `end` until a second began in which every call was done; None: none did."""
    later = sorted((one for one in calls if one.at + one.seconds >= end), key=lambda one: one.at)
    bad = [one.at + one.seconds for one in later if one.status not in GOOD]
    good = [one.at + one.seconds for one in later if one.status in GOOD]
    since = max(bad, default=end)
    after = [at for at in good if at >= since]
    return min(after) - end if after and max(after) - since >= WELL_SECONDS else None
