"""The load: requests that arrive when they are due, whether those before are answered or not.

A process of its own (`python -m bench.pressure.arrivals`): orders come as lines of JSON on its
standard input, what was answered goes out as lines of JSON. It ends when its input ends.
"""

import asyncio
import json
import random
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import uvloop

from bench.crash.forms import Forms
from bench.work import HOST, head

PATH: Final = "/v1/responses"
PATIENCE: Final = 20.0
"""Seconds for the last answers to come in."""
TICK: Final = 0.002
MOST_CONNECTIONS: Final = 4000
NO_ANSWER: Final = 0
"""Stands for the status where the connection was lost before an answer came."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to send, how fast, for how long."""

    port: int
    keys: Sequence[str]
    """Taken in turn."""
    phases: Sequence[tuple[float, float]]
    """Requests a second and seconds, one phase after another. 0 requests: as below."""
    connections: int = 0
    """With one phase of 0 requests: so many callers who ask again as soon as they are answered."""
    paths: Sequence[str] = ()
    """To be read in turn; none: forms are sent."""
    run: str = "run"
    """The beginning of the ids of the forms."""
    seed: int = 1
    alliances: int = 200
    open_before: int = 0
    """Connections that are there before the clock starts, as a balancer keeps them."""
    ready_made: int = 0
    """Requests to make before the clock starts, in a closed loop."""


@dataclass(slots=True)
class Answered:
    """What became of one request."""

    number: int
    due: float
    """Seconds from the start."""
    seconds: float = 0.0
    """From when it was due to the last byte of the answer."""
    status: int = NO_ANSWER
    code: str = ""
    """Of the problem; or what happened to the connection."""
    told_when: bool = False
    """Whether the answer said when to come again."""


@dataclass(slots=True)
class Course:
    """An order while it is carried out."""

    order: Order
    requests: Sequence[bytes]
    began: float = field(default_factory=time.perf_counter)
    answered: list[Answered] = field(default_factory=list)
    idle: list["Connection"] = field(default_factory=list)
    waiting: deque[Answered] = field(default_factory=deque)
    """Due, and without a connection yet."""
    connections: int = 0
    under_way: int = 0

    async def open_before(self) -> None:
        """Open the connections that are there before, and start the clock. Raises OSError."""
        for _ in range(self.order.open_before):
            self.connections += 1
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: Connection(self), HOST, self.order.port)
        self.began = time.perf_counter()

    def now(self) -> float:
        """Seconds from the start."""
        return time.perf_counter() - self.began

    def over(self) -> bool:
        """Whether the time of the order is up."""
        return self.now() >= sum(seconds for _, seconds in self.order.phases)

    def unfinished(self) -> bool:
        """Whether anything is on its way, or is still to be sent."""
        return self.under_way > 0 or not self.over()

    def arrives(self, due: float) -> None:
        """Send the next request on any connection that is free, or on a new one."""
        one = Answered(len(self.answered), due)
        self.answered.append(one)
        self.under_way += 1
        if self.idle:
            self.idle.pop().ask(one)
            return
        self.waiting.append(one)
        if self.connections < MOST_CONNECTIONS:
            self.connections += 1
            asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: Connection(self), HOST, self.order.port)
        except OSError as error:
            self.connections -= 1
            if self.waiting:
                self.ended(self.waiting.popleft(), NO_ANSWER, type(error).__name__)

    def free(self, connection: "Connection") -> None:
        """Give a connection that is free the next request that waits for one."""
        closed_loop = self.order.connections and not self.over()
        if self.waiting:
            connection.ask(self.waiting.popleft())
        elif closed_loop and len(self.answered) < len(self.requests):
            self.idle.append(connection)
            self.arrives(self.now())
        else:
            self.idle.append(connection)

    def ended(self, one: Answered, status: int, code: str, *, told_when: bool = False) -> None:
        """Note what came of a request."""
        one.seconds, one.status, one.code = self.now() - one.due, status, code
        one.told_when = told_when
        self.under_way -= 1


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request on its way at a time."""

    def __init__(self, course: Course) -> None:
        self._course, self._buffer = course, b""
        self._asked: Answered | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take what waits."""
        self._transport = cast("asyncio.WriteTransport", transport)
        self._course.free(self)

    def ask(self, one: Answered) -> None:
        """Send a request."""
        self._asked = one
        self._transport.write(self._course.requests[one.number])

    def data_received(self, data: bytes) -> None:
        """Take what has come of an answer; once it is whole, be free for the next request."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or self._asked is None:
            return
        start = self._buffer.find(b"content-length: ", 0, end) + 16
        whole = end + 4 + int(self._buffer[start : self._buffer.find(b"\r", start)])
        if len(self._buffer) < whole:
            return
        one, answer, self._asked, self._buffer = self._asked, self._buffer, None, b""
        top, status = answer[:end], int(answer[9:12])
        code = json.loads(answer[end + 4 :])["code"] if status >= 400 else ""  # noqa: PLR2004
        self._course.ended(one, status, code, told_when=b"\r\nretry-after: " in top)
        if b"\r\nconnection: close" in top:
            self._transport.close()
        else:
            self._course.free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note it; whoever was asking has no answer."""
        self._course.connections -= 1
        if self in self._course.idle:
            self._course.idle.remove(self)
        if self._asked is not None:
            why = type(exc).__name__ if exc else "closed"
            self._course.ended(self._asked, NO_ANSWER, why)


def drawn(order: Order) -> list[float]:
    """When each request is due, in seconds from the start: at random, by the seed."""
    draw = random.Random(f"{order.seed}:{order.run}")  # noqa: S311 - to be drawn again alike
    found, begin = [], 0.0
    for rate, seconds in order.phases:
        at = begin + draw.expovariate(rate) if rate else begin + seconds
        while at < begin + seconds:
            found.append(at)
            at += draw.expovariate(rate)
        begin += seconds
    return found


def made(order: Order, count: int) -> list[bytes]:
    """The requests of an order, ready to be written."""
    keys = order.keys
    if order.paths:
        heads = [
            head("GET", order.paths[turn % len(order.paths)], keys[turn % len(keys)], 0)
            for turn in range(len(order.paths) * len(keys))
        ]
        return [heads[number % len(heads)] for number in range(count)]
    forms = Forms(order.seed, order.alliances, order.run)
    bodies = [forms.form(number).body for number in range(count)]
    return [
        head("POST", PATH, keys[number % len(keys)], len(body)) + body
        for number, body in enumerate(bodies)
    ]


async def carried_out(order: Order) -> list[Answered]:
    """What became of each request; nothing is on its way any more when it comes back.

    What is not answered after PATIENCE stays without an answer.
    """
    due = drawn(order)
    course = Course(order, made(order, order.ready_made or len(due)))
    await course.open_before()
    for _ in range(order.connections):
        course.arrives(0.0)
    for at in due:
        while course.now() < at:  # noqa: ASYNC110 - the clock tells it in no other way
            await asyncio.sleep(TICK)
        course.arrives(at)
    until = course.now() + PATIENCE + sum(s for _, s in order.phases) * bool(order.connections)
    while course.unfinished() and course.now() < until:  # noqa: ASYNC110 - as above
        await asyncio.sleep(TICK)
    return course.answered


def main() -> None:
    """Carry out orders until there are no more."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin:
            try:
                found = runner.run(carried_out(Order(**json.loads(line))))
                rows = [[o.due, o.seconds, o.status, o.code, o.told_when] for o in found]
                answer: dict[str, Any] = {"rows": rows}
            except (OSError, TimeoutError, ValueError) as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
