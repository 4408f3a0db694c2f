"""What processes cost, read from /proc; None where the system has none."""

import os
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")


def cpu_seconds(pid: int) -> float | None:
    """User and system time of one process."""
    fields = _stat(pid)
    return None if fields is None else _seconds(fields[11:13])


def family_cpu_seconds(parent: int) -> float | None:
    """The same of a process, its children, and those that have ended and were waited for."""
    fields = _stat(parent)
    if fields is None:
        return None
    total = _seconds(fields[11:15])
    for entry in PROC.iterdir():
        child = _stat(int(entry.name)) if entry.name.isdigit() else None
        if child is not None and int(child[1]) == parent:
            total += _seconds(child[11:13])
    return total


def parent_of(pid: int) -> int | None:
    """The process that started one."""
    fields = _stat(pid)
    return None if fields is None else int(fields[1])


def memory_mib(pid: int) -> float | None:
    """Memory in MiB, each shared page divided among those who share it (PSS)."""
    try:
        text = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return None
    lines = dict(line.split(":", 1) for line in text.splitlines()[1:])
    return int(lines["Pss"].split()[0]) / 1024


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/<pid>/stat from the state on, which follows the name in brackets."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _seconds(ticks: list[str]) -> float:
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
