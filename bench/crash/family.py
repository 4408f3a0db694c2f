"""Processes of this machine, told apart by pid and start, so that a reused pid is never ended."""

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.processes import RunFailed

PROC: Final = Path("/proc")
GONE_PATIENCE: Final = 30.0
"""Seconds that killed processes have to be gone."""
_PAUSE: Final = 0.02
_STATE, _PARENT, _START = 0, 1, 19  # places in /proc/<pid>/stat after the name in brackets


@dataclass(frozen=True, slots=True)
class Member:
    """One process, from its start to its end."""

    pid: int
    parent: int
    start: str
    """The clock tick that it was started at."""

    def is_gone(self) -> bool:
        """Whether it has ended; one that nobody has waited for yet has ended too."""
        now = _stat(self.pid)
        return now is None or now[_START] != self.start or now[_STATE] in {"Z", "X"}

    def command(self) -> str:
        """Its command line; empty when it has ended."""
        try:
            return (PROC / str(self.pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            return ""

    def send(self, number: signal.Signals) -> bool:
        """Send a signal. False: it had ended before."""
        if self.is_gone():
            return False
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)
            return True
        return False


def process(pid: int) -> Member | None:
    """The process that has this pid now; None when there is none."""
    stat = _stat(pid)
    return None if stat is None else Member(pid, int(stat[_PARENT]), stat[_START])


def children(parent: int) -> list[Member]:
    """Every process that `parent` has started and that still runs."""
    found = (process(int(entry.name)) for entry in PROC.iterdir() if entry.name.isdigit())
    return [one for one in found if one and one.parent == parent and not one.is_gone()]


def wait_until_gone(members: list[Member]) -> None:
    """Come back when all have ended. Raises RunFailed when that takes longer than 30 s."""
    until = time.monotonic() + GONE_PATIENCE
    while left := [one.pid for one in members if not one.is_gone()]:
        if time.monotonic() > until:
            raise RunFailed(f"Killed processes are still there: {left}.")
        time.sleep(_PAUSE)


def _stat(pid: int) -> list[str] | None:
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
