"""Backups and restores with Postgres' own programs, as the manual page shows them."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.crash.postgres import OwnPostgres
from bench.processes import RunFailed
from bench.restore.tenants import NAME
from bench.store import asked

ARCHIVE_SECONDS: Final = 10
"""Of `archive_timeout`: no change stays out of the archive for longer."""
PATIENCE: Final = 120.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server keeps what, and who may touch it."""

    programs: Path
    data: Path
    beside: Path
    """A folder beside its data, of the same owner."""

    def run(self, program: str, *options: str) -> None:
        """Run one of Postgres' programs. Raises RunFailed with its last line."""
        owner = self.data.stat()
        as_owner: dict[str, Any] = {}
        if os.geteuid() == 0:
            as_owner = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        told = subprocess.run(  # noqa: S603 - a program and options of our own
            [self.programs / program, *options],
            cwd=self.beside,
            env={"LC_ALL": "C", "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
            umask=0o077,
            **as_owner,
        )
        if told.returncode:
            raise RunFailed(f"{program}: {(told.stderr.strip().splitlines() or ['no word'])[-1]}")

    def own(self, folder: Path) -> None:
        """Give a folder and all in it to the owner of the data."""
        owner = self.data.stat()
        for one in (folder, *folder.rglob("*")):
            os.chown(one, owner.st_uid, owner.st_gid)


def place(server: OwnPostgres) -> Place:
    """Where a running server is."""
    data = Path(asked(server.url, "SHOW data_directory"))
    beside = data.parent / "drill"
    found = Place(Path(asked(server.url, "SELECT setting FROM pg_config WHERE name = 'BINDIR'")),
                  data, beside)  # fmt: skip
    beside.mkdir(exist_ok=True, mode=0o700)
    found.own(beside)
    return found


def archiving(server: OwnPostgres) -> Path:
    """Let a server keep its log of changes outside itself; where. Starts it anew."""
    archive = place(server).beside / "archive"
    archive.mkdir(exist_ok=True)
    place(server).own(archive)
    for setting in (
        "archive_mode = 'on'",
        f"archive_command = 'test ! -f {archive}/%f && cp %p {archive}/%f'",
        f"archive_timeout = '{ARCHIVE_SECONDS}s'",
    ):
        asked(server.url, f"ALTER SYSTEM SET {setting}")
    server.stop()
    server.start()
    return archive


def base_backup(server: OwnPostgres) -> Path:
    """A copy of the whole server while it works, verified."""
    found = place(server)
    base = found.beside / "base"
    found.run("pg_basebackup", f"--pgdata={base}", *_as("postgres", server), "--checkpoint=fast")
    found.run("pg_verifybackup", str(base))
    return base


def dump(server: OwnPostgres) -> Path:
    """One database in one file, read by the login that row-level security lets pass."""
    found = place(server)
    file = found.beside / "rapport.dump"
    whom = _as("rapport_backup", server)
    found.run("pg_dump", *whom, "--format=custom", f"--file={file}", NAME)
    return file


def from_dump(server: OwnPostgres, file: Path) -> None:
    """Restore a dump into an empty database, as the owner of its tables to be."""
    found = place(server)
    copy = found.beside / "rapport.dump"
    shutil.copyfile(file, copy)
    found.own(found.beside)
    whom = _as("rapport_owner", server)
    found.run("pg_restore", *whom, f"--dbname={NAME}", "--exit-on-error", str(copy))


def to_instant(server: OwnPostgres, base: Path, archive: Path, instant: str) -> None:
    """Put a base backup in the place of a running, empty server, and recover to an instant.

    instant: as Postgres writes it. Comes back when the server takes writes.
    """
    found = place(server)
    server.stop()
    shutil.rmtree(found.data)
    shutil.copytree(base, found.data)
    logs = shutil.copytree(archive, found.beside / "archive")
    with (found.data / "postgresql.auto.conf").open("a") as settings:
        settings.write(
            "archive_mode = 'off'\n"
            f"restore_command = 'cp {logs}/%f %p'\n"
            f"recovery_target_time = '{instant}'\n"
            "recovery_target_action = 'promote'\n"
        )
    (found.data / "recovery.signal").touch()
    owner = found.beside.stat()
    for one in (found.data, *found.data.rglob("*"), logs, *logs.rglob("*")):
        os.chown(one, owner.st_uid, owner.st_gid)
    found.data.chmod(0o700)
    server.start()
    until(lambda: not asked(server.url, "SELECT pg_is_in_recovery()"), "The recovery has no end.")


def until(done: Callable[[], object], why: str) -> None:
    """Wait for something. Raises RunFailed with `why` after PATIENCE."""
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise RunFailed(why)
        time.sleep(0.1)


def _as(login: str, server: OwnPostgres) -> list[str]:
    return [f"--host={server.sockets}", "--port=5432", f"--username={login}"]
