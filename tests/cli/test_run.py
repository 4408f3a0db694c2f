"""`make run` as a supervisor ends it: in good order, with nothing left running."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.embedded_postgres import forget

ROOT = Path(__file__).parents[2]
RUN = """
import signal
import sys
from pathlib import Path
from app.cli import dev
dev.HOME = Path(sys.argv[1])
dev.KEY_FILE = dev.HOME / "demo-key"
signal.signal(signal.SIGINT, signal.SIG_IGN)  # as for what a shell puts in the background
dev.main()
"""
STARTED, SHUT_DOWN = "starting PostgreSQL", "database system is shut down"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "home"
    home.mkdir()
    yield home
    forget(home / "postgres")


def test_a_sigterm_while_it_serves_shuts_all_of_it_down(home: Path) -> None:
    with started(home) as process:
        said = wait_until(process, home / "said", "Rapport listens on")
        assert re.search(r"Demo key \(home/demo-key\): rpt_", said)
        process.terminate()
        ends_in_good_order(process, home)


def test_a_sigterm_while_postgres_starts_shuts_it_down_too(home: Path) -> None:
    with started(home) as process:
        wait_until(process, home / "postgres" / "postgres.log", STARTED)
        process.terminate()
        ends_in_good_order(process, home)


@contextmanager
def started(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """What `make run` starts, with a home and a port of its own; ended with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    with (
        (home / "said").open("wb") as said,
        (home / "complaints").open("wb") as complaints,
        subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", RUN, home],
            cwd=ROOT,
            env=kept | {"HOST": "127.0.0.1", "PORT": str(port)},
            stdout=said,
            stderr=complaints,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)


def wait_until(process: subprocess.Popen[bytes], file: Path, text: str) -> str:
    """What the file holds as soon as the text is in it."""
    end = time.monotonic() + 60
    while text not in (found := file.read_text() if file.exists() else ""):
        assert process.poll() is None, found
        assert time.monotonic() < end, found
        time.sleep(0.02)
    return found


def ends_in_good_order(process: subprocess.Popen[bytes], home: Path) -> None:
    assert process.wait(60) == 0
    assert (home / "complaints").read_text() == ""
    assert (home / "said").read_text().endswith("Stopped.\n")
    log = (home / "postgres" / "postgres.log").read_text()
    assert log.rindex(SHUT_DOWN) > log.rindex(STARTED)
