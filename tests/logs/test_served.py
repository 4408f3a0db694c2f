"""A served instance writes JSON lines to standard error from its start to its end, and no other."""

import json
import socket
from pathlib import Path

import httpx
import pytest

from tests.logs.conftest import Lines
from tests.support.served import serving


def lines_of(log: Path) -> Lines:
    return [json.loads(line) for line in log.read_text().splitlines()]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_every_line_is_json(database_url: str, tmp_path: Path, workers: str) -> None:
    log = tmp_path / "log"
    with serving(database_url, log, WORKERS=workers) as url:
        with httpx.Client(trust_env=False) as client:
            client.get(f"{url}/v1/alliances?case_ref=c-1", headers={"X-Request-Id": "find-me"})
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as raw:
            raw.sendall(b"c-1 is no request\r\n\r\n")
            raw.recv(1000)
    lines = lines_of(log)

    (request,) = [line for line in lines if line.get("request_id") == "find-me"]
    assert (request["route"], request["status"]) == ("/v1/alliances", 401)
    assert {"Application startup complete.", "Invalid HTTP request received."} <= {
        line["event"] for line in lines
    }
    assert all({"timestamp", "level", "logger", "event"} <= line.keys() for line in lines)
    assert "/readyz" not in {line.get("route") for line in lines}
    assert "c-1" not in log.read_text()


def test_a_higher_level_leaves_out_what_is_below_it(database_url: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serving(database_url, log, LOG_LEVEL="error") as url:
        httpx.get(f"{url}/nothing", trust_env=False)

    assert lines_of(log) == []
