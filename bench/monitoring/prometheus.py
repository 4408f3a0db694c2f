"""A Prometheus of our own on the files of docs/operations."""

import http.client
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import yaml

from bench.monitoring.asked import OPERATIONS
from bench.processes import OK, RunFailed, free_port, stop
from bench.work import HOST

START_PATIENCE: Final = 20.0
STOP_PATIENCE: Final = 20.0
EVERY: Final = "1s"


class Prometheus:
    """A running one."""

    def __init__(self, port: int) -> None:
        self.port = port

    def series(self, expression: str) -> list[Any]:
        """What an expression gives now. Raises RunFailed when Prometheus refuses it."""
        found: list[Any] = self.get(f"/api/v1/query?query={quote(expression)}")["result"]
        return found

    def names(self) -> set[str]:
        """The names of all series that were ever scraped."""
        return set(self.get("/api/v1/label/__name__/values"))

    def rules(self) -> dict[str, tuple[str, str]]:
        """Of each alert whether it could be evaluated, and its state."""
        groups = self.get("/api/v1/rules")["groups"]
        return {
            rule["name"]: (rule["health"], rule["state"])
            for group in groups
            for rule in group["rules"]
        }

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """The data of one answer. Raises RunFailed unless it is a success, OSError."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status != OK:
            raise RunFailed(f"Prometheus answers {answer.status} to {path}.")
        return json.loads(content)["data"]


@contextmanager
def prometheus(home: Path, targets: dict[str, str]) -> Iterator[Prometheus]:
    """One that scrapes the targets, by the names of their jobs, every second.

    Raises RunFailed when there is none on the path, or when it does not start.
    """
    program = shutil.which("prometheus")
    if program is None:
        raise RunFailed("There is no `prometheus` on the path.")
    port, data = free_port(), home / "prometheus"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    (data / "prometheus.yml").write_text(_configuration(targets), encoding="utf-8")
    with (home / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - a program and options of our own
            [
                program,
                f"--config.file={data / 'prometheus.yml'}",
                f"--storage.tsdb.path={data / 'series'}",
                f"--web.listen-address={HOST}:{port}",
                "--log.level=warn",
            ],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield _started(process, Prometheus(port))
    finally:
        stop(process, STOP_PATIENCE)


def _configuration(targets: dict[str, str]) -> str:
    """That of docs/operations, with these targets, and quicker."""
    given = yaml.safe_load((OPERATIONS / "prometheus.yml").read_text(encoding="utf-8"))
    given["global"] = dict.fromkeys(given["global"], EVERY)
    given["rule_files"] = [str(OPERATIONS / name) for name in given["rule_files"]]
    for job in given["scrape_configs"]:
        job["static_configs"] = [{"targets": [targets[job["job_name"]]]}]
    return json.dumps(given)


def _started(process: subprocess.Popen[bytes], server: Prometheus) -> Prometheus:
    until = time.monotonic() + START_PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            server.get("/api/v1/rules")
        except (OSError, RunFailed, http.client.HTTPException):
            time.sleep(0.1)
        else:
            return server
    raise RunFailed("Prometheus did not start.")
