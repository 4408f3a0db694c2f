"""A durable Postgres that this process started, and that it may therefore kill."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from app.embedded_postgres import running
from bench.crash.family import Member, children, process, wait_until_gone
from bench.processes import RunFailed

KILL: Final = signal.SIGKILL


class OwnPostgres:
    """One server on the data that belongs to `home`; it survives being killed and begun again."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._held = ExitStack()
        self.url = ""
        """Where its superuser connects, past every proxy."""

    def start(self) -> None:
        """Start it on what is stored, recovering if need be. Raises StartRefused."""
        self.url = self._held.enter_context(running(self._home, durable=True))
        self.postmaster()

    def stop(self) -> None:
        """End it in order, as far as it still runs."""
        self._held.close()

    def postmaster(self) -> Member:
        """Its first process. Raises RunFailed unless this process started it."""
        option = f"--unix_socket_directories={self.sockets}"
        ours = [one for one in children(os.getpid()) if option in one.command()]
        if len(ours) != 1:
            raise RunFailed(f"{len(ours)} postmasters of ours where one should be.")
        return ours[0]

    def kill(self) -> int:
        """End the postmaster and all its children at once; how many they were.

        Comes back when every one of them is gone. Never touches postmaster.pid.
        """
        postmaster = self.postmaster()
        postmaster.send(signal.SIGSTOP)  # so that it starts no child that is not on the list
        family = [postmaster, *children(postmaster.pid)]
        for one in reversed(family):
            one.send(KILL)
        self._held.close()  # waits for the postmaster; it asks nothing of a process that has ended
        wait_until_gone(family)
        return len(family)

    def kill_backend(self, pid: int) -> bool:
        """End one of its backends. False: it had ended, or is none of this server's."""
        backend = process(pid)
        if backend is None or backend.parent != self.postmaster().pid:
            return False
        return backend.send(KILL)

    @property
    def sockets(self) -> str:
        """The folder of its socket."""
        return parse_qs(urlsplit(self.url).query)["host"][0]

    def database_url(self, name: str) -> str:
        """Where the superuser connects to one of its databases."""
        return self.url.replace("/postgres?", f"/{name}?")


@contextmanager
def own_postgres(home: Path) -> Iterator[OwnPostgres]:
    """A started one, ended on leaving. Raises StartRefused where there is no Postgres to start."""
    server = OwnPostgres(home)
    try:
        server.start()
        yield server
    finally:
        server.stop()
