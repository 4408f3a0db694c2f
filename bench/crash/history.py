"""What happened, as its callers saw it: every submission sent and what came of it."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

STORED: Final = frozenset({200, 201})
"""Statuses that say: it is stored for good."""
CREATED: Final = 201
SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the service."""

    status: int
    body: bytes
    retry_after: str | None = None
    """The header; None: there was none."""


@dataclass(slots=True)
class Sending:
    """One submission: what was sent under its external_id, and every word that came back."""

    digest: str
    """Of the payload, as digest() makes it from what was sent and from what is stored alike."""
    invoked: int = 0
    """How often it was sent."""
    unanswered: int = 0
    """How often the outcome stayed unknown: no answer, or one from 500 on."""
    created: int = 0
    """How often the service said that it was stored now. More than once is a duplicate."""
    replayed: int = 0
    first: str | None = None
    """Hash of the first body that said it was stored."""
    divergent: int = 0
    """How many later bodies said something else."""
    refused: int = 0
    """How often it was refused for good (4xx). There should be none: only valid forms are sent."""

    @property
    def acknowledged(self) -> bool:
        """Whether the service ever said that it was stored."""
        return self.first is not None


class History:
    """The log of a run. Nothing is forgotten, and nothing but answers counts as stored."""

    def __init__(self) -> None:
        self.sendings: dict[str, Sending] = {}
        self.statuses = Counter[int]()
        """Every answer by its status."""
        self.unanswered = Counter[str]()
        """Every call without an answer, by what went wrong."""
        self.refusals: list[str] = []
        """What the refused were told."""
        self.acknowledged = 0
        """Submissions that the service said it had stored."""

    def in_doubt(self) -> int:
        """Submissions that were stored, as a retry found out, though no answer had said so."""
        return sum(one.acknowledged and not one.created for one in self.sendings.values())

    def invoke(self, external_id: str, payload: str) -> None:
        """Note that a submission is sent; payload is its digest.

        Raises ValueError when another payload was sent under this id: a fault of the harness.
        """
        sending = self.sendings.setdefault(external_id, Sending(payload))
        if sending.digest != payload:
            raise ValueError(f"{external_id} was sent before with another payload.")
        sending.invoked += 1

    def info(self, external_id: str, why: str) -> None:
        """Note that no answer came: it may be stored, or not."""
        self.unanswered[why] += 1
        self.sendings[external_id].unanswered += 1

    def answered(self, external_id: str, answer: Answer) -> bool:
        """Note an answer; True when it says that the submission is stored."""
        self.statuses[answer.status] += 1
        sending = self.sendings[external_id]
        if answer.status in STORED:
            self._stored(sending, answer)
            return True
        if answer.status >= SERVER_ERROR:
            sending.unanswered += 1
        else:
            sending.refused += 1
            self.refusals.append(f"{answer.status} {answer.body[:400].decode(errors='replace')}")
        return False

    def _stored(self, sending: Sending, answer: Answer) -> None:
        body = fingerprint(answer.body)
        sending.created += answer.status == CREATED
        sending.replayed += answer.status != CREATED
        if sending.first is None:
            sending.first = body
            self.acknowledged += 1
        elif sending.first != body:
            sending.divergent += 1


def fingerprint(body: bytes) -> str:
    """A hash of what an answer says, apart from the id of the request."""
    if b'"request_id"' in body:
        said = json.loads(body)
        said.pop("request_id", None)
        body = json.dumps(said, sort_keys=True).encode()
    return hashlib.sha256(body).hexdigest()


def digest(alliance: str, role: str, session: int, answers: dict[str, Any]) -> str:
    """A hash of what makes one submission of a run differ from another."""
    said = [alliance, role, session, sorted(answers.items())]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
