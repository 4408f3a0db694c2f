"""What an app says to Postgres, read as it passes: which step of a transaction a message is."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

READY: Final = b"Z\x00\x00\x00\x05"
"""How the message begins that ends each answer of Postgres; one byte follows."""
_HEAD: Final = 5  # type and length
_LOCKS: Final = re.compile(rb"\bFOR (NO KEY )?UPDATE\b", re.IGNORECASE)
_WRITES: Final = re.compile(rb"\bINSERT INTO responses\b", re.IGNORECASE)


class Step(StrEnum):
    """A step of the transaction that stores a response."""

    BEGIN = "begin"
    LOCK = "lock"
    WRITE = "write"
    COMMIT = "commit"


class Reading:
    """One connection's messages from the app, cut where they end."""

    def __init__(self) -> None:
        self._started = False
        self._rest = b""
        self._prepared: dict[bytes, Step | None] = {}

    def messages(self, data: bytes) -> Iterator[tuple[bytes, Step | None]]:
        """Each whole message among what has come, with the step that it is; None: another one."""
        self._rest += data
        while (length := self._length()) is not None:
            message, self._rest = self._rest[:length], self._rest[length:]
            if self._started:
                yield message, self._step(message)
            else:  # the first message has no type
                self._started = True
                yield message, None

    def _length(self) -> int | None:
        """The length of the first message of the rest; None when it has not all come."""
        typed = 1 if self._started else 0
        if len(self._rest) < typed + 4:
            return None
        length = typed + int.from_bytes(self._rest[typed : typed + 4])
        return length if len(self._rest) >= length else None

    def _step(self, message: bytes) -> Step | None:
        kind, body = message[:1], message[_HEAD:]
        if kind == b"Q":
            return _spoken(body)
        if kind == b"P":  # Parse: a name, then the text of the statement that goes by it
            name, text, _ = body.split(b"\0", 2)
            self._prepared[name] = _written(text)
        elif kind == b"B":  # Bind: a portal, then the name of the statement that runs
            return self._prepared.get(body.split(b"\0", 2)[1])
        return None


def _spoken(text: bytes) -> Step | None:
    start = text[:8].upper()
    if start.startswith(b"BEGIN"):
        return Step.BEGIN
    return Step.COMMIT if start.startswith(b"COMMIT") else None


def _written(text: bytes) -> Step | None:
    if _WRITES.search(text):
        return Step.WRITE
    return Step.LOCK if _LOCKS.search(text) else None
