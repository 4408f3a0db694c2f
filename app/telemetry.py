"""Logs: one JSON object a line on standard error, and never a word of what somebody sent.

Answers are health data, and the message of an exception can repeat them: whoever logs an error,
here or in a library, only its kind and the places that it came through are written.
"""

import logging
import os
import sys
from collections import deque
from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Any, Final

import structlog
from pydantic_core import to_json
from structlog.typing import EventDict

from app.settings import LogLevel

STANDARD_ERROR: Final = 2
FRAMES_SHOWN: Final = 12
CAUSES_SHOWN: Final = 4
NAME_EVERY_URL: Final = ("httpcore", "httpx")
"""Libraries that log, short of a warning, each URL they call: references stand in its query."""
RAISED: Final = "Traceback"
"""How a message begins that is the text of an exception, traceback and all."""

current_request: Final[ContextVar[str | None]] = ContextVar("current_request", default=None)
"""The id of the request that is being answered; every line written meanwhile carries it."""

_ROOT: Final = f"{Path(__file__).parents[1]}/"
_stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)


def configure_logging(level: LogLevel) -> None:
    """Write what is logged at this level or above, by us and by libraries, as lines of JSON.

    Libraries log as ever, through logging. What nobody caught is a line too.
    """
    _configure_ours(level)
    root = logging.getLogger()
    others = [one for one in root.handlers if not isinstance(one, _FromLibraries)]
    root.handlers = [*others, _FromLibraries()]
    root.setLevel(level.upper())
    for name in NAME_EVERY_URL:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    sys.unraisablehook = _ignored


def kind_and_place(error: BaseException, causes: int = CAUSES_SHOWN) -> dict[str, Any]:
    """What may be told of an error: its kind, its innermost frames, and the same of its cause.

    The cause of a group is the first error in it.
    """
    frames = deque(walk_tb(error.__traceback__), FRAMES_SHOWN)
    told: dict[str, Any] = {
        "kind": _kind(error),
        "frames": [
            f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_qualname}"
            for frame, line in frames
        ],
    }
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if isinstance(error, BaseExceptionGroup):
        cause = error.exceptions[0]
    if cause is not None and causes:
        told["cause"] = kind_and_place(cause, causes - 1)
    return told


def _short(file: str) -> str:
    return file.rpartition("/site-packages/")[2].removeprefix(_ROOT)


def _configure_ours(level: LogLevel) -> None:
    structlog.configure(
        processors=[_stamp, _without_words, _line],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_StandardError,
        cache_logger_on_first_use=False,  # 1.5 µs a line, so that each call here reaches all
    )


class _StandardError:
    """Standard error, each line in one system call, so that those of several processes stay whole.

    A line that nobody takes any more is lost: no request fails for it.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def write(self, line: bytes) -> None:
        """Write one line."""
        with suppress(OSError):
            os.write(STANDARD_ERROR, line)

    debug = info = warning = error = critical = write


def _without_words(_: object, __: str, values: EventDict) -> EventDict:
    """Of an exception that a line was given, its kind and place."""
    if given := values.pop("exc_info", None):
        error = given[1] if isinstance(given, tuple) else given
        error = sys.exception() if error is True else error
        if isinstance(error, BaseException):
            values.update(kind_and_place(error))
    return values


def _line(logger: _StandardError, level: str, values: EventDict) -> bytes:
    line: dict[str, Any] = {
        "timestamp": values.pop("timestamp"),
        "level": level,
        "logger": logger.name,
        "event": values.pop("event"),
    }
    if (request_id := current_request.get()) is not None:
        line["request_id"] = request_id
    line.update(values)
    return to_json(line, inf_nan_mode="null", fallback=_kind) + b"\n"


class _FromLibraries(logging.Handler):
    """Hands on what is logged through logging."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the message, and of an exception its kind and place."""
        text = _message(record)
        level = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)
        raised = record.exc_info or text.startswith(RAISED)
        structlog.get_logger(record.name).log(level, text, exc_info=raised)


def _message(record: logging.LogRecord) -> str:
    """The first line of a record's message, exceptions in it told by their kind.

    asyncio sets the values that a callback was given in brackets behind it: they are left out.
    """
    message, values = record.msg, record.args
    if isinstance(values, tuple):
        values = tuple(_kind_of_error(one) for one in values)
    text = str(_kind_of_error(message))
    if values:
        with suppress(Exception):  # they do not fit: then without them
            text %= values
    text = text.partition("\n")[0]
    if record.name == "asyncio":
        text = text.partition("(")[0].partition("<")[0].strip()
    return text.encode(errors="backslashreplace").decode()


def _kind_of_error(value: object) -> object:
    return _kind(value) if isinstance(value, BaseException) else value


def _kind(value: object) -> str:
    return type(value).__name__


def _uncaught(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    structlog.get_logger("rapport").critical("uncaught_error", **kind_and_place(error))


def _ignored(unraisable: "sys.UnraisableHookArgs") -> None:
    structlog.get_logger("rapport").error("ignored_error", exc_info=unraisable.exc_value)


_configure_ours(LogLevel.WARNING)  # until a command says more: never structlog's own, with words
