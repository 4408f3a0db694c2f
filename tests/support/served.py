"""Instances of the service as processes of their own, on the tests' databases."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60


@contextmanager
def serving(database_url: str, log: Path, **more: str) -> Iterator[str]:
    """The address of a `rapport serve` that is ready; it has ended when the block is left."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    given = {"HOST": "127.0.0.1", "PORT": port, "WORKERS": "1", **more}
    with command("serve", database_url, log, **given) as process:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, process, log)
        yield url


@contextmanager
def command(
    name: str, database_url: str, log: Path, **more: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A `rapport <name>` that writes into the log; it has ended when the block is left."""
    with (
        log.open("wb") as to,
        subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "app.cli", name],
            env=os.environ | {"DATABASE_URL": database_url, **more},
            cwd=ROOT,
            stdout=to,
            stderr=to,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    with httpx.Client(trust_env=False) as client:
        while process.poll() is None and time.monotonic() < end:
            try:
                if client.get(f"{url}/readyz").is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
    raise AssertionError(f"rapport serve did not get ready: {log.read_text()}")
