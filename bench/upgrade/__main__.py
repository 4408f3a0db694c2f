"""`python -m bench.upgrade`: older code, the migration, both, newer code, and back, under load."""

import argparse
import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import asyncpg

from app.database import SCHEMA_REVISION
from app.errors import StartRefused
from bench.crash.postgres import OwnPostgres, own_postgres
from bench.crash.stored import names, read
from bench.processes import ROOT, RunFailed, free_port, stop
from bench.restore.callers import call
from bench.store import asked
from bench.upgrade.load import Load, loaded
from bench.upgrade.releases import Release, coming, older, taken
from bench.work import HOST

HOME: Final = ROOT / ".rapport" / "bench-upgrade"
THIS: Final = Release("this", SCHEMA_REVISION, ROOT)
START_PATIENCE: Final = 90.0
STOP_PATIENCE: Final = 30.0
DRAIN_SECONDS: Final = 1.0
"""Between callers going elsewhere and the end of a process, as behind a balancer."""
SCOPES: Final = ("responses:write", "responses:read", "trends:read")


def main() -> int:
    """0 when no call failed and nothing was lost, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.upgrade", description=__doc__)
    parser.add_argument("--old", action="append", metavar="COMMIT", help="code to come from")
    parser.add_argument("--schemas", type=int, default=1, help="without --old: that many back")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each phase (default 4)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop as on a Ctrl-C
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    wrong: list[str] = []
    try:
        commits = options.old or older(options.schemas)
        with own_postgres(HOME / "postgres") as server:
            wrong += upgraded(server, THIS, coming(HOME), options.seconds)
            for commit in commits:
                wrong += upgraded(server, taken(commit, HOME), THIS, options.seconds)
    except (RunFailed, StartRefused, OSError, asyncpg.PostgresError) as failed:
        wrong.append(f"not all of it ran: {failed}")
    print("\n".join(wrong) or "No call failed, and nothing is lost.")
    return 1 if wrong else 0


def upgraded(server: OwnPostgres, old: Release, new: Release, seconds: float) -> list[str]:
    """Go from older code to newer and back under load; what went wrong."""
    name = f"upgrade_{old.schema}"
    asked(server.url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    asked(server.url, f"CREATE DATABASE {name}")
    url = server.database_url(name)
    _told(old, url, "migrate")
    key = _key(old, url)
    wrong: list[str] = []
    with ExitStack() as olds, ExitStack() as news:
        first = olds.enter_context(_serving(old, url))
        with loaded(key, first, seed=21) as load:
            _phase(load, "old code, old schema", seconds)
            load.phase, began = "migration", time.monotonic()
            _told(new, url, "migrate")
            took = time.monotonic() - began
            _phase(load, "old code, new schema", seconds)
            if old.takes_newer() and not _ready(first):
                wrong.append(f"{old.schema} is not ready on the new schema")
            second = news.enter_context(_serving(new, url))
            load.ports = [first, second]
            _phase(load, "both", seconds)
            load.ports = [second]
            time.sleep(DRAIN_SECONDS)
            olds.close()
            _phase(load, "new code", seconds)
            if old.takes_newer():
                load.ports = [olds.enter_context(_serving(old, url))]
                time.sleep(DRAIN_SECONDS)
                news.close()
                _phase(load, "old code again", seconds)
            load.stopped.set()
    _print(old, new, load, took)
    failed = [f"{old.schema}, {what}: {times}" for what, times in load.failed().items()]
    return wrong + failed + _lost(url, load.acknowledged)


def _phase(load: Load, name: str, seconds: float) -> None:
    load.phase = name
    time.sleep(seconds)
    load.phase = f"after {name}"


def _print(old: Release, new: Release, load: Load, took: float) -> None:
    newer = "takes" if old.takes_newer() else "was not made to take"
    print(f"{old.schema} ({old.commit[:7]}, {newer} newer schemas) -> {new.schema}")
    print(f"  migrate took {took:.1f} s")
    for phase, slowest in load.slowest.items():
        print(f"  {phase:24} {load.in_phase(phase):6} calls, slowest {1000 * slowest:.0f} ms")
    print(f"  {'failed':24} {sum(load.failed().values()):6}")
    print(f"  {'acknowledged':24} {len(load.acknowledged):6}")


def _lost(url: str, acknowledged: Sequence[str]) -> list[str]:
    """What was acknowledged and is not there once, and what disagrees."""
    stored = asyncio.run(read(url))
    count = names(stored.rows)
    wrong = [f"{name} is stored {count[name]} times" for name in acknowledged if count[name] != 1]
    wrong += [f"{one} is miscounted" for one in stored.miscounted()]
    return wrong + [f"{one} is mistold" for one in stored.mistold()]


def _environment(url: str, more: dict[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return inherited | {"DATABASE_URL": url, "KEY_RATE": "0", "WORKERS": "1", **more}


def _told(release: Release, url: str, *arguments: str) -> str:
    """What one of a release's commands prints. Raises RunFailed when it fails."""
    told = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=release.folder,
        env=_environment(url, {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        last = (told.stderr.strip().splitlines() or ["no word"])[-1]
        raise RunFailed(f"{arguments[0]} of {release.schema}: {last}")
    return told.stdout


def _key(release: Release, url: str) -> str:
    """A key of a new tenant, made by that release."""
    tenant = _told(release, url, "tenants", "create", "Upgrade").strip()
    scopes = [part for scope in SCOPES for part in ("--scope", scope)]
    said = _told(release, url, "keys", "create", "--tenant", tenant, "--label", "u", *scopes)
    match = re.search(r"rpt_\S+", said)
    if match is None:
        raise RunFailed(f"{release.schema} made no key.")
    return match[0]


def _ready(port: int) -> bool:
    try:
        return call(port, "", "GET", "/readyz")[0] == 200  # noqa: PLR2004
    except OSError:
        return False


@contextmanager
def _serving(release: Release, url: str) -> Iterator[int]:
    """The port of a release's service that is ready; it ends in order when the block is left."""
    port = free_port()
    log: Path = HOME / f"service-{port}.log"
    with log.open("wb") as to:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve"],
            cwd=release.folder,
            env=_environment(url, {"HOST": HOST, "PORT": str(port)}),
            stdout=to,
            stderr=to,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + START_PATIENCE
        while not _ready(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RunFailed(f"{release.schema} does not serve: {log.read_text()[-300:]}")
            time.sleep(0.05)
        yield port
    finally:
        stop(process, STOP_PATIENCE)


if __name__ == "__main__":
    sys.exit(main())
