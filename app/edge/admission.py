"""Who may go on at once: so that a storm of one kind, or of one caller, leaves room for others.

Each kind of request has places of its own in each process and a short queue before them; whoever
would wait for longer is refused at once with 503, before anything of the request is read. Reading
gives way: while forms come in, it gets a fifth of the time of the process. A key that asks for
more than its rate is told so with 429.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Final

from prometheus_client import Histogram

from app.errors import Overloaded, TooManyRequests
from app.metrics import ADMISSION_SECONDS, SHED


class Kind(StrEnum):
    """Which places a request needs."""

    SUBMIT = "submit"
    """What brings data in."""
    READ = "read"
    BULK = "bulk"
    """Whole files."""


@dataclass(frozen=True, slots=True)
class Places:
    """How many requests of a kind one process works on at once, and how many may wait."""

    at_once: int
    waiting: int
    seconds: float
    """How long one may wait before it is refused."""


PLACES: Final = {
    Kind.SUBMIT: Places(256, 256, 0.25),
    Kind.READ: Places(16, 64, 1.0),
    Kind.BULK: Places(4, 8, 1.0),
}
"""House rule. Well under a second of work each, so that what is accepted is answered soon."""
EXPORTS: Final = "/v1/exports/"
IMPORTS: Final = "/v1/imports"
STREAMED: Final = {
    EXPORTS: frozenset({"alliances", "download", "responses", "scores", "signals"}),
    f"{IMPORTS}/": frozenset({"succeeded", "failed", "unprocessed"}),
}
"""Ends of the paths under these that answer with a whole file; the others are short."""
READING_BESIDE_FORMS: Final = 2
"""Places for reading while forms come in."""
READING_GIVES_WAY: Final = 4.0
"""Such a place rests this many times as long as it was used."""
LONGEST_REST: Final = 0.25
FORMS_COME_IN_SECONDS: Final = 0.5
"""So long after a form was let in, the next is awaited."""
FORMS_AT_LEAST: Final = 128
"""Places for forms, however slow everything is: two transactions of as many as travel together."""
FORM_TOO_LONG: Final = 0.5
"""Seconds. Forms that take longer are too many at once; then there are fewer places for them."""
FEWER: Final = 0.75
"""So many times the places, each time; at most once in FORM_TOO_LONG."""
MORE: Final = 1 / 8
"""So much of a place more for each form that did not take too long."""
SHARE_OF_A_KEY: Final = 0.75
KEY_AT_ONCE: Final = int(SHARE_OF_A_KEY * PLACES[Kind.SUBMIT].at_once)
"""Requests of one key that a process works on at once: its share of the places of forms."""
BURST_SECONDS: Final = 2.0
"""A key that has rested may ask for so many seconds of its rate at once."""
KEYS_KNOWN: Final = 10_000
SPREAD: Final = 0.2
"""Of Retry-After, up and down, so that those who were refused do not come back together."""


def kind_of(method: str, path: str) -> Kind | None:
    """The kind of a request; None: it is asked by machines that watch, and always let in."""
    if not path.startswith("/v1/"):
        return None
    below, _, end = path.rpartition("/")
    if any(f"{below}/".startswith(start) and end in ends for start, ends in STREAMED.items()):
        return Kind.BULK
    if method == "POST" and path == IMPORTS:
        return Kind.BULK
    return Kind.READ if method in {"GET", "HEAD"} else Kind.SUBMIT


@dataclass(slots=True)
class _Gate:
    """The places of one kind."""

    kind: Kind
    places: Places
    at_once: Callable[[], int]
    """How many there are at this moment."""
    may_wait: Callable[[], int]
    """How many may wait at this moment."""
    used: int = 0
    queue: deque[asyncio.Future[None]] = field(default_factory=deque)
    seconds: Histogram = field(init=False)
    """What those who were let in have waited."""

    def __post_init__(self) -> None:
        self.seconds = ADMISSION_SECONDS.labels(self.kind)

    async def enter(self) -> None:
        """Take a place; wait for one if need be. Raises Overloaded."""
        if self.used < self.at_once() and not self.queue:
            self.used += 1
            self.seconds.observe(0.0)
            return
        if len(self.queue) >= self.may_wait():
            raise self._refusal("queue_full")
        began = time.perf_counter()
        turn = asyncio.get_running_loop().create_future()
        self.queue.append(turn)
        try:
            async with asyncio.timeout(self.places.seconds):
                await turn
        except TimeoutError:
            self._give_up(turn)
            raise self._refusal("waited_too_long") from None
        except asyncio.CancelledError:
            self._give_up(turn)
            raise
        self.seconds.observe(time.perf_counter() - began)

    def leave(self) -> None:
        """Give the place back; whoever waits longest is next."""
        self.used -= 1
        while self.queue and self.used < self.at_once():
            turn = self.queue.popleft()
            if not turn.done():
                self.used += 1
                turn.set_result(None)

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        """Out of the queue; if the turn came at this very moment, it goes to the next."""
        if turn.done() and not turn.cancelled():
            self.leave()
        elif turn in self.queue:
            self.queue.remove(turn)

    def _refusal(self, reason: str) -> Overloaded:
        SHED.labels(self.kind, reason).inc()
        return Overloaded("Too much is asked at this moment. Nothing of the request was read.")


@dataclass(slots=True)
class _KeyUse:
    """What one key has left, and how much of it is under way."""

    tokens: float
    at: float
    under_way: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """What a key has left of its rate."""

    limit: int
    remaining: int
    seconds: int
    """Until it is whole again."""

    def headers(self) -> list[tuple[bytes, bytes]]:
        """As the HTTP API working group's draft on rate limit headers writes it."""
        return [
            (b"ratelimit-policy", b'"key";q=%d;w=%d' % (self.limit, int(BURST_SECONDS))),
            (b"ratelimit", b'"key";r=%d;t=%d' % (self.remaining, self.seconds)),
        ]


class Admission:
    """The places of one process, and the rates of the keys that it has seen.

    rate: requests a second that one key may ask of this process; 0: any number. seconds counts on
    from any start and never goes back.
    """

    def __init__(self, rate: float, seconds: Callable[[], float] = time.monotonic) -> None:
        self._gates = {
            kind: _Gate(kind, places, partial(self._at_once, kind), partial(self._may_wait, kind))
            for kind, places in PLACES.items()
        }
        self._keys: dict[str, _KeyUse] = {}
        self._rate = rate
        self._seconds = seconds
        self._form_at = -FORMS_COME_IN_SECONDS
        self._forms_at_once = float(PLACES[Kind.SUBMIT].at_once)
        self._fewer_at = seconds() - FORM_TOO_LONG

    async def enter(self, kind: Kind) -> None:
        """Take a place of the kind, for which `leave` is called. Raises Overloaded."""
        if kind is Kind.SUBMIT:
            self._form_at = self._seconds()
        await self._gates[kind].enter()

    def leave(self, kind: Kind, used_seconds: float) -> None:
        """Give a place back; one for reading after a rest while forms come in."""
        gate = self._gates[kind]
        if kind is Kind.SUBMIT:
            self._learn_from(used_seconds)
        if kind is not Kind.READ or not self._forms_come_in():
            gate.leave()
            return
        rest = min(used_seconds * READING_GIVES_WAY, LONGEST_REST)
        asyncio.get_running_loop().call_later(rest, gate.leave)

    def _learn_from(self, used_seconds: float) -> None:
        """Fewer places for forms when they take too long, and slowly more again when not.

        How many a process can do at once differs by machine and by hour, so no fixed number keeps
        what was let in quick: the additive increase and multiplicative decrease of TCP (Chiu and
        Jain, 1989) finds it.
        """
        most = PLACES[Kind.SUBMIT].at_once
        if used_seconds <= FORM_TOO_LONG:
            self._forms_at_once = min(most, self._forms_at_once + MORE)
        elif (now := self._seconds()) - self._fewer_at >= FORM_TOO_LONG:
            self._fewer_at = now
            self._forms_at_once = max(min(most, FORMS_AT_LEAST), self._forms_at_once * FEWER)

    def _at_once(self, kind: Kind) -> int:
        if kind is Kind.SUBMIT:
            return int(self._forms_at_once)
        if kind is Kind.READ and self._forms_come_in():
            return READING_BESIDE_FORMS
        return PLACES[kind].at_once

    def _may_wait(self, kind: Kind) -> int:
        most = PLACES[kind].waiting
        # No form waits that could not get a place in time: those at work leave in that time.
        return min(most, self._at_once(kind)) if kind is Kind.SUBMIT else most

    def _forms_come_in(self) -> bool:
        gate = self._gates[Kind.SUBMIT]
        return gate.used > 0 or self._seconds() - self._form_at < FORMS_COME_IN_SECONDS

    def take(self, key_id: str) -> Left | None:
        """One request of the key, for which `done` is called; None: there is no rate.

        Raises TooManyRequests, with when to try again.
        """
        use, now = self._use(key_id), self._seconds()
        most = min(KEY_AT_ONCE, int(SHARE_OF_A_KEY * self._forms_at_once))
        if use.under_way >= most:
            SHED.labels("key", "at_once").inc()
            raise _too_many(f"At most {most} requests of a key are worked on at once now.", 1.0)
        left = self._spend(use, now) if self._rate else None
        use.under_way += 1
        return left

    def done(self, key_id: str) -> None:
        """A request of the key has been answered."""
        use = self._keys.get(key_id)
        if use is not None:
            use.under_way -= 1

    def _spend(self, use: _KeyUse, now: float) -> Left:
        most = self._rate * BURST_SECONDS
        use.tokens = min(most, use.tokens + (now - use.at) * self._rate)
        use.at = now
        if use.tokens < 1:
            SHED.labels("key", "rate").inc()
            raise _too_many("The key asks for more than its rate.", (1 - use.tokens) / self._rate)
        use.tokens -= 1
        return Left(int(most), int(use.tokens), -int(-(most - use.tokens) // self._rate))

    def _use(self, key_id: str) -> _KeyUse:
        use = self._keys.get(key_id)
        if use is None:
            if len(self._keys) >= KEYS_KNOWN:
                self._keys = {key: one for key, one in self._keys.items() if one.under_way}
            use = _KeyUse(self._rate * BURST_SECONDS, self._seconds())
            self._keys[key_id] = use
        return use


def _too_many(detail: str, seconds: float) -> TooManyRequests:
    wait = max(1, round(seconds * random.uniform(1, 1 + SPREAD)))  # noqa: S311 - no secret
    return TooManyRequests(detail, headers={"Retry-After": str(wait)})
