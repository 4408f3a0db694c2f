"""`rapport import`: hands a file to a service over HTTP, waits, and says what became of it."""

import argparse
import http.client
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import urlencode, urlsplit

from app.errors import StartRefused

KINDS: Final = {
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".csv": "text/csv",
}
SOME_FAILED: Final = 3
"""Exit status: all of the file was worked off, and some of its rows were refused."""
TRIES: Final = 5
BLOCK: Final = 64 * 1024
WIDTH: Final = 30
ENDED: Final = frozenset({"done", "cancelled", "failed", "expired"})
AGAIN: Final = frozenset({429, 503})
SAID: Final = (
    ("external_id", "your own name for the file: sending it again under it is harmless"),
    ("source", "the system that the file's identifiers come from"),
    ("instrument", "for rows that do not name one; so are the next five"),
    ("instrument_revision", "such as 1.0"),
    ("form", "of the instrument"),
    ("language", "as a tag, such as en"),
    ("rater_role", "who answered, such as client"),
    ("mode", "how it was filled in"),
)


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse's own kind
    """Add the command."""
    parser = commands.add_parser(
        "import", help="hand a file of filled-in forms to a service (RAPPORT_URL, RAPPORT_KEY)"
    )
    parser.add_argument("file", type=Path, help="NDJSON or CSV, told apart by its ending")
    for name, meaning in SAID:
        parser.add_argument(f"--{name.replace('_', '-')}", help=meaning)
    parser.add_argument("--backfill", action="store_true", help="all of it is history")
    parser.add_argument(
        "--failed", type=Path, help="where to write the rows that failed, as CSV with the reasons"
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> None:
    """Hand the file over and wait until it is worked off; exit status 3 if some rows failed.

    Raises StartRefused when it is not taken, or not worked off to its end.
    """
    service = Service(_said("RAPPORT_URL"), _said("RAPPORT_KEY"))
    made = _sent(service, chosen)
    path = f"/v1/imports/{made['id']}"
    found = made
    while found["state"] not in ENDED:
        time.sleep(0.5)
        found = json.loads(service.answer("GET", path))
        _show("worked off", found["done"], found["rows"])
    _show_end()
    print(f"{found['rows']} rows: {found['succeeded']} succeeded, {found['failed']} failed.")
    if found["failed"] and chosen.failed is not None:
        _write(service, f"{path}/failed?format=csv", chosen.failed)
    if found["state"] != "done":
        left = found["rows"] - found["done"]
        why = found["failure"] or found["state"]
        raise StartRefused(f"{left} rows have no verdict ({why}): see {path}/unprocessed.")
    if found["failed"]:
        sys.exit(SOME_FAILED)


class Service:
    """A service at an address, called with one key; tried again while it asks for that."""

    def __init__(self, url: str, key: str) -> None:
        """Raises StartRefused when this is no address."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise StartRefused("RAPPORT_URL: expected http://host:port or https://host.")
        secure = parts.scheme == "https"
        self._kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._place = parts.netloc.rpartition("@")[2]
        self._below = parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"}

    def answer(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Callable[[], Any] = lambda: None,
        take: Callable[[http.client.HTTPResponse], bytes] = http.client.HTTPResponse.read,
    ) -> bytes:
        """What take makes of an answer of success. Raises StartRefused with any other.

        body: made anew for each try.
        """
        said = "It does not answer"
        for left in reversed(range(TRIES)):
            connection = self._kind(self._place, timeout=60, blocksize=BLOCK)
            try:
                answer = _asked(connection, method, self._below + path, body(), {
                    **self._headers, **(headers or {})
                })  # fmt: skip
                if answer.status < http.client.MULTIPLE_CHOICES:
                    return take(answer)
                said = _problem(answer)
                if answer.status not in AGAIN:
                    break
            except (OSError, http.client.HTTPException) as error:
                said = f"It does not answer ({type(error).__name__})"
            finally:
                connection.close()
            if left:
                time.sleep(1.0)
        raise StartRefused(said)


class Counted:
    """A file that shows how much of it has been read."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._file.read(size)
        _show("handed over", self._file.tell(), self._size)
        return data


def _sent(service: Service, chosen: argparse.Namespace) -> dict[str, Any]:
    kind = KINDS.get(chosen.file.suffix.lower())
    if kind is None:
        raise StartRefused(f"The file's name must end with one of: {', '.join(KINDS)}.")
    query = {name: value for name, _ in SAID if (value := getattr(chosen, name)) is not None}
    query |= {"backfill": "true"} if chosen.backfill else {}
    try:
        with chosen.file.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            headers = {"Content-Type": kind, "Content-Length": str(size)}
            path = f"/v1/imports?{urlencode(query)}"
            answer = service.answer("POST", path, headers, lambda: Counted(file, size))
    except OSError:
        raise StartRefused("The file cannot be read.") from None
    _show_end()
    made: dict[str, Any] = json.loads(answer)
    print(f"import {made['id']}")
    return made


def _asked(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: Any,  # noqa: ANN401 - whatever http.client sends
    headers: Mapping[str, str],
) -> http.client.HTTPResponse:
    try:
        connection.request(method, path, body, headers)
    except (BrokenPipeError, ConnectionResetError):
        # Refused before all of it was read: the answer may be there.
        return connection.getresponse()
    return connection.getresponse()


def _problem(answer: http.client.HTTPResponse) -> str:
    """What a problem document says, each of its errors on a line."""
    try:
        document = json.loads(answer.read())
        errors = [f"\n  {e['pointer']} {e['code']}: {e['detail']}" for e in document["errors"]]
        return f"{answer.status} {document['code']}: {document['detail']}" + "".join(errors)
    except (ValueError, KeyError, TypeError):
        return f"It answers {answer.status}: is this the address of the service?"


def _write(service: Service, path: str, to: Path) -> None:
    """Write what there is at the path into a file, which only its owner may read: it has answers.

    Raises StartRefused.
    """

    def save(answer: http.client.HTTPResponse) -> bytes:
        with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            while block := answer.read(BLOCK):
                file.write(block)
        return b""

    service.answer("GET", path, take=save)
    print(f"The rows that failed are in {to}.")


def _show(what: str, done: int, of: int) -> None:
    """A bar of how far it is, where a person looks on."""
    if sys.stderr.isatty():
        share = done / of if of else 1.0
        bar = "#" * int(share * WIDTH)
        print(f"\r{what:>11} [{bar:<{WIDTH}}] {share:4.0%}", end="", file=sys.stderr, flush=True)


def _show_end() -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)


def _said(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise StartRefused(f"{name} is not set.")
    return value
