"""What a part plays with: a Postgres of its own, tenants with keys, and services on ports."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.crash.checker import Verdict, judged
from bench.crash.forms import Forms
from bench.crash.history import History, Sending
from bench.crash.postgres import OwnPostgres
from bench.crash.stored import read
from bench.crash.tenancy import Tenancy, new_tenant, tenancy
from bench.pressure.arrivals import NO_ANSWER, Answered, Order
from bench.pressure.load import STORED
from bench.processes import Server, free_port, started, wait_until_it_answers
from bench.work import HOST

PATIENCE: Final = 30.0
MAYBE: Final = 500
"""From this status on an answer leaves open whether anything was stored; but for `overloaded`."""
OVERLOADED: Final = "overloaded"


@dataclass(frozen=True, slots=True)
class Scene:
    """One database with two tenants."""

    server: OwnPostgres
    home: Path
    tenancy: Tenancy
    keys: Sequence[str]
    """Of the first tenant and of the second, in turn."""


@asynccontextmanager
async def scene(server: OwnPostgres, home: Path, name: str, keys: int = 2) -> AsyncIterator[Scene]:
    """A new database with two tenants and so many keys of each; dropped on leaving."""
    async with tenancy(server, name) as data:
        mine = (await asyncio.to_thread(new_tenant, data.url, keys))[1]
        other = (await asyncio.to_thread(new_tenant, data.url, keys))[1]
        found = [key for pair in zip(mine, other, strict=True) for key in pair]
        yield Scene(server, home, data, found)


@contextmanager
def serving(
    url: str, key: str, home: Path, name: str = "service", port: int = 0, **settings: str
) -> Iterator[Server]:
    """A `rapport serve` that is ready; ended on leaving. Raises RunFailed when it does not start.

    port 0: any that is free.
    """
    port = port or free_port()
    given = {"DATABASE_URL": url, "HOST": HOST, "PORT": str(port), "WORKERS": "1", **settings}
    with started(name, ["app.cli", "serve"], home, given) as process:
        if process.stdin:
            process.stdin.close()
        server = Server(process, port, key)
        wait_until_it_answers(server, "/readyz", home / f"{name}.log")
        yield server


@asynccontextmanager
async def served(
    url: str, key: str, home: Path, name: str = "service", port: int = 0, **settings: str
) -> AsyncIterator[Server]:
    """As serving, while the loop goes on: the way to the database may lie in it."""
    with ExitStack() as held:
        service = serving(url, key, home, name, port, **settings)
        try:
            yield await asyncio.to_thread(held.enter_context, service)
        finally:
            await asyncio.to_thread(held.close)


def stopped(process: subprocess.Popen[str], seconds: float) -> int | None:
    """The exit status of a process that was told to stop; None: it still runs after so long."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


async def verdict(scene: Scene, sent: Mapping[str, tuple[Order, Sequence[Answered]]]) -> Verdict:
    """What was answered held against what is stored, of all orders of forms in the database."""
    history = History()
    for order, answered in sent.values():
        forms = Forms(order.seed, order.alliances, order.run)
        for one in answered:
            form = forms.form(one.number)
            history.sendings[form.external_id] = _sending(form.digest, one)
    return judged(history, await read(scene.tenancy.url))


def _sending(digest: str, one: Answered) -> Sending:
    stored = one.status == STORED
    open_still = one.status == NO_ANSWER or (one.status >= MAYBE and one.code != OVERLOADED)
    return Sending(
        digest,
        invoked=1,
        unanswered=int(open_still),
        created=int(stored),
        first=str(one.status) if stored else None,
    )
