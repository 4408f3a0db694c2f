"""The requests that are measured, as bytes made beforehand and numbered when they are sent."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from app.responses.schemas import EXAMPLE

HOST: Final = "127.0.0.1"
FIRST_SESSION: Final = 10_000
"""Sessions are counted from here, so that every request has the same length."""
MOST_SESSIONS: Final = 80_000
ALLIANCES: Final = 200
"""The known alliances that submissions are spread over."""
SEEDED: Final = 2 * ALLIANCES
"""Submissions sent to them before anything is measured; the second half is what is replayed."""
COURSE: Final = 20
"""Responses of the alliance whose trend is read."""
KNOWN, ONE, FIRST_SIGHT = "submission", "one alliance", "first sight"
REPLAY, SCORES, TREND, LIVENESS = "replay", "scores", "trend", "livez"

Numbered = Callable[[int, int], bytes]
"""From the number of a request and that of its slice to what is sent."""


@dataclass(frozen=True, slots=True)
class Work:
    """One thing that is measured."""

    name: str
    title: str
    share: float = 1 / 3
    """Length of its slices, as a share of the length asked for."""
    rated: bool = True
    """False: for information, since no caller's load looks like it."""


WORKS: Final = (
    Work(KNOWN, f"submission to one of {ALLIANCES} known alliances", share=1.0),
    Work(FIRST_SIGHT, "submission that makes its alliance"),
    Work(REPLAY, "submission sent before (replay)"),
    Work(SCORES, "POST /v1/scores"),
    Work(TREND, f"trend of an alliance with {COURSE} responses"),
    Work(LIVENESS, "GET /livez"),
    Work(ONE, "submissions all at once to one alliance", rated=False),
)


def submission(record: str, alliance: str, session: int, role: str = "client") -> dict[str, Any]:
    """A full submission: pair, session, both instants, 12 answers; as in the contract's example."""
    body = copy.deepcopy(EXAMPLE)
    instant = occurred_at(session)
    body["external_id"], body["alliance"]["external_id"] = record, alliance
    body["rater"] = {"role": role, "ref": body["alliance"][f"{role}_ref"]}
    body["occasion"] = {"session_number": session, "occurred_at": instant}
    body["completed_at"] = instant
    return body


def scores_request() -> dict[str, Any]:
    """The same answers, to be scored only."""
    return {"instrument": EXAMPLE["instrument"], "form": "client", "answers": EXAMPLE["answers"]}


def occurred_at(session: int) -> str:
    """A time that follows that of the session before, and lies in the past."""
    days, hour = divmod(session, 24)
    months, day = divmod(days, 28)
    year, month = divmod(months, 12)
    return f"20{year:02d}-{month + 1:02d}-{day + 1:02d}T{hour:02d}:00:00+01:00"


def requests(name: str, key: str, path: str) -> Numbered:
    """How the requests of a work are made."""
    if name in {KNOWN, ONE, FIRST_SIGHT, REPLAY}:
        return _submissions(name, key, path)
    body = json.dumps(scores_request(), separators=(",", ":")).encode() if name == SCORES else b""
    whole = head("POST" if body else "GET", path, key, len(body)) + body
    return lambda _number, _part: whole


def _submissions(name: str, key: str, path: str) -> Numbered:
    body = json.dumps(submission("@record", "@alliance", FIRST_SESSION), separators=(",", ":"))
    body = body.replace(occurred_at(FIRST_SESSION), "%s").replace(str(FIRST_SESSION), "%05d")
    template = body.replace("@record", "%s-%08d").replace("@alliance", "%s-%08d").encode()

    def text(kind: bytes, number: int, alliance: int, session: int) -> bytes:
        session = FIRST_SESSION + session % MOST_SESSIONS
        instant = occurred_at(session).encode()
        return template % (kind, number, kind, alliance, session, instant, instant)

    top = head("POST", path, key, len(text(b"known", 0, 0, 0)))
    made: dict[str, Numbered] = {
        KNOWN: lambda n, _: top + text(b"known", n, n % ALLIANCES, n // ALLIANCES),
        REPLAY: lambda n, _: top + text(b"known", ALLIANCES + n % ALLIANCES, n % ALLIANCES, 1),
        FIRST_SIGHT: lambda n, _: top + text(b"fresh", n, n, 0),
        ONE: lambda n, part: top + text(b"alone", n, part, n),
    }
    return made[name]


def head(method: str, path: str, key: str, length: int) -> bytes:
    """The head of a request, with the headers that a plain client sends."""
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {HOST}",
        "Accept: application/json",
        f"Authorization: Bearer {key}",
    ]
    if length:
        lines += ["Content-Type: application/json", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode()
