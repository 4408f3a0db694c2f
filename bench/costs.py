"""What a submission costs the service's process in CPU time, and where: `python -m bench.costs`.

The application is called without a server or a socket before it, beside the empty twin and in the
same process, against a durable Postgres in processes of its own. CPU time counts only what this
process works, so a busy machine changes it little; the quickest slice is the truest.
"""

import argparse
import asyncio
import itertools
import json
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Final

import uvloop
from starlette.types import ASGIApp, Message

from app.main import create_app, keep_what_is_there
from app.settings import settings_from
from bench.processes import ROOT, RunFailed
from bench.store import Store, store
from bench.twin import Answers, create_twin
from bench.work import ALLIANCES, KNOWN, head, requests, scores_request

HOME: Final = ROOT / ".rapport" / "bench"
PATH: Final = "/v1/responses"
MICRO: Final = 1e6
ERROR: Final = 400
EVERY_SECONDS: Final = 0.001
PAST: Final = 12
"""Ratings that every alliance has before anything is measured: a full watch."""


def main() -> None:
    """Measure, print, and stop what was started."""
    options = _options()
    HOME.mkdir(parents=True, exist_ok=True)
    with store(HOME) as data, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_measured(data, options))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.costs", description=__doc__)
    parser.add_argument("--callers", type=int, default=32, help="who ask at once (default 32)")
    parser.add_argument("--slices", type=int, default=12, help="of service and twin, in turns")
    parser.add_argument("--count", type=int, default=400, help="submissions of a slice")
    parser.add_argument("--profile", type=float, metavar="µs", help="print calls dearer than that")
    return parser.parse_args()


async def _measured(data: Store, options: argparse.Namespace) -> None:
    service = create_app(settings_from({"DATABASE_URL": data.url, "KEY_RATE": "0"}))
    numbered = requests(KNOWN, data.key, PATH)
    made = (numbered(number, 0) for number in itertools.count())
    async with service.router.lifespan_context(service):
        twin = create_twin(await _answers(service, data.key, made, options.callers))
        keep_what_is_there()
        costs: dict[str, list[float]] = {"service": [], "twin": []}
        for _ in range(options.slices):
            for name, app in (("service", service), ("twin", twin)):
                costs[name].append(await _slice(app, made, options.count, options.callers))
        for name, found in costs.items():
            print(f"{name:8} least {min(found):5.0f} µs, median {statistics.median(found):5.0f} µs")
        ratios = [t / s for s, t in zip(costs["service"], costs["twin"], strict=True)]
        print(f"twin to service: {statistics.median(ratios):.3f}")
        if options.profile:
            count = 10 * options.count
            with _sampled() as samples:
                cost = await _slice(service, made, count, options.callers)
            print("µs of a submission, of them in the function itself or in C; where")
            print(*samples.told(cost / samples.taken, options.profile), sep="\n")


@dataclass(slots=True)
class Node:
    """A function as called from where it stands in the tree."""

    taken: int = 0
    """Samples in which it was on the stack."""
    calls: dict[str, "Node"] = field(default_factory=dict)

    def take(self, _: int, frame: FrameType | None) -> None:
        """Count one sample, of this stack."""
        stack: list[str] = []
        while frame is not None:
            code = frame.f_code
            stack.append(f"{_short(code.co_filename)}:{code.co_firstlineno} {code.co_qualname}")
            frame = frame.f_back
        node = self
        node.taken += 1
        for name in reversed(stack):
            node = node.calls.setdefault(name, Node())
            node.taken += 1

    def told(self, micros: float, least: float, depth: int = 0) -> Iterator[str]:
        """A line for each function of at least so many microseconds. micros: of a sample."""
        for name, node in sorted(self.calls.items(), key=lambda one: -one[1].taken):
            whole = micros * node.taken
            if whole >= least:
                own = whole - micros * sum(one.taken for one in node.calls.values())
                yield f"{whole:6.0f} {own:6.0f}  {'| ' * depth}{name}"
                yield from node.told(micros, least, depth + 1)


@contextmanager
def _sampled() -> Iterator[Node]:
    """Samples of what is done inside: all of it counts alike, unlike with a tracing profiler."""
    samples = Node()
    before = signal.signal(signal.SIGPROF, samples.take)
    signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)
    try:
        yield samples
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _short(file: str) -> str:
    return file.rpartition("/site-packages/")[2].removeprefix(f"{ROOT}/")


async def _answers(service: ASGIApp, key: str, made: Iterator[bytes], callers: int) -> Answers:
    """What the service answers, once every alliance has a past."""
    first = await _asked(service, next(made))
    await _slice(service, made, PAST * ALLIANCES, callers)
    later = await _asked(service, next(made))
    body = json.dumps(scores_request()).encode()
    scores = await _asked(service, head("POST", "/v1/scores", key, len(body)) + body)
    trend = f"/v1/alliances/{later['alliance_id']}/trend"
    return Answers(later, first, scores, await _asked(service, head("GET", trend, key, 0)))


async def _slice(app: ASGIApp, made: Iterator[bytes], count: int, callers: int) -> float:
    """CPU time of this process for each of so many submissions, in microseconds."""
    given = [_called(text) for text in itertools.islice(made, count)]
    waiting = iter(given)

    async def ask() -> None:
        for call in waiting:
            await call(app)

    began = time.process_time()
    await asyncio.gather(*(ask() for _ in range(callers)))
    return MICRO * (time.process_time() - began) / count


async def _asked(app: ASGIApp, text: bytes) -> Any:  # noqa: ANN401 - JSON
    """The answer to one request."""
    return json.loads(await _called(text)(app))


def _called(text: bytes) -> Callable[[ASGIApp], Any]:
    """A request as a server hands it to an application; gives the body of its answer."""
    top, _, body = text.partition(b"\r\n\r\n")
    first, *lines = top.split(b"\r\n")
    method, path, _ = first.split()
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method.decode(),
        "path": path.decode(),
        "raw_path": path,
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
        "headers": [(n.lower(), v.strip()) for n, _, v in (one.partition(b":") for one in lines)],
        "state": {},
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def call(app: ASGIApp) -> bytes:
        parts: list[bytes] = []

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= ERROR:
                raise RunFailed(f"A request was answered with {message['status']}.")
            parts.append(message.get("body", b""))

        await app(scope, receive, send)
        return b"".join(parts)

    return call


if __name__ == "__main__":
    main()
