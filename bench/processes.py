"""The processes of a run: service, twin and load. Whatever is started here is stopped here."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from app.cli.serve import SERVER
from bench.load import Order, Sent
from bench.work import HOST

ROOT: Final = Path(__file__).parents[1]
START_PATIENCE: Final = 30.0
STOP_PATIENCE: Final = 25.0
OK: Final = 200


class RunFailed(Exception):
    """The run came to no end; the message says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """A process that answers on a port of this machine."""

    process: subprocess.Popen[str]
    port: int
    key: str

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """The answer to one call. Raises RunFailed unless its status is 2xx."""
        text = None if body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        try:
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            content = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status // 100 != OK // 100:
            raise RunFailed(f"{method} {path} was answered with {answer.status}.")
        return content


class Load:
    """The process that sends the load."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def send(self, order: Order) -> Sent:
        """Carry out one order. Raises RunFailed when it was not answered to the end."""
        orders, answers = self._process.stdin, self._process.stdout
        if orders is None or answers is None:
            raise RunFailed("The load has no pipes.")
        orders.write(json.dumps(asdict(order)) + "\n")
        orders.flush()
        answer = json.loads(answers.readline() or '{"error": "The load ended by itself."}')
        if "error" in answer:
            raise RunFailed(f"{order.work}: {answer['error']}")
        answer["statuses"] = {int(status): n for status, n in answer["statuses"].items()}
        return Sent(**answer)


@contextmanager
def service(  # noqa: PLR0917 - all but the first three by name
    database_url: str,
    key: str,
    home: Path,
    module: Sequence[str] = ("app.cli", "serve"),
    name: str = "service",
    settings: Mapping[str, str] | None = None,
    seconds: float = START_PATIENCE,
) -> Iterator[Server]:
    """The service with one worker, by the same command that serves it elsewhere.

    seconds: in which it must be ready.
    """
    port = free_port()
    names = {"DATABASE_URL": database_url, "HOST": HOST, "PORT": str(port)}
    names |= {"WORKERS": "1", "KEY_RATE": "0"}  # one key asks for everything
    with started(name, list(module), home, names | dict(settings or {})) as process:
        if process.stdin:
            process.stdin.close()
        server = Server(process, port, key)
        wait_until_it_answers(server, "/readyz", home / f"{name}.log", seconds)
        yield server


@contextmanager
def twin(answers: Mapping[str, Any], key: str, home: Path) -> Iterator[Server]:
    """The empty twin, under uvicorn with the service's own settings."""
    port = free_port()
    with started("twin", ["bench.twin"], home) as process:
        if process.stdin:
            json.dump({"port": port, "server": SERVER, "answers": answers}, process.stdin)
            process.stdin.close()
        server = Server(process, port, key)
        wait_until_it_answers(server, "/livez", home / "twin.log")
        yield server


@contextmanager
def load(key: str, home: Path) -> Iterator[Load]:
    """The load."""
    with started("load", ["bench.load", key], home) as process:
        yield Load(process)


@contextmanager
def started(
    name: str, module: list[str], home: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """One Python process of ours, out of reach of a Ctrl-C, which is the run's to answer."""
    unset = ("DATABASE_OWNER_URL", "POOL_SIZE", "WEB_CONCURRENCY")
    inherited = {n: v for n, v in os.environ.items() if n not in unset}
    with (home / f"{name}.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603 - a program of our own
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env=inherited | dict(environment or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if name.startswith("load") else log,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        stop(process)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def stop(process: subprocess.Popen[Any], seconds: float = STOP_PATIENCE) -> None:
    """Have a process end in order, or kill it after so long."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe and not pipe.closed:
            pipe.close()


def wait_until_it_answers(
    server: Server, path: str, log: Path, seconds: float = START_PATIENCE
) -> None:
    """Come back when it answers with 2xx. Raises RunFailed when it does not get there."""
    until = time.monotonic() + seconds
    while server.process.poll() is None and time.monotonic() < until:
        try:
            server.call("GET", path)
        except (OSError, ValueError, http.client.HTTPException, RunFailed):
            time.sleep(0.05)
        else:
            return
    said = log.read_text().strip().splitlines()
    raise RunFailed(f"{log.stem} did not start: {said[-1] if said else 'it does not say why'}")
