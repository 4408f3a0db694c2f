"""`python -m bench.monitoring`: asks a real Prometheus what alerts and dashboard will ask it."""

import argparse
import http.client
import json
import sys
import threading
import time
from collections.abc import Iterable
from typing import Any, Final

import asyncpg

from app.errors import StartRefused
from bench.monitoring.asked import Asked, by_alerts, by_dashboard
from bench.monitoring.prometheus import Prometheus, prometheus
from bench.processes import ROOT, RunFailed, Server, free_port, started, wait_until_it_answers
from bench.store import Store, asked, store
from bench.work import HOST, submission

HOME: Final = ROOT / ".rapport" / "bench-monitoring"
KEY_RATE: Final = 50
"""Requests a second: so few that a burst is refused."""
BURST: Final = 200
START_PATIENCE: Final = 60.0
CUT: Final = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE application_name = 'rapport' AND pid <> pg_backend_pid()"
)

HELD: Final = "DO $$ BEGIN LOCK TABLE responses; PERFORM pg_sleep(1.6); END $$"
"""Longer than a submission waits."""


def main() -> int:
    """0 when every question has an answer, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.monitoring", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of requests (default 60)")
    seconds = parser.parse_args().seconds
    HOME.mkdir(parents=True, exist_ok=True)
    try:
        with store(HOME) as data:
            failures = run(data, seconds)
    except (RunFailed, StartRefused, OSError, asyncpg.PostgresError) as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    print("\n".join(failures) or "Every question has an answer.")
    return 1 if failures else 0


def run(data: Store, seconds: float) -> list[str]:
    """What went wrong; what was found is printed."""
    port, metrics = free_port(), free_port()
    of_all = {"DATABASE_URL": data.url, "HOST": HOST}
    of_serve = of_all | {"PORT": str(port), "WORKERS": "2", "KEY_RATE": str(KEY_RATE)}
    targets = {"rapport": f"{HOST}:{port}", "rapport-worker": f"{HOST}:{metrics}"}
    with (
        started("service", ["app.cli", "serve"], HOME, of_serve) as process,
        started("worker", ["app.cli", "worker"], HOME, of_all | {"METRICS_PORT": str(metrics)}),
    ):
        server = Server(process, port, data.key)
        wait_until_it_answers(server, "/readyz", HOME / "service.log", START_PATIENCE)
        with prometheus(HOME, targets) as watching:
            statuses = requests(server, data, seconds)
            print(f"requests      {json.dumps(statuses, sort_keys=True)}")
            return found(watching)


def found(watching: Prometheus) -> list[str]:
    """Asks everything, prints the answers, and gives back what has none."""
    names, failures = watching.names(), []
    for kind, questions in (("alert", by_alerts()), ("panel", by_dashboard())):
        for one in questions:
            failures += _answered(watching, names, kind, one)
    for alert, (health, state) in watching.rules().items():
        print(f"rule          {alert}: {health}, {state}")
        failures += [] if health == "ok" else [f"{alert} cannot be evaluated: {health}"]
    return failures


def _answered(watching: Prometheus, names: set[str], kind: str, one: Asked) -> list[str]:
    unknown = sorted(one.metrics - names)
    series = watching.series(one.expression)
    shown = f"{series[0]['value'][1]:.9}" if series else "none"
    print(f"{kind:13} {one.by}: {len(series)} series, {shown}")
    failures = [f"{one.by} names {name}, which nobody shows" for name in unknown]
    return failures if series else [*failures, f"{one.by} has no answer: {one.expression}"]


def requests(server: Server, data: Store, seconds: float) -> dict[str, int]:
    """Send good and bad requests; now and then too many, or with Postgres away or busy."""
    statuses: dict[str, int] = {}
    until, number = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        number += 1
        form = submission(f"r-{number}", f"a-{number % 5}", number)
        calls: list[tuple[str, str, Any]] = [
            ("POST", "/v1/responses", form),
            ("POST", "/v1/responses", form | {"answers": {}}),
            ("GET", "/v1/alliances?limit=1", None),
            ("GET", "/v1/nothing", None),
            ("GET", "/readyz", None),
        ]
        if number % 20 == 0:
            calls += [("GET", "/v1/signals", None)] * BURST
        if number % 30 == 0:
            asked(data.url, CUT)
        if number % 40 == 0:
            threading.Thread(target=asked, args=(data.url, HELD)).start()
        _count(statuses, (_status(server, *call) for call in calls))
        time.sleep(0.1)
    return statuses


def _count(statuses: dict[str, int], came: Iterable[int]) -> None:
    for status in came:
        statuses[str(status)] = statuses.get(str(status), 0) + 1


def _status(server: Server, method: str, path: str, body: object) -> int:
    headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(HOST, server.port, timeout=10)
    try:
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    return answer.status


if __name__ == "__main__":
    sys.exit(main())
