"""Callers of the drill: they send forms and remember when each was begun and answered."""

import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final

from bench.crash.forms import Form, Forms
from bench.crash.history import STORED, fingerprint
from bench.restore.tenants import Held
from bench.work import HOST

PATH: Final = "/v1/responses"
PATIENCE: Final = 20.0


@dataclass(frozen=True, slots=True)
class Told:
    """One form that was acknowledged, by the clock of this machine in Unix seconds."""

    form: Form
    begun: float
    answered: float
    said: str
    """Fingerprint of the answer."""
    response_id: str


@dataclass(slots=True)
class Caller:
    """One tenant's caller; it sends for as long as it is not stopped."""

    held: Held
    forms: Forms
    port: int
    told: list[Told] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Send one form after another."""
        number = 0
        while not self.stopped.is_set():
            form, begun = self.forms.form(number), time.time()
            number += 1
            status, body = call(self.port, self.held.key, "POST", PATH, form.body)
            if status not in STORED:
                self.failed.append(f"{status} {body[:200].decode(errors='replace')}")
                continue
            told = Told(form, begun, time.time(), fingerprint(body), json.loads(body)["id"])
            self.told.append(told)

    def before(self, instant: float) -> list[Told]:
        """What was acknowledged before an instant: it must be there."""
        return [one for one in self.told if one.answered < instant]

    def after(self, instant: float) -> list[Told]:
        """What was begun after an instant: it cannot be there."""
        return [one for one in self.told if one.begun > instant]


def call(port: int, key: str, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
    """Status and bytes of one answer. Raises OSError and http.client's errors."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
