"""Callers who submit, replay and read trends on whatever processes there are."""

import http.client
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from bench.crash.forms import Form, Forms
from bench.restore.callers import PATH, call

CALLERS: Final = 4
ANSWERED: Final = frozenset({200, 201})


@dataclass(slots=True)
class Load:
    """What is sent, where to, and what came of it."""

    key: str
    ports: list[int]
    """Where there is somebody now; changed while it runs, as a balancer would be told."""
    phase: str = "start"
    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By phase and status; a call without an answer under the name of what happened."""
    slowest: dict[str, float] = field(default_factory=dict)
    """By phase, in seconds."""
    acknowledged: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def failed(self) -> dict[str, int]:
        """What was not answered with 2xx, by phase and status."""
        return {
            f"{phase}: {status}": times
            for (phase, status), times in self.statuses.items()
            if not status.isdigit() or int(status) not in ANSWERED
        }

    def in_phase(self, phase: str) -> int:
        """How many calls a phase had."""
        return sum(times for (one, _), times in self.statuses.items() if one == phase)

    def _run(self, forms: Forms) -> None:
        for number in itertools.count():
            if self.stopped.is_set():
                return
            form = forms.form(number)
            body = self._call("POST", PATH, form)
            if body:
                alliance = json.loads(body)["alliance_id"]
                self._call("POST", PATH, form)
                self._call("GET", f"/v1/alliances/{alliance}/trend")

    def _call(self, method: str, path: str, form: Form | None = None) -> bytes | None:
        phase, port, began = (
            self.phase,
            self.ports[time.monotonic_ns() % len(self.ports)],
            time.time(),
        )
        try:
            code, body = call(port, self.key, method, path, form.body if form else None)
            status = str(code)
        except (OSError, http.client.HTTPException) as error:
            status, body = type(error).__name__, b""
        with self.lock:
            self.statuses[phase, status] += 1
            self.slowest[phase] = max(self.slowest.get(phase, 0.0), time.time() - began)
            if form and status == "201":
                self.acknowledged.append(form.external_id)
        return body if status in {"200", "201"} else None


@contextmanager
def loaded(key: str, port: int, seed: int) -> Iterator[Load]:
    """A load that runs until the block is left."""
    load = Load(key, [port])
    threads = [
        threading.Thread(target=load._run, args=(Forms(seed, 10, f"u{n}"),))  # noqa: SLF001 - ours
        for n in range(CALLERS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stopped.set()
        for thread in threads:
            thread.join()
