"""A process that is told to stop answers everybody, says goodbye, and then closes its door."""

import signal
import socket
import time
from pathlib import Path

import httpx

from app.settings import Settings
from tests.conftest import Tenant
from tests.support.factories import submission
from tests.support.served import PATIENCE_SECONDS, command

DRAIN = "1"


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def until_ready(client: httpx.Client) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        try:
            if client.get("/readyz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("It did not get ready.")


def test_draining_answers_says_goodbye_and_ends(
    settings: Settings, tenant: Tenant, tmp_path: Path
) -> None:
    port = free_port()
    given = {"HOST": "127.0.0.1", "PORT": port, "WORKERS": "1", "DRAIN_SECONDS": DRAIN}
    given |= {"ALLOW_LOSSY_POSTGRES": "yes"}
    with (
        command("serve", settings.database_url, tmp_path / "log", **given) as process,
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {tenant.key}"},
            trust_env=False,
        ) as client,
    ):
        until_ready(client)
        before = client.post("/v1/responses", json=submission())
        process.send_signal(signal.SIGTERM)
        while (ready := client.get("/readyz")).status_code == 200:
            time.sleep(0.01)  # the signal is on its way
        after = [client.post("/v1/responses", json=submission()) for _ in range(3)]
        status = process.wait(PATIENCE_SECONDS)

    assert "connection" not in before.headers
    assert (ready.status_code, ready.headers["connection"]) == (503, "close")
    assert {answer.status_code for answer in (before, *after)} == {201}
    assert {answer.headers["connection"] for answer in after} == {"close"}
    assert status == 0
