"""Asking two services in turns, and how long their slowest answers took."""

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.processes import RunFailed
from bench.work import HOST

CONNECTIONS: Final = 2
"""Few: it is the answer that is measured, not the queue before it."""
OK: Final = 200
SLOWEST: Final = 0.99


@dataclass(slots=True)
class Asked:
    """One service, what it is asked, and what its answers took in seconds."""

    port: int
    key: str
    paths: Sequence[str]
    seconds: list[float] = field(default_factory=list)
    bytes: int = 0

    def slowest(self, share: float = SLOWEST) -> float:
        """The time that this share of the answers did not take longer than, in seconds."""
        return sorted(self.seconds)[int(share * (len(self.seconds) - 1))]


def in_turns(small: Asked, large: Asked, rounds: int, requests: int) -> None:
    """Ask both, in turns (A B B A), so that a machine that grows slower does so for both."""
    for each in range(rounds):
        for one in (small, large, large, small) if each % 2 else (large, small, small, large):
            asyncio.run(one_slice(one, requests))


async def one_slice(one: Asked, requests: int) -> None:
    """Ask so many times, over a few connections at once."""
    paths = itertools.cycle(one.paths[len(one.seconds) % len(one.paths) :] or one.paths)
    left = iter(range(requests))
    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(_connection(one, paths, left))


async def _connection(one: Asked, paths: Iterator[str], left: Iterator[int]) -> None:
    reader, writer = await asyncio.open_connection(HOST, one.port)
    try:
        for _ in left:
            path = next(paths)
            began = time.perf_counter()
            writer.write(
                f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n"
                f"Authorization: Bearer {one.key}\r\n\r\n".encode()
            )
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
            body = await reader.readexactly(length)
            one.seconds.append(time.perf_counter() - began)
            one.bytes += length
            if int(head.split()[1]) != OK:
                raise RunFailed(f"{path} was answered with {head.split()[1]}: {body[:200]!r}")
    finally:
        writer.close()
        await writer.wait_closed()
