"""The load: keep-alive connections, each of which asks again as soon as it is answered.

A process of its own (`python -m bench.load KEY`): orders come as lines of JSON on its standard
input, what was answered goes out as lines of JSON. It ends when its input ends.
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Final, cast

import uvloop

from bench.work import HOST, requests

PATIENCE: Final = 20.0
"""Seconds for the last answers to come in."""


@dataclass(frozen=True, slots=True)
class Order:
    """One slice: what to send where, for how long or how often."""

    work: str
    path: str
    port: int
    connections: int
    part: int
    """The number of the slice."""
    seconds: float = 0.0
    count: int = 0
    """How many to send; 0: as many as `seconds` allow."""


@dataclass(slots=True)
class Sent:
    """What became of one slice."""

    in_time: int = 0
    """Answers with a 2xx status within `seconds`."""
    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    """Every answer, also those that came after the time was up."""
    cpu_seconds: float = 0.0
    """What the load itself took."""


class Slice:
    """One slice while it runs."""

    def __init__(self, order: Order, made: Iterator[bytes]) -> None:
        self.order, self.made, self.sent = order, made, Sent()
        self.began = time.perf_counter()
        self.until = self.began + (order.seconds or PATIENCE)
        self.open = order.connections
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def answered(self, status: int) -> None:
        """Count an answer."""
        statuses = self.sent.statuses
        statuses[status] = statuses.get(status, 0) + 1
        self.sent.in_time += 200 <= status < 300 and time.perf_counter() < self.until  # noqa: PLR2004

    def next(self) -> bytes | None:
        """What to send next; None when the time is up or everything is sent."""
        return next(self.made, None) if time.perf_counter() < self.until else None

    def closed(self, error: Exception | None) -> None:
        """Note that a connection has ended: rightly, or before it was answered."""
        self.open -= 1
        if error and not self.done.done():
            self.done.set_exception(error)
        elif not self.open and not self.done.done():
            self.done.set_result(None)


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request on its way at a time."""

    def __init__(self, running: Slice) -> None:
        self._slice, self._buffer, self._waiting = running, b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.WriteTransport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Take what has come of an answer; once it is whole, send the next request."""
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        start = self._buffer.find(b"content-length: ", 0, end) + 16
        length = int(self._buffer[start : self._buffer.find(b"\r", start)])
        if len(self._buffer) < end + 4 + length:
            return
        self._slice.answered(int(self._buffer[9:12]))
        self._buffer, self._waiting = b"", False
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the slice."""
        lost = exc or ConnectionResetError("closed while an answer was due")
        self._slice.closed(lost if self._waiting else None)

    def _send(self) -> None:
        request = self._slice.next()
        if request is None:
            self._transport.close()
            return
        self._waiting = True
        self._transport.write(request)


async def send(order: Order, made: Iterator[bytes]) -> Sent:
    """Run one slice to its end: nothing is on its way any more when it is over."""
    cpu, loop = time.process_time(), asyncio.get_running_loop()
    running = Slice(order, made)
    for _ in range(order.connections):
        await loop.create_connection(lambda: Connection(running), HOST, order.port)
    await asyncio.wait_for(running.done, (order.seconds or PATIENCE) + PATIENCE)
    running.sent.seconds = order.seconds or time.perf_counter() - running.began
    running.sent.cpu_seconds = time.process_time() - cpu
    return running.sent


def main() -> None:
    """Carry out orders until there are no more."""
    key = sys.argv[1]
    numbers: dict[str, itertools.count[int]] = {}
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin:
            order = Order(**json.loads(line))
            make = requests(order.work, key, order.path)
            number = numbers.setdefault(order.work, itertools.count())
            drawn = itertools.islice(number, order.count) if order.count else number
            made = (make(n, order.part) for n in drawn)
            try:
                answer = asdict(runner.run(send(order, made)))
            except (OSError, TimeoutError, ValueError) as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
