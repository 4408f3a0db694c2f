"""What is counted and measured, for Prometheus. Never a word of whom anything is about.

No tenant, key or person stands in a label: there would be too many, and a label is read by people
who may see no data. Each process counts for itself; the processes of one `rapport serve` are added
up where they are read.
"""

import os
from functools import lru_cache
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

SHARED_DIRECTORY: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where several processes leave their counts for each other, if it is set when they start."""
MEDIA_TYPE: Final = CONTENT_TYPE_LATEST
DURATIONS: Final = (
    *(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75),
    *(1.0, 2.5, 5.0, 7.5, 10.0),
)
"""Bounds in seconds (OpenTelemetry semantic conventions for HTTP metrics)."""
WAITS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

REQUEST_SECONDS: Final = Histogram(
    "http_server_request_duration_seconds",
    "Time from the first byte of a request to the last of its answer.",
    ("http_request_method", "http_route", "http_response_status_code"),
    buckets=DURATIONS,
)
ACTIVE_REQUESTS: Final = Gauge(
    "http_server_active_requests",
    "Requests that are being answered.",
    multiprocess_mode="livesum",
)
PROBLEMS: Final = Counter(
    "rapport_problems", "Answers other than 2xx, by the code of the problem.", ("code",)
)
# From 0 on: Prometheus sees no increase in a series that begins with its first event.
PROBLEMS.labels("internal_error")
ADMISSION_SECONDS: Final = Histogram(
    "rapport_admission_wait_seconds",
    "Time that admitted requests waited for their turn.",
    ("kind",),
    buckets=WAITS,
)
SHED: Final = Counter(
    "rapport_shed", "Requests refused so that others are served.", ("kind", "reason")
)
POOL_SECONDS: Final = Histogram(
    "rapport_db_pool_wait_seconds", "Time waited for a connection to Postgres.", buckets=WAITS
)
POOL_IN_USE: Final = Gauge(
    "rapport_db_pool_in_use", "Connections to Postgres in use.", multiprocess_mode="livesum"
)
POOL_SIZE: Final = Gauge(
    "rapport_db_pool_size",
    "Connections to Postgres that there may be.",
    multiprocess_mode="livesum",
)
DATABASE_ERRORS: Final = Counter(
    "rapport_db_errors", "Errors of Postgres or the way to it, by SQLSTATE.", ("sqlstate",)
)
EVENTS: Final = Counter("rapport_events", "Events moved into the log by this worker.", ("type",))
EVENT_WAIT_SECONDS: Final = Histogram(
    "rapport_event_wait_seconds",
    "Time from the recording of an event to its place in the log, the oldest of each move.",
    buckets=(*DURATIONS, 30.0, 60.0, 300.0, 3600.0),
)
QUEUE_SECONDS: Final = Gauge(
    "rapport_event_queue_oldest_seconds",
    "Age of the oldest event that waits for the worker, when readiness was last asked for.",
    multiprocess_mode="mostrecent",
)
IMPORTED_ROWS: Final = Counter(
    "rapport_imported_rows", "Rows of imports worked off by this worker.", ("verdict",)
)
WORKER_PASS_SECONDS: Final = Histogram(
    "rapport_worker_pass_seconds", "Time of one round of the worker.", buckets=DURATIONS
)
WORKER_LAST_PASS: Final = Gauge(
    "rapport_worker_last_pass_timestamp_seconds",
    "When a round of the worker last ended well, in Unix time.",
    multiprocess_mode="mostrecent",
)
WORKER_FAILURES: Final = Counter(
    "rapport_worker_failures", "Rounds of the worker that failed, by the problem.", ("code",)
)


@lru_cache(maxsize=2048)
def request_seconds(method: str, route: str, status: int | None) -> Histogram:
    """The part of REQUEST_SECONDS that is about these; status None: it was not answered."""
    return REQUEST_SECONDS.labels(method, route, str(status))


def exposition() -> bytes:
    """Everything counted so far, in Prometheus' text format; of all processes that share."""
    if not os.environ.get(SHARED_DIRECTORY):
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
