"""What a process logs, as it would in production."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from app.settings import LogLevel
from app.telemetry import NAME_EVERY_URL, configure_logging


@contextmanager
def logging_at(level: LogLevel) -> Iterator[None]:
    """This process logs to its standard error as a served one does; afterwards as it did before."""
    ours, hooks = structlog.get_config(), (sys.excepthook, sys.unraisablehook)
    loggers = [logging.getLogger(), *map(logging.getLogger, NAME_EVERY_URL)]
    before = [(one, one.level, list(one.handlers)) for one in loggers]
    configure_logging(level)
    try:
        yield
    finally:
        structlog.configure(**ours)
        sys.excepthook, sys.unraisablehook = hooks
        logging.captureWarnings(capture=False)
        for logger, was, handlers in before:
            logger.setLevel(was)
            logger.handlers = handlers
