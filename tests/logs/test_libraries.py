"""What libraries and the interpreter say goes the same way, without the words of an exception."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.architecture.source import ROOT

SECRET = "answers of c-1: 4, 2, 1"  # noqa: S105 - what must not leak
START = f"""
import asyncio, logging, sys, warnings
from app.settings import LogLevel
from app.telemetry import configure_logging
configure_logging(LogLevel.DEBUG)
SECRET = {SECRET!r}
log = logging.getLogger("library")
def fails(): raise ValueError(SECRET)
"""
CALL = f"<string>:{len(START.splitlines()) + 1}"
PLACE = f"<string>:{START.splitlines().index('def fails(): raise ValueError(SECRET)') + 1}"


def written(code: str) -> list[dict[str, Any]]:
    """The lines that a process writes which runs this code. Nothing else comes from it."""
    command = [sys.executable, "-W", "default", "-c", START + code]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own code
    assert ended.stdout == ""
    assert SECRET not in ended.stderr
    return [json.loads(line) for line in ended.stderr.splitlines()]


def test_a_message_is_an_event() -> None:
    (line,) = written("log.warning('%d of %s', 3, 'them')")

    assert line.keys() == {"timestamp", "level", "logger", "event"}
    assert (line["level"], line["logger"], line["event"]) == ("warning", "library", "3 of them")


@pytest.mark.parametrize(
    ("logs", "event"),
    [
        ("log.exception('it broke')", "it broke"),
        ("log.error('it broke', exc_info=error)", "it broke"),
        ("log.error(error)", "ValueError"),
        ("log.error('it broke: %s', error)", "it broke: ValueError"),
        ("log.error('it broke\\n' + SECRET, exc_info=True)", "it broke"),
        # How uvicorn is told by Starlette that the application did not start.
        ("import traceback as t; log.error(t.format_exc())", "Traceback (most recent call last):"),
    ],
)  # fmt: skip
def test_of_an_exception_only_its_kind_and_place_are_told(logs: str, event: str) -> None:
    (line,) = written(f"try: fails()\nexcept ValueError as error: {logs}")

    assert line["event"] == event
    if "frames" in line:
        assert line["kind"] == "ValueError"
        assert line["frames"] == [f"{CALL} <module>", f"{PLACE} fails"]
    else:
        assert "(error)" in logs or ", error)" in logs


def test_a_cause_is_told_like_its_error() -> None:
    caused, implied, hidden, group = written("""
for how in ("raise KeyError(SECRET) from e", "raise KeyError(SECRET)",
            "raise KeyError(SECRET) from None", "raise ExceptionGroup(SECRET, [e])"):
    try:
        try: fails()
        except ValueError as e: exec(how)
    except Exception: log.exception("it broke")
""")
    for line in (caused, implied, group):
        assert line["kind"] in {"KeyError", "ExceptionGroup"}
        assert line["cause"]["kind"] == "ValueError"
        assert line["cause"]["frames"][-1] == f"{PLACE} fails"
    assert hidden["kind"] == "KeyError"
    assert "cause" not in hidden


def test_a_callback_that_fails_is_told_without_its_values() -> None:
    lines = written("""
def callback(answers): raise ValueError(SECRET)
async def task(): raise ValueError(SECRET)
async def main():
    asyncio.get_running_loop().call_soon(callback, SECRET)
    forgotten = asyncio.create_task(task())
    await asyncio.sleep(0.01)
asyncio.run(main(), debug=True)
""")
    told = {line["event"]: line for line in lines if line["level"] == "error"}

    assert set(told) == {"Exception in callback callback", "Task exception was never retrieved"}
    assert {line["kind"] for line in told.values()} == {"ValueError"}


@pytest.mark.parametrize(
    ("code", "logger", "level", "event"),
    [
        ("fails()", "rapport", "critical", "uncaught_error"),
        ("class A:\n  def __del__(self): fails()\nA()", "rapport", "error", "ignored_error"),
        ("warnings.warn('beware\\n' + SECRET)", "py.warnings", "warning", "UserWarning: beware"),
        ("log.log(5, 'x'); log.log(35, 'a\\udcff%s', 1, 2)", "library", "warning", "a\\udcff%s"),
        ("logging.getLogger('httpx').info(SECRET); log.debug('a')", "library", "debug", "a"),
    ],
)
def test_nothing_comes_past_the_lines(code: str, logger: str, level: str, event: str) -> None:
    (line,) = written(code)

    assert (line["logger"], line["level"]) == (logger, level)
    assert line["event"].endswith(event)


def test_what_is_no_plain_value_is_told_by_its_kind() -> None:
    (line,) = written("""
import structlog
structlog.get_logger("ours").error("a", error=ValueError(SECRET), nan=float("nan"), exc_info=True)
""")
    assert line["error"] == "ValueError"
    assert line["nan"] is None


def test_no_request_fails_because_nobody_takes_its_line() -> None:
    code = START + "import os, structlog\nos.close(2)\nstructlog.get_logger('a').error('b')\n"
    command = [sys.executable, "-c", code + "log.error('c')\nprint('still here')"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own code

    assert (ended.returncode, ended.stdout) == (0, "still here\n")
