"""A long run: a home and a Postgres of its own, stopped as on a Ctrl-C, and what is left of it."""

import asyncio
import secrets
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import asyncpg
import uvloop

from app.embedded_postgres import forget
from app.errors import StartRefused
from bench.crash.postgres import OwnPostgres, own_postgres
from bench.processes import ROOT, RunFailed

INTERRUPTED: Final = 130


def in_a_home(name: str, work: Callable[[Path], int]) -> int:
    """The exit status of the work; its home is kept only when that is 1."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop as on a Ctrl-C
    home = ROOT / ".rapport" / f"{name}-{secrets.token_hex(4)}"
    home.mkdir(parents=True)
    status = INTERRUPTED
    try:
        status = work(home)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    finally:
        forget(home / "postgres")
        if status == 1:
            print(f"What the service said is kept in {home.relative_to(ROOT)}", file=sys.stderr)
        else:
            forget(home)
    return status


def carried_out(
    home: Path, everything: Callable[[OwnPostgres], Coroutine[Any, Any, None]]
) -> list[str]:
    """Do everything with a Postgres of its own; why not all of it ran, which is mostly empty."""
    try:
        with (
            own_postgres(home / "postgres") as server,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(everything(server))
    except (RunFailed, StartRefused, OSError, TimeoutError, asyncpg.PostgresError) as failed:
        return [f"not all of it ran: {failed or type(failed).__name__}"]
    return []
