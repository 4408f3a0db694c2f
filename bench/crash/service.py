"""The service of a run, in a session of its own: killed worker by worker, or whole."""

import asyncio
import os
import random
import signal
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from bench.crash.family import Member, children, process, wait_until_gone
from bench.processes import RunFailed, Server, free_port, started, wait_until_it_answers
from bench.work import HOST

SERVE: Final = ("app.cli", "serve")
"""The product's own command."""
WORKERS: Final = 2
START_PATIENCE: Final = 30.0
STARTS: Final = 3
"""How often a start is tried: in the meantime somebody may have taken the port."""
_WORKER: Final = "multiprocessing.spawn"
"""In the command line of each worker, and of no other process of the service."""


class Service:
    """One service that can be killed and started again, each time on another port."""

    def __init__(self, database_url: str, key: str, home: Path, command: Sequence[str]) -> None:
        self._database_url, self._key, self._home = database_url, key, home
        self._command = list(command)
        self._held = ExitStack()
        self._process: subprocess.Popen[str] | None = None
        self.port = 0
        """Where it listens now; callers must read it anew for each call."""
        self.starts = 0

    def start(self) -> None:
        """Start it and come back when it is ready. Raises RunFailed when it does not get there."""
        for left in reversed(range(STARTS)):
            try:
                self._start()
            except RunFailed:
                self._held.close()
                if not left:
                    raise
            else:
                return

    def stop(self) -> None:
        """End it in order; whatever it leaves behind is killed."""
        family = self._family()
        self._held.close()
        for one in family:
            one.send(signal.SIGKILL)

    def ended(self) -> bool:
        """Whether it has ended without having been told to."""
        return self._process is not None and self._process.poll() is not None

    def workers(self) -> list[Member]:
        """The processes that answer calls."""
        found = children(self._process.pid) if self._process else []
        return [one for one in found if _WORKER in one.command()]

    def kill_worker(self, draw: random.Random) -> bool:
        """End one worker at once. False: there was none."""
        found = sorted(self.workers(), key=lambda one: one.pid)
        return bool(found) and draw.choice(found).send(signal.SIGKILL)

    def kill(self) -> int:
        """End the whole process group at once; how many processes it had."""
        family = self._family()
        if self._process is None or self._process.poll() is not None:
            return 0
        os.killpg(self._process.pid, signal.SIGKILL)  # not waited for yet, so the id is still its
        self._process.wait()
        self._held.close()
        wait_until_gone(family)
        return len(family)

    def _family(self) -> list[Member]:
        head = process(self._process.pid) if self._process else None
        return [head, *children(head.pid)] if head and head.parent == os.getpid() else []

    def _start(self) -> None:
        self.starts += 1
        self.port = free_port()
        settings = {
            "DATABASE_URL": self._database_url,
            "KEY_RATE": "0",  # one key asks for everything
            "ALLOW_LOSSY_POSTGRES": "yes",  # a control is meant to lose
            "HOST": HOST,
            "PORT": str(self.port),
            "WORKERS": str(WORKERS),
        }
        name = f"service-{self.starts}"
        self._process = self._held.enter_context(started(name, self._command, self._home, settings))
        server = Server(self._process, self.port, self._key)
        wait_until_it_answers(server, "/readyz", self._home / f"{name}.log")


@asynccontextmanager
async def service(
    database_url: str, key: str, home: Path, command: Sequence[str] = SERVE
) -> AsyncIterator[Service]:
    """A service, not started yet; stopped on leaving. Start and stop it from a thread."""
    made = Service(database_url, key, home, command)
    try:
        yield made
    finally:
        await asyncio.to_thread(made.stop)
